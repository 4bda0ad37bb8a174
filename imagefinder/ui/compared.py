"""One of two pictures that are compared, as the window knows it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QPixmap

from imagefinder.domain.images import ImageInfo, Photo, Query, SearchResult

if TYPE_CHECKING:
    from imagefinder.usecases.searching import Seen


@dataclass(frozen=True, slots=True)
class Compared:
    """``path`` is None for a picture that is in no file, such as a pasted one."""

    query: Query
    name: str
    path: str | None
    size: QSize
    """Of the original, in pixels."""
    colour: int
    """The average, 0xRRGGBB."""
    stand_in: QPixmap | None
    bytes: int | None = None
    """Of the file."""


def from_photo(photo: Photo, stand_in: QPixmap | None) -> Compared:
    return Compared(
        query=Query(photo.name, photo_id=photo.id),
        name=photo.name,
        path=photo.path,
        size=QSize(photo.info.width, photo.info.height),
        colour=photo.colour,
        stand_in=stand_in,
        bytes=photo.stamp.size,
    )


def from_result(result: SearchResult) -> Compared:
    """The picture that was looked for. One that was downloaded is compared as it came."""
    return _looked_at(result.query, result.thumbnail, result.info)


def from_seen(query: Query, seen: "Seen") -> Compared:
    """A picture that was given for this alone."""
    return _looked_at(query, seen.thumbnail, seen.info)


def _looked_at(query: Query, thumbnail: bytes, info: ImageInfo | None) -> Compared:
    image = QImage.fromData(thumbnail)
    size = QSize(info.width, info.height) if info is not None else image.size()
    stand_in = None if image.isNull() else QPixmap.fromImage(image)
    return Compared(query, query.name, query.path, size, 0x808080, stand_in)
