"""What people do at awkward moments, and what the window must not get wrong then."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from drawing import draw_photo
from driving import PATIENCE, answered, drop, files, index_folder, messages, names, opened
from imagefinder.domain.images import Query
from imagefinder.storage.library import Library
from imagefinder.ui import path_kinds
from imagefinder.ui.main_window import MainWindow


def test_a_folder_given_at_the_start_is_added_once_the_library_is_open(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photos: Path
) -> None:
    window = make_window()
    assert window.session.library is None
    window.take([str(photos)])
    qtbot.waitUntil(lambda: window.page.model.rowCount() == 12, timeout=PATIENCE)
    assert messages(window) == []


def test_an_answer_follows_the_library_when_indexing_has_changed_it(
    qtbot: QtBot, window: MainWindow, photos: Path, tmp_path: Path
) -> None:
    query = draw_photo(tmp_path / "q.png", seed=50)
    opened(qtbot, window)
    drop(window, files(query))
    answered(qtbot, window)
    assert names(window) == []
    window.session.add_folders([str(photos)])
    qtbot.waitUntil(lambda: len(names(window)) == 12, timeout=PATIENCE)
    draw_photo(photos / "same.jpg", seed=50)
    window.rescan()
    qtbot.waitUntil(lambda: names(window)[:1] == ["same.jpg"], timeout=PATIENCE)


def test_one_bad_folder_among_several_stops_none_of_the_others(
    qtbot: QtBot, window: MainWindow, photos: Path, tmp_path: Path
) -> None:
    opened(qtbot, window)
    window.session.add_folders([str(tmp_path / "nowhere"), str(photos)])
    qtbot.waitUntil(lambda: window.page.model.rowCount() == 12, timeout=PATIENCE)
    assert any("nowhere" in message for message in messages(window))


def test_a_library_in_use_is_waited_for_and_says_so(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photos: Path, tmp_path: Path
) -> None:
    with Library.open(tmp_path / "base" / "data" / "library"):
        window = make_window()
        with qtbot.waitSignal(window.session.open_failed, timeout=PATIENCE):
            pass
        window.take([str(photos)])
    qtbot.waitUntil(lambda: window.page.model.rowCount() == 12, timeout=PATIENCE)


def test_a_broken_library_is_explained_and_left_as_it_is(
    qtbot: QtBot, make_window: Callable[[], MainWindow], tmp_path: Path
) -> None:
    database = tmp_path / "base" / "data" / "library" / "library.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"this is not a database, whatever its name says" * 100)
    before = database.read_bytes()
    window = make_window()
    window.flow.ask(Query("q", path=str(tmp_path / "q.jpg")))
    qtbot.waitUntil(lambda: bool(messages(window)), timeout=PATIENCE)
    assert not window.flow.waiting
    assert database.read_bytes() == before


def test_pausing_survives_an_edit_and_ends_with_the_work(
    qtbot: QtBot, window: MainWindow, photos: Path, tmp_path: Path
) -> None:
    many = tmp_path / "many"
    for number in range(200):
        draw_photo(many / f"{number}.jpg", seed=number)
    index_folder(qtbot, window, photos)
    window.session.add_folders([str(many)])
    qtbot.waitUntil(lambda: window.session.indexing, timeout=PATIENCE)
    window.session.pause()
    other = tmp_path / "other"
    draw_photo(other / "one.jpg", seed=1)
    window.session.add_folders([str(other)])
    qtbot.waitUntil(lambda: len(window.folders_shown) == 3, timeout=PATIENCE)
    assert window.session.indexing
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE):
        window.session.resume()
    qtbot.waitUntil(lambda: sum(folder.photos for folder in window.folders_shown) == 213, timeout=PATIENCE)


def test_cancelling_while_paused_ends_the_indexing(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    many = tmp_path / "many"
    for number in range(200):
        draw_photo(many / f"{number}.jpg", seed=number)
    opened(qtbot, window)
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE):
        window.session.add_folders([str(many)])
        qtbot.waitUntil(lambda: window.session.indexing, timeout=PATIENCE)
        window.session.pause()
        window.session.cancel_indexing()
    assert not window.session.indexing
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE):
        window.rescan()
    qtbot.waitUntil(lambda: [folder.photos for folder in window.folders_shown] == [200], timeout=PATIENCE)


def test_removing_the_folder_that_is_being_indexed_ends_the_indexing(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    many = tmp_path / "many"
    for number in range(200):
        draw_photo(many / f"{number}.jpg", seed=number)
    opened(qtbot, window)
    window.session.add_folders([str(many)])
    qtbot.waitUntil(lambda: window.session.indexing and bool(window.folders_shown), timeout=PATIENCE)
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE):
        window.session.remove_folder(window.folders_shown[0].id)
    qtbot.waitUntil(lambda: not window.folders_shown, timeout=PATIENCE)


def test_a_start_on_a_library_with_photos_shows_no_welcome_and_the_keys_reach_the_photos(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photos: Path
) -> None:
    first = make_window()
    index_folder(qtbot, first, photos)
    with qtbot.waitSignal(first.closed, timeout=PATIENCE):
        first.close()
    second = make_window()
    assert not [button for button in second.page.empty.findChildren(QPushButton) if button.isVisible()]
    qtbot.waitUntil(lambda: second.page.model.rowCount() == 12, timeout=PATIENCE)
    second.activateWindow()
    qtbot.waitUntil(second.page.view.hasFocus, timeout=PATIENCE)
    QTest.keyClick(second.page.view, Qt.Key.Key_Return)
    answered(qtbot, second)


def test_on_an_empty_library_the_one_button_has_the_keyboard(qtbot: QtBot, window: MainWindow) -> None:
    opened(qtbot, window)
    window.activateWindow()

    def offered() -> list[QPushButton]:
        return [each for each in window.page.empty.findChildren(QPushButton) if each.isVisibleTo(window)]

    qtbot.waitUntil(lambda: [button.hasFocus() for button in offered()] == [True], timeout=PATIENCE)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """A server with one picture, and what was asked of it."""
    picture = draw_photo(tmp_path / "web.png", seed=4).read_bytes()
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if self.path != "/picture.png":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(picture)))
            self.end_headers()
            self.wfile.write(picture)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}", asked
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def address(url: str) -> QMimeData:
    mime = QMimeData()
    mime.setText(url)
    return mime


def test_a_dropped_address_is_downloaded_once_whatever_is_done_in_the_history(
    qtbot: QtBot, window: MainWindow, photos: Path, web: tuple[str, list[str]]
) -> None:
    url, asked = web
    index_folder(qtbot, window, photos)
    assert asked == []
    drop(window, address(f"{url}/picture.png"))
    answered(qtbot, window)
    assert names(window)[0] == "04.jpg"
    window.flow.find_similar(window.page.model.photo(3))
    answered(qtbot, window)
    window.flow.back()
    qtbot.waitUntil(lambda: not window.flow.waiting and names(window)[:1] == ["04.jpg"], timeout=PATIENCE)
    assert asked == ["/picture.png"]
    assert "off" in window.network_text


def test_a_download_that_fails_is_explained_and_the_app_is_offline_again(
    qtbot: QtBot, window: MainWindow, photos: Path, web: tuple[str, list[str]]
) -> None:
    url, _ = web
    index_folder(qtbot, window, photos)
    drop(window, address(f"{url}/nothing.png"))
    qtbot.waitUntil(lambda: bool(messages(window)), timeout=PATIENCE)
    assert "404" in messages(window)[0]
    assert "off" in window.network_text


def test_a_drive_that_does_not_answer_freezes_nothing_and_is_named(
    qtbot: QtBot, window: MainWindow, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = threading.Event()
    honest = path_kinds.kind_of

    def kind_of(path: str) -> path_kinds.Kind:
        assert threading.current_thread() is not threading.main_thread()
        if "/away/" in path:
            back.wait(30)
        return honest(path)

    monkeypatch.setattr(path_kinds, "kind_of", kind_of)
    monkeypatch.setattr(path_kinds, "SLOW_MILLISECONDS", 20)
    monkeypatch.setattr(path_kinds, "SILENT_MILLISECONDS", 400)
    index_folder(qtbot, window, photos)
    began = time.monotonic()
    assert drop(window, files(Path("/away/a.jpg")))
    window.take(["/away/b.jpg"])
    text = QMimeData()
    text.setText("/away/c.jpg")
    assert drop(window, text)
    assert time.monotonic() - began < 0.3
    qtbot.waitUntil(lambda: any("Waiting for the drive" in said for said in messages(window)), timeout=PATIENCE)
    assert drop(window, files(photos / "a" / "00.jpg"))  # another drive goes on

    def answered_to() -> bool:
        return window.flow.result is not None and window.flow.result.query.name == "00.jpg"

    qtbot.waitUntil(answered_to, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.incoming.looking, timeout=PATIENCE)
    assert any(said.startswith("The drive of /away/c.jpg does not answer") for said in messages(window))
    assert not any("Waiting for" in said for said in messages(window))
    assert answered_to()
    back.set()


def test_text_that_names_nothing_is_told_after_a_look(qtbot: QtBot, window: MainWindow) -> None:
    opened(qtbot, window)
    text = QMimeData()
    text.setText("/there/is/no/such/file.jpg")
    assert drop(window, text)
    qtbot.waitUntil(lambda: messages(window) == ["That is neither a picture nor a folder."], timeout=PATIENCE)
    QGuiApplication.clipboard().setText("/there/is/no/such/file.jpg")
    window.incoming.paste()
    said = "There is no picture, file or address in the clipboard."
    qtbot.waitUntil(lambda: messages(window)[-1:] == [said], timeout=PATIENCE)
