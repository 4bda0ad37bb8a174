"""The middle of the window: the grid, or what stands in its place while there is nothing to show."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QStackedLayout, QWidget

from imagefinder.domain.images import Hit, Photo, SearchResult
from imagefinder.ui.empty_state import EmptyState
from imagefinder.ui.results_model import ResultsModel
from imagefinder.ui.results_view import ResultsView
from imagefinder.ui.similarity import percent
from imagefinder.ui.thumbnail_loader import ThumbnailLoader


class ResultsPage(QWidget):
    """Shows the library's newest photos, or the answers to a query; decides which empty state is the true one."""

    add_requested = Signal()
    threshold_requested = Signal(int)
    """The similarity, 0..100, from which on there would be something to see."""
    shown = Signal(int)
    """How many photos are in the grid, after any change."""

    def __init__(self, loader: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loader = loader
        self.model = ResultsModel(loader, self)
        self.view = ResultsView(self.model, loader)
        self.empty = EmptyState()
        self._result: SearchResult | None = None
        self._has_folders = False
        self._searching = self.tr("Opening the library…")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        self.empty.add_requested.connect(self.add_requested)
        self.empty.reset_requested.connect(lambda: self.threshold_requested.emit(0))
        self.empty.nearest_requested.connect(self._show_nearest)
        self.model.modelReset.connect(self._choose)
        self._wants_focus = False
        self._explain()

    def set_has_folders(self, has_folders: bool) -> None:
        """Without folders the empty page is the welcome."""
        if has_folders != self._has_folders:
            self._has_folders = has_folders
            self._choose()

    def show_library(self, photos: Sequence[Photo], start_over: bool) -> None:
        """Photos without a query. ``start_over`` scrolls to the top; otherwise place and selection stay."""
        self._result = None
        self._searching = ""
        self.view.set_searching(False)
        self.model.set_photos(photos)
        if start_over:
            self.view.start_over()

    def show_result(self, result: SearchResult, start_over: bool = True) -> None:
        """The answers to a query; the same one asked again keeps place and selection."""
        self._result = result
        self._searching = ""
        self.view.set_searching(False)
        self.model.set_result(result.hits, measured=not result.query.words)
        if start_over:
            self.view.start_over()

    def focus_content(self) -> None:
        """Give the keyboard to what is shown; or to the photos, once the first ones are."""
        self._wants_focus = self.model.rowCount() == 0
        (self.empty if self._wants_focus else self.view).setFocus()

    def set_searching(self, text: str) -> None:
        """A search runs (``text`` says what it waits for), or none does ("")."""
        self._searching = text
        self.view.set_searching(bool(text))
        self._choose()

    def remove(self, photo_ids: Collection[int]) -> None:
        self.model.remove(photo_ids)

    def _choose(self) -> None:
        count = self.model.rowCount()
        # Qt passes the focus on when its widget hides, so it is looked at before and set again afterwards.
        focused = self._wants_focus or self.isAncestorOf(QApplication.focusWidget() or self)
        if not count:
            self._explain()
        self._stack.setCurrentWidget(self.view if count else self.empty)
        if focused:
            self.focus_content()
        self.shown.emit(count)

    def _explain(self) -> None:
        if self._searching:
            self.empty.show_searching(self._searching)
        elif self._result is not None and self._result.query.words and self._has_folders:
            self.empty.show_nothing_named(self._result.terms)
        elif self._result is not None and self._has_folders:
            nearest = self.model.best_hidden()
            pixmap = self.loader.pixmap(nearest.photo) if nearest else None
            self.empty.show_nothing_similar(self.model.min_similarity, nearest, pixmap)
        elif self._has_folders:
            self.empty.show_no_photos()
        else:
            self.empty.show_welcome()

    def _show_nearest(self, hit: Hit) -> None:
        self.threshold_requested.emit(percent(hit.similarity))
