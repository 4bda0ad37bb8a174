"""What went wrong, in banners: known problems, bugs, a library that does not open."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer

from imagefinder import diagnostics
from imagefinder.domain.errors import ImageFinderError, LibraryInUse, ModelError, UnknownName
from imagefinder.domain.images import IndexSummary
from imagefinder.ui.banner import BannerStack, Level
from imagefinder.ui.results_page import ResultsPage
from imagefinder.ui.session import Session

BUSY_MILLISECONDS = 2_000

Over = Callable[[], None]
"""Called when a problem is over: takes its banner away, unless the person closed it."""


class Notices(QObject):
    """Listens to the session and speaks through the banners."""

    def __init__(self, session: Session, banners: BannerStack, page: ResultsPage, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._banners = banners
        self._page = page
        self._unopened: list[Over] = []
        self._of_models: list[Over] = []
        self._of_indexing: list[Over] = []
        self._newest: tuple[ImageFinderError, Over] | None = None
        session.opening.connect(lambda: _end(self._unopened))
        session.opened.connect(self._on_opened)
        session.open_failed.connect(self._on_open_failed)
        session.indexing_started.connect(self._on_indexing_started)
        session.indexing_finished.connect(self._on_indexing_finished)
        session.model_switched.connect(lambda _: _end(self._of_models))
        session.search_failed.connect(self._on_search_failed)
        session.problem.connect(self._on_problem)
        session.warned.connect(self._on_warned)
        session.bug.connect(self.show_bug)

    def show_crash(self, details: Callable[[], None]) -> None:
        """The last run ended in a crash, which ``details`` shows."""
        text = self.tr("imagefinder ended unexpectedly last time. Nothing that was committed is lost.")
        self._banners.show_message(text, Level.WARNING, (self.tr("Details…"), details))

    def show_problem(self, error: ImageFinderError, action: tuple[str, Callable[[], None]] | None = None) -> Over:
        """``action`` is a button's text and what it does. Returns what takes the banner back."""
        later: tuple[str, Callable[[], None]] | None = None
        if action is not None:
            label, act = action
            # Once the banner has closed itself: what is done then may take this problem back.
            later = label, lambda: QTimer.singleShot(0, self, act)
        banner = self._banners.show_message(str(error), Level.ERROR, later)
        return partial(self._banners.dismiss, banner)

    def show_bug(self, error: BaseException) -> None:
        """Something that should not happen: say so, with all details to copy."""
        import traceback

        details = "".join(traceback.format_exception(error))
        versions = "\n".join(f"{name}: {value}" for name, value in diagnostics.versions())
        text = self.tr("Something went wrong that should not have: {error}").format(error=error or type(error).__name__)
        self._banners.show_message(text, Level.ERROR, details=f"{details}\n{versions}")

    def _on_problem(self, error: ImageFinderError) -> None:
        over = self.show_problem(error)
        self._newest = error, over
        if isinstance(error, ModelError | UnknownName):  # the model in use is gone, or cannot be loaded
            self._of_models.append(over)

    def _on_warned(self, sentence: str) -> None:
        self._banners.show_message(sentence, Level.WARNING)

    def _on_search_failed(self, _: object, error: Exception) -> None:
        """The search page has told it, in a sentence with more around it."""
        if isinstance(error, ModelError | UnknownName):
            for banner in self._banners.banners():
                if str(error) in banner.sentence:
                    self._of_models.append(partial(self._banners.dismiss, banner))

    def _on_indexing_started(self) -> None:
        """What stopped the indexing is tried again; where it is still there, it is told again."""
        self._newest = None
        _end(self._of_indexing)

    def _on_indexing_finished(self, summary: IndexSummary | None) -> None:
        """Without a summary an error ended it, which was told just before: now the same with a way to go on."""
        newest, self._newest = self._newest, None
        if summary is not None or newest is None:
            return
        error, over = newest
        over()
        again = self.show_problem(error, (self.tr("Try again"), self._session.rescan))
        self._of_indexing.append(again)
        if isinstance(error, ModelError | UnknownName):
            self._of_models.append(again)

    def _on_opened(self) -> None:
        library = self._session.library
        if library is not None and library.read_only:
            text = self.tr("The library's folder cannot be written. Photos can be looked at and searched, not added.")
            self._banners.show_message(text, Level.WARNING)

    def _on_open_failed(self, error: Exception) -> None:
        """Another process may let go of the library soon, so that is tried again; anything else needs the person."""
        if isinstance(error, LibraryInUse):
            self._page.set_searching(self.tr("Another imagefinder is using this library. Waiting for it to finish…"))
            QTimer.singleShot(BUSY_MILLISECONDS, self, self._session.open)
            return
        self._page.set_searching(self.tr("The library could not be opened."))
        if isinstance(error, ImageFinderError):
            self._unopened.append(self.show_problem(error, (self.tr("Try again"), self._session.open)))


def _end(problems: list[Over]) -> None:
    for over in problems:
        over()
    problems.clear()
