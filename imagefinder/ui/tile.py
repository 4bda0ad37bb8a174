"""A small picture that can be pressed."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from imagefinder.ui import theme, wording

_CAPTION_GAP = 2
_FRAME = 2


class Tile(QAbstractButton):
    """A picture fitted into a square of ``side`` logical pixels, and up to two short lines below it."""

    def __init__(self, side: int, name: str, captions: tuple[str, ...] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._captions = captions
        self._pixmap: QPixmap | None = None
        self._colour: QColor | None = None
        self.setFixedSize(self.sizeHint())
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(wording.tip(name))
        self.setAccessibleName(name)

    def show_picture(self, pixmap: QPixmap | None, colour: int | None = None) -> None:
        """``colour`` is 0xRRGGBB, the average of a photo that is still to come."""
        self._pixmap = None
        if pixmap is not None and not pixmap.isNull():
            side = round((self._side - 2 * _FRAME) * self.devicePixelRatioF())
            keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            self._pixmap = pixmap.scaled(side, side, keep, smooth)  # a painter would leave pixels out
        self._colour = None if colour is None else QColor.fromRgb(colour)
        self.update()

    def has_picture(self) -> bool:
        return self._pixmap is not None

    def sizeHint(self) -> QSize:
        lines = len(self._captions) * self.fontMetrics().height()
        return QSize(self._side, self._side + (lines + _CAPTION_GAP if lines else 0))

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        square = QRectF(0, 0, self._side, self._side)
        room = square.adjusted(_FRAME, _FRAME, -_FRAME, -_FRAME)
        if self._pixmap is not None:
            size = self._pixmap.size().toSizeF()
            size.scale(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
            box = QRectF(0, 0, size.width(), size.height())
            box.moveCenter(room.center())
            painter.save()
            painter.setClipPath(_rounded(box))
            painter.drawPixmap(box, self._pixmap, QRectF(self._pixmap.rect()))
            painter.restore()
        else:
            painter.fillPath(_rounded(room), self._colour or theme.raised(self.palette()))
        if self.hasFocus() or self.underMouse():
            focus = self.palette().color(QPalette.ColorRole.Highlight)
            painter.setPen(QPen(focus if self.hasFocus() else theme.line(self.palette()), 2))
            painter.drawRoundedRect(square.adjusted(1, 1, -1, -1), theme.RADIUS + 1, theme.RADIUS + 1)
        self._paint_captions(painter)
        painter.end()

    def _paint_captions(self, painter: QPainter) -> None:
        height = self.fontMetrics().height()
        for number, text in enumerate(self._captions):
            painter.setPen(
                self.palette().color(QPalette.ColorRole.WindowText) if number == 0 else theme.subdued(self.palette())
            )
            line = QRectF(0, self._side + _CAPTION_GAP + number * height, self._side, height)
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self._side)
            painter.drawText(line, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, shown)


def _rounded(box: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(box, theme.RADIUS, theme.RADIUS)
    return path
