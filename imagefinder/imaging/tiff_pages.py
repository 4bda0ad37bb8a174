"""The pages of a TIFF: which of them is the picture, and those that Pillow cannot read."""

import io
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging.deep import eight_bits
from imagefinder.imaging.limits import check_samples

_REDUCED, _MASK = 1, 4
_MOST_PAGES, _MOST_TAGS, _MOST_VALUES = 200, 1000, 50_000
_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _PHOTOMETRIC, _SUB_PAGES = 254, 255, 256, 257, 262, 330
_STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES = 273, 279, 324, 325
_LOOKED_AT = frozenset(
    (_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _PHOTOMETRIC, _SUB_PAGES, _STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES)
)
_CFA = (32803, 34892)
# No compression, LZW, deflate (two numbers), PackBits, LZMA, Zstandard: their output is as large as is asked for, while
# pictures within a strip say themselves how large they are.
_COMPRESSIONS = (1, 5, 8, 32946, 32773, 34925, 50000)
_UNKNOWN_KIND = "This kind of TIFF is not one that the app can read."
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR, _CIELAB = 0, 1, 2, 3, 5, 6, 8
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


class Page(NamedTuple):
    """A directory of a TIFF. ``at`` is where it stands in the file."""

    at: int
    kind: int
    """NewSubfileType: 1 for a reduced one, 4 for a mask."""
    width: int
    height: int
    photometric: int
    data_end: int
    """Where its last strip or tile ends; 0 if that is not told."""
    parts: tuple[int, ...] = ()
    """Where its strips or tiles stand, if each of them is only a part of the picture."""

    @property
    def is_photo(self) -> bool:
        return self.width > 0 and self.height > 0 and self.photometric not in _CFA and not self.kind & _MASK

    @property
    def is_reduced(self) -> bool:
        return bool(self.kind & _REDUCED)


def pages(data: bytes) -> list[Page]:
    """All pages, in order, each followed by those below it. Empty for what is no TIFF, or a damaged one."""
    try:
        return list(_pages(data))
    except (struct.error, IndexError):
        return []


def has_sound_header(data: bytes) -> bool:
    """Whether the first page has a size, and all of its pixels within the file."""
    found = pages(data)
    return bool(found) and found[0].width > 0 and found[0].height > 0 and 0 < found[0].data_end <= len(data)


def is_mosaic(data: bytes) -> bool:
    """Whether the first page is what a sensor saw, which only LibRaw develops."""
    found = pages(data)
    return bool(found) and found[0].photometric in _CFA


def with_best_page_first(data: bytes) -> bytes | None:
    """A TIFF that begins with the page which shows its picture: the first that is not reduced, or else the largest.

    None where that is its first page anyway.
    """
    found = [page for page in pages(data) if page.is_photo]
    if not found:
        return None
    whole = [page for page in found if not page.is_reduced]
    best = whole[0] if whole else max(found, key=lambda page: page.width * page.height)
    order, _, _, big = _layout(data)
    packed = struct.pack(order + ("Q" if big else "I"), best.at)
    start = 8 if big else 4
    if data[start : start + len(packed)] == packed:
        return None
    return data[:start] + packed + data[start + len(packed) :]


def read_deep_page(data: bytes) -> tuple[Image.Image, bytes]:
    """The first page of a kind that Pillow does not read, in 8 bits and a plain mode, and its colour profile.

    Raises UnreadableImage where it is of a kind that is not read here either, or too large.
    """
    try:
        import imagecodecs  # noqa: F401  # without it, tifffile knows few compressions, and no limit for them
        import tifffile
    except ImportError as error:
        text = "TIFF files of this kind need the packages tifffile and imagecodecs, one of which is not installed."
        raise UnreadableImage(text) from error
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        if page.dtype is None or page.imagedepth != 1 or int(page.compression) not in _COMPRESSIONS:
            raise UnreadableImage(_UNKNOWN_KIND)
        samples = max(1, int(page.samplesperpixel))
        for width, height in ((page.imagewidth, page.imagelength), (page.tilewidth, page.tilelength)):
            check_samples(max(1, width), max(1, height), samples * page.dtype.itemsize)
        try:
            values = page.asarray(maxworkers=1)
        except (ValueError, RuntimeError, ImportError) as error:
            if not has_sound_header(data):
                raise UnreadableImage("The file is cut off: a part of the picture is missing.") from error
            raise UnreadableImage(_UNKNOWN_KIND, f"{error}.") from error
        profile = page.iccprofile or b""
        extra = [int(kind) for kind in page.extrasamples]
        return _plain(_interleaved(values, page), int(page.photometric), samples - len(extra), extra), profile


