"""The size of a WebP picture, from its header: its decoder takes memory for several of them when it is opened."""


def is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def webp_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels; one pixel where the header does not say, so that the decoder may complain.

    Source: RFC 9649.
    """
    kind = data[12:16]
    if kind == b"VP8X":
        return _number(data, 24, 3) + 1, _number(data, 27, 3) + 1
    if kind == b"VP8L" and data[20:21] == b"\x2f":
        bits = _number(data, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return max(1, _number(data, 26, 2) & 0x3FFF), max(1, _number(data, 28, 2) & 0x3FFF)
    return 1, 1


def _number(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width], "little")
