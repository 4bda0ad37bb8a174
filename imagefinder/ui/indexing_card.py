"""How far the indexing is, at the foot of the side bar."""

from dataclasses import replace

from PySide6.QtCore import QPropertyAnimation, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QGraphicsOpacityEffect,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.images import IndexSummary
from imagefinder.domain.progress import Progress
from imagefinder.ui import theme, wording
from imagefinder.ui.card import Card
from imagefinder.ui.labels import ElidedLabel, IconLabel, SubduedLabel, heading

SENTENCE_MS = 6000
FADE_MS = 400
_BAR_STEPS = 1000


class IndexingCard(QWidget):
    """Shown while there is something to say. The link to what could not be read stays until ``set_failures(0)``."""

    pause_requested = Signal()
    resume_requested = Signal()
    cancel_requested = Signal()
    failures_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress: Progress | None = None
        self._paused = False
        self._stopping = False
        self._title = heading("")
        self._where = ElidedLabel()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(theme.GAP)
        self._bar.setAccessibleName(self.tr("Indexing progress"))
        self._facts = SubduedLabel()
        self._facts.setMinimumHeight(2 * self._facts.fontMetrics().lineSpacing())
        self._facts.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._pause = QPushButton()
        self._pause.clicked.connect(self._toggle)
        self._cancel = QPushButton(self.tr("Cancel"))
        self._cancel.clicked.connect(self._stop)
        self._sentence = SubduedLabel()
        self._unread, self._damaged = self._link(), self._link()
        self._failures = QWidget()
        self._work = Card()
        self._lay_out()
        self._effect = QGraphicsOpacityEffect(self._sentence)
        self._effect.setEnabled(False)  # an enabled one paints through a pixmap
        self._sentence.setGraphicsEffect(self._effect)
        self._fade = QPropertyAnimation(self._effect, b"opacity", self)
        self._fade.setDuration(FADE_MS)
        self._fade.setStartValue(1.0)
        self._fade.setEndValue(0.0)
        self._fade.finished.connect(self._drop_sentence)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SENTENCE_MS)
        self._timer.timeout.connect(self._fade_out)
        self._work.hide()
        self.set_failures(0)
        self._drop_sentence()

    def set_progress(self, progress: Progress) -> None:
        """A snapshot of work that goes on. The first one after ``finished`` brings the bar back."""
        if self._progress is None:
            self._paused = self._stopping = False
            self._drop_sentence()
        self._progress = progress
        self._render(progress)

    def set_paused(self, paused: bool) -> None:
        self._paused = paused
        if self._progress is not None:
            self._render(self._progress)

    def finished(self, summary: IndexSummary) -> None:
        """One sentence in place of the bar, which fades; the failures stay."""
        self.stopped(wording.outcome(summary))
        self.set_failures(len(summary.failed), len(summary.damaged))

    def stopped(self, sentence: str) -> None:
        """For work that ends without a summary, such as a check of the library."""
        self._drop_sentence()
        self._progress = None
        self._work.hide()
        self._sentence.setText(sentence)
        self._sentence.show()
        self.show()
        self._timer.start()

    def set_failures(self, count: int, damaged: int = 0) -> None:
        """How many files could not be read, and to their end: of the run that ended, or of the whole library."""
        self._unread.setText(wording.could_not_be_read(count))
        self._unread.setVisible(count > 0)
        self._damaged.setText(wording.damaged(damaged))
        self._damaged.setVisible(damaged > 0)
        self._failures.setVisible(count + damaged > 0)
        self._hide_if_silent()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        buttons.addWidget(self._pause, 1)
        buttons.addWidget(self._cancel, 1)
        inside = QVBoxLayout(self._work)
        inside.setContentsMargins(theme.GAP, theme.GAP, theme.GAP, theme.GAP)
        inside.setSpacing(theme.GRID)
        inside.addWidget(self._title)
        inside.addWidget(self._where)
        inside.addSpacing(theme.GRID)
        inside.addWidget(self._bar)
        inside.addSpacing(theme.GRID)
        inside.addWidget(self._facts)
        inside.addLayout(buttons)
        link = QHBoxLayout(self._failures)
        link.setContentsMargins(0, 0, 0, 0)
        link.setSpacing(theme.GRID)
        icon = QVBoxLayout()
        icon.addSpacing(theme.GRID // 2)
        icon.addWidget(IconLabel("triangle-alert", 16))
        icon.addStretch()
        link.addLayout(icon)
        links = QVBoxLayout()
        links.setSpacing(0)
        links.addWidget(self._unread)
        links.addWidget(self._damaged)
        link.addLayout(links)
        link.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        column.addWidget(self._work)
        column.addWidget(self._sentence)
        column.addWidget(self._failures)

    def _link(self) -> QToolButton:
        """To the list of files."""
        link = QToolButton()
        link.setAutoRaise(True)
        underlined = link.font()
        underlined.setUnderline(True)
        link.setFont(underlined)
        link.setToolTip(self.tr("Show which files, and why"))
        link.clicked.connect(self.failures_requested)
        return link

    def _render(self, progress: Progress) -> None:
        if self._stopping:
            title = self.tr("Stopping…")
        else:
            title = self.tr("Paused") if self._paused else wording.doing(progress)
        self._title.setText(title)
        self._where.setText(wording.shown(progress.where))
        if progress.total:
            self._bar.setRange(0, _BAR_STEPS)
            self._bar.setValue(min(_BAR_STEPS, progress.done * _BAR_STEPS // progress.total))
        else:
            self._bar.setRange(0, 0)  # it swings: nobody knows how much there is
        self._facts.setText(wording.how_far(replace(progress, seconds_left=None) if self._paused else progress))
        self._bar.setAccessibleDescription(self._facts.text())
        self._pause.setText(self.tr("Resume") if self._paused else self.tr("Pause"))
        self._pause.setEnabled(not self._stopping)
        self._cancel.setEnabled(not self._stopping)
        self._work.show()
        self.show()

    def _toggle(self) -> None:
        (self.resume_requested if self._paused else self.pause_requested).emit()

    def _stop(self) -> None:
        self._stopping = True
        if self._progress is not None:
            self._render(self._progress)
        self.cancel_requested.emit()

    def _fade_out(self) -> None:
        if not theme.animated():
            self._drop_sentence()
            return
        self._effect.setEnabled(True)
        self._fade.start()

    def _drop_sentence(self) -> None:
        self._timer.stop()
        self._fade.stop()
        self._effect.setEnabled(False)
        self._sentence.hide()
        self._hide_if_silent()

    def _hide_if_silent(self) -> None:
        parts = (self._work, self._sentence, self._failures)
        self.setVisible(any(not part.isHidden() for part in parts))
