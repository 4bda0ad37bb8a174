"""A picture opened and loaded by Pillow: whole, or mended as other viewers do, or as far as it goes."""

import io
from contextlib import suppress
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError
from PIL.BmpImagePlugin import DibImageFile
from PIL.IcoImagePlugin import IcoImageFile
from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TgaImagePlugin import TgaImageFile

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import ImageInfo
from imagefinder.imaging import formats, jpeg_stream, limits, png_chunks
from imagefinder.imaging.boxes import is_boxes, light_of_boxes, profile_of_jp2
from imagefinder.imaging.frames import first_that_shows
from imagefinder.imaging.icons import is_icon
from imagefinder.imaging.jxl import is_jxl, jxl_size
from imagefinder.imaging.light import Light
from imagefinder.imaging.limits import check_samples, check_size
from imagefinder.imaging.metadata import read_facts
from imagefinder.imaging.partly import FAILURES, load_partly
from imagefinder.imaging.tga import is_bare_bitmap, is_tga
from imagefinder.imaging.webp import is_webp, webp_size

_HEADER_BYTES = 4096
_JPEG = b"\xff\xd8\xff"
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Loaded(NamedTuple):
    """A picture with its pixels, maybe shrunk, and what it takes to show it. ``info`` tells of the original."""

    image: Image.Image
    info: ImageInfo
    turn: Image.Transpose | None = None
    """What sets it upright."""
    profile: bytes | None = None
    light: Light | None = None
    whole: bool = True


class _Pixels(NamedTuple):
    image: ImageFile
    size: tuple[int, int]
    """The original's."""
    profile: bytes | None
    whole: bool = True


def load(data: bytes, at_least: int) -> Loaded:
    """Load the first picture; if that fails, once more as other viewers do: without what is in the way."""
    image, (width, height), profile, whole = _pixels(data, at_least)
    info, turn = facts_of(image, width, height)  # after loading: the TIFF plug-in turns the picture, and drops the tag
    return Loaded(first_that_shows(image), info, turn, profile, _light(data), whole)


def facts_of(image: ImageFile, width: int, height: int) -> tuple[ImageInfo, Image.Transpose | None]:
    """What is told of a picture that has this size as it is stored, and what sets it upright."""
    facts = read_facts(image)
    turned = image.format == "JXL" and not getattr(image, "jpeg", False)  # by libjxl, which leaves the tag
    turn = None if turned else TURNS.get(facts.orientation)
    if turn is not None and facts.orientation >= 5:
        width, height = height, width
    return ImageInfo(width, height, formats.display_name(image.format), facts.taken_at, facts.camera), turn


def open_picture(data: bytes) -> ImageFile:
    """The first picture in ``data``, without its pixels."""
    file = io.BytesIO(data)
    if is_icon(data):
        return IcoImageFile(file)
    if data.startswith(_JPEG):
        # Not through Image.open(), which would parse the index of a multi-picture file, and fail on a broken one.
        return JpegImageFile(file)
    if is_jxl(data):
        check_size(*jxl_size(data))
    if is_webp(data):
        check_size(*webp_size(data), limits.MAX_WEBP_PIXELS)
    try:
        return Image.open(file, formats=formats.decoders())
    except UnidentifiedImageError:
        if is_tga(data):
            return TgaImageFile(io.BytesIO(data))
        if is_bare_bitmap(data):
            return DibImageFile(io.BytesIO(data))
        raise


def _pixels(data: bytes, at_least: int) -> _Pixels:
    try:
        return _loaded(data, at_least)
    except UnreadableImage:
        raise
    except FAILURES:
        if data.startswith(_JPEG):
            mended = _mended_jpeg(data, at_least)
        elif png_chunks.is_png(data):
            mended = _mended_png(data, at_least)
        else:
            mended = _partly(data, at_least)
        if mended is None:
            raise
        return mended


