"""A quiet surface with round corners."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from imagefinder.ui import theme


class Card(QWidget):
    """Paints its own ground, so that it follows every change of the palette."""

    def fill(self) -> QColor:
        return theme.raised(self.palette())

    def border(self) -> QPen:
        return QPen(theme.line(self.palette()), 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self.fill())
        painter.setPen(self.border())
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)
        painter.end()


class DropCard(Card):
    """Only a dashed outline: a place to drop something on. Without the dashes nothing is seen of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dashed = True

    def set_dashed(self, dashed: bool) -> None:
        self._dashed = dashed
        self.update()

    def fill(self) -> QColor:
        return QColor(Qt.GlobalColor.transparent)

    def border(self) -> QPen:
        if not self._dashed:
            return QPen(Qt.PenStyle.NoPen)
        pen = QPen(theme.mix(self.palette().windowText().color(), self.palette().window().color(), 0.35), 1.5)
        pen.setDashPattern([4, 4])
        return pen
