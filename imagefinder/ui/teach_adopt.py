"""What to do with a finished training: adopt it, throw it away, or go back."""

from enum import Enum, auto

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from imagefinder.domain.progress import Progress
from imagefinder.ui import theme, wording
from imagefinder.ui.card import Card
from imagefinder.ui.labels import IconLabel

_STEPS = 1000


class Stage(Enum):
    """Where a trained model is."""

    FINISHED = auto()
    SWITCHING = auto()
    WAITING = auto()
    """Some photos could not be read with it yet: their drive is away, or the reading was stopped."""
    ADOPTED = auto()
    ROLLED_BACK = auto()
    DISCARDED = auto()


class AdoptCard(Card):
    """One sentence, and the buttons that belong to it."""

    adopt_requested = Signal()
    stop_requested = Signal()
    discard_requested = Signal()
    back_requested = Signal()
    again_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stage = Stage.FINISHED
        self._in_use = IconLabel("check", 16)
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(theme.GAP)
        self.adopt = self._button(self.adopt_requested)
        self.stop = self._button(self.stop_requested)
        self.stop.setText(self.tr("Stop"))
        self.back = self._button(self.back_requested)
        self.discard = self._button(self.discard_requested)
        self.discard.setText(self.tr("Discard…"))
        self.again = self._button(self.again_requested)
        self.again.setText(self.tr("Teach again…"))
        self._lay_out()

    @property
    def stage(self) -> Stage:
        return self._stage

    @property
    def sentence(self) -> str:
        return self._sentence.text()

    def show_stage(
        self,
        stage: Stage,
        name: str,
        old: str,
        good: bool = True,
        photos: int = 0,
        progress: Progress | None = None,
    ) -> None:
        """``name`` is the trained model, ``old`` what answered before, "" where nothing did; ``photos`` are those of
        the library."""
        self._stage = stage
        name, old = wording.shown(name), wording.shown(old)
        self._sentence.setText(self._say(stage, name, old, photos, progress))
        waits = stage in (Stage.FINISHED, Stage.WAITING, Stage.ROLLED_BACK)
        self.adopt.setText(self.tr("Adopt") if good else self.tr("Adopt all the same"))
        self.adopt.setVisible(waits)
        self.adopt.setEnabled(photos > 0)
        self.adopt.setDefault(waits and good and photos > 0)
        self.stop.setVisible(stage is Stage.SWITCHING)
        self.back.setText(self.tr("Go back to {name}").format(name=old))
        self.back.setVisible(stage is Stage.ADOPTED and bool(old))
        self.discard.setVisible(waits)
        self.again.setVisible(stage is not Stage.SWITCHING)
        self._in_use.setVisible(stage is Stage.ADOPTED)
        self._bar.setVisible(stage is Stage.SWITCHING)
        if stage is Stage.SWITCHING:
            known = progress is not None and progress.total > 0
            self._bar.setRange(0, _STEPS if known else 0)
            if progress is not None and known:
                self._bar.setValue(min(_STEPS, progress.done * _STEPS // progress.total))
            self._bar.setAccessibleDescription(self._sentence.text())

    def _say(self, stage: Stage, name: str, old: str, photos: int, progress: Progress | None) -> str:
        if stage is Stage.FINISHED and not photos:
            return self.tr("{name} is kept. Add photos to the library to use it; Tools > Models has it.").format(
                name=name
            )
        if stage is Stage.FINISHED and not old:
            return self.tr("Adopting it reads the {photos} of the library.").format(photos=wording.photos(photos))
        if stage is Stage.FINISHED:
            return self.tr(
                "Adopting it reads the {photos} of the library once more. Until that is done, {old} answers; "
                "you can go back to it at any time."
            ).format(photos=wording.photos(photos), old=old)
        if stage is Stage.SWITCHING:
            far = wording.how_far(progress).replace("\n", wording.DOT) if progress is not None else ""
            reading = self.tr("Reading the photos with {name}.")
            if old:
                reading = self.tr("Reading the photos with {name}. Until all are done, {old} answers.")
            return "\n".join(filter(None, (reading.format(name=name, old=old), far)))
        if not old and stage in (Stage.WAITING, Stage.ADOPTED, Stage.DISCARDED):
            return {
                Stage.WAITING: self.tr("{name} has not seen every photo yet. What was read is kept."),
                Stage.ADOPTED: self.tr("{name} answers now."),
                Stage.DISCARDED: self.tr("{name} is discarded."),
            }[stage].format(name=name)
        return {
            Stage.WAITING: self.tr("{old} still answers: {name} has not seen every photo yet. What was read is kept."),
            Stage.ADOPTED: self.tr(
                "{name} answers now. Everything that {old} knew is kept, so going back takes a moment."
            ),
            Stage.ROLLED_BACK: self.tr("{old} answers again. {name} is kept, and can be adopted again in a moment."),
            Stage.DISCARDED: self.tr("{name} is discarded. {old} answers as before."),
        }[stage].format(name=name, old=old)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(theme.GAP)
        line.addWidget(self._in_use)
        line.addWidget(self._sentence, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        for button in (self.adopt, self.back, self.stop, self.discard):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        column.addLayout(line)
        column.addWidget(self._bar)
        column.addLayout(buttons)

    def _button(self, signal: SignalInstance) -> QPushButton:
        button = QPushButton()
        button.setAutoDefault(False)
        button.clicked.connect(lambda checked: signal.emit())
        return button
