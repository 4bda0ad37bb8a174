"""Photos for the tests of the window: rows of a catalogue with nothing on disk, and pixels that are drawn for them."""

import numpy as np

from imagefinder.domain.images import FileStamp, Hit, ImageInfo, Photo, Pixels


def make_photo(
    number: int,
    relpath: str | None = None,
    *,
    size: tuple[int, int] = (400, 300),
    taken_at: str = "2024-05-01 12:00:00",
    mtime: float = 1_700_000_000,
    colour: int = 0x336699,
    key: bytes | None = None,
    offline: bool = False,
) -> Photo:
    stamp = FileStamp(1_234_567, int(mtime * 1e9))
    info = ImageInfo(*size, "JPEG", taken_at, "Camera")
    content_key = key or number.to_bytes(16, "big")
    return Photo(number, 1, "/photos", relpath or f"IMG_{number}.jpg", stamp, content_key, info, colour, offline)


def make_hits(count: int, best: float = 0.99, step: float = 0.01) -> list[Hit]:
    """Ids 1.. with falling similarity."""
    return [Hit(rank, make_photo(rank), best - (rank - 1) * step) for rank in range(1, count + 1)]


def draw(photo: Photo, side: int) -> Pixels:
    """One grey per photo, in the photo's shape, at most ``side`` pixels."""
    scale = min(1.0, side / max(photo.info.width, photo.info.height))
    shape = (round(photo.info.height * scale), round(photo.info.width * scale), 3)
    return np.full(shape, photo.id % 256, np.uint8)
