"""Drops and pastes become queries and folders; photos become something to drop elsewhere."""

import base64
import os
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QUrl
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from imagefinder.ui import queries
from made_up import PHOTO

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(autouse=True)
def needs_qt(qtbot: QtBot) -> None:
    """QImage and the clipboard formats need a QGuiApplication."""


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


def test_a_file_is_the_query(tmp_path: Path) -> None:
    picture = tmp_path / "naïve photo #1 100%.jpg"
    picture.write_bytes(PNG)
    drop = queries.from_mime(mime_of_files(picture))
    assert drop is not None
    assert drop.query is not None
    assert drop.query.path == str(picture)
    assert drop.query.name == picture.name
    assert drop.folders == ()
    assert drop.ignored == 0


def test_folders_are_added_the_first_file_searched_and_the_rest_counted(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    for name in "abc":
        (tmp_path / name).write_bytes(PNG)
    mime = mime_of_files(tmp_path / "one", tmp_path / "a", tmp_path / "b", tmp_path / "two", tmp_path / "c")
    drop = queries.from_mime(mime)
    assert drop is not None
    assert drop.folders == (str(tmp_path / "one"), str(tmp_path / "two"))
    assert drop.query is not None
    assert drop.query.name == "a"
    assert drop.ignored == 2
    assert queries.offers(mime) == (True, True)


def test_only_folders(tmp_path: Path) -> None:
    mime = mime_of_files(tmp_path)
    drop = queries.from_mime(mime)
    assert drop == queries.Drop(None, (str(tmp_path),))
    assert queries.offers(mime) == (False, True)


@pytest.mark.skipif(os.name == "nt", reason="every name is Unicode there")
def test_a_name_that_is_not_utf8_survives_both_ways(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9 \xff.jpg")
    with open(path, "wb") as file:
        file.write(PNG)
    photo = replace(PHOTO, root=str(tmp_path), relpath=os.fsdecode(b"caf\xe9 \xff.jpg"))
    mime = queries.to_mime([photo])
    assert b"caf%E9%20%FF.jpg" in mime.data("text/uri-list").data()
    drop = queries.from_mime(mime)
    assert drop is not None
    assert drop.query is not None
    assert drop.query.path is not None
    assert os.fsencode(drop.query.path) == path


def test_files_come_before_everything_else(tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    picture.write_bytes(PNG)
    mime = mime_of_files(picture)
    mime.setHtml('<img src="https://example.org/b.jpg">')
    mime.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    mime.setText("https://example.org/c.jpg")
    drop = queries.from_mime(mime)
    assert drop is not None
    assert drop.query is not None
    assert drop.query.path == str(picture)


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
    mime.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
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
    inline = "data:image/png;base64," + base64.b64encode(PNG).decode()
    for mime in (mime_of_html(f"<img src='{inline}'>"), mime_of_urls(inline), mime_of_text(inline)):
        drop = queries.from_mime(mime)
        assert drop is not None
        assert drop.query is not None
        assert drop.query.data == PNG


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
        "/there/is/no/such/file.jpg",
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


def test_text_may_be_a_path_an_address_or_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = tmp_path / "with space.jpg"
    picture.write_bytes(PNG)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    file_address = QUrl.fromLocalFile(str(picture)).toString(QUrl.ComponentFormattingOption.FullyEncoded)
    for text in (str(picture), f'"{picture}"', f"\n  {picture}\n", "~/with space.jpg", file_address):
        drop = queries.from_mime(mime_of_text(text))
        assert drop is not None, text
        assert drop.query is not None
        assert drop.query.path == str(picture)
    assert queries.from_mime(mime_of_text(str(tmp_path))) == queries.Drop(None, (str(tmp_path),))
    drop = queries.from_mime(mime_of_text("https://example.org/a%20b.jpg"))
    assert drop is not None
    assert drop.query is not None
    assert drop.query.url == "https://example.org/a%20b.jpg"


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
