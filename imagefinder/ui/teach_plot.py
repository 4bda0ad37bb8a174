"""How learning goes, round by round: one or two lines that grow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from imagefinder.ui import theme

_LIGHT = ("#1f6fc4", "#b4450a")
_DARK = ("#7fb2f5", "#f2a36b")
_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine)
_SAMPLE = 22
_DOT = 3.0
_ROUND = (1, 1.2, 1.6, 2, 3, 4, 6, 8, 10)
_MOST = 6
"""Marks on the upright axis."""


@dataclass(frozen=True, slots=True)
class Line:
    """``values``: one for each round, nan where there is none."""

    name: str
    values: tuple[float, ...]


class LearningPlot(QWidget):
    """Lines over the rounds from the first to ``expected``. They differ in colour and in their dashes; the round that
    is kept has a ring. ``step`` is the distance of the marks on the upright axis where that is known, 0 where not."""

    def __init__(self, title: str, step: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._step = step
        self._lines: tuple[Line, ...] = ()
        self._expected = 1
        self._best: int | None = None
        self._breaks: tuple[int, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 120)
        self.setAccessibleName(title)

    def show_lines(
        self, lines: Sequence[Line], expected: int, best: int | None = None, breaks: Sequence[int] = ()
    ) -> None:
        """``expected`` rounds at most; ``best`` is the one that is kept, ``breaks`` where another step began."""
        self._lines, self._expected, self._best, self._breaks = tuple(lines), max(1, expected), best, tuple(breaks)
        said = [f"{line.name}: {_short(value)}" for line in lines if (value := _last(line)) is not None]
        self.setAccessibleDescription(", ".join(said))
        self.update()

    @property
    def lines(self) -> tuple[Line, ...]:
        return self._lines

    def sizeHint(self) -> QSize:
        return QSize(360, 160)

    def marks(self) -> tuple[float, ...]:
        """Of the upright axis, from below: three to six."""
        values = [value for line in self._lines for value in line.values if math.isfinite(value)]
        if not self._step:
            high = _round_up(max(values, default=1.0))
            return tuple(high * part / 4 for part in range(5))
        if not values:
            return tuple(float(20 * part) for part in range(6))
        step = next((step for step in (self._step, 2 * self._step) if _marks(values, step) <= _MOST), 25)
        low = max(0, step * math.floor(min(values) / step))
        high = step * math.ceil(max(values) / step)
        low = max(0, min(low, int(high) - 2 * step))
        return tuple(float(mark) for mark in range(low, max(int(high), low + 2 * step) + 1, step))

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height()
        marks = self.marks()
        low, high = marks[0], marks[-1]
        left = self.fontMetrics().horizontalAdvance(_short(high)) + theme.GAP
        left = max(left, self.fontMetrics().horizontalAdvance("0.00") + theme.GAP)
        wide = sum(self._entry(each) for each in self._lines) <= self.width() - left
        top = line if wide else line * len(self._lines)
        room = QRectF(self.rect()).adjusted(left, top + theme.GAP, -theme.GAP, -line - theme.GRID)
        self._paint_axes(painter, room, marks)
        colours = _DARK if theme.is_dark(self.palette()) else _LIGHT
        x = room.left()
        for number, each in enumerate(self._lines):
            pen = QPen(QColor(colours[number % len(colours)]), 2)
            pen.setStyle(_DASHES[number % len(_DASHES)])
            self._paint_line(painter, room, each, pen, low, high)
            self._paint_legend(painter, QPointF(x, 0 if wide else number * line), each.name, pen)
            x += self._entry(each) if wide else 0
        painter.end()

    def _at(self, room: QRectF, place: int, value: float, low: float, high: float) -> QPointF:
        share = (value - low) / (high - low) if high > low else 0.0
        return QPointF(room.left() + room.width() * place / self._expected, room.bottom() - room.height() * share)

    def _paint_line(self, painter: QPainter, room: QRectF, line: Line, pen: QPen, low: float, high: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen)
        points = [
            self._at(room, place, value, low, high) for place, value in enumerate(line.values) if math.isfinite(value)
        ]
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(QPen(pen.color(), 1.5))
        if points:
            painter.setBrush(pen.color())
            painter.drawEllipse(points[-1], _DOT, _DOT)
        if self._best is not None and self._best < len(line.values) and math.isfinite(line.values[self._best]):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(self._at(room, self._best, line.values[self._best], low, high), 2 * _DOT, 2 * _DOT)

    def _entry(self, line: Line) -> float:
        """How wide a line's part of the legend is."""
        text = self.fontMetrics().horizontalAdvance(line.name) + 2 + theme.MARGIN
        return text + (_SAMPLE + theme.GAP if len(self._lines) > 1 else 0)

    def _paint_legend(self, painter: QPainter, at: QPointF, name: str, pen: QPen) -> None:
        line, x = self.fontMetrics().height(), at.x()
        if len(self._lines) > 1:
            painter.setPen(pen)
            painter.drawLine(QPointF(x, at.y() + line / 2), QPointF(x + _SAMPLE, at.y() + line / 2))
            x += _SAMPLE + theme.GAP
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        box = QRectF(x, at.y(), self.width() - x, line)
        shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_axes(self, painter: QPainter, room: QRectF, marks: Sequence[float]) -> None:
        line = self.fontMetrics().height()
        ink, faint = theme.subdued(self.palette()), theme.line(self.palette())
        if room.height() < len(marks) * line:
            marks = (marks[0], marks[-1])
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value in marks:
            y = self._at(room, 0, value, marks[0], marks[-1]).y()
            painter.setPen(QPen(faint, 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(ink)
            painter.drawText(QRectF(0, y - line / 2, room.left() - theme.GRID, line), right, _short(value))
        painter.setPen(QPen(faint, 1, Qt.PenStyle.DashLine))
        for place in self._breaks:
            x = room.left() + room.width() * place / self._expected
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        painter.setPen(ink)
        below = QRectF(room.left(), room.bottom() + theme.GRID, room.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, self.tr("rounds"))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, "0")
        if not self._lines:
            painter.drawText(QRectF(room.left(), 0, room.width(), line), Qt.AlignmentFlag.AlignLeft, self._title)


def _marks(values: Sequence[float], step: int) -> int:
    return math.ceil(max(values) / step) - math.floor(min(values) / step) + 1


def _last(line: Line) -> float | None:
    return next((value for value in reversed(line.values) if math.isfinite(value)), None)


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == round(value) else f"{value:.2g}"


def _round_up(value: float) -> float:
    """0.37 -> 0.4, 1.3 -> 1.6: the next number above whose quarters are round, too."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in _ROUND if step * power >= value)
