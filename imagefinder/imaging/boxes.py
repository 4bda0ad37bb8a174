"""The boxes of HEIC, AVIF and JPEG 2000 files: what they say of colour, and Pillow does not tell."""

from collections.abc import Iterable, Iterator

from imagefinder.imaging.light import Light

_MOST_BOXES = 10_000
_HEADER_BYTES = 2**16
_UNKNOWN = frozenset({b"vvc1", b"evc1", b"avc1", b"j2k1", b"jpeg", b"unci", b"av02", b"lhv1"})
Box = tuple[bytes, int, int]
"""Kind, and where the content begins and ends."""


def is_boxes(data: bytes) -> bool:
    return data[4:8] == b"ftyp"


def light_of_boxes(data: bytes) -> Light | None:
    """The nclx colour box that belongs to the primary picture; other pictures (gain maps) may have others."""
    try:
        return _light(data)
    except (IndexError, ValueError):  # cut off; the decoder will say so
        return None


def profile_of_jp2(data: bytes) -> bytes:
    """The colour profile in the boxes of a JPEG 2000 file, which Pillow leaves there; empty if there is none."""
    header = _find(_boxes(data, 0, len(data)), b"jp2h") if data[4:8] == b"jP  " else None
    for kind, start, end in _boxes(data, *header) if header else ():
        if kind == b"colr" and data[start : start + 1] in (b"\x02", b"\x03"):
            return data[start + 3 : end]
    return b""


def has_unknown_codec(data: bytes) -> bool:
    """Whether these are boxes around a picture that is coded in a way which neither decoder knows."""
    if not is_boxes(data):
        return False
    kinds = {data[at + 12 : at + 16] for at in _places(data, b"infe") if data[at + 4] == 2}
    return bool(kinds & _UNKNOWN)


def _places(data: bytes, word: bytes) -> Iterator[int]:
    at = data.find(word, 0, _HEADER_BYTES)
    while at >= 0 and at + 20 < len(data):
        yield at
        at = data.find(word, at + 4, _HEADER_BYTES)


def _light(data: bytes) -> Light | None:
    meta = _find(_boxes(data, 0, len(data)), b"meta")
    if meta is None:
        return None
    inside = list(_boxes(data, meta[0] + 4, meta[1]))
    properties = _find(inside, b"iprp")
    primary = _find(inside, b"pitm")
    if properties is None or primary is None:
        return None
    number = _number(data, primary[0] + 4, 4 if data[primary[0]] else 2)
    below = list(_boxes(data, *properties))
    container = _find(below, b"ipco")
    if container is None:
        return None
    kinds = list(_boxes(data, *container))
    for kind, start, end in below:
        if kind != b"ipma":
            continue
        for index in _associated(data, start, end, number):
            if 0 < index <= len(kinds):
                name, at, stop = kinds[index - 1]
                if name == b"colr" and data[at : at + 4] == b"nclx" and stop - at >= 8:
                    return Light(_number(data, at + 4, 2), _number(data, at + 6, 2))
    return None


def _associated(data: bytes, at: int, end: int, item: int) -> list[int]:
    """The numbers of the properties, from 1, that an ipma box gives to one item."""
    version, wide = data[at], data[at + 3] & 1
    count, at = _number(data, at + 4, 4), at + 8
    for _ in range(min(count, _MOST_BOXES)):
        width = 4 if version else 2
        found, number = _number(data, at, width), data[at + width]
        at += width + 1
        if at > end:
            break
        if found == item:
            size = 2 if wide else 1
            return [_number(data, at + size * i, size) & (0x7FFF if wide else 0x7F) for i in range(number)]
        at += number * (2 if wide else 1)
    return []


def _boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            return
        length, kind, header = _number(data, at, 4), data[at + 4 : at + 8], 8
        if length == 1:
            length, header = _number(data, at + 8, 8), 16
        if length == 0:
            length = end - at
        if length < header:
            return
        yield kind, at + header, min(at + length, end)
        at += length


def _find(boxes: Iterable[Box], wanted: bytes) -> tuple[int, int] | None:
    return next(((start, end) for kind, start, end in boxes if kind == wanted), None)


def _number(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width], "big")
