"""A small picture among the answers to a search, marked as right or wrong."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen

from imagefinder.ui import icons, theme
from imagefinder.ui.tile import Tile

_MARK = 16
_RIGHT = ("#1c7a3d", "#2f9e58")
_WRONG = ("#b3261e", "#c9443c")


class AnswerTile(Tile):
    """``right`` None: no mark, as for what was looked for."""

    def __init__(self, side: int, name: str, right: bool | None = None) -> None:
        super().__init__(side, name)
        self._right = right

    @property
    def right(self) -> bool | None:
        return self._right

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._right is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dark = theme.is_dark(self.palette())
        colour = QColor((_RIGHT if self._right else _WRONG)[dark])
        middle = QPointF(self.width() - _MARK / 2 - 3, self.height() - _MARK / 2 - 3)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Window), 1.5))
        painter.setBrush(colour)
        painter.drawEllipse(middle, _MARK / 2, _MARK / 2)
        mark = icons.pixmap("check" if self._right else "x", 10, QColor(Qt.GlobalColor.white), self.devicePixelRatioF())
        painter.drawPixmap(QRectF(middle.x() - 5, middle.y() - 5, 10, 10), mark, QRectF(mark.rect()))
        painter.end()
