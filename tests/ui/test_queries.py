"""Drops and pastes become queries and folders, no disk being looked at; photos become something to drop elsewhere."""

import base64
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QUrl
from PySide6.QtGui import QColor, QImage, QImageWriter
from pytestqt.qtbot import QtBot

from imagefinder.domain.images import Query
from imagefinder.ui import queries
from imagefinder.ui.path_kinds import Kind
from made_up import PHOTO

ADDRESS = "https://example.org/photo.jpg"


def drawn(side: int = 16, second: int = 0x2040C0) -> bytes:
    """A PNG of two colours, or of one."""
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor(0xC04020))
    image.setPixelColor(side // 2, side // 2, QColor(second))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    return bytes(data.data())


PNG = drawn()
TINY, BLANK = drawn(1), drawn(300, 0xC04020)
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='300' height='200'></svg>"


def inline(data: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64," + base64.b64encode(data).decode()


@pytest.fixture(autouse=True)
def needs_qt(qtbot: QtBot) -> None:
    """QImage and the clipboard formats need a QGuiApplication."""


@pytest.fixture(autouse=True)
def touches_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is dropped, the window's thread must not ask a drive about it."""

    for name in ("stat", "lstat", "scandir", "listdir", "readlink"):
        honest = getattr(os, name)

        def asked(path: object = "", *more: Any, honest: Callable[..., Any] = honest, **named: Any) -> Any:
            assert not str(path).startswith("/x/"), f"the disk was asked about {path}"
            return honest(path, *more, **named)

        monkeypatch.setattr(os, name, asked)


def read(mime: QMimeData) -> Query | None:
    drop = queries.from_mime(mime)
    return drop.query if drop is not None else None


def mime_of_urls(*urls: str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl(url) for url in urls])
    return mime


def mime_of_files(*paths: Path) -> QMimeData:
    return mime_of_urls(*(QUrl.fromLocalFile(str(path)).toString() for path in paths))


def mime_of_html(html: str) -> QMimeData:
    mime = QMimeData()
    mime.setHtml(html)
    return mime


def mime_of_text(text: str) -> QMimeData:
    mime = QMimeData()
    mime.setText(text)
    return mime


def kinds(**given: str) -> dict[str, Kind]:
    return {f"/x/{name}": Kind(kind) for name, kind in given.items()}


def test_a_file_is_the_query_until_it_is_known_better() -> None:
    drop = queries.from_mime(mime_of_files(Path("/x/naïve photo #1 100%.jpg")))
    assert drop is not None
    assert drop.query == Query("naïve photo #1 100%.jpg", path="/x/naïve photo #1 100%.jpg")
    assert drop.paths == ("/x/naïve photo #1 100%.jpg",)
    assert not drop.one_of
    assert queries.told_apart(drop, {drop.paths[0]: Kind.FILE}) == queries.Drop(drop.query)


def test_folders_are_added_the_first_file_searched_and_the_rest_counted() -> None:
    mime = mime_of_files(*(Path(f"/x/{name}") for name in ("one", "a", "b", "two", "c")))
    drop = queries.from_mime(mime)
    assert drop is not None
    there = kinds(one="folder", a="file", b="missing", two="folder", c="file")
    found = queries.told_apart(drop, there)
    assert found == queries.Drop(Query("a", path="/x/a"), ("/x/one", "/x/two"), ignored=2)


def test_only_folders_and_what_does_not_answer() -> None:
    drop = queries.of_paths(["/x/one", "/x/away"])
    assert queries.told_apart(drop, kinds(one="folder", away="folder")) == queries.Drop(None, drop.paths)
    assert queries.told_apart(drop, kinds(one="folder", away="silent")) == queries.Drop(None, ("/x/one",))
    assert queries.told_apart(drop, kinds(one="silent", away="silent")) == queries.Drop(None)


def test_what_a_drop_may_bring_is_told_by_the_names() -> None:
    assert queries.may_hold_folders(mime_of_files(Path("/x/2024")))
    assert queries.may_hold_folders(mime_of_files(Path("/x/2024.05.01")))
    assert queries.may_hold_folders(mime_of_files(Path("/x/a.jpg"), Path("/x/beach")))
    assert not queries.may_hold_folders(mime_of_files(Path("/x/a.jpg"), Path("/x/b.HEIC")))
    assert not queries.may_hold_folders(mime_of_text(ADDRESS))


@pytest.mark.skipif(os.name == "nt", reason="hosts name network drives there")
@pytest.mark.parametrize("host", ["", "localhost", "LOCALHOST", socket.gethostname()])
def test_a_host_that_is_this_computer_is_dropped(host: str) -> None:
    mime = QMimeData()
    mime.setData("text/uri-list", QByteArray(f"file://{host}/x/caf%E9%201.jpg\r\n".encode()))
    drop, text = queries.from_mime(mime), queries.from_mime(mime_of_text(f"file://{host}/x/caf%E9%201.jpg"))
    path = os.fsdecode(b"/x/caf\xe9 1.jpg")
    assert drop is not None
    assert drop.paths == (path,)
    assert text is not None
    assert text.paths == (path,)
    assert read(mime_of_urls("file://another-computer/x/a.jpg")) is None


@pytest.mark.skipif(os.name == "nt", reason="every name is Unicode there")
def test_a_name_that_is_not_utf8_survives_both_ways(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9 \xff.jpg")
    photo = replace(PHOTO, root=str(tmp_path), relpath=os.fsdecode(b"caf\xe9 \xff.jpg"))
    mime = queries.to_mime([photo])
    assert b"caf%E9%20%FF.jpg" in mime.data("text/uri-list").data()
    drop = queries.from_mime(mime)
    assert drop is not None
    assert drop.query is not None
    assert drop.query.path is not None
    assert os.fsencode(drop.query.path) == path


def test_files_come_before_everything_else() -> None:
    mime = mime_of_files(Path("/x/a.jpg"))
    mime.setHtml('<img src="https://example.org/b.jpg">')
    mime.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    mime.setText("https://example.org/c.jpg")
    drop = queries.from_mime(mime)
    assert drop is not None
    assert drop.paths == ("/x/a.jpg",)


def test_raw_image_bytes_travel_as_they_are() -> None:
    mime = mime_of_html('<img src="https://example.org/b.jpg">')
    mime.setData("image/png", QByteArray(PNG))
    drop = queries.from_mime(mime)
    assert drop is not None
    assert drop.query is not None
    assert drop.query.data == PNG
    assert queries.has_something(mime)


def test_pixels_become_an_image_on_white() -> None:
    image = QImage(3, 2, QImage.Format.Format_ARGB32)
    image.fill(QColor(255, 0, 0, 0))
    image.setPixelColor(0, 0, QColor(0, 0, 255, 255))
    mime = QMimeData()
    mime.setImageData(image)
    drop = queries.from_mime(mime)
    assert drop is not None
    assert drop.query is not None
    assert drop.query.data is not None
    read = QImage.fromData(drop.query.data)
    assert (read.width(), read.height()) == (3, 2)
    assert read.pixelColor(0, 0) == QColor(0, 0, 255)
    assert read.pixelColor(1, 1) == QColor(255, 255, 255)


def test_image_data_comes_before_addresses() -> None:
    mime = mime_of_urls("https://example.org/page")
    mime.setImageData(QImage.fromData(PNG))
    drop = queries.from_mime(mime)
    assert drop is not None
    assert drop.query is not None
    assert drop.query.data is not None


def test_the_picture_in_a_link_wins_over_the_link() -> None:
    mime = mime_of_urls("https://example.org/article")
    mime.setHtml('<a href="/article"><img alt="x" src="https://example.org/p/photo.jpg?w=9&amp;h=8"></a>')
    drop = queries.from_mime(mime)
    assert drop is not None
    assert drop.query is not None
    assert drop.query.url == "https://example.org/p/photo.jpg?w=9&h=8"
    assert drop.query.name == "photo.jpg"


def test_inline_pictures_are_decoded() -> None:
    for data in (PNG, TINY, BLANK):  # also those that keep a place free, where there is nothing else
        address = inline(data)
        for mime in (mime_of_html(f"<img src='{address}'>"), mime_of_urls(address), mime_of_text(address)):
            drop = queries.from_mime(mime)
            assert drop is not None
            assert drop.query is not None
            assert drop.query.data == data


@pytest.mark.parametrize("keeps_place", [TINY, BLANK, SVG], ids=["tiny", "blank", "svg"])
@pytest.mark.parametrize(
    "html",
    [
        '<img src="{data}" data-src="{address}">',
        '<img src="{data}" data-original="{address}">',
        '<img src="{data}" data-lazy-src="{address}">',
        '<img src="{data}" srcset="https://example.org/small.jpg 320w, {address} 1280w">',
        '<img data-srcset="https://example.org/small.jpg, {address} 2x" src="{data}">',
        '<picture><source srcset="{address} 2x, https://example.org/a,b.webp 1x"><img src="{data}"></picture>',
        '<picture><source data-srcset="{address}"></picture><img src="{data}">',
        '<img src="{data}"><img src="{address}">',
        '<img src="{data}" width="200"><noscript><img src="{address}"></noscript>',
        '<img src="https://example.org/placeholder.gif" data-src="{address}">',
        '<img width="1" height="1" src="https://example.org/count.gif"><img src="{address}">',
    ],
)
def test_what_keeps_a_place_free_never_wins_over_the_picture(keeps_place: bytes, html: str) -> None:
    data = inline(keeps_place, "svg+xml" if keeps_place is SVG else "gif")
    query = read(mime_of_html(html.format(data=data, address=ADDRESS)))
    assert query is not None
    assert query.url == ADDRESS


@pytest.mark.parametrize("keeps_place", [TINY, BLANK], ids=["tiny", "blank"])
def test_an_address_elsewhere_in_the_drop_is_better_than_a_free_place(keeps_place: bytes) -> None:
    from_list = mime_of_html(f'<img src="{inline(keeps_place)}">')
    from_list.setUrls([QUrl(ADDRESS)])
    from_text = mime_of_html(f'<img src="{inline(keeps_place)}">')
    from_text.setText(ADDRESS)
    from_moz = mime_of_html(f'<img src="{inline(keeps_place)}">')
    from_moz.setData("text/x-moz-url", QByteArray(f"{ADDRESS}\nA title".encode("utf-16-le")))
    with_pixels = mime_of_urls(ADDRESS)
    with_pixels.setImageData(QImage.fromData(keeps_place))
    with_bytes = mime_of_urls(ADDRESS)
    with_bytes.setData("image/png", QByteArray(keeps_place))
    for mime in (from_list, from_text, from_moz, with_pixels, with_bytes):
        query = read(mime)
        assert query is not None
        assert query.url == ADDRESS


def test_a_real_inline_picture_wins_over_the_page_it_is_on() -> None:
    mime = mime_of_html(f'<a href="https://example.org/page"><img src="{inline(PNG)}"></a>')
    mime.setUrls([QUrl("https://example.org/page")])
    query = read(mime)
    assert query is not None
    assert query.data == PNG


def test_the_picture_that_firefox_promises_wins_over_the_link_around_it() -> None:
    mime = mime_of_urls("https://example.org/page")
    mime.setData("application/x-moz-file-promise-url", QByteArray(ADDRESS.encode("utf-16-le")))
    query = read(mime)
    assert query is not None
    assert query.url == ADDRESS


def test_addresses_without_a_scheme_and_pictures_on_the_disk_in_a_document() -> None:
    query = read(mime_of_html('<img src="//example.org/photo.jpg">'))
    assert query is not None
    assert query.url == ADDRESS
    drop = queries.from_mime(mime_of_html('<img src="file:///x/a%20b.jpg">'))
    assert drop is not None
    assert drop.paths == ("/x/a b.jpg",)


def test_lists_of_other_programs() -> None:
    moz, gnome = QMimeData(), QMimeData()
    moz.setData("text/x-moz-url", QByteArray(f"{ADDRESS}\nA title".encode("utf-16-le")))
    gnome.setData("x-special/gnome-copied-files", QByteArray(b"copy\nfile:///x/a%20b.jpg\nfile:///x/c"))
    assert queries.has_something(moz)
    assert queries.has_something(gnome)
    query, drop = read(moz), queries.from_mime(gnome)
    assert query is not None
    assert query.url == ADDRESS
    assert drop is not None
    assert drop.paths == ("/x/a b.jpg", "/x/c")


def test_an_address_relative_to_a_page_is_passed_over() -> None:
    mime = mime_of_html('<img src="/relative.jpg"><img src="http://example.org/absolute.jpg">')
    drop = queries.from_mime(mime)
    assert drop is not None
    assert drop.query is not None
    assert drop.query.url == "http://example.org/absolute.jpg"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just some words",
        "relative/path.jpg",
        "~no-such-person/x.jpg",
        "http://",
        "https:photo.jpg",
        "ftp://example.org/x.jpg",
        "javascript:alert(1)",
        "data:text/html,<b>",
        "data:image/png;base64,****=",
        "data:image/png",
        "\0/tmp",
    ],
)
def test_what_means_nothing_is_nothing(text: str) -> None:
    assert queries.from_mime(mime_of_text(text)) is None


