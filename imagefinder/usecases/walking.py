"""Walk several roots so that one that hangs does not stop the others."""

import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from threading import Event
from typing import Generic, TypeVar

from imagefinder.domain.errors import Cancelled
from imagefinder.patience import LOOK_SECONDS, PATIENCE_SECONDS, on_its_own
from imagefinder.usecases.scanning import Walk, walk

Key = TypeVar("Key")

HURRY_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Silent:
    """A root that does not answer. ``where`` is the folder at which it fell silent."""

    where: str


def walk_roots(
    roots: Sequence[tuple[Key, str, Sequence[str]]],
    visit: Callable[[int, str], None],
    check: Callable[[], None],
    patience: float = PATIENCE_SECONDS,
    hurry: float = HURRY_SECONDS,
) -> Generator[tuple[Key | None, Walk | Silent | None], None, None]:
    """Walk roots, given as (key, path, excludes); yields each key with what is there, None if it cannot be listed.

    The roots are walked one after the other: two at once would be slower. If a walk gives no sign for ``hurry``
    seconds, the next one begins beside it; if there is none to begin, ``(None, None)`` says that all that is left is
    slow. After ``patience`` seconds without a sign, a root is Silent and left behind.

    ``visit`` and ``check`` are called on the caller's thread, before each wait of at most a tenth of a second, and may
    raise to stop: ``visit`` with the number of files in all roots so far and a folder's path. While ``check`` does not
    return, the walks pause. What the caller does between two results is nobody's silence.
    """
    waiting = deque(roots)
    running: list[_Walking[Key]] = []
    going = Event()
    done, told = 0, False
    try:
        while waiting or running:
            if all(each.quiet >= hurry for each in running):
                if waiting:
                    running.append(_Walking(*waiting.popleft(), going))
                elif not told:
                    told = True
                    yield None, None
            liveliest = min(running, key=lambda each: each.quiet)
            visit(done + sum(each.files for each in running), liveliest.where)
            going.clear()
            check()
            going.set()
            began = time.monotonic()
            wait([each.outcome for each in running], LOOK_SECONDS, FIRST_COMPLETED)
            waited = time.monotonic() - began
            for each in list(running):
                each.look(waited)
                if each.outcome.done() or each.quiet >= patience:
                    running.remove(each)
                    result = each.leave()
                    done += len(result.found) if isinstance(result, Walk) else 0
                    visit(done + sum(other.files for other in running), each.path)
                    yield each.key, result
                    told = False
    finally:
        for each in running:
            each.leave()
        going.set()


class _Walking(Generic[Key]):
    """A walk on a thread of its own."""

    def __init__(self, key: Key, path: str, excludes: Sequence[str], going: Event) -> None:
        self.key = key
        self.path = self.where = path
        self.files = 0
        self.quiet = 0.0
        """How many seconds it was waited for since its last sign."""
        self._going = going
        self._signs = self._signs_seen = 0
        self._left = False
        self.outcome = on_its_own(lambda: walk(path, excludes, self._sign), "walk")

    def look(self, waited: float) -> None:
        """Note whether there was a sign during a wait of so many seconds."""
        signs = self._signs
        self.quiet = self.quiet + waited if signs == self._signs_seen else 0.0
        self._signs_seen = signs

    def leave(self) -> Walk | Silent | None:
        """The result, if there is one. If not, the walk ends at its next sign, whenever that is."""
        if self.outcome.done():
            return self.outcome.result()
        self._left = True
        return Silent(self.where)

    def _sign(self, files: int, where: str) -> None:
        self.files, self.where = files, where
        self._signs += 1
        self._going.wait()
        if self._left:
            raise Cancelled
