"""What waits to be indexed, and when the next run may start. No threads here: the window's runs ask and tell."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Batch:
    """One run: these folders, of which ``forget`` may lose what is missing."""

    folders: frozenset[int]
    forget: frozenset[int]


@dataclass(slots=True)
class IndexingPlan:
    """Edits of the library interrupt indexing; it goes on afterwards with what was left, unless it was cancelled.

    What an edit asks for counts only if nobody cancelled since the edit was asked for: ``generation`` tells.
    """

    generation: int = 0
    busy: bool = False
    """Between the first run and the moment when nothing is left: what the person sees as one indexing."""
    running: Batch | None = None
    edits: int = 0
    _wanted: set[int] = field(default_factory=set)
    _forget: set[int] = field(default_factory=set)

    def want(self, folders: Iterable[int], generation: int, forget: bool = False) -> None:
        """Folders are to be scanned; ``forget``: and what is missing there is gone for good."""
        if generation == self.generation:
            wanted = set(folders)
            self._wanted |= wanted
            if forget:
                self._forget |= wanted

    def drop(self, folder: int) -> None:
        """A folder is no longer in the library."""
        self._wanted.discard(folder)
        self._forget.discard(folder)

    def cancel(self) -> None:
        """Nothing that was asked for so far is to be done; that includes what may be forgotten."""
        self.generation += 1
        self._wanted.clear()
        self._forget.clear()

    def edit_begins(self) -> None:
        self.edits += 1

    def edit_ends(self) -> None:
        self.edits -= 1

    def next(self) -> Batch | None:
        """The run to start now: None while one runs, while edits wait, and when nothing is left."""
        if self.running is not None or self.edits or not self._wanted:
            return None
        self.running = Batch(frozenset(self._wanted), frozenset(self._forget))
        self.busy = True
        return self.running

    def ended(self, completed: bool) -> None:
        """The run is over. One that was interrupted is still wanted, as far as nobody cancelled it; so are folders of
        which it was said meanwhile that what is missing there is gone for good."""
        if self.running is not None and completed:
            done = self.running.folders - (self._forget - self.running.forget)
            self._wanted -= done
            self._forget -= done
        self.running = None

    def comes_to_rest(self) -> bool:
        """True once, when an indexing that was busy has nothing left to do."""
        if self.busy and self.running is None and not self.edits and not self._wanted:
            self.busy = False
            return True
        return False
