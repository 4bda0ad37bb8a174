"""The pictures in camera RAW files, through LibRaw: the embedded preview, or a half-size development."""

import io
from contextlib import suppress
from typing import Any, NamedTuple

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging import jpeg_stream
from imagefinder.imaging.metadata import read_facts, read_tiff_facts
from imagefinder.imaging.tiff_pages import pages

MAX_SENSOR_PIXELS = 250_000_000

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MAGIC = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILMCCD-RAW", b"FOVb", b"\0MRM")
_TURNS = {3: Image.Transpose.ROTATE_180, 5: Image.Transpose.ROTATE_90, 6: Image.Transpose.ROTATE_270}
_EXIF_TURNS = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}
_SUBFILE_TYPE, _DNG_VERSION = 254, 50706
_MOST_PREVIEWS = 200
_HEADER_BYTES = 2**20
_MOST_TRIED = 4
_JPEG = b"\xff\xd8\xff"
_LOSSLESS = (0xC3, 0xC7, 0xCB, 0xCF)


class RawPicture(NamedTuple):
    """``width`` and ``height`` are those of the upright photo; ``turn`` is what sets ``picture`` upright."""

    width: int
    height: int
    picture: bytes | Image.Image
    """The preview as it is in the file, a JPEG, or pixels in sRGB."""
    turn: Image.Transpose | None = None


def is_raw(data: bytes) -> bool:
    """Whether the first bytes are those of a RAW format of its own (many others are built as TIFF)."""
    return data.startswith(_MAGIC) or data[4:12] == b"ftypcrx " or data[6:14] == b"HEAPCCDR"


def is_tiff(data: bytes) -> bool:
    return data.startswith(_TIFF)


def is_raw_tiff(image: TiffImageFile, data: bytes) -> bool:
    """Whether the first picture in a TIFF may be only the thumbnail of a RAW photo."""
    return is_dng(image, data) or bool(int(image.tag_v2.get(_SUBFILE_TYPE, 0)) & 1)


def is_dng(image: TiffImageFile, data: bytes) -> bool:
    """Whether a TIFF says of itself that it is a RAW photo."""
    return _DNG_VERSION in image.tag_v2 or data[8:10] == b"CR"


def read_raw(data: bytes, at_least: int) -> RawPicture:
    """The smallest effort that gives ``at_least`` pixels on the short side (0: half of the sensor's).

    Where LibRaw can open the photo but not develop it, its preview stands for it, however small.
    Raises UnreadableImage.
    """
    try:
        import rawpy
    except ImportError as error:
        raise UnreadableImage("Camera RAW files need the package rawpy, which is not installed.") from error
    preview = None
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            sizes = raw.sizes
            sides = (sizes.height, sizes.width) if sizes.flip in (5, 6) else (sizes.width, sizes.height)
            with suppress(rawpy.LibRawError, OSError, SyntaxError, ValueError):  # none, or of an unknown kind
                preview = _preview(raw.extract_thumb().data, sides, _TURNS.get(sizes.flip))
            if preview is not None and _short_side(preview) >= (at_least or min(sides) // 2):
                return preview
            if sizes.raw_width * sizes.raw_height > MAX_SENSOR_PIXELS:
                raise UnreadableImage("The picture is too large to open.")
            return RawPicture(*sides, Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True)))
    except rawpy.LibRawError as error:
        if preview is None:
            raise UnreadableImage("This camera RAW file cannot be read.", f"LibRaw says: {_plain(error)}.") from error
        return preview


def largest_jpeg(data: bytes) -> RawPicture | None:
    """The largest JPEG anywhere in a file: what a RAW photo shows of itself if all else fails."""
    found = []
    parts = {start for page in pages(data) for start in page.parts} if is_tiff(data) else set()
    at = data.find(_JPEG, 1)
    for _ in range(_MOST_PREVIEWS):
        if at < 0:
            break
        stream = jpeg_stream.walk(data[at : at + _HEADER_BYTES])
        if (
            at not in parts
            and stream.scans
            and stream.size_at
            and stream.frame not in _LOSSLESS
            and stream.components in (1, 3)
        ):
            height, width = (
                int.from_bytes(data[at + i : at + i + 2], "big") for i in (stream.size_at, stream.size_at + 2)
            )
            found.append((width * height, at))
        at = data.find(_JPEG, at + len(_JPEG))
    for _, start in sorted(found, reverse=True)[:_MOST_TRIED]:
        with suppress(OSError, SyntaxError, ValueError):
            return _picture_of(data[start:], read_tiff_facts(data).orientation)
    return None


def _picture_of(jpeg: bytes, orientation: int) -> RawPicture:
    with JpegImageFile(io.BytesIO(jpeg)) as header:
        (width, height), told = header.size, read_facts(header).orientation
    if (told or orientation) >= 5:
        width, height = height, width
    return RawPicture(width, height, jpeg, None if told else _EXIF_TURNS.get(orientation))


def _preview(data: bytes | Any, sides: tuple[int, int], turn: Image.Transpose | None) -> RawPicture | None:
    if not isinstance(data, bytes):
        return RawPicture(*sides, Image.fromarray(data), turn)
    if not data.startswith(b"\xff\xd8"):
        return None
    with JpegImageFile(io.BytesIO(data)) as header:
        return RawPicture(*sides, data, None if read_facts(header).orientation else turn)


def _short_side(raw: RawPicture) -> int:
    if isinstance(raw.picture, Image.Image):
        return min(raw.picture.size)
    with JpegImageFile(io.BytesIO(raw.picture)) as header:
        return min(header.size)


def _plain(error: Exception) -> str:
    """LibRaw's messages arrive as bytes."""
    said = error.args[0] if error.args else type(error).__name__
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
