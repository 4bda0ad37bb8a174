"""The pictures in camera RAW files, through LibRaw: the embedded preview, or a half-size development."""

import io
from typing import NamedTuple

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging.metadata import read_facts

MAX_SENSOR_PIXELS = 250_000_000

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MAGIC = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILMCCD-RAW", b"FOVb", b"\0MRM")
_TURNS = {3: Image.Transpose.ROTATE_180, 5: Image.Transpose.ROTATE_90, 6: Image.Transpose.ROTATE_270}
_SUBFILE_TYPE, _DNG_VERSION = 254, 50706


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
    """Whether the first picture in a TIFF is only the thumbnail of a RAW photo."""
    tags = image.tag_v2
    return _DNG_VERSION in tags or data[8:10] == b"CR" or bool(int(tags.get(_SUBFILE_TYPE, 0)) & 1)


def read_raw(data: bytes, at_least: int) -> RawPicture:
    """The smallest effort that gives ``at_least`` pixels on the short side (0: half of the sensor's).

    Raises UnreadableImage.
    """
    try:
        import rawpy
    except ImportError as error:
        raise UnreadableImage("Camera RAW files need the package rawpy, which is not installed.") from error
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            sizes = raw.sizes
            sides = (sizes.height, sizes.width) if sizes.flip in (5, 6) else (sizes.width, sizes.height)
            turn = _TURNS.get(sizes.flip)
            wanted = at_least or min(sides) // 2
            try:
                preview = raw.extract_thumb().data
            except rawpy.LibRawError:
                preview = b""  # none, or of a kind that LibRaw does not know
            if isinstance(preview, bytes) and preview.startswith(b"\xff\xd8"):
                with JpegImageFile(io.BytesIO(preview)) as header:
                    if min(header.size) >= wanted:
                        return RawPicture(*sides, preview, None if read_facts(header).orientation else turn)
            elif not isinstance(preview, bytes) and min(preview.shape[:2]) >= wanted:
                return RawPicture(*sides, Image.fromarray(preview), turn)
            if sizes.raw_width * sizes.raw_height > MAX_SENSOR_PIXELS:
                raise UnreadableImage("The picture is too large to open.")
            return RawPicture(*sides, Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True)))
    except rawpy.LibRawError as error:
        raise UnreadableImage("This camera RAW file cannot be read.", f"LibRaw says: {_plain(error)}.") from error


def _plain(error: Exception) -> str:
    """LibRaw's messages arrive as bytes."""
    said = error.args[0] if error.args else type(error).__name__
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
