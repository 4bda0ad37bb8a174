"""The markers of a JPEG: where its own stream ends, whatever lies behind it, and how far a damaged one goes."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN, _NUMBER_OF_LINES, _END = 0xDA, 0xDC, 0xD9
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ARITHMETIC = frozenset(range(0xC9, 0xD0))
_PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
# What may stand between two scans: tables, restart interval, number of lines, comments, application data.
_BETWEEN_SCANS = frozenset((0xC4, 0xCC, _START_OF_SCAN, 0xDB, 0xDD, _NUMBER_OF_LINES, 0xFE, *range(0xE0, 0xF0)))
# Neither a stuffed byte, nor one of the fillers or restart markers, which may stand anywhere in a scan.
_MARKER = re.compile(rb"\xff[^\x00\x01\xff\xd0-\xd7]")
_LEAST_SHARE = 0.1
"""Less of a picture than this is not worth showing."""
_ATTEMPTS = 4
MOST_SEGMENTS = 4000
_ZEROS = bytes(8)
"""What arithmetic coding leaves out at the end, and its decoder adds."""
_PADDING = 64
"""So many equal bytes at the end are what an unfinished copy was filled up with."""


class Scan(NamedTuple):
    """``coefficients`` is the first and the last one, ``high`` and ``low`` are the bits of a progressive scan."""

    components: tuple[int, ...]
    coefficients: tuple[int, int]
    high: int
    low: int


class Stream(NamedTuple):
    """What the markers of one picture say. ``cuts`` are where its data may end, the farthest first."""

    frame: int
    components: int
    size_at: int
    """Where height and width stand; 0 without a frame header."""
    scans: tuple[Scan, ...]
    cuts: tuple[int, ...]
    ended: bool
    """Whether its own end marker was found."""
    lines: int
    """The height, if it is told behind the first scan only; else 0."""
    endless: bool = False
    """Whether there were more segments than anybody writes, and the rest was not looked at."""


def walk(data: bytes) -> Stream:
    """Follow the markers of the first picture, up to its end or to what cannot be part of it."""
    frame = components = size_at = lines = 0
    scans: list[Scan] = []
    cuts: list[int] = []
    ended = endless = False
    end = len(data)
    for number, (marker, at, content) in enumerate(_segments(data)):
        if number >= MOST_SEGMENTS or marker == _END:
            ended, end, endless = marker == _END, at, marker != _END
            break
        if scans:
            cuts.append(at)
            if content is None or not _may_follow(marker, frame, components, scans[0]):
                end = at
                break
        if content is None:
            continue
        if marker in _FRAMES and len(content) >= 6:
            frame, components, size_at = marker, content[5], at + 5
        elif marker == _NUMBER_OF_LINES and len(content) >= 2:
            lines = lines or int.from_bytes(content[:2], "big")
        elif marker == _START_OF_SCAN:
            scan = _scan(content)
            if scan is not None:
                scans.append(scan)
    farthest = dict.fromkeys((end, *reversed(cuts))) if scans else {}
    return Stream(frame, components, size_at, tuple(scans), tuple(farthest), ended, lines, endless)


def has_more_scans(data: bytes, most: int) -> bool:
    """Whether the first picture has more scans than that; those of what lies behind its end do not count."""
    stream = walk(data)
    return stream.endless or len(stream.scans) > most


def with_height(data: bytes) -> bytes:
    """A JPEG that tells its height behind its first scan, which libjpeg does not read, with the height in its place."""
    stream = walk(data)
    if not stream.lines or not stream.size_at or data[stream.size_at : stream.size_at + 2] != b"\0\0":
        return data
    return data[: stream.size_at] + stream.lines.to_bytes(2, "big") + data[stream.size_at + 2 :]


def as_far_as_it_goes(data: bytes, load: Callable[[bytes], Image.Image]) -> tuple[Image.Image, bool] | None:
    """A JPEG that ``load`` refuses: its picture, and whether all of it was there, so that only its end was missing.

    None where there is nothing to show. How far the data goes is found by decoding it with two different
    continuations: where the pictures differ, they are made up.
    """
    stream = walk(data)
    for cut in stream.cuts[:_ATTEMPTS]:
        body = _without_padding(data[:cut])
        with suppress(OSError, SyntaxError, ValueError):
            padding = _ZEROS if stream.frame in _ARITHMETIC else b""
            one, other = load(body + EOI), load(body + padding + _CONTINUATION + EOI)
            box = ImageChops.difference(one, other).getbbox()
            kept = stream if cut == stream.cuts[0] else walk(body)
            if box is None and _has_all_scans(kept):
                return one, True
            share = box[1] / one.height if box else 1
            return (one, False) if share >= _LEAST_SHARE or _has_whole_outline(kept) else None
    return None


def _segments(data: bytes) -> Iterator[tuple[int, int, bytes | None]]:
    """Each marker, where it stands, and what its segment holds: None where its length cannot be."""
    at = len(SOI)
    while found := _MARKER.search(data, at):
        start = found.start()
        marker = data[start + 1]
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        if marker == _END or length < 2 or start + 2 + length > len(data):
            yield marker, start, None
            at = start + 2
        else:
            yield marker, start, data[start + 4 : start + 2 + length]
            at = start + 2 + length


def _may_follow(marker: int, frame: int, components: int, first: Scan) -> bool:
    """Whether this segment can stand behind a scan of such a picture: behind its only scan hardly any can."""
    if frame not in _PROGRESSIVE and len(first.components) >= components:
        return marker == _NUMBER_OF_LINES
    return marker in _BETWEEN_SCANS


def _scan(content: bytes) -> Scan | None:
    count = content[0] if content else 0
    if not 1 <= count <= 4 or len(content) < 4 + 2 * count:
        return None
    first, last, bits = content[1 + 2 * count : 4 + 2 * count]
    return Scan(tuple(content[1 : 1 + 2 * count : 2]), (first, last), bits >> 4, bits & 15)


def _has_all_scans(stream: Stream) -> bool:
    """Whether the scans, all of them whole, are all that the picture needs."""
    if stream.frame not in _PROGRESSIVE:
        return len({component for scan in stream.scans for component in scan.components}) >= stream.components
    missing: dict[int, dict[int, int]] = {}
    for scan in stream.scans:
        for component in scan.components:
            bits = missing.setdefault(component, dict.fromkeys(range(64), 1))
            bits.update(dict.fromkeys(range(scan.coefficients[0], min(scan.coefficients[1], 63) + 1), scan.low))
    return len(missing) >= stream.components and not any(any(bits.values()) for bits in missing.values())


def _has_whole_outline(stream: Stream) -> bool:
    """Whether a whole scan of the brightness came before the one that is cut: all rows are there, if coarse."""
    return any(scan.coefficients[0] == 0 for scan in stream.scans[:-1])


def _without_padding(body: bytes) -> bytes:
    last = body[-1:]
    stripped = body.rstrip(last)
    if last == b"\xff" or len(body) - len(stripped) >= _PADDING:
        return stripped.rstrip(b"\xff")
    return body


def _continuation() -> bytes:
    """Noise, and each restart marker once, so that a decoder which waits for one finds it."""
    noise = np.random.default_rng(0).integers(0, 255, (8, 64), np.uint8)  # without 255: no marker by chance
    noise[noise == 1] = 2
    return b"".join(row.tobytes() + bytes((0xFF, 0xD0 + number)) for number, row in enumerate(noise)) + noise.tobytes()


_CONTINUATION = _continuation()
