"""What the header of a JPEG XL file says: the plug-in decodes all of it first, every frame of an animation included."""

from collections.abc import Callable

_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_BITS = (9, 13, 18, 30)
_HEADER_BYTES = 40
_CODESTREAM = b"\xff\x0a"
_CONTAINER = b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a"


def is_jxl(data: bytes) -> bool:
    return data.startswith((_CODESTREAM, _CONTAINER))


def jxl_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, before any rotation. Source: ISO/IEC 18181-1, SizeHeader.

    Raises ValueError where there is no header.
    """
    return _size(_reader(data))


def is_animated(data: bytes) -> bool:
    """Whether there may be several frames. Source: the same, ImageMetadata. Raises ValueError as ``jxl_size`` does."""
    take = _reader(data)
    _size(take)
    all_default, extra_fields = take(1), 0
    if not all_default:
        extra_fields = take(1)
    if not extra_fields:
        return False
    take(3)  # the orientation
    if take(1):  # another size that it is meant to be shown in
        _size(take)
    return bool(take(1) or take(1))  # behind a preview, which hardly any file has, it is not looked for


def _reader(data: bytes) -> Callable[[int], int]:
    """What takes so many bits from the header, from the lowest on."""
    start = 0 if data.startswith(_CODESTREAM) else _find_codestream(data)
    if data[start : start + 2] != _CODESTREAM:
        raise ValueError("no JPEG XL codestream")
    bits = int.from_bytes(data[start + 2 : start + 2 + _HEADER_BYTES], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    return take


def _size(take: Callable[[int], int]) -> tuple[int, int]:
    by_eight = take(1)

    def side() -> int:
        return 8 * (take(5) + 1) if by_eight else take(_BITS[take(2)]) + 1

    height = side()
    ratio = take(3)
    if not ratio:
        return side(), height
    across, down = _RATIOS[ratio]
    return height * across // down, height


def _find_codestream(data: bytes) -> int:
    """Where the codestream begins in a container of boxes."""
    position = 0
    while position + 16 <= len(data):
        length, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        header = 8
        if length == 1:
            length, header = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        if kind == b"jxlc":
            return position + header
        if kind == b"jxlp":
            return position + header + 4
        if length < header:  # 0: the last box
            break
        position += length
    raise ValueError("no JPEG XL codestream")
