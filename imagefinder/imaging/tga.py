"""Targa files and bitmaps without a file header: formats without a signature, known by a header that makes sense."""

import struct

_MAPPED, _COLOUR, _GREY, _RUNS = 1, 2, 3, 8
_DEPTHS = {_MAPPED: (8,), _COLOUR: (16, 24, 32), _GREY: (8, 16)}
_ALPHA_BITS = {8: (0, 8), 16: (0, 1, 8), 24: (0, 8), 32: (0, 8)}
_LEAST_SHARE = 0.1
_RUN = 128
"""So many pixels at most stand behind one byte."""


def is_tga(data: bytes) -> bool:
    """Whether every field of the header is one that programs write, and the length fits it."""
    if len(data) < 19:
        return False
    length, has_map, kind, first, colours, bits, _, _, width, height, depth, flags = struct.unpack_from(
        "<BBBHHBHHHHBB", data
    )
    base = kind & ~_RUNS
    if depth not in _DEPTHS.get(base, ()) or not width or not height or flags >> 6:
        return False
    if flags & 15 not in _ALPHA_BITS[depth] or has_map != (base == _MAPPED):
        return False
    if has_map and (bits not in (16, 24, 32) or not 0 < first + colours <= 4096):
        return False
    if not has_map and (first or colours or bits not in (0, 8, 16, 24, 32)):
        return False
    whole = width * height * depth // 8
    there = len(data) - 18 - length - (colours * bits // 8 if has_map else 0)
    if kind & _RUNS:
        return bool(there >= max(1, _LEAST_SHARE * width * height / _RUN))
    return bool(there >= _LEAST_SHARE * whole)


def is_bare_bitmap(data: bytes) -> bool:
    """Whether this is a BMP without its first 14 bytes, as programs cut it out of the clipboard or another file."""
    if len(data) < 44:
        return False
    length, width, height, planes, depth, packing = struct.unpack_from("<IiiHHI", data)
    sensible = length in (40, 108, 124) and planes == 1 and depth in (1, 4, 8, 16, 24, 32) and packing in (0, 1, 2, 3)
    if not sensible or not 0 < width < 65_536 or not 0 < abs(height) < 65_536:
        return False
    return packing in (1, 2) or len(data) >= _LEAST_SHARE * width * abs(height) * depth // 8
