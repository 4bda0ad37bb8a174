"""What was dropped or pasted, as a query and folders; and photos, as something to drop elsewhere."""

import base64
import binascii
import os
import re
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QMimeData, Qt, QUrl
from PySide6.QtGui import QImage, QImageWriter, QPainter

from imagefinder.domain.file_addresses import local_path
from imagefinder.domain.images import Photo, Query
from imagefinder.ui.path_kinds import Kind, Kinds
from imagefinder.ui.picture_addresses import addresses, is_blank, is_stand_in
from imagefinder.ui.written_paths import written_paths

RAW_FORMATS = (
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/avif",
    "image/heic",
    "image/jxl",
    "image/tiff",
    "image/gif",
    "image/jpg",
    "image/pjpeg",
    "image/heif",
    "image/bmp",
    "image/x-bmp",
)
"""Encoded images that travel as they are, the most faithful first."""

LOOKED_AT = 32
"""How many of many dragged files or lines of text are looked at."""

_GNOME = "x-special/gnome-copied-files"
_PROMISED = "application/x-moz-file-promise-url"
"""The address of the picture itself, where Firefox drags a link around it."""
_MOZ = "text/x-moz-url"
_FILE_ENDING = re.compile(r"\.[a-z][a-z0-9_]{1,4}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Drop:
    """``query`` is to be searched for, ``folders`` are to be added; ``ignored`` counts pictures that are left aside.

    While ``paths`` is not empty nobody has looked yet what these local paths are, and the others hold if none of them
    is a folder: see ``told_apart``. ``one_of``: a text that may mean any of them; the first that is there counts, or
    else ``query``.
    """

    query: Query | None
    folders: tuple[str, ...] = ()
    ignored: int = 0
    paths: tuple[str, ...] = ()
    one_of: bool = False


def from_mime(mime: QMimeData) -> Drop | None:
    """The best reading of a drop or of the clipboard: files, then image data, then addresses, then text.

    None where there is nothing to search for or add. Nothing is read, fetched or looked for on a disk here.
    """
    paths = list(_local_paths(mime))
    if paths:
        return of_paths(paths)
    last_resort: Query | None = None
    for query, keeps_place in _pictures(mime):
        if not keeps_place:
            return Drop(query)
        last_resort = last_resort or query
    text = from_text(mime.text()) if mime.hasText() else None
    shown = tuple(_shown_files(mime))
    if shown:
        return Drop(text.query if text is not None else last_resort, paths=shown, one_of=True)
    if text is not None:
        return text if text.query is not None else replace(text, query=last_resort)
    return Drop(last_resort) if last_resort is not None else None


def of_paths(paths: Sequence[str]) -> Drop:
    """Local paths of any kind that were dropped or given."""
    return Drop(file_query(paths[0]), ignored=len(paths) - 1, paths=tuple(paths))


def told_apart(drop: Drop, kinds: Kinds) -> Drop | None:
    """The drop with what its paths are; None where nothing of it is there.

    What was dropped as a file may be missing: the search will say so. What does not answer is left out, as it would
    hold up the search.
    """
    if not drop.paths:
        return drop
    if drop.one_of:
        there = [path for path in drop.paths if kinds[path] in (Kind.FILE, Kind.FOLDER)][:1]
        return told_apart(of_paths(there), kinds) if there else (Drop(drop.query) if drop.query is not None else None)
    folders = tuple(path for path in drop.paths if kinds[path] is Kind.FOLDER)
    files = [path for path in drop.paths if kinds[path] in (Kind.FILE, Kind.MISSING)]
    return Drop(file_query(files[0]) if files else None, folders, max(0, len(files) - 1))


def has_something(mime: QMimeData) -> bool:
    """Whether a drop may mean something. Fast: looks at no file, and at no data that would have to be fetched."""
    if mime.hasUrls() or mime.hasImage() or mime.hasHtml() or next(_raw_formats(mime), None):
        return True
    if any(mime.hasFormat(name) for name in (_GNOME, _PROMISED, _MOZ)):
        return True
    return mime.hasText() and _address_or_path(mime.text())


def may_hold_folders(mime: QMimeData) -> bool:
    """By the names alone, for telling the person beforehand."""
    names = (path for _, path in zip(range(LOOKED_AT), _local_paths(mime), strict=False))
    return any(_FILE_ENDING.search(name) is None for name in names)


def to_mime(photos: Sequence[Photo], image: QImage | None = None) -> QMimeData:
    """Photos as real files, for dragging out and copying; ``image`` adds the pixels themselves."""
    mime = QMimeData()
    urls = [file_url(photo.path) for photo in photos]
    mime.setUrls(urls)
    mime.setText("\n".join(url.toLocalFile() for url in urls))
    listed = b"\n".join([b"copy", *(bytes(url.toEncoded().data()) for url in urls)])
    mime.setData(_GNOME, QByteArray(listed))
    if image is not None and not image.isNull():
        mime.setImageData(image)
    return mime


def file_query(path: str) -> Query:
    return Query(os.path.basename(path), path=path)


def file_url(path: str) -> QUrl:
    """QUrl.fromLocalFile cannot spell a name that is not UTF-8; its percent-encoded bytes can."""
    if os.name == "nt":
        return QUrl.fromLocalFile(path)
    return QUrl.fromEncoded(b"file://" + urllib.parse.quote_from_bytes(os.fsencode(path)).encode())


def url_path(url: QUrl) -> str | None:
    """The local path of a file: address, with names that are not UTF-8 as they are; None where it is none."""
    path = local_path(bytes(url.toEncoded().data()).decode())
    return os.path.normpath(path) if path is not None else None


def _local_paths(mime: QMimeData) -> Iterator[str]:
    urls = mime.urls() if mime.hasUrls() else []
    if not urls and mime.hasFormat(_GNOME):
        urls = [QUrl(line) for line in bytes(mime.data(_GNOME).data()).decode("utf-8", "replace").splitlines()[1:]]
    for url in urls:
        path = url_path(url)
        if path is not None:
            yield path


def _raw_formats(mime: QMimeData) -> Iterator[str]:
    return (name for name in RAW_FORMATS if mime.hasFormat(name))


def _pictures(mime: QMimeData) -> Iterator[tuple[Query, bool]]:
    """Image data and addresses, the best first, and whether each only keeps a place free."""
    yield from _from_image(mime)
    for query in (*_from_html(mime), *_from_urls(mime)):
        if query is not None:
            yield query, query.data is not None and is_stand_in(query.data)


def _from_image(mime: QMimeData) -> Iterator[tuple[Query, bool]]:
    """Encoded bytes where they are offered: hasImage() may not know of them, and encoding pixels again is slow."""
    name = QCoreApplication.translate("queries", "Image")
    for raw in _raw_formats(mime):
        data = bytes(mime.data(raw).data())
        if data:
            yield Query(name, data=data), is_stand_in(data)
            return
    image = mime.imageData() if mime.hasImage() else None
    if isinstance(image, QImage) and not image.isNull():
        yield Query(name, data=_bitmap(image)), is_blank(image)


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


def _from_html(mime: QMimeData) -> Iterator[Query | None]:
    for known in addresses(mime.html()) if mime.hasHtml() else ():
        found = (from_address(address) for address in known)
        yield next((query for query in found if query is not None), None)


def _shown_files(mime: QMimeData) -> Iterator[str]:
    """The pictures on disks that a piece of a page or of a document shows."""
    for known in addresses(mime.html()) if mime.hasHtml() else ():
        yield from (os.path.normpath(path) for path in map(local_path, known) if path is not None)


def _from_urls(mime: QMimeData) -> Iterator[Query | None]:
    if mime.hasFormat(_PROMISED):
        yield from_address(_utf16(mime, _PROMISED))
    for url in mime.urls() if mime.hasUrls() else ():
        yield from_address(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))
    if mime.hasFormat(_MOZ):
        yield from_address(_utf16(mime, _MOZ))


def _utf16(mime: QMimeData, name: str) -> str:
    """The first line: an address; a title may follow."""
    return bytes(mime.data(name).data()).decode("utf-16-le", "replace").partition("\n")[0].strip("\0\ufeff\r ")


def from_address(text: str) -> Query | None:
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


def from_text(text: str) -> Drop | None:
    """An address, or what may be paths: the first line that is an address ends it, as it needs no look."""
    paths: list[str] = []
    for line in text.splitlines()[:LOOKED_AT] if text[:5].lower() != "data:" else [text]:
        query = from_address(line.strip().strip("\"'"))
        if query is not None:
            return Drop(query, paths=tuple(paths), one_of=bool(paths))
        paths += written_paths(line)
    return Drop(None, paths=tuple(dict.fromkeys(paths)), one_of=True) if paths else None


def _address_or_path(text: str) -> bool:
    lines = (line.strip().strip("\"'") for line in text[:4096].splitlines())
    return any(line[:5].lower() in ("data:", "http:", "https", "file:") or written_paths(line) for line in lines)
