"""Behind one window: keeps its library in line with the disk, and answers its queries."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from imagefinder.domain.errors import Cancelled, FolderError, ImageFinderError, LibraryError, ModelError
from imagefinder.domain.images import Failure, Folder, FolderState, LibraryStatus, Photo, Query, Removal, SearchResult
from imagefinder.domain.progress import CancelToken, ProgressSink
from imagefinder.domain.search_options import SearchOptions
from imagefinder.ui.indexing_runs import IndexingRuns
from imagefinder.ui.library_words import LibraryWords
from imagefinder.ui.open_library import OpenLibrary

if TYPE_CHECKING:
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library

SEARCH = "search"
NEWEST_PHOTOS = 2000

Result = TypeVar("Result")


class Session(OpenLibrary):
    """What the panels ask for becomes jobs on the lanes, answers become signals.

    An edit (a folder added, photos trashed) does not wait for hours behind the indexing: it interrupts it, and
    indexing goes on with what is left when the edit is done (``IndexingRuns``). Signals carry objects: a Signal(str)
    would lose what is not UTF-8 in a path.
    """

    folders_changed = Signal(object)
    status_changed = Signal(object)
    newest_changed = Signal(object)
    indexing_started = Signal()
    progressed = Signal(object)
    pausing = Signal(bool)
    indexing_finished = Signal(object)
    """The IndexSummary of the last run; None where it ended with an error."""
    model_switched = Signal(object)
    """The name of the model that the library answers with from now on."""
    switch_goes_on = Signal(object)
    """The name of a model that the library was on the way to when the app ended, and is again."""
    search_finished = Signal(object, object)
    """The Query as it was asked, and the SearchResult. Of an address, the result's own query holds the picture."""
    search_failed = Signal(object, object)
    photos_removed = Signal(object)
    trash_refused = Signal(object)
    folder_removed = Signal(object, object)
    """The Folder as it was, and the Removal that brings it back; None where it had no photos."""
    brought_back = Signal(object, int)
    """What was asked for, a list of Removal, and how many photos came back."""
    failures_listed = Signal(object)
    failures_counted = Signal(int, int)
    """How many files could not be read, and how many were only read in part."""

    def __init__(self, library: Path, models: Path, device: str = "auto", parent: QObject | None = None) -> None:
        super().__init__(library, models, device, parent)
        self.search_options = SearchOptions()
        """How searches from now on are done."""
        self.tuned_weight: float | None = None
        """Of what a tuned model learned, where it is not the one in its record."""
        self.words = LibraryWords()
        """For questions on the query lane."""
        runs = IndexingRuns(self._work, self._embedder, self)
        runs.started.connect(self.indexing_started)
        runs.progressed.connect(self.progressed)
        runs.pausing.connect(self.pausing)
        runs.finished.connect(self.indexing_finished)
        runs.model_switched.connect(self.model_switched)
        runs.switch_goes_on.connect(self.switch_goes_on)
        runs.changed.connect(self.refresh)
        runs.failed.connect(self._failed)
        self._runs = runs

    def _on_opened(self, result: object) -> None:
        super()._on_opened(result)
        if self._closing or self._library is None:
            return
        self._runs.begin(self._library)
        self._runs.go_on_switching(self._wanted_model)
        self.refresh()
        if not self._library.read_only:  # nothing that is found could be written down
            self.rescan()

    def close(self) -> None:
        self._runs.close()
        super().close()

    @property
    def indexing(self) -> bool:
        """Whether anything is being indexed, or waits for an edit to end before it goes on."""
        return self._runs.busy

    @property
    def models(self) -> "Models | None":
        """The shelf of models; None before ``opened``."""
        return self._models

    @property
    def device_wanted(self) -> str:
        """Where models are to run; "auto" is the fastest that works."""
        return self._device_wanted

    @property
    def switching_to(self) -> str | None:
        """The model that the photos are being read for while another one still answers."""
        return self._runs.switching_to

    # Folders and indexing

    def add_folders(self, paths: Sequence[str]) -> None:
        """Each path that can be added is; the others are told one by one."""

        def add(library: "Library") -> tuple[list[Folder], list[ImageFinderError]]:
            from imagefinder.usecases.adding import add_folder

            added: list[Folder] = []
            refused: list[ImageFinderError] = []
            for path in paths:
                try:
                    added.append(add_folder(library, path, check=self._stop_if_closing))
                except FolderError as error:
                    refused.append(error)
            return added, refused

        def done(outcome: tuple[list[Folder], list[ImageFinderError]]) -> None:
            for error in outcome[1]:
                self.problem.emit(error)

        self._runs.edit("add folders", add, done, scan=lambda outcome: [folder.id for folder in outcome[0]])

    def _stop_if_closing(self) -> None:
        """On the lane: nobody waits for a dead drive once the window is closed."""
        if self._closing:
            raise Cancelled

    def remove_folder(self, folder_id: int) -> None:
        """Only after the user confirmed it; ``folder_removed`` follows."""

        def remove(library: "Library") -> tuple[Folder, Removal | None]:
            folder = library.folder(folder_id)
            library.remove_folder(folder_id)
            removals = library.removals() if folder.photos else []
            return folder, next((each for each in removals if each.why == "folder" and each.root == folder.path), None)

        def done(outcome: tuple[Folder, Removal | None]) -> None:
            self._runs.drop(folder_id)
            self.folder_removed.emit(*outcome)

        self._runs.edit("remove folder", remove, done)

    def bring_back(self, removals: Sequence[Removal]) -> None:
        """Undo these removals, and look whether the files are there; ``brought_back`` follows.

        One that is no longer kept is told, and stops none of the others.
        """

        def bring_back(library: "Library") -> tuple[int, set[int], list[ImageFinderError]]:
            count, roots, refused = 0, set[str](), list[ImageFinderError]()
            for removal in removals:
                try:
                    count += library.bring_back(removal.id)
                    roots.add(removal.root)
                except LibraryError as error:
                    refused.append(error)
            return count, {folder.id for folder in library.folders() if folder.path in roots}, refused

        def done(outcome: tuple[int, set[int], list[ImageFinderError]]) -> None:
            count, folders, refused = outcome
            for error in refused:
                self.problem.emit(error)
            if folders:
                self.brought_back.emit(list(removals), count)

        self._runs.edit("bring back", bring_back, done, scan=lambda outcome: outcome[1])

    def set_excludes(self, folder_id: int, patterns: tuple[str, ...]) -> None:
        self._runs.edit(
            "excludes",
            lambda library: library.set_excludes(folder_id, patterns),
            scan=lambda _: [folder_id],
        )

    def forget_missing(self, folder_id: int) -> None:
        """The person says that what is missing from this folder is gone for good."""
        self.rescan(folder_id, forget_missing=True)

    def rescan(self, folder_id: int | None = None, forget_missing: bool = False) -> None:
        """Look for changes in one folder, or in all."""

        def wanted(folders: list[Folder]) -> set[int]:
            known = {folder.id for folder in folders}
            return known if folder_id is None else known & {folder_id}

        self._runs.edit("rescan", lambda library: library.folders(), scan=wanted, forget_missing=forget_missing)

    def use_model(self, name: str) -> None:
        """Let the library answer with this model: at once if it has seen every photo, else when it has.

        Until then the old model answers, and what is done stays done over a restart or another switch. If the app ends
        before, the next start goes on.
        """

        def choose(library: "Library") -> Collection[int] | None:
            assert self._models is not None
            spec = self._models.spec(library, name)
            if library.count() > 0 and library.pending(library.register_model(spec)) == 0:
                library.activate(spec)
                return None
            library.want_model(spec)
            return [folder.id for folder in library.folders()]

        self._runs.switch_to(name, choose)

    def _wanted_model(self, library: "Library") -> str | None:
        """What the library is on the way to; a model that is not here any more is given up."""
        assert self._models is not None
        wanted = library.wanted_model()
        if wanted is None or library.read_only:
            return None
        try:
            return self._models.shelf.name_of(wanted)
        except ModelError:
            library.want_model(None)
            return None

    def retry(self, failures: Sequence[Failure]) -> None:
        """Read these files again."""
        paths = [failure.path for failure in failures]
        folders = {failure.folder_id for failure in failures}
        self._runs.edit("retry", lambda library: library.forget_failures(paths), scan=lambda _: folders)

    def pause(self) -> None:
        """Until ``resume``, also over edits that interrupt the indexing."""
        self._runs.pause()

    def resume(self) -> None:
        self._runs.resume()

    def cancel_indexing(self) -> None:
        """Stop; what is left waits for the next rescan or the next start. A switch of models is given up."""
        self._runs.cancel()

    def edit(
        self, name: str, edit: "Callable[[Library], Result]", done: Callable[[Result], object] = lambda _: None
    ) -> None:
        """Change the library on the work lane, before what is being indexed goes on."""
        self._runs.edit(name, edit, done)

    # Searching

    def search(self, query: Query, limit: int) -> None:
        """The newest request replaces the earlier ones; ``search_finished`` or ``search_failed`` follows.

        The picture of an http(s) query is downloaded on a lane of its own: a slow server holds up nothing else.
        """
        self.cancel_search()
        if query.url is None:
            self._search(query, query, limit)
            return
        url = query.url

        def fetch(token: CancelToken, sink: ProgressSink) -> bytes:
            from imagefinder.usecases.fetching import fetch_image

            return fetch_image(url, token)

        self._download.submit(
            SEARCH,
            fetch,
            lambda data: self._search(query, Query(query.name, data=data, words=query.words), limit),
            lambda error: self.search_failed.emit(query, self._known(error)),
        )

    def _search(self, asked: Query, query: Query, limit: int) -> None:
        library, models = self._library, self._models
        if library is None or models is None:
            self.search_failed.emit(asked, LibraryError(self.tr("The library is not open.")))
            return

        options, weight = self.search_options, self.tuned_weight

        def work(token: CancelToken, sink: ProgressSink) -> SearchResult:
            if query.words:
                return self.words.search(library, models, lambda: self._embedder(library), query, limit, token)
            if weight is not None and options.lever == "none":
                from imagefinder.usecases.weighed_search import search_weighed

                return search_weighed(library, lambda: self._embedder(library), query, limit, token, weight)
            from imagefinder.usecases.searching import search

            return search(library, lambda: self._embedder(library), query, limit, token, options)

        self._query.submit(
            SEARCH,
            work,
            lambda result: self.search_finished.emit(asked, result),
            lambda error: self.search_failed.emit(asked, self._known(error)),
        )

    def cancel_search(self) -> None:
        for lane in (self._query, self._download):
            lane.replace(SEARCH)

    def refresh(self) -> None:
        """Ask anew for folders, status and the newest photos."""
        library = self._library
        if library is None or self._closing:
            return
        scanning = self._runs.scanning

        def ask_status() -> tuple[LibraryStatus, int]:
            status = library.status()
            return status, sum(failure.shown for failure in library.failures()) if status.failures else 0

        def show(answer: tuple[LibraryStatus, int]) -> None:
            status, damaged = answer
            folders = tuple(
                replace(folder, state=FolderState.SCANNING) if folder.id in scanning else folder
                for folder in status.folders
            )
            self.folders_changed.emit(folders)
            self.failures_counted.emit(status.failures - damaged, damaged)
            self.status_changed.emit(replace(status, folders=folders))

        for name, ask, tell in (
            ("status", ask_status, show),
            ("newest", lambda: library.newest(NEWEST_PHOTOS), self.newest_changed.emit),
        ):
            self._query.replace(name)
            self._query.submit(name, _asking(ask), tell, self._failed)

    def list_failures(self) -> None:
        library = self._library
        if library is not None:
            self._query.submit("failures", _asking(library.failures), self.failures_listed.emit, self._failed)

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

        self._runs.edit("trash", move, done)


def _asking(ask: Callable[[], Result]) -> Callable[[CancelToken, ProgressSink], Result]:
    """A question to the library as work for a lane."""
    return lambda token, sink: ask()
