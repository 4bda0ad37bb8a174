"""Thumbnails for what the grid shows: made off the GUI thread, kept up to a number of bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import NamedTuple, cast

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from imagefinder.domain.images import Photo, Pixels
from imagefinder.ui.pixel_jobs import Job, PixelJobs


class _Entry(NamedTuple):
    side_px: int
    """The side that was asked for; a small picture's pixmap may be smaller."""
    pixmap: QPixmap


class ThumbnailLoader(QObject):
    """Loads what is wanted, newest wish first, and forgets what was not looked at for longest.

    ``load(photo, side_px)`` runs in worker threads; it gives upright pixels or None, and may give more than
    ``side_px`` per side: scaling down happens in the worker. One thumbnail is kept per content, so copies of a
    photo share it. Call ``close()`` at the end.
    """

    ready = Signal(int)
    """A photo's id: its pixmap has come or has become sharper."""

    def __init__(
        self,
        load: Callable[[Photo, int], Pixels | None],
        cache_bytes: int = 256 * 2**20,
        threads: int = 2,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._load = load
        self._room = cache_bytes
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._bytes = 0
        self._missing: set[bytes] = set()
        self._wanted_ids: dict[bytes, list[int]] = {}
        self._wanted_px = 0
        self._jobs = PixelJobs(threads, self)
        self._jobs.done.connect(self._on_done)

    def want(self, photos: Sequence[Photo], side_px: int) -> None:
        """Replace the wish: these photos, most wanted first, at ``side_px`` device pixels a side."""
        self._wanted_ids = {}
        self._wanted_px = side_px
        jobs = []
        for photo in photos:
            key = photo.content_key
            copies = self._wanted_ids.setdefault(key, [])
            copies.append(photo.id)
            if len(copies) > 1 or key in self._missing:
                continue
            entry = self._entries.get(key)
            if entry is None or entry.side_px != side_px:
                jobs.append(Job((key, side_px), partial(self._load, photo, side_px), side_px))
        self._jobs.want(jobs)

    def pixmap(self, photo: Photo) -> QPixmap | None:
        """The thumbnail, if it is there. It may still be of another size than was wanted last."""
        entry = self._entries.get(photo.content_key)
        if entry is None:
            return None
        self._entries.move_to_end(photo.content_key)
        return entry.pixmap

    def retry_missing(self) -> None:
        """Ask again for photos that had nothing to show: their drive may be back."""
        self._missing.clear()

    def close(self) -> None:
        """Stop without waiting for a file that is being read."""
        self._jobs.close()

    @Slot(object, QImage, str)
    def _on_done(self, job_key: Hashable, image: QImage, reason: str) -> None:
        key, side_px = cast(tuple[bytes, int], job_key)
        if image.isNull():
            self._missing.add(key)
            return
        before = self._entries.get(key)
        if before is not None and before.side_px == self._wanted_px:
            return  # a late one of another size
        self._keep(key, _Entry(side_px, QPixmap.fromImage(image)))
        for photo_id in self._wanted_ids.get(key, ()):
            self.ready.emit(photo_id)

    def _keep(self, key: bytes, entry: _Entry) -> None:
        before = self._entries.pop(key, None)
        if before is not None:
            self._bytes -= _bytes_of(before.pixmap)
        self._entries[key] = entry
        self._bytes += _bytes_of(entry.pixmap)
        while self._bytes > self._room and len(self._entries) > 1:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= _bytes_of(oldest.pixmap)


def _bytes_of(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4
