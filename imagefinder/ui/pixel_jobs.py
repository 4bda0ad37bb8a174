"""Pixels made off the GUI thread, in the order they are wanted, and only while they are wanted."""

import logging
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import NamedTuple

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.images import Pixels

log = logging.getLogger(__name__)


class Job(NamedTuple):
    """``make`` runs in a worker thread; a result wider or taller than ``side`` pixels is scaled down there too."""

    key: Hashable
    make: Callable[[], Pixels | None]
    side: int


class PixelJobs(QObject):
    """Workers that always take the first of the list that is wanted now; replacing the list drops the rest.

    ``done(key, image, reason)`` arrives on the thread that made this object. The image is null where there was
    nothing to show; ``reason`` is then the message of the ImageFinderError, if it was one. Call ``close()`` before
    the object goes, and let no ``make`` be the last to hold a QObject: it would be destroyed in a worker.
    """

    done = Signal(object, QImage, str)
    _arrived = Signal()

    def __init__(self, threads: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pixels")
        self._queue = _Queue(threads, self._arrived.emit)
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def want(self, jobs: Iterable[Job]) -> None:
        """Replace the list. What a worker has begun is finished, and not begun again."""
        for _ in range(self._queue.replace(jobs)):
            self._pool.submit(self._queue.work)

    def close(self) -> None:
        """Drop everything. Does not wait: a worker ends after the file it is reading, and says nothing any more."""
        self._queue.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @Slot()
    def _deliver(self) -> None:
        for key, image, reason in self._queue.take_results():
            self.done.emit(key, image, reason)


class _Queue:
    """What the workers and the GUI thread share. After ``close()`` the workers hold nothing of Qt's objects."""

    def __init__(self, workers: int, wake: Callable[[], None]) -> None:
        self._lock = Lock()  # guards everything below
        self._wake: Callable[[], None] | None = wake
        self._idle = workers
        self._wanted: deque[Job] = deque()
        self._taken: set[Hashable] = set()
        self._results: list[tuple[Hashable, QImage, str]] = []

    def replace(self, jobs: Iterable[Job]) -> int:
        """How many workers are to start on the new list."""
        with self._lock:
            if self._wake is None:
                return 0
            self._wanted = deque(job for job in jobs if job.key not in self._taken)
            starting = min(self._idle, len(self._wanted))
            self._idle -= starting
            return starting

    def take_results(self) -> list[tuple[Hashable, QImage, str]]:
        with self._lock:
            results, self._results = self._results, []
            self._taken.difference_update(key for key, _, _ in results)
            return results

    def close(self) -> None:
        with self._lock:
            self._wake = None
            self._wanted.clear()
            self._results.clear()

    def work(self) -> None:
        """A worker's life: until nothing is wanted."""
        while True:
            with self._lock:
                if not self._wanted:
                    self._idle += 1
                    return
                job = self._wanted.popleft()
                self._taken.add(job.key)
            image, reason = _run(job)
            with self._lock:
                if self._wake is None:
                    return
                self._results.append((job.key, image, reason))
                if len(self._results) == 1:  # one event for all that come before the GUI thread gets to it
                    self._wake()  # under the lock: until close() the object that is woken exists


def _run(job: Job) -> tuple[QImage, str]:
    try:
        pixels = job.make()
    except ImageFinderError as error:
        return QImage(), error.message
    except Exception:
        # A bug, but one picture's: it is reported where bugs are, and the workers go on.
        log.exception("A picture could not be made: %r", job.key)
        return QImage(), ""
    return (QImage(), "") if pixels is None else (_to_image(pixels, job.side), "")


def _to_image(pixels: Pixels, side: int) -> QImage:
    """A copy in the format that is painted without conversion, no side longer than ``side``."""
    import numpy as np  # in the worker: the window starts without it

    pixels = np.ascontiguousarray(pixels)
    height, width, _ = pixels.shape
    view = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    image = view.convertToFormat(QImage.Format.Format_RGB32)
    if max(width, height) <= side:
        return image
    return image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
