"""Read many files on a few threads, in order, never more than a window ahead, and never stuck on one of them."""

import itertools
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from typing import TypeVar

from imagefinder.domain.errors import UnreadableImage
from imagefinder.patience import PATIENCE_SECONDS, GaveUp, wait_for

Source = TypeVar("Source")
Read = TypeVar("Read")

READER_THREADS = max(2, os.cpu_count() or 2)
GIVE_UP_AFTER = 3
"""Reads in a row that took too long: the drive hangs, and every further file would cost a minute."""


class TookTooLong(UnreadableImage):
    """A read that was given up: a dead network drive, or a file that no decoder gets to the end of."""


class _Readers:
    """Daemon threads: one that hangs in a dead network drive must not keep the program from ending."""

    def __init__(self, threads: int) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = threads
        for number in range(threads):
            threading.Thread(target=self._work, name=f"reader-{number}", daemon=True).start()

    def submit(self, read: Callable[[Source], Read], source: Source) -> "Future[Read]":
        future: Future[Read] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(read(source))
            except BaseException as error:  # handed to whoever asks for the result
                future.set_exception(error)

        self._jobs.put(job)
        return future

    def stop(self) -> None:
        """Let the threads end after what they are doing; what waits should have been cancelled."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def read_ahead(
    sources: Sequence[Source],
    read: Callable[[Source], Read],
    *,
    threads: int,
    window: int,
    patience: float = PATIENCE_SECONDS,
    starting: Callable[[Sequence[Source]], None] = lambda sources: None,
    check: Callable[[], None] = lambda: None,
) -> Generator[tuple[Source, Read | UnreadableImage], None, None]:
    """Yield every source with what ``read`` made of it, or with the reason why not.

    ``starting`` is told, whenever half a window more goes to the threads, everything that is then in flight: should
    a decoder take the whole process down, that list names the suspects. A read that takes longer than ``patience``
    seconds is given up, and fresh threads carry on with the rest. ``check`` is called while waiting; it may raise to
    stop.
    """
    readers = _Readers(threads)
    flying: deque[tuple[Source, Future[Read]]] = deque()
    upcoming = iter(sources)
    refill = max(1, window // 2)
    try:
        while True:
            if len(flying) <= window - refill:
                fresh = list(itertools.islice(upcoming, window - len(flying)))
                if fresh:
                    starting([source for source, _ in flying] + fresh)
                    flying.extend((source, readers.submit(read, source)) for source in fresh)
            if not flying:
                return
            source, future = flying.popleft()
            try:
                yield source, wait_for(future, patience, check)
            except UnreadableImage as reason:
                yield source, reason
            except GaveUp:
                future.cancel()
                readers.stop()
                readers = _Readers(threads)
                rest = list(flying)
                flying.clear()
                for later, unfinished in rest:
                    again = unfinished.cancel() or not unfinished.done()
                    flying.append((later, readers.submit(read, later) if again else unfinished))
                text = f"Reading it took longer than {patience:.0f} seconds."
                yield source, TookTooLong(text, "Check its drive.", lasting=False)
    finally:
        for _, unfinished in flying:
            unfinished.cancel()
        readers.stop()
