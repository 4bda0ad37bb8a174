"""Things a person should know before going on, one below the other."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from imagefinder.ui import theme
from imagefinder.ui.banner import Level
from imagefinder.ui.labels import IconLabel

HIGHEST = 108


class NoteList(QScrollArea):
    """A line with an icon for each; takes no room without any, and scrolls where there are many."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notes: tuple[str, ...] = ()
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.hide()

    @property
    def notes(self) -> tuple[str, ...]:
        return self._notes

    def show_notes(self, notes: Sequence[str], level: Level = Level.WARNING) -> None:
        if tuple(notes) == self._notes:
            return
        self._notes = tuple(notes)
        inside = QWidget()
        inside.setAutoFillBackground(False)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.GRID, 0)
        column.setSpacing(theme.GRID)
        for note in notes:
            column.addLayout(_line(note, level))
        column.addStretch()
        self.setWidget(inside)
        self.setVisible(bool(notes))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        inside = self.widget()
        if inside is None:
            return QSize(0, 0)
        width = max(200, self.width())
        return QSize(width, min(HIGHEST, inside.heightForWidth(width) if inside.hasHeightForWidth() else HIGHEST))

    def minimumSizeHint(self) -> QSize:
        return QSize(100, min(self.sizeHint().height(), 2 * self.fontMetrics().lineSpacing()))


def _line(text: str, level: Level) -> QHBoxLayout:
    def tone(palette: QPalette) -> QColor:
        return QColor(level.value[2] if theme.is_dark(palette) else level.value[1])

    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    row = QHBoxLayout()
    row.setSpacing(theme.GAP)
    row.addWidget(IconLabel(level.value[0], 16, tone), 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(label, 1)
    return row
