"""Bytes into upright sRGB pixels. One decoder for thumbnails, previews, queries and embeddings."""

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import ImageInfo
from imagefinder.imaging import formats
from imagefinder.imaging.boxes import has_unknown_codec
from imagefinder.imaging.colour import to_plain, to_srgb
from imagefinder.imaging.deep_jpeg import is_odd_kind
from imagefinder.imaging.files import content_key, content_key_of, read_file
from imagefinder.imaging.grounds import Ground, without_empty_alpha
from imagefinder.imaging.limits import MAX_PIXELS
from imagefinder.imaging.loading import TURNS, Loaded, load, open_picture
from imagefinder.imaging.metadata import read_tiff_facts
from imagefinder.imaging.other_formats import load_odd_jpeg, load_other
from imagefinder.imaging.partly import FAILURES
from imagefinder.imaging.raw import RawPicture, is_dng, is_raw, is_raw_tiff, is_tiff, largest_jpeg, read_raw
from imagefinder.imaging.tiff_pages import has_sound_header, is_mosaic, read_deep_page, with_best_page_first

__all__ = ["DAMAGED", "MAX_PIXELS", "Decoded", "content_key", "content_key_of", "decode", "read_file"]

DAMAGED = "The picture is damaged: it is shown as far as it goes."

_MORE_THAN_ANY_PREVIEW = 10**6
_JPEG = b"\xff\xd8\xff"
_OFTEN_WITH_EMPTY_ALPHA = frozenset({"BMP", "ICO", "TGA"})


class Decoded(NamedTuple):
    """``image`` is RGB, upright, sRGB, maybe shrunk; ``info`` tells of the original."""

    image: Image.Image
    info: ImageInfo
    damage: str = ""
    """What is wrong with a picture of which only a part can be shown; empty for a whole one."""


def decode(data: bytes, at_least: int = 0, ground: Ground | None = None) -> Decoded:
    """Decode the first picture in ``data``, whatever its file was called.

    With ``at_least`` the picture may come back smaller, its short side never below that many pixels (0: full size);
    JPEG is then shrunk while it is decoded, in DCT space, which is several times faster. What is transparent shows
    the ``ground``; if none is given, one is chosen on which the picture shows.
    Raises UnreadableImage: not an image, damaged or cut off, too large, no memory left.
    """
    formats.decoders()
    try:
        loaded = _load(data, at_least)
        return Decoded(_finish(loaded, at_least, ground), loaded.info, "" if loaded.whole else DAMAGED)
    except UnreadableImage:
        raise
    except Exception as error:  # decoders answer hostile bytes with about anything; all of it means one thing
        raise UnreadableImage(_reason(error, data)) from error


def _load(data: bytes, at_least: int) -> Loaded:
    if data.startswith(_JPEG):  # first, as most are
        return _load_jpeg(data, at_least)
    if is_raw(data):
        return _load_raw(data, at_least)
    return _load_tiff(data, at_least) if is_tiff(data) else (load_other(data, at_least) or load(data, at_least))


def _load_jpeg(data: bytes, at_least: int) -> Loaded:
    try:
        return load(data, at_least)
    except FAILURES:
        if not is_odd_kind(data):
            raise
    return load_odd_jpeg(data)


def _load_raw(data: bytes, at_least: int) -> Loaded:
    """Its preview, its development, or whatever JPEG is in it: the first of these that can be read."""
    ways: tuple[Callable[[], RawPicture | None], ...] = (
        lambda: read_raw(data, at_least),
        lambda: read_raw(data, _MORE_THAN_ANY_PREVIEW),
        lambda: largest_jpeg(data),
    )
    problem: Exception | None = None
    for way in ways:
        try:
            found = way()
            if found is not None:
                return _developed(found, data, at_least)
        except (UnreadableImage, *FAILURES) as error:
            problem = problem or error
    assert problem is not None
    raise problem


def _developed(raw: RawPicture, data: bytes, at_least: int) -> Loaded:
    taken_at, camera = read_tiff_facts(data)[1:]
    if isinstance(raw.picture, Image.Image):
        return Loaded(raw.picture, ImageInfo(raw.width, raw.height, "RAW", taken_at, camera), raw.turn)
    preview = load(raw.picture, at_least)
    info = ImageInfo(raw.width, raw.height, "RAW", taken_at or preview.info.taken_at, camera or preview.info.camera)
    return preview._replace(info=info, turn=raw.turn or preview.turn)


def _load_tiff(data: bytes, at_least: int) -> Loaded:
    """A TIFF may be a RAW photo, may begin with a thumbnail, and may be of a kind that Pillow does not read."""
    try:
        image = open_picture(data)
    except (UnidentifiedImageError, SyntaxError):
        if is_mosaic(data):
            return _load_raw(data, at_least)
        try:
            return _load_deep_tiff(data)
        except UnreadableImage:
            with suppress(UnreadableImage):  # some RAW files are TIFFs that only LibRaw understands
                return _load_raw(data, at_least)
            raise
    if not isinstance(image, TiffImageFile) or not is_raw_tiff(image, data):
        return load(data, at_least)
    if is_dng(image, data):
        try:
            return _load_raw(data, at_least)
        except (UnreadableImage, *FAILURES):
            with suppress(UnreadableImage, *FAILURES):
                return load(data, at_least)  # a thumbnail, which is better than nothing
            raise
    with suppress(UnreadableImage):
        return _developed(read_raw(data, at_least), data, at_least)
    better = with_best_page_first(data)
    if better is not None:
        with suppress(UnidentifiedImageError, SyntaxError):
            return load(better, at_least)
        return _load_deep_tiff(better)
    preview = largest_jpeg(data)
    if preview is not None and preview.width * preview.height > image.width * image.height:
        return _developed(preview, data, at_least)
    return load(data, at_least)


def _load_deep_tiff(data: bytes) -> Loaded:
    image, profile = read_deep_page(data)
    facts = read_tiff_facts(data)
    width, height = image.size if facts.orientation < 5 else image.size[::-1]
    info = ImageInfo(width, height, "TIFF", facts.taken_at, facts.camera)
    return Loaded(image, info, TURNS.get(facts.orientation), profile)


def _finish(loaded: Loaded, at_least: int, ground: Ground | None) -> Image.Image:
    """Shrink what was not shrunk while decoding, so that the costly steps see less; then turn it; then to sRGB."""
    image = to_plain(loaded.image)
    if loaded.info.format in _OFTEN_WITH_EMPTY_ALPHA:
        image = without_empty_alpha(image)
    factor = min(image.size) // at_least if at_least else 1
    if factor > 1:
        image = image.reduce(factor)
    if loaded.turn is not None:
        image = image.transpose(loaded.turn)
    return to_srgb(image, loaded.profile, loaded.light, ground)


def _reason(error: Exception, data: bytes) -> str:
    """Blames the picture only where it is at fault."""
    said = str(error).lower()
    if isinstance(error, MemoryError):
        return "There is not enough memory to open the picture."
    if isinstance(error, Image.DecompressionBombError):
        return "The picture is too large to open."
    if "truncated" in said:
        return "The file is cut off: a part of the picture is missing."
    if isinstance(error, UnidentifiedImageError) and not formats.looks_like_image(data):
        return "This is not an image that the app can read."
    if "unsupported" in said or (is_tiff(data) and has_sound_header(data)) or has_unknown_codec(data):
        return "The picture is of a kind that the app cannot read."
    if isinstance(error, UnidentifiedImageError):
        return "The picture is damaged or cut off, or of a kind that the app cannot read."
    return "The picture is damaged or cut off."
