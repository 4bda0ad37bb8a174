"""Undo what a server packed an answer with, up to a size: a few bytes may unpack to gigabytes."""

import zlib

_GZIP, _ZLIB, _RAW = 31, 15, -15
"""Zlib's numbers for what stands around the packed bytes."""
_WAYS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _RAW)}  # servers disagree on what deflate is


class PackingError(ValueError):
    """It cannot be unpacked. The message says why, as a sentence."""


def unpacked(data: bytes, packings: str, largest_bytes: int) -> bytes:
    """``packings`` is the Content-Encoding: names between commas, in the order in which they were applied.

    Raises PackingError, and OverflowError for what would be larger than allowed.
    """
    for packing in reversed([name.strip().lower() for name in packings.split(",")]):
        if packing in ("", "identity"):
            continue
        if packing not in _WAYS:
            raise PackingError(f"The server packed the picture in a way that is not known here: {packing}.")
        data = _undone(data, _WAYS[packing], largest_bytes)
    return data


def _undone(data: bytes, ways: tuple[int, ...], largest_bytes: int) -> bytes:
    for way in ways:
        try:
            return _inflated(data, way, largest_bytes)
        except zlib.error:
            continue
    raise PackingError("The server's answer is damaged.")


def _inflated(data: bytes, way: int, largest_bytes: int) -> bytes:
    """Gzip may be several parts, one after the other."""
    found = bytearray()
    while True:
        inflating = zlib.decompressobj(way)
        found += inflating.decompress(data, largest_bytes - len(found) + 1)
        if len(found) > largest_bytes:
            raise OverflowError
        if not inflating.eof:
            raise PackingError("The download broke off.")
        data = inflating.unused_data
        if way != _GZIP or not data.startswith(b"\x1f\x8b"):
            return bytes(found)
