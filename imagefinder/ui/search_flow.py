"""From a query to its answers on the screen: asks the session, keeps the history, and tells bar, page and inspector."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from imagefinder.domain.errors import ImageFinderError, LibraryInUse
from imagefinder.domain.images import Photo, Query, SearchResult
from imagefinder.domain.verdicts import Scale
from imagefinder.domain.words import UnknownWord
from imagefinder.ui import wording
from imagefinder.ui.history import History
from imagefinder.ui.inspector import Inspector
from imagefinder.ui.pixel_jobs import Job, PixelJobs
from imagefinder.ui.query_bar import LIMITS, QueryBar
from imagefinder.ui.results_page import ResultsPage
from imagefinder.ui.session import Session

INSPECTOR_SIDE = 400
"""Of the selected photo in the side panel, in logical pixels: as wide as the panel is usually drawn."""


class SearchFlow(QObject):
    """``answered`` carries the SearchResult that is shown now, or None where the library is; ``failed`` an error."""

    answered = Signal(object)
    downloading = Signal(bool)
    """Whether the app is online for a picture whose address the person gave."""
    failed = Signal(object)
    unknown_word = Signal(object)
    """The UnknownWord for which a search by words failed."""

    def __init__(
        self, session: Session, bar: QueryBar, page: ResultsPage, inspector: Inspector, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._bar = bar
        self._page = page
        self._inspector = inspector
        self._history = History()
        self._waiting: Query | None = None
        self._refreshing = False
        self._again = False
        self._result: SearchResult | None = None
        self._newest: Sequence[Photo] = ()
        self._scale: Scale | None = None
        bar.back.connect(self.back)
        bar.forward.connect(self.forward)
        bar.cleared.connect(self.clear_picture)
        bar.min_similarity_changed.connect(page.model.set_min_similarity)
        bar.limit_changed.connect(self._on_limit)
        bar.sort_changed.connect(page.model.set_sort_order)
        bar.size_changed.connect(page.view.set_thumbnail_side)
        page.view.zoomed.connect(bar.set_thumbnail_side)
        page.view.find_similar.connect(self.find_similar)
        page.view.photos_selected.connect(self._on_selected)
        page.threshold_requested.connect(bar.set_min_similarity)
        self._large = PixelJobs(1, self)
        self._large.done.connect(self._on_large)
        inspector.find_similar.connect(self.find_similar)
        session.opened.connect(self._on_opened)
        session.newest_changed.connect(self._on_newest)
        session.open_failed.connect(self._on_open_failed)
        session.search_finished.connect(self._on_answer)
        session.search_failed.connect(self._on_failure)

    @property
    def result(self) -> SearchResult | None:
        """What is shown; None where the library is."""
        return self._result

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._waiting is not None

    @property
    def words(self) -> str:
        """The words that are looked for; "" without any."""
        asked = self._asked()
        return asked.words if asked is not None else ""

    def ask(self, query: Query) -> None:
        """Search for it. Before the library is open the query waits, visibly."""
        self._history.visit(query)
        self._start(query)

    def ask_words(self, words: str) -> None:
        """Search for words, beside the picture if one is looked for; "" goes on without words."""
        asked = self._asked()
        if asked is not None and asked.has_picture:
            self.ask(replace(asked, words=words))
        elif words:
            self.ask(Query(words, words=words))
        elif asked is not None:
            self.clear()

    def clear_picture(self) -> None:
        """Go on with the words alone, or else back to the library."""
        words = self.words
        if words:
            self.ask(Query(words, words=words))
        else:
            self.clear()

    def _asked(self) -> Query | None:
        """What is looked for, answered or not."""
        return self._waiting or (self._result.query if self._result is not None else None)

    def refresh(self) -> None:
        """Ask again, as the library has changed; place and selection stay."""
        if self._result is not None and self._waiting is None:
            self._refreshing = True
            self._session.search(self._result.query, max(LIMITS))

    def search_again(self) -> None:
        """As ``refresh``, where answers are other ones from now on: one that is on its way is followed by another."""
        if self._waiting is not None:
            self._again = True
        else:
            self.refresh()

    def set_scale(self, scale: Scale | None) -> None:
        """What similarities are called in this library; None where they have no names."""
        self._scale = scale
        self._page.model.set_scale(scale)
        self._on_selected(self._page.view.selected_photos())

    def find_similar(self, photo: Photo) -> None:
        self.ask(Query(photo.name, photo_id=photo.id))

    def back(self) -> None:
        if self._history.can_go_back:
            self._go(self._history.back())

    def forward(self) -> None:
        if self._history.can_go_forward:
            self._go(self._history.forward())

    def clear(self) -> None:
        """Back to the library; the queries stay in the history."""
        self._session.cancel_search()
        self.downloading.emit(False)
        self._waiting = None
        self._refreshing = self._again = False
        self._result = None
        self._bar.set_query(None, None)
        self._bar.words.set_words("")
        self._bar.set_measured(True)
        self._bar.set_waiting("")
        self._inspector.set_query(None, None)
        self._page.set_searching("")
        self._page.show_library(self._newest, start_over=True)
        self._show_history()
        self.answered.emit(None)

    def _go(self, query: Query | None) -> None:
        if query is None:
            self.clear()
        else:
            self._start(query)

    def _start(self, query: Query) -> None:
        self._waiting = query
        self._refreshing = self._again = False
        self._show_picture(query, self._known_picture(query))
        self._bar.words.set_words(query.words)
        self._show_history()
        opened = self._session.library is not None
        needs_model = query.has_picture and query.photo_id is None and not self._session.device
        if not opened:
            text = self.tr("Waiting for the library…")
        elif needs_model:
            text = self.tr("Waiting for the model…")
        elif query.url is not None:
            text = self.tr("Downloading…")
        else:
            text = self.tr("Searching…")
        self._bar.set_waiting(text)
        self._page.set_searching(text)
        if opened:
            self.downloading.emit(query.url is not None)
            self._session.search(query, max(LIMITS))

    def _known_picture(self, query: Query) -> QPixmap | None:
        """A thumbnail that is on the screen anyway; the search brings the query's own."""
        row = self._page.model.row_of(query.photo_id) if query.photo_id is not None else None
        return self._page.loader.pixmap(self._page.model.photo(row)) if row is not None else None

    def _on_opened(self) -> None:
        if self._waiting is not None:
            self._start(self._waiting)

    def _on_open_failed(self, error: Exception) -> None:
        """A library in use may become free, and the query waits for that; any other will not open by itself."""
        if self._waiting is not None and not isinstance(error, LibraryInUse):
            self._waiting = None
            self._bar.set_query(None, None)
            self._bar.words.set_asked("")
            self._bar.set_waiting("")

    def _on_answer(self, asked: Query, result: SearchResult) -> None:
        if self._refreshing and self._waiting is None:
            self._refreshing = False
            self._result = result
            self._page.show_result(result, start_over=False)
            self.answered.emit(result)
            return
        if asked != self._waiting:
            return
        self.downloading.emit(False)
        if asked != result.query:
            self._history.replace_current(result.query)  # going back must not download again
        self._waiting = None
        self._result = result
        # Another order would hide the best answers to a new question.
        self._bar.set_sort("similarity" if result.ordered_by_look else "date")
        self._bar.set_measured(not result.query.words)
        picture = self._picture_of_result()
        self._show_picture(result.query, picture)
        self._bar.set_waiting("")
        self._inspector.set_query(result.query.name if result.query.has_picture else None, picture, result.info)
        self._page.show_result(result)
        self._on_selected(self._page.view.selected_photos())
        self.answered.emit(result)
        self._follow()

    def _follow(self) -> None:
        if self._again:
            self._again = False
            self.refresh()

    def _on_failure(self, query: Query, error: Exception) -> None:
        self._refreshing = False
        if query != self._waiting:
            return
        self.downloading.emit(False)
        self._waiting = None
        self._bar.set_waiting("")
        self._page.set_searching("")
        shown = self._result.query if self._result else None
        self._show_picture(shown, self._picture_of_result())
        words = shown.words if shown is not None else ""
        unknown = isinstance(error, UnknownWord)
        if unknown or self._bar.words.text() != query.words:  # to be put right, or something newer
            self._bar.words.set_asked(words)
        else:
            self._bar.words.set_words(words)
        if unknown:
            self.unknown_word.emit(error)
        elif isinstance(error, ImageFinderError):
            name = wording.shown(query.name)
            self.failed.emit(ImageFinderError(self.tr("{name} cannot be searched for.").format(name=name), str(error)))
        self._follow()

    def _show_picture(self, query: Query | None, picture: QPixmap | None) -> None:
        shown = query is not None and query.has_picture
        self._bar.set_query(query.name if query is not None and shown else None, picture if shown else None)

    def _picture_of_result(self) -> QPixmap | None:
        if self._result is None or not self._result.thumbnail:
            return None
        return QPixmap.fromImage(QImage.fromData(self._result.thumbnail))

    def _on_newest(self, photos: Sequence[Photo]) -> None:
        self._newest = photos
        if self._result is None and self._waiting is None:
            self._page.show_library(photos, start_over=False)
            self.answered.emit(None)

    def _on_limit(self, limit: int) -> None:
        self._page.model.set_limit(limit)

    def _on_selected(self, photos: Sequence[Photo]) -> None:
        if len(photos) > 1:
            self._inspector.set_selected_count(len(photos))
            return
        photo = photos[0] if photos else None
        row = self._page.model.row_of(photo.id) if photo else None
        hit = self._page.model.hit(row) if row is not None else None
        small = self._page.loader.pixmap(photo) if photo else None
        self._inspector.set_photo(photo, hit.similarity if hit else None, small, self._scale)
        side = round(INSPECTOR_SIDE * self._inspector.devicePixelRatioF())
        self._large.want([Job(photo.id, partial(self._session.thumbnail, photo, side), side)] if photo else [])

    def _on_large(self, photo_id: int, image: QImage, reason: str) -> None:
        if not image.isNull():
            image.setDevicePixelRatio(self._inspector.devicePixelRatioF())
            self._inspector.set_picture(photo_id, QPixmap.fromImage(image))

    def close(self) -> None:
        """Let go of the worker; it is not waited for."""
        self._large.close()

    def _show_history(self) -> None:
        self._bar.set_history(self._history.can_go_back, self._history.can_go_forward)
