"""Pixels for the window: thumbnails from the cache or the file, and large previews."""

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import Photo, Pixels
from imagefinder.imaging.reading import fit
from imagefinder.imaging.thumbnails import THUMBNAIL_SIDE, decode_thumbnail, encode_pixels
from imagefinder.storage.library import Library


def thumbnail(library: Library, photo: Photo, side: int) -> Pixels | None:
    """The photo within ``side`` x ``side`` pixels; None where neither cache nor file can give it.

    The cache serves up to its own size, and beyond it where the original is out of reach. What the cache has lost
    is read from the original and put back.
    """
    cached = library.thumbnail(photo.content_key)
    if cached is not None and (side <= THUMBNAIL_SIDE or photo.offline):
        return decode_thumbnail(cached)
    try:
        pixels = fit(photo.path, max(side, THUMBNAIL_SIDE), max(side, THUMBNAIL_SIDE))
    except UnreadableImage:
        return decode_thumbnail(cached) if cached is not None else None
    if cached is None:
        library.put_thumbnail(photo.content_key, encode_pixels(pixels))
    return pixels


def preview(path: str, width: int, height: int) -> Pixels:
    """The upright picture within the box, never enlarged. Raises UnreadableImage."""
    return fit(path, width, height)
