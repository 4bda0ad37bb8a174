"""How far long work is, and how a person stops it."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from imagefinder.domain.errors import Cancelled

Phase = Literal[
    "looking",
    "reading",
    "saving",
    "rebuilding",
    "checking",
    "drawing",
    "downloading",
    "embedding",
    "mining",
    "training",
    "measuring",
]

REPORTS_PER_SECOND = 15
RATE_WINDOW_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Progress:
    """A snapshot of long work. ``total`` is 0 while nobody knows it."""

    phase: Phase
    done: int = 0
    total: int = 0
    where: str = ""
    """The folder being worked on."""
    per_second: float = 0.0
    seconds_left: float | None = None
    failed: int = 0


ProgressSink = Callable[[Progress], None]


def ignore_progress(_: Progress) -> None:
    """For callers that do not watch."""


class CancelToken:
    """Set from any thread, looked at by the work: cancel for good, or pause and resume."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._running = threading.Event()
        self._running.set()

    def cancel(self) -> None:
        self._cancelled.set()
        self._running.set()

    def pause(self) -> None:
        if not self._cancelled.is_set():
            self._running.clear()

    def resume(self) -> None:
        self._running.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def paused(self) -> bool:
        return not self._running.is_set()

    def check(self) -> None:
        """Wait while paused. Raises Cancelled once cancelled."""
        self._running.wait()
        if self._cancelled.is_set():
            raise Cancelled


class ProgressMeter:
    """Turns counts into Progress: at most 15 reports a second, always the last, and a rate over 20 seconds.

    The clock can be passed in, so that tests need not wait.
    """

    def __init__(
        self,
        sink: ProgressSink,
        token: CancelToken,
        phase: Phase,
        total: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sink = sink
        self._token = token
        self._phase = phase
        self._total = total
        self._clock = clock
        self._last_report = -1.0
        self._marks: deque[tuple[float, int]] = deque([(clock(), 0)])

    def report(self, done: int, where: str = "", failed: int = 0) -> None:
        """Raises Cancelled once the token is; waits while it is paused."""
        if self._token.paused:
            self._token.check()
            self._marks = deque([(self._clock(), done)])  # the pause is not part of the rate
        self._token.check()
        now = self._clock()
        last = self._total > 0 and done >= self._total
        if not last and 0 <= now - self._last_report < 1 / REPORTS_PER_SECOND and self._last_report >= 0:
            return
        self._last_report = now
        self._marks.append((now, done))
        while len(self._marks) > 2 and now - self._marks[0][0] > RATE_WINDOW_SECONDS:
            self._marks.popleft()
        since, before = self._marks[0]
        rate = (done - before) / (now - since) if now > since else 0.0
        left = (self._total - done) / rate if rate > 0 and self._total else None
        self._sink(Progress(self._phase, done, self._total, where, rate, left, failed))
