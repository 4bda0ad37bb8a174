"""Teaching a model what is similar: choose photos, choose how, watch, and decide."""

import os
from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from imagefinder.domain.images import Pixels
from imagefinder.domain.teaching import Choices, Interrupted
from imagefinder.domain.training import Recipe, TrainingOutcome, TrainingSpec
from imagefinder.settings import Settings
from imagefinder.ui import theme, wording
from imagefinder.ui.labels import SubduedLabel
from imagefinder.ui.remembered_size import RememberedSize
from imagefinder.ui.teach_how import HowPage
from imagefinder.ui.teach_outcome import OutcomePage
from imagefinder.ui.teach_pictures import PathPictures
from imagefinder.ui.teach_running import RunningPage
from imagefinder.ui.teach_weight import WeightRow
from imagefinder.ui.teach_what import WhatPage
from imagefinder.ui.waiting_page import WaitingPage

FIRST_SIZE = (920, 700)


class TeachDialog(QDialog):
    """Not modal; closing it stops nothing. ``start_requested`` carries a TrainingSpec, ``path_chosen`` the path of a
    picture that was pressed; the pages have signals of their own."""

    start_requested = Signal(object)
    path_chosen = Signal(object)

    def __init__(
        self, load: Callable[[str, int, int], Pixels], remembered: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Teach what is similar"))
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self._pictures = PathPictures(load, self)
        self.what = WhatPage(self._pictures)
        self.how = HowPage()
        self.running = RunningPage(self._pictures)
        self.trouble = WaitingPage(self.tr("It stopped"))
        self.outcome = OutcomePage(self._pictures)
        self.weight = WeightRow()
        self._tuned = False
        self._stopped: TrainingSpec | None = None
        self._note = SubduedLabel()
        self.back = self._button(self.tr("Back"), self._on_back)
        self.next = self._button(self.tr("Next"), self._on_next)
        self.start = self._button(self.tr("Start"), self._on_start)
        self._close = self._button(self.tr("Close"), self.close)
        texts = (self.tr("Photos"), self.tr("How"), self.tr("Learning"), self.tr("Result"))
        self._steps = [(QLabel(text), SubduedLabel(text)) for text in texts]
        for _, other in self._steps:
            other.setWordWrap(False)
        self._lay_out()
        self._connect()
        RememberedSize(self, remembered, "teach_geometry", QSize(*FIRST_SIZE))
        self.show_what()

    @property
    def page(self) -> QWidget | None:
        """The one that is shown."""
        return self._pages.currentWidget()

    def set_choices(self, choices: Choices, interrupted: Sequence[Interrupted]) -> None:
        self.what.source.set_labelled(choices.labelled)
        self.what.set_interrupted(interrupted)
        self.how.set_choices(choices)

    def show_what(self) -> None:
        self._show(self.what)

    def show_how(self, note: str = "") -> None:
        """``note`` says what became of the last try."""
        self._show(self.how, note)
        self.how.name.setFocus()

    def show_running(self, name: str, recipe: Recipe) -> None:
        self.running.show_begun(name, recipe)
        self._show(self.running, self.tr("You can close this window and go on searching; it is not disturbed by that."))

    def show_problem(self, text: str, stopped: TrainingSpec | None = None) -> None:
        """``stopped`` is what can be gone on with once the person has done something about the problem."""
        self._stopped = stopped
        self.trouble.show_message(text, self.tr("Continue") if stopped is not None else "")
        self._show(self.trouble)

    def show_outcome(self, outcome: TrainingOutcome) -> None:
        self.outcome.show_outcome(outcome)
        self._show(self.outcome)

    def say(self, text: str) -> None:
        """A sentence beside the buttons."""
        self._note.setText(text)

    def stop(self) -> None:
        """For the end of the app."""
        self._pictures.stop()

    # What the person does

    def _on_next(self) -> None:
        source = self.what.source.source
        last = source.paths[-1] if source is not None and source.paths else ""
        self.how.set_photos(self.what.photos, os.path.splitext(os.path.basename(last))[0])
        self.show_how()

    def _on_start(self) -> None:
        spec: TrainingSpec = self.how.spec()
        self.start_requested.emit(spec)

    def _on_continue(self) -> None:
        if self._stopped is not None:
            self.start_requested.emit(self._stopped)

    def _on_back(self) -> None:
        if self.page is self.trouble and self.what.photos:
            self.show_how()
        else:
            self.show_what()

    # Keeping the parts together

    def _show(self, page: QWidget, note: str = "") -> None:
        self._pages.setCurrentWidget(page)
        self.back.setVisible(page in (self.how, self.trouble))
        self.next.setVisible(page is self.what)
        self.start.setVisible(page is self.how)
        self._note.setText(note)
        self._show_weight()
        step = {self.what: 0, self.how: 1, self.running: 2, self.trouble: 2, self.outcome: 3}[page]
        for number, (here, other) in enumerate(self._steps):
            here.setVisible(number == step)
            other.setVisible(number != step)
        self._check()

    def _on_weight(self, available: bool) -> None:
        self._tuned = available
        self._show_weight()

    def _show_weight(self) -> None:
        self.weight.setVisible(self._tuned and self.page in (self.what, self.outcome))

    def _check(self) -> None:
        self.next.setEnabled(self.what.is_enough)
        self.start.setEnabled(bool(self.how.spec().photos) and not self.how.problem)
        self.start.setToolTip(wording.tip(self.how.problem))
        self.next.setDefault(self.page is self.what)
        self.start.setDefault(self.page is self.how)

    def _connect(self) -> None:
        self.what.changed.connect(self._check)
        self.weight.available.connect(self._on_weight)
        self.how.changed.connect(self._check)
        self.trouble.action.connect(self._on_continue)
        self.running.path_chosen.connect(self.path_chosen)
        self.outcome.path_chosen.connect(self.path_chosen)
        self.outcome.card.again_requested.connect(self.show_what)

    def _lay_out(self) -> None:
        steps = QHBoxLayout()
        steps.setSpacing(theme.GAP)
        for number, (here, other) in enumerate(self._steps):
            if number:
                steps.addWidget(SubduedLabel("\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"))
            here.setFont(theme.heading_font(here.font()))
            here.setAccessibleDescription(self.tr("this step"))
            steps.addWidget(here)
            steps.addWidget(other)
        steps.addStretch()
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        for page in (self.what, self.how, self.running, self.trouble, self.outcome):
            self._pages.addWidget(page)
        foot = QHBoxLayout()
        foot.setSpacing(theme.GAP)
        foot.addWidget(self._note, 1)
        for button in (self.back, self.next, self.start, self._close):
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addLayout(steps)
        column.addWidget(pages, 1)
        column.addWidget(self.weight)
        column.addLayout(foot)

    def _button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda checked: slot())
        return button
