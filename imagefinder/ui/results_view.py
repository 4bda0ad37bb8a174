"""The results: what a person can do with photos in a grid."""

from collections.abc import Callable

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QItemSelectionRange, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QDrag, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget

from imagefinder.domain.images import Photo
from imagefinder.ui.photo_grid import PhotoGrid
from imagefinder.ui.results_delegate import drag_pixmap
from imagefinder.ui.results_model import ResultsModel
from imagefinder.ui.thumbnail_loader import ThumbnailLoader

_Flag = QItemSelectionModel.SelectionFlag
_Key = Qt.Key
_Standard = QKeySequence.StandardKey


class ResultsView(PhotoGrid):
    """Says what the person wants with photos; does nothing to them itself.

    Place and selection survive a reset of the model; ``start_over`` is for when the question was a new one. All
    actions are QActions of this widget, with their keys.
    """

    find_similar = Signal(object)
    """A Photo."""
    preview = Signal(int)
    """A row."""
    photos_selected = Signal(list)
    """All selected Photos in the order of their rows, as in the lists below."""
    open_requested = Signal(list)
    reveal_requested = Signal(list)
    copy_requested = Signal(list)
    copy_path_requested = Signal(list)
    trash_requested = Signal(list)

    def __init__(self, model: ResultsModel, loader: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(model, loader, parent)
        self._selected: list[Photo] = []
        self._kept: tuple[list[Photo], Photo | None, int] = ([], None, -1)
        self.setSelectionMode(self.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(True)
        self.setDragDropMode(self.DragDropMode.DragOnly)
        self.setDragEnabled(True)
        self.setAccessibleName(self.tr("Photos"))
        self._menu_groups = self._add_actions()
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)
        self.selectionModel().selectionChanged.connect(self._on_selection)
        self.selectionModel().currentChanged.connect(self._enable_actions)
        self._enable_actions()

    def selected_photos(self) -> list[Photo]:
        """In the order of their rows."""
        ranges = sorted((part.top(), part.bottom()) for part in self.selectionModel().selection().toList())
        return [photo for top, bottom in ranges for photo in self._results.photos(top, bottom + 1)]

    def current_photo(self) -> Photo | None:
        """The one with the focus, whether selected or not."""
        index = self.currentIndex()
        return self._results.photo(index.row()) if index.isValid() else None

    def select_row(self, row: int) -> None:
        """Select this photo alone, and show it."""
        self.setCurrentIndex(self._results.index(row))

    def start_over(self) -> None:
        """For the answers to a new question: from the top, nothing selected."""
        self.clearSelection()
        self.selectionModel().setCurrentIndex(self._results.index(0), _Flag.NoUpdate)
        self.scrollToTop()

    # Selection

    def _remember(self) -> None:
        self._kept = (self.selected_photos(), self.current_photo(), self.currentIndex().row())

    def _restore(self) -> None:
        """The same photos are selected as before; where the one with the focus is gone, its place has the focus."""
        selected, current, current_row = self._kept
        found = [self._results.row_of(photo.id) for photo in selected]
        rows = sorted(row for row in found if row is not None)
        if rows:
            self.selectionModel().select(self._selection_of(rows), _Flag.ClearAndSelect)
        again = None if current is None else self._results.row_of(current.id)
        # Without a selection the focus is a place, not a photo: new photos above it must not carry it far away.
        stays = again is None or not selected
        focus = min(current_row, self._results.rowCount() - 1) if stays or again is None else again
        self.setAutoScroll(False)  # the person may be looking elsewhere
        self.selectionModel().setCurrentIndex(self._results.index(focus), _Flag.NoUpdate)
        self.setAutoScroll(True)
        self._on_selection()

    def _selection_of(self, rows: list[int]) -> QItemSelection:
        """Runs of rows as ranges: all of 100,000 rows are one."""
        selection = QItemSelection()
        start = 0
        for end in range(1, len(rows) + 1):
            if end == len(rows) or rows[end] != rows[end - 1] + 1:
                first, last = self._results.index(rows[start]), self._results.index(rows[end - 1])
                selection.append(QItemSelectionRange(first, last))
                start = end
        return selection

    def _on_selection(self) -> None:
        photos = self.selected_photos()
        if photos == self._selected:
            return
        self._selected = photos
        self._enable_actions()
        self.photos_selected.emit(photos)

    def add_menu_group(self, *actions: QAction) -> None:
        """More that can be done with selected photos; in the menu above what moves them to the trash."""
        self._menu_groups = (*self._menu_groups[:-1], actions, self._menu_groups[-1])
        self._enable_actions()

    def _enable_actions(self) -> None:
        """Find similar and Preview, the first group, are also for the photo that only has the focus."""
        for number, group in enumerate(self._menu_groups):
            for action in group:
                action.setEnabled(bool(self._selected) or (number == 0 and self.currentIndex().isValid()))

    def _chosen(self) -> Photo | None:
        """Of several selected photos the one with the focus, or else the first; without any, the one with the focus."""
        current = self.current_photo()
        if current in self._selected or not self._selected:
            return current
        return self._selected[0]

    # Actions

    def _add_actions(self) -> tuple[tuple[QAction, ...], ...]:
        """Those that need photos, as they are grouped in the menu."""
        self._add_action(self.tr("Larger thumbnails"), self.larger, _Standard.ZoomIn, "Ctrl+=", "+", "=")
        self._add_action(self.tr("Smaller thumbnails"), self.smaller, _Standard.ZoomOut, "-")
        return (
            (
                self._add_action(self.tr("Find similar"), self._find, _Key.Key_Return, _Key.Key_Enter),
                self._add_action(self.tr("Preview"), self._preview, _Key.Key_Space),
            ),
            (
                self._add_action(self.tr("Open"), self._open, "Ctrl+Return", "Ctrl+Enter"),
                self._add_action(self.tr("Show in folder"), self._reveal, "Ctrl+Shift+O"),
            ),
            (
                self._add_action(self.tr("Copy"), self._copy, _Standard.Copy),
                self._add_action(self.tr("Copy path"), self._copy_path, "Ctrl+Shift+C"),
            ),
            (self._add_action(self.tr("Move to trash…"), self._trash, _Key.Key_Delete),),
        )

    def _add_action(self, text: str, slot: Callable[[], None], *keys: _Standard | _Key | str) -> QAction:
        action = QAction(text, self)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(slot)
        self.addAction(action)
        return action

    def _find(self) -> None:
        photo = self._chosen()
        if photo is not None:
            self.find_similar.emit(photo)

    def _preview(self) -> None:
        photo = self._chosen()
        if photo is not None:
            self.preview.emit(self._results.row_of(photo.id))

    def _open(self) -> None:
        self.open_requested.emit(self._selected)

    def _reveal(self) -> None:
        self.reveal_requested.emit(self._selected)

    def _copy(self) -> None:
        self.copy_requested.emit(self._selected)

    def _copy_path(self) -> None:
        self.copy_path_requested.emit(self._selected)

    def _trash(self) -> None:
        self.trash_requested.emit(self._selected)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() is Qt.MouseButton.LeftButton:
            self.find_similar.emit(self._results.photo(index.row()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if not index.isValid() or not self.selectionModel().isSelected(index):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for group in self._menu_groups:
            menu.addActions(group)
            menu.addSeparator()
        place = self.visualRect(index).center() if by_key else event.pos()
        menu.popup(self.viewport().mapToGlobal(place))

    def startDrag(self, supported: Qt.DropAction) -> None:
        """Drag real files out: copies, never moves."""
        indexes = [index for index in self.selectedIndexes() if index.flags() & Qt.ItemFlag.ItemIsDragEnabled]
        photo = self._chosen()
        if not indexes or photo is None:
            return
        drag = QDrag(self)
        drag.setMimeData(self._results.mimeData(indexes))
        pixmap = drag_pixmap(photo, self._loader.pixmap(photo), len(indexes), self)
        drag.setPixmap(pixmap)
        drag.setHotSpot(QRectF(QPointF(), pixmap.deviceIndependentSize()).center().toPoint())
        drag.exec(Qt.DropAction.CopyAction)
