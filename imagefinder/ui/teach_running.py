"""The page of the dialog while it learns: how far, how well, and what searches find at the moment."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from imagefinder.domain.progress import Progress
from imagefinder.domain.training import EpochResult, Example, Recipe
from imagefinder.ui import teach_words, theme, wording
from imagefinder.ui.labels import ElidedLabel, SubduedLabel, heading
from imagefinder.ui.teach_examples import SIDE, ExampleGrid
from imagefinder.ui.teach_pictures import PathPictures
from imagefinder.ui.teach_plot import LearningPlot, Line

_STEPS = 1000
SHARE_OF_PICTURES = 0.45
REDRAW_MILLISECONDS = 250
"""Rounds of the quick way are shorter than that; more pictures a second would only flicker."""


class RunningPage(QWidget):
    """Shows what it is told; the buttons only say what is wished."""

    pause_requested = Signal(bool)
    stop_requested = Signal()
    path_chosen = Signal(object)

    def __init__(self, pictures: PathPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rounds: list[EpochResult] = []
        self._examples: Sequence[Example] = ()
        self._recipe = Recipe()
        self._redraw = QTimer(self, interval=REDRAW_MILLISECONDS, singleShot=True)
        self._redraw.timeout.connect(self._update)
        self._paused = self._stopping = False
        self._doing = ""
        self.title = heading("", scale=1.15)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(theme.GAP)
        self._bar.setAccessibleName(self.tr("How far it is"))
        self._step = ElidedLabel(subdued=False)
        self._left = SubduedLabel()
        self._left.setMinimumHeight(self._left.fontMetrics().lineSpacing())
        self.loss = LearningPlot(self.tr("Mistakes while learning (loss)"))
        self.found = LearningPlot(self.tr("Found right, of 100"), step=10)
        self.examples = ExampleGrid(pictures, "running", self.tr("What searches find at the moment"))
        self.examples.path_chosen.connect(self.path_chosen)
        self._about = SubduedLabel(self.tr("What searches find at the moment:"))
        self.pause = self._button(self.tr("Pause"), lambda: self.pause_requested.emit(not self._paused))
        self.stop = self._button(self.tr("Cancel"), self._on_stop)
        self._lay_out()

    @property
    def doing(self) -> str:
        """The heading of the moment, such as "Learning: round 3 of at most 30"."""
        return self._step.text()

    @property
    def share(self) -> float:
        """How much of all rounds is done, 0..1."""
        whole = self._expected()
        return min(1.0, max(0, len(self._rounds) - 1) / whole) if whole else 0.0

    def show_begun(self, name: str, recipe: Recipe) -> None:
        self._rounds = []
        self._recipe = recipe
        self._stopping = False
        self.title.setText(self.tr("Teaching “{name}”").format(name=wording.shown(name)))
        self._step.setText(self.tr("Loading the model…"))
        self._left.setText("")
        self._bar.setRange(0, 0)
        self._examples = ()
        self._doing = ""
        self.set_paused(False)
        self._update()

    def show_progress(self, progress: Progress) -> None:
        if self._stopping:
            return
        self._doing = teach_words.doing(progress, self._rounds)
        if not self._paused:
            self._step.setText(self._doing)
        self._left.setText(teach_words.time_left(progress, self._rounds))
        if progress.phase == "reading" and progress.total:
            self._bar.setRange(0, _STEPS)
            self._bar.setValue(min(_STEPS, progress.done * _STEPS // progress.total))
        elif self._rounds and progress.phase == "training" and progress.total:
            part = progress.done / progress.total / max(1, self._expected())
            self._bar.setRange(0, _STEPS)
            self._bar.setValue(round(_STEPS * min(1.0, self.share + part)))
        elif not self._rounds or self._is_last():
            self._bar.setRange(0, 0)

    def show_round(self, result: EpochResult, examples: Sequence[Example]) -> None:
        self._rounds.append(result)
        self._examples = examples or self._examples
        if len(self._rounds) == 1:
            self._update()
        elif not self._redraw.isActive():
            self._redraw.start()

    def set_paused(self, paused: bool) -> None:
        self._paused = paused
        self.pause.setText(self.tr("Go on") if paused else self.tr("Pause"))
        self._step.setText(self.tr("Paused") if paused else self._doing or self._step.text())

    def _on_stop(self) -> None:
        self._stopping = True
        self._paused = False
        keeps = self._has_learned()
        self._step.setText(
            self.tr("Stopping. The best so far is measured and kept…") if keeps else self.tr("Stopping…")
        )
        self._left.setText("")
        self._bar.setRange(0, 0)
        self._buttons()
        self.stop_requested.emit()

    def _update(self) -> None:
        rounds = self._rounds
        self.examples.show_examples(self._examples)
        best = max((place for place, each in enumerate(rounds) if each.best), default=None)
        breaks = [place for place, each in enumerate(rounds) if place and each.epoch == 0]
        expected = max(self._expected() + len(breaks), len(rounds) - 1)
        loss = Line(self.tr("Mistakes while learning (loss)"), tuple(each.loss for each in rounds))
        found = (
            Line(self.tr("Order (MAP@R)"), tuple(100 * each.map_at_r for each in rounds)),
            Line(self.tr("First right (R@1)"), tuple(100 * each.recall_at_1 for each in rounds)),
        )
        self.loss.show_lines((loss,) if rounds else (), expected, None, breaks)
        self.found.show_lines(found if rounds else (), expected, best, breaks)
        shown = bool(rounds)
        for part in (self.loss, self.found, self.examples, self._about):
            part.setVisible(shown)
        self._fit()
        self._space.setVisible(not shown)
        self._buttons()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The pictures take what they need, up to nearly half of the page, and the plots the rest."""
        room = round(SHARE_OF_PICTURES * self.height())
        self.examples.setMaximumHeight(max(SIDE + theme.GAP, min(room, self.examples.content_height())))

    def _buttons(self) -> None:
        self.pause.setEnabled(not self._stopping)
        self.stop.setEnabled(not self._stopping)
        self.stop.setText(self.tr("Stop and keep the best") if self._has_learned() else self.tr("Cancel"))

    def _has_learned(self) -> bool:
        """Whether the engine would keep something: in the first step only a round that got better counts."""
        return any(each.phase != "head" or (each.best and each.epoch > 0) for each in self._rounds)

    def _is_last(self) -> bool:
        return bool(self._rounds) and self._rounds[-1].epoch >= self._rounds[-1].epochs

    def _expected(self) -> int:
        """Rounds in all, if it does not stop earlier."""
        later = self._recipe.epochs if self._recipe.mode != "quick" else 0
        first = self._recipe.head_epochs
        ended = [each for each in self._rounds if each.phase == "head"]
        if any(each.phase != "head" for each in self._rounds):
            first = len(ended) - 1  # it stopped earlier
        return first + later

    def _lay_out(self) -> None:
        plots = QHBoxLayout()
        plots.setSpacing(2 * theme.MARGIN)
        plots.addWidget(self.found)
        plots.addWidget(self.loss)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        buttons.addWidget(self._left, 1)
        buttons.addWidget(self.pause)
        buttons.addWidget(self.stop)
        self._space = QWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        column.addWidget(self.title)
        column.addWidget(self._step)
        column.addWidget(self._bar)
        column.addLayout(buttons)
        column.addSpacing(theme.GRID)
        column.addLayout(plots, 1)
        column.addWidget(self._about)
        column.addWidget(self.examples, 6)
        column.addWidget(self._space, 1)

    def _button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda checked: slot())
        return button
