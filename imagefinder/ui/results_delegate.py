"""How one photo of the grid is painted."""

from functools import lru_cache
from typing import cast

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QPainter, QPalette, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from imagefinder.domain.images import Hit, Photo
from imagefinder.ui import icons, theme
from imagefinder.ui.results_model import HitRole, PhotoRole, WordRole
from imagefinder.ui.similarity import percent

PADDING = theme.GAP // 2
"""Around each picture, inside its cell: two of them make the gap."""

ENLARGED = 2.0
"""Pictures smaller than their place grow to this many device pixels per pixel, and no further."""

_PILL = QColor(0, 0, 0, 176)  # white on it has a contrast above 7 on any picture
_ON_PILL = QColor(Qt.GlobalColor.white)
_PILL_INSET = 4
_PILL_MARGIN = 6
_ROOM_FOR_PILL = 48
_DRAG_SIDE = 96
_HINTS = QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
_State = QStyle.StateFlag
_MARKED = _State.State_Selected | _State.State_MouseOver | _State.State_HasFocus


class ResultsDelegate(QStyledItemDelegate):
    """Paints a picture where it will stay: a placeholder already has the place and the shape of its photo."""

    def __init__(self, side: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.side = side
        """Of the square that pictures are fitted into, in logical pixels."""
        self.opacity = 1.0
        """Of everything; less than 1 says that these are the old results."""

    @property
    def cell(self) -> int:
        """The side of a cell, in logical pixels."""
        return self.side + 2 * PADDING

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(self.cell, self.cell)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        photo = cast(Photo, index.data(PhotoRole))
        hit = cast(Hit | None, index.data(HitRole))
        pixmap = cast(QPixmap | None, index.data(Qt.ItemDataRole.DecorationRole))
        painter.save()
        painter.setRenderHints(_HINTS)
        if option.state & _MARKED:
            _paint_state(painter, option)
        picture = _picture_rect(painter, option.rect, self.side, photo, pixmap)
        _paint_picture(painter, picture, photo, pixmap)
        box = picture if min(picture.width(), picture.height()) >= _ROOM_FOR_PILL else _inner(option.rect)
        if hit is not None:
            _paint_pill(painter, box, str(percent(hit.similarity)), option.font, str(index.data(WordRole) or ""))
        if photo.offline:
            _paint_badge(painter, box)
        if self.opacity < 1.0:
            veil = option.palette.color(QPalette.ColorRole.Base)
            veil.setAlphaF(1.0 - self.opacity)
            painter.fillRect(option.rect, veil)
        painter.restore()


def _inner(cell: QRect) -> QRectF:
    return QRectF(cell).adjusted(PADDING, PADDING, -PADDING, -PADDING)


def _picture_rect(painter: QPainter, cell: QRect, side: int, photo: Photo, pixmap: QPixmap | None) -> QRectF:
    """The picture in the middle of its cell, on whole device pixels."""
    transform = painter.deviceTransform()
    ratio = transform.m11()
    room = side * ratio
    width, height = max(1, photo.info.width), max(1, photo.info.height)
    scale = min(ENLARGED, room / width, room / height)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    if pixmap is not None and abs(pixmap.width() - wide) <= 1 and abs(pixmap.height() - high) <= 1:
        wide, high = pixmap.width(), pixmap.height()  # rounded the other way; this way it is not scaled again
    left = round(transform.dx() + (cell.x() + cell.width() / 2) * ratio - wide / 2)
    top = round(transform.dy() + (cell.y() + cell.height() / 2) * ratio - high / 2)
    return QRectF((left - transform.dx()) / ratio, (top - transform.dy()) / ratio, wide / ratio, high / ratio)


def _paint_picture(painter: QPainter, rect: QRectF, photo: Photo, pixmap: QPixmap | None) -> None:
    if pixmap is None:
        brush = QBrush(QColor.fromRgb(photo.colour))
    else:
        brush = QBrush(pixmap)
        scale_x, scale_y = rect.width() / pixmap.width(), rect.height() / pixmap.height()
        brush.setTransform(QTransform(scale_x, 0, 0, scale_y, rect.x(), rect.y()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(brush)
    painter.drawRoundedRect(rect, theme.RADIUS, theme.RADIUS)


def _paint_state(painter: QPainter, option: QStyleOptionViewItem) -> None:
    """Selection fills the cell behind the picture, focus is a ring, hovering a hint of the first."""
    state, palette = option.state, option.palette
    selected = bool(state & _State.State_Selected)
    active = bool(state & _State.State_Active)
    group = QPalette.ColorGroup.Active if active else QPalette.ColorGroup.Inactive
    highlight = palette.color(group, QPalette.ColorRole.Highlight)
    cell = QRectF(option.rect)
    if selected or state & _State.State_MouseOver:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(highlight if selected else theme.raised(palette, 0.10))
        painter.drawRoundedRect(cell.adjusted(1, 1, -1, -1), theme.RADIUS + 2, theme.RADIUS + 2)
    if state & _State.State_HasFocus:
        painter.setPen(QPen(palette.color(group, QPalette.ColorRole.Text) if selected else highlight, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(cell.adjusted(1, 1, -1, -1), theme.RADIUS + 2, theme.RADIUS + 2)


def _paint_pill(painter: QPainter, box: QRectF, text: str, font: QFont, word: str = "") -> None:
    """At the bottom right of the picture; with the word where there is room for it."""
    metrics = QFontMetrics(font)
    both = f"{text} {word}"
    if word and metrics.horizontalAdvance(both) + 2 * (_PILL_MARGIN + _PILL_INSET) <= box.width():
        text = both
    height = metrics.height() + 2
    width = max(height, metrics.horizontalAdvance(text) + 2 * _PILL_MARGIN)
    pill = QRectF(box.right() - _PILL_INSET - width, box.bottom() - _PILL_INSET - height, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_PILL)
    painter.drawRoundedRect(pill, height / 2, height / 2)
    painter.setFont(font)
    painter.setPen(_ON_PILL)
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)


def _paint_badge(painter: QPainter, box: QRectF) -> None:
    """At the top left: the drive is away."""
    pill = QRectF(box.left() + _PILL_INSET, box.top() + _PILL_INSET, 24, 24)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_PILL)
    painter.drawEllipse(pill)
    plug = _plug(painter.deviceTransform().m11())
    painter.drawPixmap(pill.adjusted(4, 4, -4, -4).toRect(), plug)


@lru_cache(maxsize=4)
def _plug(ratio: float) -> QPixmap:
    return icons.pixmap("unplug", 16, _ON_PILL, ratio)


def drag_pixmap(photo: Photo, thumbnail: QPixmap | None, count: int, widget: QWidget) -> QPixmap:
    """What hangs on the pointer while ``count`` photos are dragged out: one of them, and how many."""
    ratio = widget.devicePixelRatioF()
    side = round(_DRAG_SIDE * ratio)
    if thumbnail is None:
        pixmap = QPixmap(side, side)
        pixmap.fill(QColor.fromRgb(photo.colour))
    else:
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        pixmap = thumbnail.scaled(side, side, keep, smooth)
    pixmap.setDevicePixelRatio(ratio)
    if count > 1:
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(QPointF(), pixmap.deviceIndependentSize())
        _paint_pill(painter, box, widget.locale().toString(count), widget.font())
        painter.end()
    return pixmap
