"""One open library behind one window: what the panels ask for becomes jobs on the two lanes, answers become signals."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from imagefinder.domain.errors import ImageFinderError, LibraryError
from imagefinder.domain.images import (
    Failure,
    Folder,
    FolderState,
    IndexSummary,
    LibraryStatus,
    Photo,
    Pixels,
    Query,
    SearchResult,
)
from imagefinder.domain.progress import CancelToken, ProgressSink
from imagefinder.ui.lane import Lane

if TYPE_CHECKING:
    from imagefinder.usecases.models import Embedder, Models
    from imagefinder.usecases.opening import Library

log = logging.getLogger(__name__)

INDEXING, SEARCH = "indexing", "search"
NEWEST_PHOTOS = 2000
REFRESH_MILLISECONDS = 2500

Result = TypeVar("Result")


class Session(QObject):
    """Lives in the GUI thread and does nothing slow there: even the use cases are imported on the lanes.

    The work lane is the only writer. An edit (a folder added, photos trashed) does not wait for hours behind the
    indexing: it interrupts it, and indexing goes on with what is left when the edit is done.
    """

    opened = Signal()
    open_failed = Signal(object)
    folders_changed = Signal(object)
    status_changed = Signal(object)
    newest_changed = Signal(object)
    indexing_started = Signal()
    progressed = Signal(object)
    pausing = Signal(bool)
    indexing_finished = Signal(object)
    search_started = Signal(object)
    search_finished = Signal(object)
    search_failed = Signal(object, object)
    photos_removed = Signal(object)
    trash_refused = Signal(object)
    failures_listed = Signal(object)
    problem = Signal(object)
    bug = Signal(object)
    closed = Signal()

    def __init__(self, library: Path, models: Path, device: str = "auto", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._directory = library
        self._models_folder = models
        self._device_wanted = device
        self._models: Models | None = None
        self._library: Library | None = None
        self._work = Lane("work", self)
        self._query = Lane("query", self)
        self._lanes_left = 2
        self._closing = False
        self._edits = 0
        self._waiting: list[Callable[[], None]] = []
        self._to_index: set[int] = set()
        self._to_forget: set[int] = set()
        self._scanning: frozenset[int] = frozenset()
        self._paused = False
        self._while_indexing = QTimer(self, interval=REFRESH_MILLISECONDS)
        self._while_indexing.timeout.connect(self.refresh)
        for lane in (self._work, self._query):
            lane.finished.connect(self._lane_finished)
            lane.start()

    # Opening and closing

    def open(self) -> None:
        """Open the library on the work lane; ``opened`` or ``open_failed`` follows."""

        def work(token: CancelToken, sink: ProgressSink) -> None:
            from imagefinder.usecases.models import Models
            from imagefinder.usecases.opening import open_library

            self._models = Models(self._models_folder, self._device_wanted)
            self._library = open_library(self._directory)

        self._work.submit("open", work, self._on_opened, lambda error: self.open_failed.emit(self._known(error)))

    def _on_opened(self, _: object) -> None:
        if not self._closing:
            self.opened.emit()
            waiting, self._waiting = self._waiting, []
            for edit in waiting:
                edit()
            self.refresh()
            self.rescan()

    def close(self) -> None:
        """Cancel everything; ``closed`` follows when both lanes have ended and the library is saved and closed."""
        if self._closing:
            return
        self._closing = True
        self._while_indexing.stop()
        self._query.stop()
        self._work.cancel()

        def work(token: CancelToken, sink: ProgressSink) -> None:
            if self._library is not None:
                self._library.close()

        self._work.submit("close", work, failed=self._failed)
        self._work.finish()

    def _lane_finished(self) -> None:
        self._lanes_left -= 1
        if self._lanes_left == 0:
            self.closed.emit()

    @property
    def library(self) -> "Library | None":
        """The open library, for reading pixels on the thumbnail threads; None before ``opened``."""
        return self._library

    @property
    def device(self) -> str:
        """Where the model runs; empty until it has been needed."""
        return self._models.device if self._models else ""

    @property
    def directory(self) -> Path:
        return self._directory

    @property
    def indexing(self) -> bool:
        return bool(self._work.unfinished(INDEXING))

    @property
    def paused(self) -> bool:
        return self._paused

    # Folders and indexing

    def add_folders(self, paths: Sequence[str]) -> None:
        def add(library: "Library") -> list[Folder]:
            return [library.add_folder(path) for path in paths]

        def added(new: list[Folder]) -> None:
            self._to_index.update(folder.id for folder in new)

        self._edit("add folders", add, added)

    def remove_folder(self, folder_id: int) -> None:
        def removed(_: object) -> None:
            self._to_index.discard(folder_id)

        self._edit("remove folder", lambda library: library.remove_folder(folder_id), removed)

    def set_excludes(self, folder_id: int, patterns: tuple[str, ...]) -> None:
        def changed(_: object) -> None:
            self._to_index.add(folder_id)

        self._edit("excludes", lambda library: library.set_excludes(folder_id, patterns), changed)

    def forget_missing(self, folder_id: int) -> None:
        """The person says that what is missing from this folder is gone for good."""
        self._to_forget.add(folder_id)
        self.rescan(folder_id)

    def rescan(self, folder_id: int | None = None) -> None:
        """Look for changes in one folder, or in all."""

        def known(all_folders: list[Folder]) -> None:
            wanted = {folder.id for folder in all_folders}
            self._to_index |= wanted if folder_id is None else wanted & {folder_id}

        self._edit("rescan", lambda library: library.folders(), known)

    def retry(self, failures: Sequence[Failure]) -> None:
        """Read these files again."""

        def forgotten(_: object) -> None:
            self._to_index.update(failure.folder_id for failure in failures)

        paths = [failure.path for failure in failures]
        self._edit("retry", lambda library: library.forget_failures(paths), forgotten)

    def pause(self) -> None:
        self._paused = True
        self.pausing.emit(True)
        for job in self._work.unfinished(INDEXING):
            job.token.pause()

    def resume(self) -> None:
        self._paused = False
        self.pausing.emit(False)
        for job in self._work.unfinished(INDEXING):
            job.token.resume()

    def cancel_indexing(self) -> None:
        """Stop; what is left waits for the next rescan or the next start."""
        self._to_index.clear()
        self._work.cancel(INDEXING)
        self._paused = False
        self.pausing.emit(False)

    def _edit(self, name: str, edit: "Callable[[Library], Result]", done: Callable[[Result], None]) -> None:
        library = self._library
        if self._closing:
            return
        if library is None:  # still opening, or in use by another process: it is done once the library is there
            self._waiting.append(lambda: self._edit(name, edit, done))
            return
        self._edits += 1
        self._work.cancel(INDEXING)

        def over() -> None:
            self._edits -= 1
            self._go_on()

        self._work.submit(name, lambda token, sink: edit(library), done, self._failed, over=over)

    def _go_on(self) -> None:
        """After the last edit, or an interrupted run: show the folders, and index what waits for it."""
        if self._edits or self._closing or self._library is None:
            return
        if not self.indexing:
            self._scanning = frozenset()
            if self._to_index:
                self._start_indexing(self._library, frozenset(self._to_index), frozenset(self._to_forget))
            else:
                self._while_indexing.stop()
        self.refresh()

    def _start_indexing(self, library: "Library", folder_ids: frozenset[int], forget: frozenset[int]) -> None:
        def work(token: CancelToken, sink: ProgressSink) -> IndexSummary:
            from imagefinder.usecases.indexing import index

            return index(
                library, self._embedder(library), folder_ids, forget_missing=forget, token=token, progress=sink
            )

        def done(summary: IndexSummary) -> None:
            if not summary.cancelled:
                self._to_index -= folder_ids
                self._to_forget -= forget
                self.indexing_finished.emit(summary)
            elif not self._to_index:
                self.indexing_finished.emit(summary)

        def failed(error: Exception) -> None:
            self._to_index -= folder_ids
            self.indexing_finished.emit(None)
            self._failed(error)

        job = self._work.submit(INDEXING, work, done, failed, self.progressed.emit, self._go_on)
        if self._paused:
            job.token.pause()
        self._scanning = folder_ids
        self._while_indexing.start()
        self.indexing_started.emit()

    # Searching

    def search(self, query: Query, limit: int) -> None:
        """The newest request replaces the earlier ones; ``search_finished`` or ``search_failed`` follows."""
        library = self._library
        if library is None:
            self.search_failed.emit(query, LibraryError(self.tr("The library is not open yet.")))
            return

        def work(token: CancelToken, sink: ProgressSink) -> SearchResult:
            from imagefinder.usecases.searching import search

            return search(library, lambda: self._embedder(library), query, limit, token)

        self.search_started.emit(query)
        self._query.submit(
            SEARCH,
            work,
            self.search_finished.emit,
            lambda error: self.search_failed.emit(query, self._known(error)),
            replacing=True,
        )

    def cancel_search(self) -> None:
        for job in self._query.unfinished(SEARCH):
            job.replaced = True
            job.token.cancel()

    def refresh(self) -> None:
        """Ask anew for folders, status and the newest photos."""
        library = self._library
        if library is None or self._closing:
            return

        def show(status: LibraryStatus) -> None:
            folders = tuple(
                replace(folder, state=FolderState.SCANNING) if folder.id in self._scanning else folder
                for folder in status.folders
            )
            self.folders_changed.emit(folders)
            self.status_changed.emit(replace(status, folders=folders))

        ask = self._query.submit
        ask("status", lambda token, sink: library.status(), show, self._failed, replacing=True)
        ask(
            "newest",
            lambda token, sink: library.newest(NEWEST_PHOTOS),
            self.newest_changed.emit,
            self._failed,
            replacing=True,
        )

    def list_failures(self) -> None:
        library = self._library
        if library is not None:
            self._query.submit(
                "failures",
                lambda token, sink: library.failures(),
                self.failures_listed.emit,
                self._failed,
                replacing=True,
            )

    # Photos

    def move_to_trash(self, photos: Sequence[Photo]) -> None:
        """Only after the person confirmed it."""

        def done(outcome: tuple[list[Photo], list[tuple[Photo, str]]]) -> None:
            trashed, refused = outcome
            if trashed:
                self.photos_removed.emit(trashed)
            if refused:
                self.trash_refused.emit(refused)

        def move(library: "Library") -> tuple[list[Photo], list[tuple[Photo, str]]]:
            from imagefinder.usecases.filing import move_to_trash

            return move_to_trash(library, photos)

        self._edit("trash", move, done)

    def thumbnail(self, photo: Photo, side: int) -> Pixels | None:
        """For the thumbnail threads."""
        from imagefinder.usecases import viewing

        return viewing.thumbnail(self._library, photo, side) if self._library is not None else None

    def preview(self, path: str, width: int, height: int) -> Pixels:
        """For the preview's thread. Raises UnreadableImage."""
        from imagefinder.usecases import viewing

        return viewing.preview(path, width, height)

    def _embedder(self, library: "Library") -> "Embedder":
        """On a lane: loading a network takes seconds."""
        assert self._models is not None  # set before the library is
        return self._models.embedder(library, self._models.spec(library))

    # Errors

    def _failed(self, error: Exception) -> None:
        known = self._known(error)
        if isinstance(known, ImageFinderError):
            self.problem.emit(known)

    def _known(self, error: Exception) -> Exception:
        """A known problem is passed on; anything else is a bug, logged and shown with its details."""
        if not isinstance(error, ImageFinderError):
            log.error("a job failed", exc_info=error)
            self.bug.emit(error)
        return error