def test_text_may_be_a_path_an_address_or_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/x")
    monkeypatch.setenv("USERPROFILE", "/x")
    picture = "/x/with space.jpg"
    for text in (
        picture, f'"{picture}"', f"'{picture}'", f"\n  {picture}\n", "~/with space.jpg", "file:///x/with%20space.jpg",
        "/x/with\\ space.jpg", f"x-special/nautilus-clipboard\ncopy\nfile://{picture}\n",
    ):  # fmt: skip
        drop = queries.from_mime(mime_of_text(text))
        assert drop is not None, text
        assert drop.one_of
        assert picture in drop.paths
        there = {path: Kind.FILE if path == picture else Kind.MISSING for path in drop.paths}
        assert queries.told_apart(drop, there) == queries.Drop(Query("with space.jpg", path=picture))
        assert queries.told_apart(drop, dict.fromkeys(drop.paths, Kind.MISSING)) is None
        folder = {path: Kind.FOLDER if path == picture else Kind.MISSING for path in drop.paths}
        assert queries.told_apart(drop, folder) == queries.Drop(None, (picture,))
    query = read(mime_of_text("https://example.org/a%20b.jpg"))
    assert query is not None
    assert query.url == "https://example.org/a%20b.jpg"


def test_a_name_may_end_with_a_space() -> None:
    drop = queries.from_mime(mime_of_text("/x/a.jpg "))
    assert drop is not None
    assert set(drop.paths) == {"/x/a.jpg", "/x/a.jpg "}


