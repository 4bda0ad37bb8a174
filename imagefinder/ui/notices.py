"""What went wrong, in banners: known problems, bugs, folders that are away, a library that does not open."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer

from imagefinder import diagnostics
from imagefinder.domain.errors import ImageFinderError, LibraryInUse
from imagefinder.ui import wording
from imagefinder.ui.banner import Banner, BannerStack, Level
from imagefinder.ui.results_page import ResultsPage
from imagefinder.ui.session import Session

BUSY_MILLISECONDS = 2_000


class Notices(QObject):
    """Listens to the session and speaks through the banners."""

    def __init__(self, session: Session, banners: BannerStack, page: ResultsPage, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._banners = banners
        self._page = page
        self._offline: dict[str, Banner] = {}
        session.open_failed.connect(self._on_open_failed)
        session.problem.connect(self.show_problem)
        session.bug.connect(self.show_bug)

    def show_crash(self, details: Callable[[], None]) -> None:
        """The last run ended in a crash, which ``details`` shows."""
        text = self.tr("imagefinder ended unexpectedly last time. Nothing that was committed is lost.")
        self._banners.show_message(text, Level.WARNING, (self.tr("Details…"), details))

    def show_problem(self, error: ImageFinderError) -> None:
        self._banners.show_message(str(error), Level.ERROR)

    def show_bug(self, error: BaseException) -> None:
        """Something that should not happen: say so, with all details to copy."""
        import traceback

        details = "".join(traceback.format_exception(error))
        versions = "\n".join(f"{name}: {value}" for name, value in diagnostics.versions())
        text = self.tr("Something went wrong that should not have: {error}").format(error=error or type(error).__name__)
        self._banners.show_message(text, Level.ERROR, details=f"{details}\n{versions}")

    def set_offline(self, roots: Sequence[str]) -> None:
        """One banner for each root that is away, for as long as it is."""
        for root in set(self._offline) - set(roots):
            self._banners.dismiss(self._offline.pop(root))
        for root in roots:
            if root not in self._offline:
                text = self.tr("{root} is offline. Its photos are kept and stay searchable.")
                message = text.format(root=wording.shown(root))
                self._offline[root] = self._banners.show_message(message, Level.WARNING)

    def _on_open_failed(self, error: Exception) -> None:
        """Another process may let go of the library soon, so that is tried again; anything else needs the person."""
        if isinstance(error, LibraryInUse):
            self._page.set_searching(self.tr("Another imagefinder is using this library. Waiting for it to finish…"))
            QTimer.singleShot(BUSY_MILLISECONDS, self, self._session.open)
            return
        self._page.set_searching(self.tr("The library could not be opened."))
        if isinstance(error, ImageFinderError):
            self._banners.show_message(str(error), Level.ERROR, (self.tr("Try again"), self._session.open))
