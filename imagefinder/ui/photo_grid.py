"""A grid of equal square cells that zooms, and tells the thumbnail loader what is in sight."""

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, QVariantAnimation, Signal, Slot
from PySide6.QtGui import QPalette, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QListView, QStyle, QWidget

from imagefinder.ui import theme
from imagefinder.ui.results_delegate import PADDING, ResultsDelegate
from imagefinder.ui.results_model import ResultsModel
from imagefinder.ui.thumbnail_loader import ThumbnailLoader

SMALLEST, LARGEST = 96, 320
"""The side of the square that a thumbnail is fitted into, in logical pixels."""
ZOOM_STEP = 16
DIM_AFTER_MS = 150
FADE_MS = 120
DIMMED = 0.4
_MARGIN = theme.MARGIN - PADDING
_NOTCH = 120  # of a mouse wheel, in the unit of QWheelEvent.angleDelta


class PhotoGrid(QListView):
    """Layout, thumbnails and zoom. Geometry is arithmetic on rows, so nothing here depends on how many there are."""

    zoomed = Signal(int)
    """The new thumbnail side."""

    def __init__(self, model: ResultsModel, loader: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._results = model
        self._loader = loader
        self._delegate = ResultsDelegate(160, self)
        self._columns = 1
        self._wheel = 0
        self._wish_timer = QTimer(self, singleShot=True, interval=0)
        self._wish_timer.timeout.connect(self._wish)
        self._dim_timer = QTimer(self, singleShot=True, interval=DIM_AFTER_MS)
        self._dim_timer.timeout.connect(self._dim)
        self._fade = QVariantAnimation(self)
        self._fade.valueChanged.connect(self._set_opacity)
        self._set_up()
        self.setModel(model)
        self._arrange()
        model.modelReset.connect(self._wish_soon)
        self.verticalScrollBar().valueChanged.connect(self._wish_soon)

    def _set_up(self) -> None:
        self.setItemDelegate(self._delegate)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Fixed)  # _arrange knows better when to lay out anew
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setBackgroundRole(QPalette.ColorRole.Base)  # the margins look like the viewport
        self.setAutoFillBackground(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)

    @property
    def thumbnail_side(self) -> int:
        """In logical pixels."""
        return self._delegate.side

    def set_thumbnail_side(self, side: int, around: QPoint | None = None) -> None:
        """Resize all thumbnails; what is at ``around`` (by default the middle of the viewport) stays there."""
        side = max(SMALLEST, min(LARGEST, side))
        if side == self._delegate.side:
            return
        around = around or self.viewport().rect().center()
        before = self._delegate.cell
        line, below = divmod(self.verticalScrollBar().value() + around.y(), before)
        row = line * self._columns + min(around.x() // before, self._columns - 1)
        self._delegate.side = side
        self._arrange()
        self.executeDelayedItemsLayout()
        after = self._delegate.cell
        self.verticalScrollBar().setValue(row // self._columns * after + below * after // before - around.y())
        self._wish_soon()
        self.zoomed.emit(side)

    def larger(self) -> None:
        self.set_thumbnail_side(self.thumbnail_side + ZOOM_STEP)

    def smaller(self) -> None:
        self.set_thumbnail_side(self.thumbnail_side - ZOOM_STEP)

    def set_searching(self, searching: bool) -> None:
        """Dim the old results if the search takes long enough to notice."""
        self._fade.stop()
        self._dim_timer.stop()
        if searching:
            self._dim_timer.start()
        else:
            self._set_opacity(1.0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        self._wheel += event.angleDelta().y()  # a touchpad sends parts of a notch
        notches = int(self._wheel / _NOTCH)
        self._wheel -= notches * _NOTCH
        self.set_thumbnail_side(self.thumbnail_side + notches * ZOOM_STEP, event.position().toPoint())
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()
        self._wish_soon()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._wish_soon()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._wish_soon()
        return super().event(event)

    def _arrange(self) -> None:
        """As many columns as fit, in the middle. Rows are laid out anew only where their cells change places."""
        cell = self._delegate.cell
        margins = self.viewportMargins()
        # QListView keeps room for the scroll bar also where there is none yet, and so nothing moves when it comes.
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self.verticalScrollBar())
        width = self.maximumViewportSize().width() + margins.left() + margins.right() - bar
        columns = max(1, (width - 2 * _MARGIN) // cell)
        if columns != self._columns or cell != self.gridSize().width():
            self._columns = columns
            self.setGridSize(QSize(cell, cell))
            self.verticalScrollBar().setSingleStep(cell // 3)  # a notch of the wheel is three of these
        spare = max(0, width - columns * cell - 1)  # a row of cells that fits to the pixel would be broken
        self.setViewportMargins(spare - spare // 2, _MARGIN, spare // 2, 0)

    @Slot()
    def _wish_soon(self) -> None:
        """Once for all that happens in this turn of the event loop."""
        self._wish_timer.start()

    def _wish(self) -> None:
        """Ask for the thumbnails in sight, then those one screen below, then those one screen above."""
        cell = self._delegate.cell
        top = self.verticalScrollBar().value()
        first = top // cell * self._columns
        last = (top + self.viewport().height()) // cell * self._columns + self._columns
        screen = last - first
        photos = self._results.photos(first, last + screen) + self._results.photos(max(0, first - screen), first)
        self._loader.want(photos, round(self._delegate.side * self.devicePixelRatioF()))

    def _dim(self) -> None:
        if not theme.animated():
            self._set_opacity(DIMMED)
            return
        self._fade.setDuration(FADE_MS)
        self._fade.setStartValue(1.0)
        self._fade.setEndValue(DIMMED)
        self._fade.start()

    def _set_opacity(self, opacity: float) -> None:
        if opacity != self._delegate.opacity:
            self._delegate.opacity = opacity
            self.viewport().update()
