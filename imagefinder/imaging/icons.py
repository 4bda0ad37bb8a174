"""Icons and cursors of Windows: one picture in several sizes, of which the largest is read."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from imagefinder.imaging import png_chunks
from imagefinder.imaging.limits import check_size

_KINDS = (b"\0\0\1\0", b"\0\0\2\0")
_MOST = 256
_HEADER, _ENTRY = 6, 16


class _Entry(NamedTuple):
    pixels: int
    bits: int
    width: int
    height: int
    start: int
    size: int


def is_icon(data: bytes) -> bool:
    """Whether this begins like an icon or a cursor, which has no more of a signature than a few zeros."""
    return data.startswith(_KINDS) and 0 < int.from_bytes(data[4:6], "little") <= _MOST and data[9:10] == b"\0"


def pictures(data: bytes) -> Iterator[bytes]:
    """Each picture as a PNG, or as an icon with one picture: the largest first, those with more colours first."""
    count = min(int.from_bytes(data[4:6], "little"), _MOST)
    found = [entry for number in range(count) if (entry := _entry(data, number)) is not None]
    for best in sorted(found, reverse=True):
        picture = data[best.start : best.start + best.size] if best.size else data[best.start :]
        if png_chunks.is_png(picture):
            yield picture
            continue
        check_size(best.width, best.height)
        sides = bytes((best.width % 256, best.height % 256))
        directory = sides + struct.pack("<BBHHII", 0, 0, 1, best.bits, len(picture), _HEADER + _ENTRY)
        yield _KINDS[0] + struct.pack("<H", 1) + directory + picture


def _entry(data: bytes, number: int) -> _Entry | None:
    """The size and place that the pictures themselves tell, which the directory often gets wrong."""
    at = _HEADER + _ENTRY * number
    if at + _ENTRY > len(data):
        return None
    size, start = struct.unpack_from("<II", data, at + 8)
    if not _HEADER < start < len(data) - 24:
        return None
    if png_chunks.is_png(data[start : start + 8]):
        width, height = struct.unpack_from(">II", data, start + 16)
        return _Entry(width * height, 32, width, height, start, size)
    length, width, height, _, bits = struct.unpack_from("<IiiHH", data, start)
    if length < 40 or width < 1 or height < 2 or bits not in (1, 4, 8, 16, 24, 32):
        return None
    return _Entry(width * height // 2, bits, width, height // 2, start, size)
