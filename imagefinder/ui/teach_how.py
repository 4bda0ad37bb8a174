"""The second page of the dialog: how thoroughly, under which name, and everything else for those who want it."""

import re
from collections.abc import Mapping

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.teaching import Choices
from imagefinder.domain.training import Estimate, LabelledPhoto, Mode, TrainingSpec
from imagefinder.ui import teach_words, theme, wording
from imagefinder.ui.labels import SubduedLabel, heading
from imagefinder.ui.teach_advanced import AdvancedForm

MODES: tuple[Mode, ...] = ("quick", "thorough", "full")
SETTLE_MILLISECONDS = 700
"""So long after the last change it is measured anew how long it would take."""


class HowPage(QWidget):
    """``estimates_wanted`` carries the TrainingSpecs whose time is to be measured."""

    estimates_wanted = Signal(object)
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._photos: tuple[LabelledPhoto, ...] = ()
        self._choices: Choices | None = None
        self._impossible: dict[Mode, str] = {}
        self._unmeasured: set[Mode] = set(MODES)
        """Of these nobody knows how long they take; what is not possible now may be so later."""
        self.advanced = AdvancedForm()
        self._modes = QButtonGroup(self)
        self._radios: dict[Mode, QRadioButton] = {}
        self._times: dict[Mode, QLabel] = {}
        self.name = QLineEdit()
        self.name.setMaximumWidth(320)
        self.name.setAccessibleName(self.tr("Name of the result"))
        self._problem = SubduedLabel()
        self._again = QPushButton(self.tr("Try again"))
        self._again.setAutoDefault(False)
        self._again.setToolTip(self.tr("Look again whether it is possible, and measure how long it takes."))
        self._again.clicked.connect(lambda _checked: self.ask_estimates())
        self._more = QToolButton()
        self._more.setText(self.tr("Advanced"))
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.setArrowType(Qt.ArrowType.RightArrow)
        self._more.setCheckable(True)
        self._more.setAutoRaise(True)
        self._settle = QTimer(self, interval=SETTLE_MILLISECONDS, singleShot=True)
        self._lay_out()
        self._more.toggled.connect(self._on_more)
        self._modes.buttonClicked.connect(lambda _: self._on_mode())
        self.name.textChanged.connect(lambda _: self._check())
        self.advanced.changed.connect(self._on_advanced)
        self.advanced.checked.connect(self._check)
        self.advanced.base_changed.connect(self.ask_estimates)
        self._settle.timeout.connect(lambda: self._ask((self.mode,)))
        self._radios["quick"].setChecked(True)
        self._on_more(False)
        self._check()

    @property
    def mode(self) -> Mode:
        return next(mode for mode, radio in self._radios.items() if radio.isChecked())

    @property
    def problem(self) -> str:
        """Why it cannot start; "" where it can."""
        return self._problem.text()

    def estimates(self) -> Mapping[Mode, str]:
        """What is said of how long each takes."""
        return {mode: label.text() for mode, label in self._times.items()}

    def set_choices(self, choices: Choices) -> None:
        self._choices = choices
        self.advanced.set_choices(choices)
        self._check()

    def set_photos(self, photos: tuple[LabelledPhoto, ...], suggestion: str) -> None:
        """What is to be learned from. ``suggestion`` becomes the name where the person has not chosen one."""
        self._photos = photos
        self._unmeasured = set(MODES)
        if not self.name.isModified() or not self.name.text():
            self.name.setText(self._free_name(suggestion))
        self._check()

    def choose_mode(self, mode: Mode) -> None:
        """As the person does."""
        self._radios[mode].setChecked(True)
        self._on_mode()

    def spec(self) -> TrainingSpec:
        """What is to be done. Only of use where ``problem`` is empty."""
        return TrainingSpec(self.name.text().strip(), self.advanced.base, self._photos, self.advanced.recipe(self.mode))

    def ask_estimates(self) -> None:
        """Have all three ways measured: what was not possible may be so now."""
        self._unmeasured = set(MODES)
        self._measure()

    def show_estimate(self, mode: Mode, found: Estimate) -> None:
        self._unmeasured.discard(mode)
        self._times[mode].setText(teach_words.estimated(found))
        self._times[mode].setToolTip(
            self.tr("Reading the photos: {reading}. Learning: {learning}, if it does not stop earlier.").format(
                reading=wording.duration(found.reading), learning=wording.duration(found.learning)
            )
        )

    def show_impossible(self, mode: Mode, why: str) -> None:
        """This way cannot be gone with this model or these photos."""
        self._unmeasured.add(mode)
        self._impossible[mode] = why
        self._times[mode].setText(self.tr("not possible"))
        self._times[mode].setToolTip(wording.tip(why))
        self._radios[mode].setEnabled(False)
        self._radios[mode].setToolTip(wording.tip(why))
        self._check()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._unmeasured and not event.spontaneous():
            self._measure()  # a drive may be back, and a start ends what is still being measured

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.advanced.fit(event.size().width())

    # Keeping the parts together

    def _measure(self) -> None:
        for mode in self._unmeasured:
            self._impossible.pop(mode, None)
            self._times[mode].setText(self.tr("measuring…"))
            self._times[mode].setToolTip("")
            self._radios[mode].setEnabled(True)
            self._radios[mode].setToolTip("")
        self._check()
        self._ask(tuple(mode for mode in MODES if mode in self._unmeasured))

    def _ask(self, modes: tuple[Mode, ...]) -> None:
        if self._photos and self.advanced.base:
            self.estimates_wanted.emit(
                [
                    TrainingSpec("estimate", self.advanced.base, self._photos, self.advanced.recipe(mode))
                    for mode in modes
                ]
            )

    def _on_mode(self) -> None:
        self.advanced.set_mode(self.mode)
        self._check()

    def _on_advanced(self) -> None:
        self._check()
        self._unmeasured.add(self.mode)
        if self.isVisible():
            self._times[self.mode].setText(self.tr("measuring…"))
            self._settle.start()

    def _on_more(self, shown: bool) -> None:
        self._more.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self.advanced.setVisible(shown)

    def _check(self) -> None:
        name = self.name.text().strip()
        choices = self._choices
        problem = ""
        if not name:
            problem = self.tr("Give the result a name.")
        elif choices is not None and not re.fullmatch(choices.name_pattern, name):
            problem = self.tr("Use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter.")
        elif choices is not None and name.casefold() in choices.taken:
            problem = self.tr("There is a model of this name already.")
        elif self.mode in self._impossible:
            problem = self._impossible[self.mode]
        else:
            problem = self.advanced.problem
        self._again.setVisible(bool(self._impossible))
        self._problem.setText(problem)
        self.changed.emit()

    def _free_name(self, suggestion: str) -> str:
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", suggestion).strip("-._")[:40] or "mine"
        taken = self._choices.taken if self._choices is not None else frozenset()
        number, free = 2, name
        while free.casefold() in taken:
            free, number = f"{name}-{number}", number + 1
        return free

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.MARGIN)
        grid.setVerticalSpacing(theme.GRID)
        for row, mode in enumerate(MODES):
            title, meaning = teach_words.mode_words(mode)
            radio = QRadioButton(title)
            radio.setFont(theme.heading_font(radio.font()))
            radio.setAccessibleDescription(meaning)
            self._modes.addButton(radio)
            self._radios[mode] = radio
            time = QLabel()
            time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._times[mode] = time
            grid.addWidget(radio, 2 * row, 0)
            grid.addWidget(time, 2 * row, 1)
            what = SubduedLabel(meaning)
            what.setIndent(24)
            grid.addWidget(what, 2 * row + 1, 0, 1, 2)
            grid.setRowMinimumHeight(2 * row + 1, what.fontMetrics().lineSpacing() + theme.GAP)
        grid.setColumnStretch(0, 1)
        called = QLabel(self.tr("&Name of the result"))
        called.setBuddy(self.name)
        names = QHBoxLayout()
        names.setSpacing(theme.GAP)
        names.addWidget(called)
        names.addWidget(self.name, 1)
        names.addWidget(self._problem, 2)
        names.addStretch()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.GAP, 0)
        column.setSpacing(theme.MARGIN)
        column.addWidget(heading(self.tr("How thoroughly?")))
        column.addLayout(grid)
        column.addWidget(self._again, 0, Qt.AlignmentFlag.AlignRight)
        column.addLayout(names)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.advanced)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        scroll.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
