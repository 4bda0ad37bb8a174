"""A picture that fits, and that can be magnified and moved about."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from imagefinder.ui.results_delegate import ENLARGED

STEP = 1.25
_LARGEST_SCALE = 8.0  # device pixels to one of the picture's
_LARGEST_SIDE = 8192  # of what is asked for: 256 MB at most
_NOTCH = 120


class ZoomPicture(QWidget):
    """Knows how large the original is, and shows what there is of it in that place: first a stand-in, then pixels.

    ``zoom`` is 1 where the whole picture fits; a small one is enlarged to twice its size for that. ``changed`` says
    that other pixels than before would be sharp now: those of ``wanted_size``.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = QSize(1, 1)
        self._colour = QColor()
        self._shown: QImage | QPixmap | None = None
        self._zoom = 1.0
        self._centre = QPointF(0.5, 0.5)  # what is in the middle, as parts of the width and height
        self._grip: QPointF | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_original(self, size: QSize, colour: int, stand_in: QPixmap | None) -> None:
        """Start with another picture: its size in pixels, its average colour (0xRRGGBB), and what there is of it."""
        self._size = size.expandedTo(QSize(1, 1))
        self._colour = QColor.fromRgb(colour)
        self._shown = stand_in
        self.fit()

    def set_image(self, image: QImage) -> None:
        """The same picture, sharper."""
        self._shown = image
        self.update()

    @property
    def zoom(self) -> float:
        return self._zoom

    @property
    def scale(self) -> float:
        """Device pixels to one pixel of the original."""
        return self._fitting_scale(self._size) * self._zoom

    def wanted_size(self) -> QSize:
        """How many pixels would be sharp now."""
        return _scaled(self._size, min(1.0, self.scale))

    def fitting_size(self, size: QSize) -> QSize:
        """How many pixels a whole picture of ``size`` pixels would be sharp with."""
        return _scaled(size, min(1.0, self._fitting_scale(size)))

    def fit(self) -> None:
        """Show it whole."""
        self._centre = QPointF(0.5, 0.5)
        self._set_zoom(1.0)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Magnify; what is at ``at`` (by default the middle) stays there."""
        middle = QRectF(self.rect()).center()
        at = middle if at is None else at
        before = self._picture()
        zoom = max(1.0, min(self._zoom * factor, max(1.0, _LARGEST_SCALE / self._fitting_scale(self._size))))
        size = before.size() * (zoom / self._zoom)
        held = at - before.topLeft()
        self._centre = QPointF(
            held.x() / before.width() - (at.x() - middle.x()) / size.width(),
            held.y() / before.height() - (at.y() - middle.y()) / size.height(),
        )
        self._set_zoom(zoom)

    def _set_zoom(self, zoom: float) -> None:
        self._zoom = zoom
        self._stay_inside()
        self.setCursor(Qt.CursorShape.OpenHandCursor if zoom > 1 else Qt.CursorShape.ArrowCursor)
        self.update()
        self.changed.emit()

    def _stay_inside(self) -> None:
        """No empty room beside a picture that is larger than the widget; one that is smaller is in the middle."""
        size = self._picture().size()
        half_x, half_y = self.width() / size.width() / 2, self.height() / size.height() / 2
        self._centre.setX(0.5 if half_x >= 0.5 else min(max(self._centre.x(), half_x), 1 - half_x))
        self._centre.setY(0.5 if half_y >= 0.5 else min(max(self._centre.y(), half_y), 1 - half_y))

    def _fitting_scale(self, size: QSize) -> float:
        ratio = self.devicePixelRatioF()
        width, height = max(1, size.width()), max(1, size.height())
        return max(1e-6, min(ENLARGED, self.width() * ratio / width, self.height() * ratio / height))

    def _picture(self) -> QRectF:
        """Where the whole picture is, in logical pixels."""
        ratio = self.devicePixelRatioF()
        width, height = self._size.width() * self.scale / ratio, self._size.height() * self.scale / ratio
        left = self.width() / 2 - self._centre.x() * width
        top = self.height() / 2 - self._centre.y() * height
        return QRectF(left, top, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        ratio = self.devicePixelRatioF()
        box = self._picture()
        if self._shown is None:
            painter.fillRect(box, self._colour)
        else:
            # On whole device pixels, where what is shown has just the pixels that are needed.
            exact = QSize(round(box.width() * ratio), round(box.height() * ratio))
            left, top = round(box.left() * ratio) / ratio, round(box.top() * ratio) / ratio
            near = abs(self._shown.width() - exact.width()) <= 1 and abs(self._shown.height() - exact.height()) <= 1
            size = (self._shown.size() if near else exact).toSizeF() / ratio
            target = QRectF(QPointF(left, top), size)
            source = QRectF(self._shown.rect())
            if isinstance(self._shown, QImage):
                painter.drawImage(target, self._shown, source)
            else:
                painter.drawPixmap(target, self._shown, source)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_zoom(self._zoom)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(STEP ** (event.angleDelta().y() / _NOTCH), event.position())
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Between all of it and its real pixels."""
        if self._zoom > 1:
            self.fit()
        else:
            self.zoom_by(1 / self.scale, event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._zoom > 1:
            self._grip = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            return
        moved, size = event.position() - self._grip, self._picture().size()
        self._grip = event.position()
        self._centre -= QPointF(moved.x() / size.width(), moved.y() / size.height())
        self._stay_inside()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._grip = None
            self.setCursor(Qt.CursorShape.OpenHandCursor)


def _scaled(size: QSize, scale: float) -> QSize:
    scale = min(scale, _LARGEST_SIDE / max(1, size.width(), size.height()))
    return QSize(max(1, math.ceil(size.width() * scale)), max(1, math.ceil(size.height() * scale)))
