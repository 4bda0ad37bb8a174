"""The size of a JPEG XL picture, from its header: the plug-in decodes all of it before it says how large it is."""

_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_BITS = (9, 13, 18, 30)
_CODESTREAM = b"\xff\x0a"
_CONTAINER = b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a"


def is_jxl(data: bytes) -> bool:
    return data.startswith((_CODESTREAM, _CONTAINER))


def jxl_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, before any rotation. Source: ISO/IEC 18181-1, SizeHeader.

    Raises ValueError where there is no header.
    """
    start = 0 if data.startswith(_CODESTREAM) else _find_codestream(data)
    if data[start : start + 2] != _CODESTREAM:
        raise ValueError("no JPEG XL codestream")
    bits = int.from_bytes(data[start + 2 : start + 14], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

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
