"""Precision against recall, a line for each model."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from imagefinder.domain.evaluation import ModelResult
from imagefinder.ui import theme, wording

_LIGHT = ("#1f6fc4", "#b4450a", "#1c7a3d", "#8a3fa0", "#7a6400", "#0c7480")
_DARK = ("#7fb2f5", "#f2a36b", "#7fd19a", "#d79be6", "#e0c95a", "#6fd0db")
_DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DashDotDotLine,
)
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_SAMPLE = 28
"""The length of a line in the legend."""


class CurvePlot(QWidget):
    """Lines differ in colour and in their dashes. They end where no search gets further."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models: Sequence[ModelResult] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(300, 220)
        self.setToolTip(
            self.tr(
                "The further a line stays up, the longer a search finds only right photos.\n"
                "Interpolated precision at each recall, the mean over all searches."
            )
        )

    def show_models(self, models: Sequence[ModelResult]) -> None:
        self._models = models
        names = ", ".join(wording.shown(model.model) for model in models)
        self.setAccessibleName(self.tr("Precision and recall of {models}").format(models=names))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, 300)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = self._room()
        self._paint_axes(painter, room)
        colours = _DARK if theme.is_dark(self.palette()) else _LIGHT
        for number, model in enumerate(self._models):
            pen = QPen(QColor(colours[number % len(colours)]), 2)
            pen.setStyle(_DASHES[number % len(_DASHES)])
            painter.setPen(pen)
            points = [
                QPointF(room.left() + recall * room.width(), room.bottom() - precision * room.height())
                for recall, precision in model.curve
                if math.isfinite(recall) and math.isfinite(precision)
            ]
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(points))
            self._paint_legend(painter, room, number, pen, wording.shown(model.model))
        painter.end()

    def _room(self) -> QRectF:
        line = self.fontMetrics().height()
        left = self.fontMetrics().horizontalAdvance("100") + line + 2 * theme.GAP
        top = self._legend_lines() * (line + theme.GRID) + theme.GAP
        return QRectF(self.rect()).adjusted(left, top, -theme.MARGIN, -2 * line - theme.GAP)

    def _legend_lines(self) -> int:
        return len(self._models)

    def _paint_legend(self, painter: QPainter, room: QRectF, number: int, pen: QPen, name: str) -> None:
        line = self.fontMetrics().height()
        middle = number * (line + theme.GRID) + line / 2
        painter.setPen(pen)
        painter.drawLine(QPointF(room.left(), middle), QPointF(room.left() + _SAMPLE, middle))
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        start = room.left() + _SAMPLE + theme.GAP
        box = QRectF(start, middle - line / 2, room.right() - start, line)
        shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_axes(self, painter: QPainter, room: QRectF) -> None:
        line = self.fontMetrics().height()
        ink = theme.subdued(self.palette())
        for tick in _TICKS:
            x, y = room.left() + tick * room.width(), room.bottom() - tick * room.height()
            painter.setPen(QPen(theme.line(self.palette()), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
            painter.setPen(ink)
            text = str(round(tick * 100))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - line / 2, room.left() - theme.GRID, line), right, text)
            centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
            painter.drawText(QRectF(x - 30, room.bottom() + 2, 60, line), centre, text)
        centre = Qt.AlignmentFlag.AlignCenter
        below = QRectF(room.left(), room.bottom() + line + 2, room.width(), line)
        painter.drawText(below, centre, self.tr("found so far, % (recall)"))
        painter.save()
        painter.translate(line / 2, room.center().y())
        painter.rotate(-90)
        beside = QRectF(-room.height() / 2 - line, -line / 2, room.height() + 2 * line, line)
        painter.drawText(beside, centre, self.tr("right so far, % (precision)"))
        painter.restore()
