"""Indexing behind the window: runs on the work lane, which give way to edits of the library and go on after them."""

import contextlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from imagefinder.domain.errors import LibraryError, ModelError
from imagefinder.domain.images import IndexSummary
from imagefinder.domain.indexing_plan import Batch, IndexingPlan
from imagefinder.domain.progress import CancelToken, ProgressSink
from imagefinder.domain.summaries import STOPPED, together
from imagefinder.ui.lane import Lane

if TYPE_CHECKING:
    from imagefinder.usecases.models import Embedder
    from imagefinder.usecases.opening import Library

INDEXING = "indexing"
REFRESH_MILLISECONDS = 2500

Result = TypeVar("Result")


class IndexingRuns(QObject):
    """Owned by the session. Until ``begin`` edits wait; after ``close`` nothing is taken any more.

    ``embedder(library, name)`` is called on the lane: the network to read photos with, the library's own without a
    name.
    """

    started = Signal()
    progressed = Signal(object)
    pausing = Signal(bool)
    finished = Signal(object)
    """The IndexSummary of the last run, and of those before it that gave way to edits; None where it ended with an
    error."""
    model_switched = Signal(object)
    """The name in ``switching_to``, now that the library answers with it."""
    switch_goes_on = Signal(object)
    """The name in ``switching_to``, which the last run of the app left unfinished."""
    changed = Signal()
    """What the library holds may have changed: after every edit and run, and now and then during a run."""
    failed = Signal(object)
    """The Exception that an edit or a run ended with."""

    def __init__(
        self, lane: Lane, embedder: "Callable[[Library, str | None], Embedder]", parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.switching_to: str | None = None
        """The model that the next runs read the photos for; None for the one that answers."""
        self._choice = 0
        """How often a model was chosen or given up: tells whether what comes back from the lane still counts."""
        self._lane = lane
        self._embedder = embedder
        self._library: Library | None = None
        self._closing = False
        self._plan = IndexingPlan()
        self._summary: IndexSummary | None = STOPPED
        self._before: IndexSummary | None = None
        """What the runs before did that were interrupted by edits; nothing where there were none."""
        self._paused = False
        self._until_open: list[Callable[[], None]] = []
        self._now_and_then = QTimer(self, interval=REFRESH_MILLISECONDS)
        self._now_and_then.timeout.connect(self.changed)

    def begin(self, library: "Library") -> None:
        """The library is open: do the edits that waited for it."""
        self._library = library
        waiting, self._until_open = self._until_open, []
        for edit in waiting:
            edit()

    def close(self) -> None:
        """Start nothing more. What is on the lane is for its owner to cancel."""
        self._closing = True
        self._now_and_then.stop()

    @property
    def busy(self) -> bool:
        """Whether anything is being indexed, or waits for an edit to end before it goes on."""
        return self._plan.busy

    @property
    def scanning(self) -> frozenset[int]:
        """The folders of the run that is going on."""
        return self._plan.running.folders if self._plan.running else frozenset()

    def edit(
        self,
        name: str,
        edit: "Callable[[Library], Result]",
        done: Callable[[Result], object] = lambda _: None,
        scan: Callable[[Result], Iterable[int]] = lambda _: (),
        *,
        forget_missing: bool = False,
    ) -> None:
        """Change the library on the lane, before what is being indexed goes on.

        ``scan`` says of the outcome which folders are to be looked through then, and ``forget_missing`` that what is
        missing in them is gone for good. Where ``cancel`` was called since, that is dropped; the edit is not.
        """
        library = self._library
        if self._closing:
            return
        if library is None:  # still opening, or in use by another process: it is done once the library is there
            self._until_open.append(lambda: self.edit(name, edit, done, scan, forget_missing=forget_missing))
            return
        asked = self._plan.generation
        self._plan.edit_begins()
        self._lane.cancel(INDEXING)

        def edited(result: Result) -> None:
            self._plan.want(scan(result), asked, forget_missing)
            done(result)

        def over() -> None:
            self._plan.edit_ends()
            self._go_on()

        self._lane.submit(name, lambda token, sink: edit(library), edited, self.failed.emit, over=over)

    def switch_to(self, name: str, choose: "Callable[[Library], Collection[int] | None]") -> None:
        """Let the library answer with this model, once the photos are read for it.

        ``choose`` is an edit: it makes the library remember the choice, and says which folders are to be looked
        through; None where the library answers with the model already.
        """
        self._choice = choice = self._choice + 1

        def done(folders: Collection[int] | None) -> None:
            if folders is None:
                self.switching_to = None
                self.model_switched.emit(name)
            elif choice == self._choice:  # it was not given up meanwhile
                self.switching_to = name

        def scan(folders: Collection[int] | None) -> Collection[int]:
            return folders or ()

        self.edit("use model", choose, done, scan)

    def go_on_switching(self, wanted: "Callable[[Library], str | None]") -> None:
        """After a start: go on with the switch that the last run of the app did not finish, if ``wanted`` says one."""
        choice = self._choice

        def done(name: str | None) -> None:
            if name is not None and choice == self._choice:
                self.switching_to = name
                self.switch_goes_on.emit(name)

        self.edit("wanted model", wanted, done)

    def drop(self, folder_id: int) -> None:
        """A folder is no longer in the library."""
        self._plan.drop(folder_id)

    def pause(self) -> None:
        """Until ``resume``, also over edits that interrupt the indexing."""
        if self._plan.busy:
            self._set_paused(True)

    def resume(self) -> None:
        self._set_paused(False)

    def cancel(self) -> None:
        """Stop; what is left waits until it is asked for again. A switch of models is given up."""
        self._plan.cancel()
        self._lane.cancel(INDEXING)
        self._set_paused(False)
        self._give_up_switch()
        self._go_on()

    def _give_up_switch(self) -> None:
        self._choice += 1
        self.switching_to = None

        def forget(library: "Library") -> None:
            if not library.read_only:
                library.want_model(None)

        self.edit("give up a switch", forget)

    def _set_paused(self, paused: bool) -> None:
        self._paused = paused
        for job in self._lane.unfinished(INDEXING):
            (job.token.pause if paused else job.token.resume)()
        self.pausing.emit(paused)

    def _go_on(self) -> None:
        """After an edit, a run or a cancel: index what is left, or say that nothing is."""
        library = self._library
        if self._closing or library is None:
            return
        was_busy = self._plan.busy
        batch = self._plan.next()
        if batch is not None:
            if not was_busy:
                self.started.emit()
            self._now_and_then.start()
            self._index(library, batch)
        elif self._plan.comes_to_rest():
            self._now_and_then.stop()
            self._set_paused(False)
            summary = self._summary and together(self._before, self._summary)
            self._before, self._summary = None, STOPPED
            self.finished.emit(summary)
        self.changed.emit()

    def _index(self, library: "Library", batch: Batch) -> None:
        if self._summary is not None and self._summary is not STOPPED:
            self._before = together(self._before, self._summary)
        self._summary = STOPPED  # also of a run that is cancelled before it begins
        completed = False
        switching_to = self.switching_to

        def work(token: CancelToken, sink: ProgressSink) -> IndexSummary:
            from imagefinder.usecases.indexing import index

            embedder = self._embedder(library, switching_to)
            summary = index(library, embedder, batch.folders, forget_missing=batch.forget, token=token, progress=sink)
            if switching_to and switching_to != self.switching_to:
                library.want_model(None)  # given up; if the app is being closed, nothing behind this is done any more
            elif switching_to and not summary.cancelled and _waits_for_photos(library):
                with contextlib.suppress(ModelError):  # that it is gone may be why another one was chosen
                    old = self._embedder(library, None)
                    again = index(library, old, batch.folders, token=token, progress=sink)
                    summary = replace(summary, cancelled=again.cancelled)
            return summary

        def done(summary: IndexSummary) -> None:
            nonlocal completed
            completed = not summary.cancelled
            self._summary = summary
            active = library.active_model()
            if switching_to and active is not None and active.name == switching_to:
                self.switching_to = None
                self.model_switched.emit(switching_to)

        def failed(error: Exception) -> None:
            nonlocal completed
            completed = True  # trying the same again at once would fail the same way
            self._summary = None
            if switching_to and switching_to == self.switching_to and not isinstance(error, LibraryError):
                completed = False  # but not with the model that answers
                self._give_up_switch()
            self.failed.emit(error)

        def over() -> None:
            self._plan.ended(completed)
            self._go_on()

        job = self._lane.submit(INDEXING, work, done, failed, self.progressed.emit, over)
        if self._paused:
            job.token.pause()


def _waits_for_photos(library: "Library") -> bool:
    """Whether the model that answers has yet to see photos, which another one has read meanwhile.

    A drive that is away can hold up a switch for weeks: until then, what is new is to be found all the same.
    """
    active = library.active_model()
    return active is not None and library.pending(library.register_model(active)) > 0
