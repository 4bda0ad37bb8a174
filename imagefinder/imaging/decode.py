"""Bytes into upright sRGB pixels. One decoder for thumbnails, previews, queries and embeddings."""

import io
from contextlib import suppress
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import ImageInfo
from imagefinder.imaging import formats
from imagefinder.imaging.colour import to_plain, to_srgb
from imagefinder.imaging.files import content_key, content_key_of, read_file
from imagefinder.imaging.jxl import is_jxl, jxl_size
from imagefinder.imaging.metadata import read_facts, read_tiff_facts
from imagefinder.imaging.raw import is_raw, is_raw_tiff, is_tiff, read_raw

__all__ = ["MAX_PIXELS", "Decoded", "content_key", "content_key_of", "decode", "read_file"]

MAX_PIXELS = 250_000_000
"""The most pixels that are decoded, after shrinking: about 1 GB of memory."""
MAX_SLOW_PIXELS = 16_000_000
"""The same for what Pillow decodes in Python (run-length BMP), byte by byte."""
MAX_SCANS = 100
"""A progressive JPEG has about ten scans; a hostile one has thousands, each over the whole picture."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Decoded(NamedTuple):
    """``image`` is RGB, upright, sRGB, maybe shrunk; ``info`` tells of the original."""

    image: Image.Image
    info: ImageInfo


def decode(data: bytes, at_least: int = 0) -> Decoded:
    """Decode the first picture in ``data``, whatever its file was called.

    With ``at_least`` the picture may come back smaller, its short side never below that many pixels (0: full size);
    JPEG is then shrunk while it is decoded, in DCT space, which is several times faster.
    Raises UnreadableImage: not an image, damaged or cut off, too large, no memory left.
    """
    formats.decoders()
    try:
        return _decode_raw(data, at_least) if is_raw(data) else _decode_picture(data, at_least)
    except UnreadableImage:
        raise
    except Exception as error:  # decoders answer hostile bytes with about anything; all of it means one thing
        raise UnreadableImage(_reason(error, data)) from error


def _decode_picture(data: bytes, at_least: int) -> Decoded:
    try:
        image = _open(data)
    except (UnidentifiedImageError, SyntaxError):
        if is_tiff(data):
            with suppress(UnreadableImage):  # many RAW files are TIFFs that only LibRaw understands
                return _decode_raw(data, at_least)
        raise
    if isinstance(image, TiffImageFile) and is_raw_tiff(image, data):
        return _decode_raw(data, at_least)
    width, height = image.size
    _check_size(width, height, formats.MAX_DECLARED_PIXELS)
    if isinstance(image, JpegImageFile):
        if at_least:
            image.draft(None, (at_least, at_least))
        image.decodermaxblock = max(len(data), image.decodermaxblock)  # in one piece: each piece waits for the GIL
    _check_effort(image, width, height, data)
    image.load()
    facts = read_facts(image)  # after load(): the TIFF plug-in turns the picture itself, and drops the tag
    turned = image.format == "JXL" and not getattr(image, "jpeg", False)  # libjxl too, but it leaves the tag
    turn = None if turned else _TURNS.get(facts.orientation)
    if turn is not None and facts.orientation >= 5:
        width, height = height, width
    info = ImageInfo(width, height, formats.display_name(image.format), facts.taken_at, facts.camera)
    return Decoded(_finish(image, at_least, turn, image.info.get("icc_profile")), info)


def _decode_raw(data: bytes, at_least: int) -> Decoded:
    raw = read_raw(data, at_least)
    taken_at, camera = read_tiff_facts(data)[1:]
    if isinstance(raw.picture, bytes):
        image, preview = _decode_picture(raw.picture, at_least)
        taken_at, camera = taken_at or preview.taken_at, camera or preview.camera
    else:
        image = raw.picture
    image = _finish(image, at_least, raw.turn, None)
    return Decoded(image, ImageInfo(raw.width, raw.height, "RAW", taken_at, camera))


def _open(data: bytes) -> ImageFile:
    file = io.BytesIO(data)
    if data.startswith(b"\xff\xd8\xff"):
        # Not through Image.open(), which would parse the index of a multi-picture file, and fail on a broken one.
        return JpegImageFile(file)
    if is_jxl(data):
        _check_size(*jxl_size(data), MAX_PIXELS)
    return Image.open(file, formats=formats.decoders())


def _check_size(width: int, height: int, limit: int) -> None:
    if width < 1 or height < 1:
        raise UnreadableImage("The picture has no pixels.")
    if width * height > limit:
        raise UnreadableImage(f"The picture is too large to open: {width:,} x {height:,} pixels.")


def _check_effort(image: ImageFile, declared_width: int, declared_height: int, data: bytes) -> None:
    """Refuse what would take too much memory or time. ``image`` is open and set to its final size, not loaded."""
    slow = any(tile[0] in Image.DECODERS for tile in image.tile)
    _check_size(*image.size, MAX_SLOW_PIXELS if slow else MAX_PIXELS)
    if isinstance(image, JpegImageFile) and _keeps_coefficients(image, data):
        _check_size(declared_width, declared_height, MAX_PIXELS)
        if data.count(b"\xff\xda") > MAX_SCANS:
            raise UnreadableImage("The picture was made to take very long to open.")


def _keeps_coefficients(image: JpegImageFile, data: bytes) -> bool:
    """Whether libjpeg holds all of the unshrunk picture in memory, because it comes in several scans.

    ``image`` stands behind the header of its first scan. Source: initial_setup() in libjpeg's jdinput.c.
    """
    assert image.fp is not None
    scan = data.rfind(b"\xff\xda", 0, image.fp.tell())
    return "progressive" in image.info or data[scan + 4] < image.layers  # that byte counts the scan's components


def _finish(image: Image.Image, at_least: int, turn: Image.Transpose | None, profile: bytes | None) -> Image.Image:
    """Shrink what was not shrunk while decoding, so that the costly steps see less; then turn it; then to sRGB."""
    image = to_plain(image)
    factor = min(image.size) // at_least if at_least else 1
    if factor > 1:
        image = image.reduce(factor)
    if turn is not None:
        image = image.transpose(turn)
    return to_srgb(image, profile)


def _reason(error: Exception, data: bytes) -> str:
    if isinstance(error, MemoryError):
        return "There is not enough memory to open the picture."
    if isinstance(error, Image.DecompressionBombError):
        return "The picture is too large to open."
    if "truncated" in str(error).lower():
        return "The file is cut off: a part of the picture is missing."
    if isinstance(error, UnidentifiedImageError):
        if not formats.looks_like_image(data):
            return "This is not an image that the app can read."
        return "The picture is damaged or cut off, or of a kind that the app cannot read."
    return "The picture is damaged or cut off."
