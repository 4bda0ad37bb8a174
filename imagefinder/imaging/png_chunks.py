"""The chunks of a PNG: what Pillow makes of odd metadata is mended here, as every other viewer does."""

import itertools
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from imagefinder.imaging.light import Light

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_PROFILE_BYTES = 4 * 2**20
_MAX_TEXT_BYTES = 2**20
_MOST_BEFORE_PIXELS = 1000
_NEEDED = (b"IHDR", b"PLTE", b"IDAT")
_ORIENTATION = (b"Raw profile type exif\0", b"Raw profile type APP1\0", b"XML:com.adobe.xmp\0")
"""Keywords of texts that may say which side is up."""


class Chunk(NamedTuple):
    kind: bytes
    content: bytes
    sound: bool
    """Whether its checksum is right."""


def is_png(data: bytes) -> bool:
    return data.startswith(SIGNATURE)


def light_of_png(data: bytes) -> Light | None:
    """What the cICP chunk of a PNG says. Looks at the headers of the chunks before the pixels only."""
    for kind, start, length in itertools.islice(_headers(data), _MOST_BEFORE_PIXELS):
        if kind == b"IDAT":
            break
        if kind == b"cICP" and length == 4:
            return Light(data[start], data[start + 1])
    return None


def mended(data: bytes, bare: bool = False) -> tuple[bytes, bytes]:
    """The same picture without what Pillow stumbles over, and its colour profile (empty if it has none).

    Kept are the pixels, what they need, and what says which side is up; if ``bare``, the pixels alone. Metadata whose
    checksum is wrong is left out, as libpng does. Raises SyntaxError where the header or the palette is damaged.
    """
    kept, profile = [SIGNATURE], b""
    for chunk in _chunks(data):
        if chunk.kind in (b"IHDR", b"PLTE") and not chunk.sound:
            raise SyntaxError(f"the {chunk.kind.decode()} chunk is damaged")
        if chunk.kind == b"IDAT" or (chunk.sound and (chunk.kind in _NEEDED if bare else _is_kept(chunk))):
            kept.append(_packed(chunk.kind, chunk.content))
        elif chunk.kind == b"iCCP" and chunk.sound:
            profile = _inflated(chunk.content.partition(b"\0")[2][1:], MAX_PROFILE_BYTES) or b""
    return b"".join((*kept, _packed(b"IEND", b""))), profile


def _is_kept(chunk: Chunk) -> bool:
    if chunk.kind in (*_NEEDED, b"tRNS", b"eXIf"):
        return True
    if chunk.kind not in (b"tEXt", b"zTXt", b"iTXt") or not chunk.content.startswith(_ORIENTATION):
        return False
    text = chunk.content.partition(b"\0")[2]
    if chunk.kind == b"zTXt":
        return _inflated(text[1:], _MAX_TEXT_BYTES) is not None
    return chunk.kind == b"tEXt" or text[:1] == b"\0"


def _headers(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, where the content begins, and its length, of each chunk. Behind a damaged header, on from the pixels."""
    at, in_pixels = len(SIGNATURE), False
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        in_pixels = in_pixels or kind == b"IDAT"
        if not kind.isalpha() or (at + 8 + length > len(data) and kind != b"IDAT"):
            found = -1 if in_pixels else data.find(b"IDAT", at + 8)
            if found < 0:
                return
            at = found - 4
            continue
        yield kind, at + 8, min(length, len(data) - at - 8)
        if kind == b"IEND":
            return
        at += 12 + length


def _chunks(data: bytes) -> Iterator[Chunk]:
    for kind, start, length in _headers(data):
        content = data[start : start + length]
        checksum = int.from_bytes(data[start + length : start + length + 4], "big")
        yield Chunk(kind, content, zlib.crc32(content, zlib.crc32(kind)) == checksum)


def _packed(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(content, zlib.crc32(kind))
    return len(content).to_bytes(4, "big") + kind + content + checksum.to_bytes(4, "big")


def _inflated(packed: bytes, limit: int) -> bytes | None:
    """None for what is damaged or expands beyond the limit."""
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(packed, limit)
    except zlib.error:
        return None
    return None if stream.unconsumed_tail else plain
