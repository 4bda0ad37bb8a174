"""One picture, shown whole within whatever room there is."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from imagefinder.ui import theme


class Picture(QWidget):
    """Fits its pixmap, never enlarging it; a ground in the given colour stands in until there is one."""

    def __init__(self, height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixmap: QPixmap | None = None
        self._colour: QColor | None = None
        self._height = height
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_picture(self, pixmap: QPixmap | None, colour: int | None = None) -> None:
        """``colour`` is 0xRRGGBB, the average of the photo that is still to come."""
        self._pixmap = pixmap if pixmap is not None and not pixmap.isNull() else None
        self._colour = QColor.fromRgb(colour) if colour is not None else None
        self.update()

    def has_picture(self) -> bool:
        return self._pixmap is not None

    def sizeHint(self) -> QSize:
        return QSize(self._height, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._pixmap is not None:
            ratio = self._pixmap.devicePixelRatio()
            size = self._pixmap.size() / ratio
            if size.width() > self.width() or size.height() > self.height():
                size.scale(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            box = QRectF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2, 0, 0)
            box.setSize(size.toSizeF())
            painter.setClipPath(_rounded(box))
            painter.drawPixmap(box, self._pixmap, QRectF(self._pixmap.rect()))
        else:
            painter.fillPath(_rounded(QRectF(self.rect())), self._colour or theme.raised(self.palette()))
        painter.end()


def _rounded(box: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(box, theme.RADIUS, theme.RADIUS)
    return path
