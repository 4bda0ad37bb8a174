"""What stands in place of something that is still being worked out, or that cannot be."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from imagefinder.domain.progress import Progress
from imagefinder.ui import theme, wording
from imagefinder.ui.labels import SubduedLabel, heading

WIDTH = 380
_STEPS = 1000


class WaitingPage(QWidget):
    """Either a bar with Cancel, or a sentence that may offer one action."""

    cancelled = Signal()
    action = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = heading(title)
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._heading = title
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(theme.GAP)
        self._bar.setAccessibleName(title)
        self._facts = SubduedLabel()
        self._facts.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._facts.setMinimumHeight(3 * self._facts.fontMetrics().lineSpacing())
        self._cancel = QPushButton(self.tr("Cancel"))
        self._cancel.setAutoDefault(False)
        self._cancel.clicked.connect(self._on_cancel)
        self._message = QLabel()
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.setWordWrap(True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._act = QPushButton()
        self._act.setAutoDefault(False)
        self._act.clicked.connect(self.action)
        inside = QVBoxLayout()
        inside.setSpacing(theme.GAP)
        inside.addStretch()
        for widget in (self._title, self._bar, self._facts, self._message):
            widget.setFixedWidth(WIDTH)
            inside.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        for button in (self._cancel, self._act):
            inside.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addStretch()
        row = QHBoxLayout(self)
        row.addLayout(inside)
        self.show_begun()

    @property
    def message(self) -> str:
        """The sentence, "" while the bar is shown."""
        return "" if self._message.isHidden() else self._message.text()

    def show_begun(self) -> None:
        """Work has been asked for, and has not said anything yet."""
        self._title.setText(self._heading)
        self._facts.setText("")
        self._bar.setRange(0, 0)
        self._cancel.setEnabled(True)
        self._show_parts(busy=True)

    def show_progress(self, progress: Progress) -> None:
        self._title.setText(wording.doing(progress))
        self._bar.setRange(0, _STEPS if progress.total else 0)
        if progress.total:
            self._bar.setValue(min(_STEPS, progress.done * _STEPS // progress.total))
        self._facts.setText(wording.how_far(progress))
        self._bar.setAccessibleDescription(self._facts.text())
        self._show_parts(busy=True)

    def show_message(self, text: str, action: str = "") -> None:
        self._message.setText(text)
        self._message.setFixedHeight(self._message.heightForWidth(WIDTH))  # a layout would cut a centred one short
        self._act.setText(action)
        self._show_parts(busy=False)

    def _show_parts(self, busy: bool) -> None:
        for widget in (self._title, self._bar, self._facts, self._cancel):
            widget.setVisible(busy)
        self._message.setVisible(not busy)
        self._act.setVisible(not busy and bool(self._act.text()))

    def _on_cancel(self) -> None:
        self._cancel.setEnabled(False)
        self._title.setText(self.tr("Stopping…"))
        self.cancelled.emit()
