"""Small pictures of files that need not be in the library, made once and shared by the pages of the dialog."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from imagefinder.domain.images import Pixels
from imagefinder.ui.pixel_jobs import Job, PixelJobs

SIDE = 112
"""Device pixels of the longer side."""
KEPT = 900
"""40 MB of pictures at most."""


class PathPictures(QObject):
    """``load(path, width, height)`` runs in a worker thread. Call ``stop()`` at the end."""

    arrived = Signal(object)
    """The path of a picture that is there now."""

    def __init__(self, load: Callable[[str, int, int], Pixels], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._load = load
        self._made: OrderedDict[str, QPixmap] = OrderedDict()
        self._failed: set[str] = set()
        self._wanted: dict[str, tuple[str, ...]] = {}
        self._jobs = PixelJobs(1, self)
        self._jobs.done.connect(self._on_done)

    def get(self, path: str) -> QPixmap | None:
        """None while it is not there, and for a file that cannot be read."""
        found = self._made.get(path)
        if found is not None:
            self._made.move_to_end(path)
        return found

    def want(self, who: str, paths: Iterable[str]) -> None:
        """What one widget shows now, in place of what it wanted before; the last to ask comes first."""
        self._wanted.pop(who, None)
        self._wanted[who] = tuple(dict.fromkeys(paths))
        missing = [path for paths in reversed(self._wanted.values()) for path in paths if self._is_missing(path)]
        self._jobs.want(Job(path, partial(self._load, path, SIDE, SIDE), SIDE) for path in dict.fromkeys(missing))

    def stop(self) -> None:
        self._jobs.close()

    def _is_missing(self, path: str) -> bool:
        return path not in self._made and path not in self._failed

    def _on_done(self, key: Hashable, image: QImage, reason: str) -> None:
        path = str(key)
        if image.isNull():
            self._failed.add(path)
            return
        self._made[path] = QPixmap.fromImage(image)
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        self.arrived.emit(path)
