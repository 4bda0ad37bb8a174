"""A library that is open behind the window, and the lanes on which everything slow happens."""

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.images import Photo, Pixels
from imagefinder.domain.progress import CancelToken, Progress, ProgressSink
from imagefinder.ui.lane import Job, Lane

if TYPE_CHECKING:
    from imagefinder.usecases.models import Embedder, Models
    from imagefinder.usecases.opening import Library

log = logging.getLogger(__name__)

Result = TypeVar("Result")


def _ignore(_: object) -> None:
    pass


class OpenLibrary(QObject):
    """Lives in the GUI thread and does nothing slow there: even the use cases are imported on the lanes.

    Four lanes: "work" is the only writer; "query" answers; "download" waits for servers; "study" is for what takes
    long and writes nothing to the library, such as measuring and training.
    """

    opening = Signal()
    """It is tried, perhaps once more: ``opened`` or ``open_failed`` follows."""
    opened = Signal()
    open_failed = Signal(object)
    problem = Signal(object)
    warned = Signal(object)
    """A sentence: something works in another way than it should. Emitted on a lane."""
    bug = Signal(object)
    closed = Signal()

    def __init__(self, library: Path, models: Path, device: str = "auto", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._directory = library
        self._models_folder = models
        self._device_wanted = device
        self._models: Models | None = None
        self._library: Library | None = None
        self._work, self._query, self._download, self._study = (
            Lane(name, self) for name in ("work", "query", "download", "study")
        )
        self._lanes = (self._work, self._query, self._download, self._study)
        self._closing = False
        for lane in self._lanes:
            lane.finished.connect(self._lane_finished)

    def open(self) -> None:
        """Open the library on the work lane, for reading only where its folder cannot be written."""
        if self._closing:
            return
        for lane in self._lanes:
            if not lane.isRunning():
                lane.start()

        def work(token: CancelToken, sink: ProgressSink) -> None:
            from imagefinder.usecases.models import Models
            from imagefinder.usecases.opening import open_to_look

            self._models = Models(self._models_folder, self._device_wanted, warn=self._warn)
            self._library = open_to_look(self._directory)

        self.opening.emit()
        self._work.submit("open", work, self._on_opened, lambda error: self.open_failed.emit(self._known(error)))

    def _on_opened(self, _: object) -> None:
        if not self._closing:
            self.opened.emit()

    def close(self) -> None:
        """Cancel everything; ``closed`` follows when the lanes have ended and the library is saved and closed."""
        if self._closing:
            return
        self._closing = True
        if not self._work.isRunning():
            QTimer.singleShot(0, self, self.closed.emit)
            return
        for lane in (self._download, self._study, self._query):
            lane.stop()
        self._work.cancel()

        def work(token: CancelToken, sink: ProgressSink) -> None:
            if self._library is not None:
                self._library.close()

        self._work.submit("close", work, failed=self._failed)
        self._work.finish()

    def _lane_finished(self) -> None:
        if self._closing and not any(lane.isRunning() for lane in self._lanes):
            self.closed.emit()

    @property
    def library(self) -> "Library | None":
        """The open library, for reading pixels on the thumbnail threads; None before ``opened``."""
        return self._library

    @property
    def device(self) -> str:
        """Where the model runs; empty until it has been needed."""
        return self._models.device if self._models else ""

    # Work that panels and dialogs bring themselves. The callbacks run in the GUI thread.

    def ask(
        self,
        name: str,
        question: "Callable[[Library, Models], Result]",
        done: Callable[[Result], object],
        failed: Callable[[Exception], object] | None = None,
    ) -> None:
        """Ask the library something, soon. The newest question of a name replaces the earlier ones.

        Without ``failed`` an error becomes a banner; with it, known problems and bugs come there, bugs logged.
        """
        library, models = self._library, self._models
        if library is None or models is None or self._closing:
            return
        self._query.replace(name)
        self._query.submit(name, lambda token, sink: question(library, models), done, self._telling(failed))

    def study(
        self,
        name: str,
        work: "Callable[[Library, Models, CancelToken, ProgressSink], Result]",
        done: Callable[[Result], object],
        failed: Callable[[Exception], object] | None = None,
        progressed: Callable[[Progress], Any] = _ignore,
        over: Callable[[], object] = lambda: None,
    ) -> Job | None:
        """Something long that writes nothing to the library. Its token cancels and pauses it; None before opening.

        ``over`` is called in every case, also after a cancel, when neither ``done`` nor ``failed`` is.
        """
        library, models = self._library, self._models
        if library is None or models is None or self._closing:
            return None
        return self._study.submit(
            name, lambda token, sink: work(library, models, token, sink), done, self._telling(failed), progressed, over
        )

    def download(
        self,
        name: str,
        work: "Callable[[Models, CancelToken, ProgressSink], Result]",
        done: Callable[[Result], object],
        failed: Callable[[Exception], object] | None = None,
        progressed: Callable[[Progress], Any] = _ignore,
        over: Callable[[], object] = lambda: None,
    ) -> Job | None:
        """Something that waits for a server, because the person asked for it."""
        models = self._models
        if models is None or self._closing:
            return None
        return self._download.submit(
            name, lambda token, sink: work(models, token, sink), done, self._telling(failed), progressed, over
        )

    def _telling(self, failed: Callable[[Exception], object] | None) -> Callable[[Exception], object]:
        return self._failed if failed is None else lambda error: failed(self._known(error))

    # Pixels

    def thumbnail(self, photo: Photo, side: int) -> Pixels | None:
        """For the thumbnail threads."""
        from imagefinder.usecases import viewing

        return viewing.thumbnail(self._library, photo, side) if self._library is not None else None

    def preview(self, path: str, width: int, height: int) -> Pixels:
        """For the preview's thread. Raises UnreadableImage."""
        from imagefinder.usecases import viewing

        return viewing.preview(path, width, height)

    def _embedder(self, library: "Library", name: str | None = None) -> "Embedder":
        """On a lane: loading a network takes seconds. The library's own model, or the one of this name."""
        assert self._models is not None  # set before the library is
        return self._models.embedder(library, self._models.spec(library, name))

    # Errors

    def _warn(self, sentence: str) -> None:
        log.warning("%s", sentence)
        with contextlib.suppress(RuntimeError):  # the window may be gone
            self.warned.emit(sentence)

    def _failed(self, error: Exception) -> None:
        known = self._known(error)
        if isinstance(known, ImageFinderError) and not self._closing:
            self.problem.emit(known)

    def _known(self, error: Exception) -> Exception:
        """A known problem is passed on; anything else is a bug, logged and shown with its details."""
        if not isinstance(error, ImageFinderError):
            log.error("a job failed", exc_info=error)
            self.bug.emit(error)
        return error
