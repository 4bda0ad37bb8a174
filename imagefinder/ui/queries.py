"""What was dropped or pasted, as a query and folders; and photos, as something to drop elsewhere."""

import base64
import binascii
import os
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QMimeData, Qt, QUrl
from PySide6.QtGui import QImage, QImageWriter, QPainter

from imagefinder.domain.images import Photo, Query

RAW_FORMATS = (
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/avif",
    "image/heic",
    "image/jxl",
    "image/tiff",
    "image/gif",
)
"""Encoded images that travel as they are, the most faithful first."""

LOOKED_AT = 32
"""How many of many dragged files are looked at before the drop, when the window only says what a drop would do."""


@dataclass(frozen=True, slots=True)
class Drop:
    """``folders`` are to be added, ``query`` is to be searched for; further pictures were left aside."""

    query: Query | None
    folders: tuple[str, ...] = ()
    ignored: int = 0


def from_mime(mime: QMimeData) -> Drop | None:
    """The best reading of a drop or of the clipboard: files, then image data, then addresses, then text.

    None where there is nothing to search for or add. Nothing is read or fetched here.
    """
    paths = list(_local_paths(mime))
    if paths:
        folders = tuple(path for path in paths if os.path.isdir(path))
        files = [path for path in paths if path not in folders]
        query = _file_query(files[0]) if files else None
        return Drop(query, folders, max(0, len(files) - 1))
    for query in (_from_image(mime), _from_html(mime), _from_urls(mime)):
        if query is not None:
            return Drop(query)
    return _from_text(mime.text()) if mime.hasText() else None


def has_something(mime: QMimeData) -> bool:
    """Whether a drop may mean something. Fast: looks at no file, and at no data that would have to be fetched."""
    if mime.hasUrls() or mime.hasImage() or mime.hasHtml() or _raw_format(mime):
        return True
    return mime.hasText() and _address_or_path(mime.text())


def offers(mime: QMimeData) -> tuple[bool, bool]:
    """What a drop would bring, for telling the person beforehand: (a picture, folders)."""
    folders = [os.path.isdir(path) for _, path in zip(range(LOOKED_AT), _local_paths(mime), strict=False)]
    return not all(folders) or not folders, any(folders)


def to_mime(photos: Sequence[Photo], image: QImage | None = None) -> QMimeData:
    """Photos as real files, for dragging out and copying; ``image`` adds the pixels themselves."""
    mime = QMimeData()
    urls = [file_url(photo.path) for photo in photos]
    mime.setUrls(urls)
    mime.setText("\n".join(url.toLocalFile() for url in urls))
    listed = b"\n".join([b"copy", *(bytes(url.toEncoded().data()) for url in urls)])
    mime.setData("x-special/gnome-copied-files", QByteArray(listed))
    if image is not None and not image.isNull():
        mime.setImageData(image)
    return mime


def _file_query(path: str) -> Query:
    return Query(os.path.basename(path), path=path)


def file_url(path: str) -> QUrl:
    """QUrl.fromLocalFile cannot spell a name that is not UTF-8; its percent-encoded bytes can."""
    if os.name == "nt":
        return QUrl.fromLocalFile(path)
    return QUrl.fromEncoded(b"file://" + urllib.parse.quote_from_bytes(os.fsencode(path)).encode())


def _local_path(url: QUrl) -> str:
    if os.name == "nt" or url.host():
        return url.toLocalFile()
    encoded = url.path(QUrl.ComponentFormattingOption.FullyEncoded)
    return os.fsdecode(urllib.parse.unquote_to_bytes(encoded))


def _local_paths(mime: QMimeData) -> Iterator[str]:
    for url in mime.urls() if mime.hasUrls() else ():
        if url.isLocalFile():
            yield os.path.normpath(_local_path(url))


def _raw_format(mime: QMimeData) -> str | None:
    return next((name for name in RAW_FORMATS if mime.hasFormat(name)), None)


def _from_image(mime: QMimeData) -> Query | None:
    """Encoded bytes where they are offered: hasImage() may not know of them, and encoding pixels again is slow."""
    name = QCoreApplication.translate("queries", "Image")
    raw = _raw_format(mime)
    if raw:
        data = bytes(mime.data(raw).data())
        if data:
            return Query(name, data=data)
    image = mime.imageData() if mime.hasImage() else None
    if isinstance(image, QImage) and not image.isNull():
        return Query(name, data=_bitmap(image))
    return None


def _bitmap(image: QImage) -> bytes:
    """A BMP on white: 12 megapixels take 25 ms, where a PNG takes a second of the window's time."""
    opaque = QImage(image.size(), QImage.Format.Format_RGB32)
    opaque.fill(Qt.GlobalColor.white)
    painter = QPainter(opaque)
    painter.drawImage(0, 0, image)
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"BMP")).write(opaque)
    buffer.close()
    return bytes(data.data())


class _Sources(HTMLParser):
    """Collects the src of every img."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found += [value for key, value in attrs if key == "src" and value]


def _from_html(mime: QMimeData) -> Query | None:
    if not mime.hasHtml():
        return None
    queries = (_from_address(source) for source in _Sources(mime.html()).found)
    return next((query for query in queries if query is not None), None)


def _from_urls(mime: QMimeData) -> Query | None:
    queries = (_from_address(url.toString(QUrl.ComponentFormattingOption.FullyEncoded)) for url in mime.urls())
    return next((query for query in queries if query is not None), None)


def _from_address(text: str) -> Query | None:
    """A query for an http(s) or data: address; None for anything else, such as an address relative to some page."""
    if text[:5].lower() == "data:":
        data = _inline_data(text)
        return Query(QCoreApplication.translate("queries", "Image"), data=data) if data else None
    url = QUrl(text.strip(), QUrl.ParsingMode.StrictMode)
    if url.scheme().lower() in ("http", "https") and url.isValid() and url.host():
        return Query(url.fileName() or url.host(), url=url.toString(QUrl.ComponentFormattingOption.FullyEncoded))
    return None


def _inline_data(address: str) -> bytes | None:
    """The bytes of a ``data:image/...`` address (RFC 2397)."""
    head, comma, body = address[5:].partition(",")
    if not comma or not head.strip().lower().startswith("image/"):
        return None
    raw = urllib.parse.unquote_to_bytes(body)
    if not head.strip().lower().endswith(";base64"):
        return raw or None
    try:
        return base64.b64decode(raw) or None
    except binascii.Error:
        return None


def _from_text(text: str) -> Drop | None:
    """An address, or the path of something that exists: the first line that holds one counts."""
    for line in text.splitlines()[:LOOKED_AT] if text[:5].lower() != "data:" else [text]:
        given = line.strip().strip("\"'")
        query = _from_address(given)
        if query is not None:
            return Drop(query)
        path = _written_path(given)
        if path and os.path.isdir(path):
            return Drop(None, (path,))
        if path and os.path.exists(path):
            return Drop(_file_query(path))
    return None


def _written_path(text: str) -> str | None:
    """The absolute path that a person or program wrote down, as such, with ~, or as a file: address."""
    if text[:5].lower() == "file:":
        url = QUrl(text)
        return os.path.normpath(_local_path(url)) if url.isLocalFile() else None
    if text.startswith("~"):
        try:
            text = str(Path(text).expanduser())
        except RuntimeError:  # a user that does not exist
            return None
    return os.path.normpath(text) if os.path.isabs(text) and "\0" not in text else None


def _address_or_path(text: str) -> bool:
    lines = (line.strip().strip("\"'") for line in text[:4096].splitlines())
    return any(line[:5].lower() in ("data:", "http:", "https", "file:") or _written_path(line) for line in lines)
