"""Where the pictures of a piece of a web page are: the addresses to try, and which pictures only keep a place free."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage, QImageReader

SMALLEST_SIDE = 8
"""Smaller ones are placeholders, or count visitors."""
LARGEST_BLANK_BYTES = 64 * 1024
LARGEST_BLANK_PIXELS = 1_000_000

_WEB = re.compile(r"\s*(https?:)?//", re.IGNORECASE)
_STAND_IN = re.compile(
    r"placeholder|spacer|blank|transparent|pixel|1x1|loading|lazy(load)?\b|grey\.|gray\.", re.IGNORECASE
)
_LAZY = re.compile(r"data-(\w+-)*(src|original|url|image|lazy|full)(-\w+)*")
_CANDIDATE = re.compile(r"[\s,]*(\S*[^\s,])(?:\s+([\d.]+)[wx]\b)?[^,]*(?:,|$)")


def addresses(html: str) -> Iterator[list[str]]:
    """For each picture, in their order: its addresses, the best first. Those of the web come before data: ones."""
    for image in _Images(html).found:
        src = image.get("src", "")
        own = [src] if _is_web(src) and not _STAND_IN.search(src.rpartition("/")[2]) else []
        others = [value for name, value in image.items() if _LAZY.fullmatch(name) and "srcset" not in name]
        sets = [_largest(value) for name, value in image.items() if name.endswith("srcset")]
        known = [each for each in (*own, *others, *sets, src) if each]
        known = [f"https:{each}" if each.startswith("//") else each for each in known]  # as the page it is from
        yield sorted(dict.fromkeys(known), key=lambda address: not _is_web(address))


def is_stand_in(data: bytes) -> bool:
    """Whether the encoded picture is there only to keep a place free: tiny, all of one colour, or a drawing (SVG)."""
    if len(data) > LARGEST_BLANK_BYTES:
        return False
    if b"<svg" in data[:1024]:
        return True
    encoded = QByteArray(data)
    buffer = QBuffer(encoded)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    size = reader.size()
    if not size.isValid():
        return False
    if min(size.width(), size.height()) < SMALLEST_SIDE:
        return True
    return size.width() * size.height() <= LARGEST_BLANK_PIXELS and is_blank(reader.read())


def is_blank(image: QImage) -> bool:
    """Whether it is tiny, or every pixel has the same colour, or none can be seen."""
    if image.isNull():
        return False
    if min(image.width(), image.height()) < SMALLEST_SIDE:
        return True
    if image.width() * image.height() > LARGEST_BLANK_PIXELS:
        return False
    same = image.convertToFormat(QImage.Format.Format_RGBA8888)  # kept by a name for as long as its bits are read
    pixels = bytes(same.constBits())
    alpha = pixels[3::4]
    return pixels == pixels[:4] * (len(pixels) // 4) or alpha.count(0) == len(alpha)


class _Images(HTMLParser):
    """The attributes of every img; those of the sources of a picture element count for the img in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self._sources: dict[str, str] = {}
        self.feed(html)
        self._end_picture()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {key: value.strip() for key, value in attrs if value}
        if tag == "picture":
            self._end_picture()
        elif tag == "source" and not known.get("src"):  # which those of films and sounds have
            for key, value in known.items():
                if key.endswith("srcset"):
                    self._sources[f"{len(self._sources)}-{key}"] = value
        elif tag == "img" and not _is_tiny(known):
            self.found.append({**known, **self._sources})
            self._sources = {}

    def handle_endtag(self, tag: str) -> None:
        if tag == "picture":
            self._end_picture()

    def _end_picture(self) -> None:
        """One without an img is a picture all the same."""
        if self._sources:
            self.found.append(self._sources)
            self._sources = {}


def _is_tiny(attributes: dict[str, str]) -> bool:
    sides = (attributes.get("width", ""), attributes.get("height", ""))
    return all(side.isdecimal() and int(side) < SMALLEST_SIDE for side in sides)


def _is_web(address: str) -> bool:
    return _WEB.match(address) is not None


def _largest(srcset: str) -> str:
    """Of "a.jpg 1x, b.jpg 2x" the last: the same picture in several sizes."""
    found = [(float(size or 1), address) for address, size in _CANDIDATE.findall(srcset)]
    return max(found, key=lambda pair: pair[0])[1] if found else ""