def _mended_jpeg(data: bytes, at_least: int) -> _Pixels | None:
    loaded: list[_Pixels] = []

    def load_candidate(candidate: bytes) -> Image.Image:
        loaded.append(_loaded(candidate, at_least))
        return loaded[-1].image

    found = jpeg_stream.as_far_as_it_goes(jpeg_stream.with_height(data), load_candidate)
    if found is None:
        return None
    return next(each for each in loaded if each.image is found[0])._replace(whole=found[1])


def _mended_png(data: bytes, at_least: int) -> _Pixels | None:
    mended, profile = png_chunks.mended(data)
    bare, _ = png_chunks.mended(data, bare=True)
    for candidate in dict.fromkeys((mended, bare)):
        with suppress(*FAILURES):
            return _loaded(candidate, at_least)._replace(profile=profile)
    partly = _partly(bare, at_least)
    return partly and partly._replace(profile=profile)


def _partly(data: bytes, at_least: int) -> _Pixels | None:
    """As far as the data goes, where Pillow decodes row by row."""
    image = open_picture(data)
    size = _prepare(image, data, at_least)
    partly = load_partly(image, open_picture(data))
    return partly and _Pixels(partly.image, size, image.info.get("icc_profile"), partly.whole)


def _loaded(data: bytes, at_least: int) -> _Pixels:
    image = open_picture(data)
    size = _prepare(image, data, at_least)
    image.load()
    if isinstance(image, Jpeg2KImageFile):
        image.reduce = 0  # it hides the method of that name
        return _Pixels(image, size, profile_of_jp2(data))
    return _Pixels(image, size, image.info.get("icc_profile"))


def _prepare(image: ImageFile, data: bytes, at_least: int) -> tuple[int, int]:
    """Set a picture that is open to the size that is wanted, and refuse what would take too much. Its own size."""
    width, height = image.size
    check_size(width, height, formats.MAX_DECLARED_PIXELS)
    if isinstance(image, JpegImageFile):
        if at_least:
            image.draft(None, (at_least, at_least))
        image.decodermaxblock = max(len(data), image.decodermaxblock)  # in one piece: each piece waits for the GIL
    if isinstance(image, Jpeg2KImageFile):
        image.reduce = _halvings(data, min(width, height), at_least)
        check_samples(width >> image._reduce, height >> image._reduce, 4 * len(image.getbands()))
    else:
        _check_effort(image, width, height, data)
    return width, height


def _halvings(data: bytes, side: int, at_least: int) -> int:
    """How often a JPEG 2000 can be halved while it is decoded, so that enough is left of its short side."""
    coding = data.find(b"\xff\x52", 0, _HEADER_BYTES)
    most = data[coding + 9] if 0 < coding < len(data) - 9 else 0
    return min(most, 5, max(0, (side // at_least).bit_length() - 1)) if at_least else 0


def _check_effort(image: ImageFile, declared_width: int, declared_height: int, data: bytes) -> None:
    """Refuse what would take too much memory or time. ``image`` is open and set to its final size, not loaded."""
    slow = any(tile[0] in Image.DECODERS for tile in image.tile)
    check_size(*image.size, limits.MAX_SLOW_PIXELS if slow else limits.MAX_PIXELS)
    if isinstance(image, JpegImageFile) and _keeps_coefficients(image, data):
        check_size(declared_width, declared_height)
        if jpeg_stream.has_more_scans(data, limits.MAX_SCANS):
            raise UnreadableImage("The picture was made to take very long to open.")


def _keeps_coefficients(image: JpegImageFile, data: bytes) -> bool:
    """Whether libjpeg holds all of the unshrunk picture in memory, because it comes in several scans.

    ``image`` stands behind the header of its first scan. Source: initial_setup() in libjpeg's jdinput.c.
    """
    assert image.fp is not None
    scan = data.rfind(b"\xff\xda", 0, image.fp.tell())
    return "progressive" in image.info or data[scan + 4] < image.layers  # that byte counts the scan's components


def _light(data: bytes) -> Light | None:
    """What the file says of light beside Pillow, from its headers."""
    if png_chunks.is_png(data):
        return png_chunks.light_of_png(data)
    return light_of_boxes(data) if is_boxes(data) else None