def _interleaved(values: npt.NDArray[Any], page: Any) -> npt.NDArray[Any]:
    """(height, width, samples), however the planes are stored."""
    values = values.reshape([side for side in values.shape if side != 1] or [1])
    shape = (page.imagelength, page.imagewidth)
    if values.size == shape[0] * shape[1]:
        return values.reshape(*shape, 1)
    if int(page.planarconfig) == 2:
        return np.moveaxis(values.reshape(-1, *shape), 0, -1)
    return values.reshape(*shape, -1)


def _plain(values: npt.NDArray[Any], photometric: int, colours: int, extra: list[int]) -> Image.Image:
    kind = {_RGB: "RGB", _CMYK: "CMYK", _YCBCR: "RGB"}.get(photometric, "L")
    count = {"L": 1, "CMYK": 4}.get(kind, 3)
    if photometric in (_PALETTE, _CIELAB) or colours < count or values.dtype.kind == "c":
        raise UnreadableImage(_UNKNOWN_KIND)
    shown = _bytes(values[..., :count], kind)
    if photometric == _WHITE_IS_ZERO:
        shown = 255 - shown
    image = Image.fromarray(shown.reshape(shown.shape[:2]) if count == 1 else np.ascontiguousarray(shown), kind)
    associated = extra[:1] == [1]
    if not (associated or extra[:1] == [2]) or values.shape[2] <= count:
        return image
    alpha = Image.fromarray(_bytes(values[..., count], "alpha"))
    if kind == "CMYK":
        image = image.convert("RGB")
    image = image.convert("LA" if kind == "L" else "RGBA")
    image.putalpha(alpha)
    if associated and kind != "CMYK":
        image = _unmultiplied(image)
    return image


def _unmultiplied(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.float32)
    values[..., :-1] *= 255 / values[..., -1:].clip(1)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def _bytes(values: npt.NDArray[Any], kind: str) -> npt.NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return values
    if values.dtype == bool:
        return values.astype(np.uint8) * 255
    if kind in ("CMYK", "alpha") and values.dtype.kind == "u":
        return (values >> 8 * (values.dtype.itemsize - 1)).astype(np.uint8)
    return eight_bits(values)


def _layout(data: bytes) -> tuple[str, int, int, bool]:
    """Byte order, width of an offset and of a count of tags, and whether it is a BigTIFF."""
    order, big = ("<" if data[:2] == b"II" else ">"), data[2:4] in (b"+\0", b"\0+")
    return order, 8 if big else 4, 8 if big else 2, big


def _pages(data: bytes) -> Iterator[Page]:
    order, wide, _, big = _layout(data)
    offset = order + ("Q" if big else "I")
    waiting, seen = [struct.unpack_from(offset, data, 8 if big else 4)[0]], set[int]()
    while waiting and len(seen) < _MOST_PAGES:
        at = waiting.pop()
        if not 0 < at < len(data) - 2 or at in seen:
            continue
        seen.add(at)
        (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
        start, step = at + (8 if big else 2), 20 if big else 12
        if count > _MOST_TAGS or start + count * step > len(data):
            continue
        tags: dict[int, tuple[int, ...]] = {}
        for place in range(start, start + count * step, step):
            (name,) = struct.unpack_from(order + "H", data, place)
            if name in _LOOKED_AT and name not in tags:
                tags[name] = _values(data, place, order, big)
        below = tags.get(_SUB_PAGES, ())
        end = start + count * step
        following = struct.unpack_from(offset, data, end) if end + wide <= len(data) else ()
        waiting += [*following, *reversed(below)]
        kind = tags.get(_SUBFILE, (0,))[:1] or (0,)
        old = tags.get(_OLD_SUBFILE, (0,))[:1] or (0,)
        parts = ((_STRIPS, _STRIP_SIZES), (_TILES, _TILE_SIZES))
        ends = (sum(part) for of, to in parts for part in zip(tags.get(of, ()), tags.get(to, ()), strict=False))
        strips = tags.get(_STRIPS, ())
        split = tags.get(_TILES, ()) or (strips if len(strips) > 1 else ())
        width, height, colour = ((*tags.get(tag, ()), 0)[0] for tag in (_WIDTH, _HEIGHT, _PHOTOMETRIC))
        yield Page(at, kind[0] | (_REDUCED if old[0] == 2 else 0), width, height, colour, max(ends, default=0), split)


def _values(data: bytes, at: int, order: str, big: bool) -> tuple[int, ...]:
    """The values of the tag that stands here; none for what is not a whole number."""
    _, kind, count = struct.unpack_from(order + ("HHQ" if big else "HHI"), data, at)
    code, at, room = _CODES.get(kind), at + (12 if big else 8), 8 if big else 4
    if code is None:
        return ()
    if _SIZES[kind] * count > room:
        (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, at)
    count = min(count, _MOST_VALUES)
    if at + _SIZES[kind] * count > len(data):
        return ()
    return struct.unpack_from(f"{order}{count}{code}", data, at)
