"""The smallest camera RAW file that LibRaw accepts: a DNG with a mosaic and, if asked, a JPEG preview."""

import struct

import numpy as np

SHORT, LONG, RATIONAL, ASCII, BYTE = 3, 4, 5, 2, 1
_BYTES = {SHORT: 2, LONG: 4, RATIONAL: 8, ASCII: 1, BYTE: 1}

Tag = tuple[int, int, bytes]


def make_dng(width: int, height: int, orientation: int = 1, preview: bytes | None = None) -> bytes:
    """The left half of the scene is red, the right half blue (before the orientation is applied)."""
    mosaic = np.full((height, width), 600, "<u2")
    mosaic[0::2, 0 : width // 2 : 2] = 12_000  # red sites of an RGGB mosaic
    mosaic[1::2, width // 2 + 1 :: 2] = 12_000  # blue sites
    common = [
        (271, ASCII, b"Maker\0"),
        (272, ASCII, b"Model 1\0"),
        (274, SHORT, _shorts(orientation)),
        (306, ASCII, b"2021:05:06 07:08:09\0"),
        (50706, BYTE, bytes((1, 4, 0, 0))),
        (50708, ASCII, b"Maker Model 1\0"),
        (50721, 10, struct.pack("<18i", *(n for v in (1, 0, 0, 0, 1, 0, 0, 0, 1) for n in (v, 1)))),
        (50728, RATIONAL, struct.pack("<6I", 1, 1, 1, 1, 1, 1)),
    ]
    raw: list[Tag] = [
        (254, LONG, _longs(0)),
        (256, LONG, _longs(width)),
        (257, LONG, _longs(height)),
        (258, SHORT, _shorts(16)),
        (259, SHORT, _shorts(1)),
        (262, SHORT, _shorts(32803)),
        (277, SHORT, _shorts(1)),
        (278, LONG, _longs(height)),
        (279, LONG, _longs(mosaic.nbytes)),
        (33421, SHORT, _shorts(2, 2)),
        (33422, BYTE, bytes((0, 1, 1, 2))),
        (50717, LONG, _longs(16_383)),
    ]
    if preview is None:
        pixels_at = 8 + _size([*common, *raw, (273, LONG, _longs(0))])
        return _HEADER + _directory(8, [*common, *raw, (273, LONG, _longs(pixels_at))]) + mosaic.tobytes()
    first: list[Tag] = [
        (254, LONG, _longs(1)),
        (256, LONG, _longs(width)),
        (257, LONG, _longs(height)),
        (258, SHORT, _shorts(8, 8, 8)),
        (259, SHORT, _shorts(7)),
        (262, SHORT, _shorts(6)),
        (277, SHORT, _shorts(3)),
        (278, LONG, _longs(height)),
        (279, LONG, _longs(len(preview))),
    ]
    raw_at = 8 + _size([*common, *first, (273, LONG, _longs(0)), (330, LONG, _longs(0))])
    pixels_at = raw_at + _size([*raw, (273, LONG, _longs(0))])
    first += [(273, LONG, _longs(pixels_at + mosaic.nbytes)), (330, LONG, _longs(raw_at))]
    raw.append((273, LONG, _longs(pixels_at)))
    return _HEADER + _directory(8, [*common, *first]) + _directory(raw_at, raw) + mosaic.tobytes() + preview


_HEADER = b"II*\0" + struct.pack("<I", 8)


def _shorts(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


def _longs(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def _size(tags: list[Tag]) -> int:
    return 6 + 12 * len(tags) + sum(len(value) + len(value) % 2 for _, _, value in tags if len(value) > 4)


def _directory(at: int, tags: list[Tag]) -> bytes:
    entries, values = b"", b""
    values_at = at + 6 + 12 * len(tags)
    for tag, kind, value in sorted(tags):
        count = len(value) // (8 if kind == 10 else _BYTES[kind])
        if len(value) > 4:
            entries += struct.pack("<HHII", tag, kind, count, values_at + len(values))
            values += value + b"\0" * (len(value) % 2)
        else:
            entries += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0) + values