def test_the_first_line_that_is_there_counts() -> None:
    drop = queries.from_mime(mime_of_text(f"/x/gone.jpg\n/x/a.jpg\n{ADDRESS}\n/x/never.jpg"))
    assert drop is not None
    assert drop.paths == ("/x/gone.jpg", "/x/a.jpg")
    there = {"/x/gone.jpg": Kind.MISSING, "/x/a.jpg": Kind.FILE}
    assert queries.told_apart(drop, there) == queries.Drop(Query("a.jpg", path="/x/a.jpg"))
    gone = queries.told_apart(drop, dict.fromkeys(drop.paths, Kind.MISSING))
    assert gone is not None
    assert gone.query is not None
    assert gone.query.url == ADDRESS


def test_has_something_looks_at_text_but_not_at_disks() -> None:
    assert queries.has_something(mime_of_text("/no/such/file.jpg"))
    assert queries.has_something(mime_of_text("https://example.org"))
    assert not queries.has_something(mime_of_text("a sentence"))
    assert not queries.has_something(QMimeData())
    assert queries.has_something(mime_of_html("<b>anything</b>"))


def test_photos_leave_as_files_with_their_pixels() -> None:
    image = QImage(5, 4, QImage.Format.Format_RGB32)
    mime = queries.to_mime([PHOTO, replace(PHOTO, relpath="b.jpg")], image)
    assert [url.toLocalFile() for url in mime.urls()] == ["/photos/2019/beach.jpg", "/photos/b.jpg"]
    assert mime.text().splitlines() == ["/photos/2019/beach.jpg", "/photos/b.jpg"]
    assert bytes(mime.data("x-special/gnome-copied-files").data()).startswith(b"copy\nfile:///photos/2019/beach.jpg\n")
    assert mime.hasImage()
    assert not queries.to_mime([PHOTO]).hasImage()


def test_large_pastes_do_not_hold_up_the_window() -> None:
    image = QImage(4000, 3000, QImage.Format.Format_ARGB32)
    image.fill(QColor(10, 20, 30))
    mime = QMimeData()
    mime.setImageData(image)
    drop = queries.from_mime(mime)
    assert drop is not None
    assert drop.query is not None
    assert drop.query.data is not None
    assert drop.query.data[:2] == b"BM"  # a PNG of this size takes a second
    buffer = QBuffer(QByteArray(drop.query.data))
    assert buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    assert buffer.size() >= 3000 * 4000 * 3
