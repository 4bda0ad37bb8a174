"""The main job through the window: what a person does, and what they see."""

import base64
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from drawing import draw_photo
from driving import PATIENCE, answered, drop, files, index_folder, messages, names, opened
from imagefinder.domain.images import FolderState
from imagefinder.ui.main_window import MainWindow


def test_the_first_start_says_what_to_do(qtbot: QtBot, window: MainWindow) -> None:
    opened(qtbot, window)
    assert window.page.empty.isVisible()
    assert not window.page.view.isVisible()


def test_a_dropped_folder_is_indexed_and_its_photos_appear(qtbot: QtBot, window: MainWindow, photos: Path) -> None:
    opened(qtbot, window)
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE) as finished:
        assert drop(window, files(photos))
    assert finished.args is not None
    assert finished.args[0].added == 12
    qtbot.waitUntil(lambda: window.page.model.rowCount() == 12, timeout=PATIENCE)
    assert window.page.view.isVisible()


def test_a_dropped_picture_shows_its_neighbours_best_first(
    qtbot: QtBot, window: MainWindow, photos: Path, tmp_path: Path
) -> None:
    index_folder(qtbot, window, photos)
    query = draw_photo(tmp_path / "query.png", seed=5)
    assert drop(window, files(query))
    answered(qtbot, window)
    assert names(window)[0] == "05.jpg"
    assert len(names(window)) == 12


def test_a_picture_dropped_before_anything_is_ready_waits_visibly_and_is_answered(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photos: Path, tmp_path: Path
) -> None:
    first = make_window()
    index_folder(qtbot, first, photos)
    with qtbot.waitSignal(first.closed, timeout=PATIENCE):
        first.close()
    second = make_window()
    assert second.session.library is None
    drop(second, files(draw_photo(tmp_path / "q.png", seed=7)))
    assert second.flow.waiting or second.incoming.looking
    answered(qtbot, second)
    assert names(second)[0] == "07.jpg"


def encoded(path: Path) -> bytes:
    return path.read_bytes()


def html(path: Path) -> QMimeData:
    mime = QMimeData()
    address = "data:image/png;base64," + base64.b64encode(encoded(path)).decode()
    mime.setHtml(f'<html><body><img alt="x" src="{address}"></body></html>')
    return mime


def pixels(path: Path) -> QMimeData:
    mime = QMimeData()
    mime.setImageData(QImage(str(path)))
    return mime


def text(path: Path) -> QMimeData:
    mime = QMimeData()
    mime.setText(f"  {path}\n")
    return mime


def raw(path: Path) -> QMimeData:
    mime = QMimeData()
    mime.setData("image/png", encoded(path))
    return mime


@pytest.mark.parametrize("form", [files, html, pixels, text, raw])
def test_pictures_arrive_in_every_form_that_browsers_and_file_managers_use(
    qtbot: QtBot, window: MainWindow, photos: Path, tmp_path: Path, form: Callable[[Path], QMimeData]
) -> None:
    index_folder(qtbot, window, photos)
    assert drop(window, form(draw_photo(tmp_path / "q.png", seed=9)))
    answered(qtbot, window)
    assert names(window)[0] == "09.jpg"


def test_pasting_works_like_dropping(qtbot: QtBot, window: MainWindow, photos: Path, tmp_path: Path) -> None:
    index_folder(qtbot, window, photos)
    QGuiApplication.clipboard().setMimeData(pixels(draw_photo(tmp_path / "q.png", seed=2)))
    window.incoming.paste()
    answered(qtbot, window)
    assert names(window)[0] == "02.jpg"
    QGuiApplication.clipboard().setText("nothing of use")
    window.incoming.paste()
    assert any("clipboard" in message for message in messages(window))


def test_enter_finds_similar_and_history_goes_back_and_forward(qtbot: QtBot, window: MainWindow, photos: Path) -> None:
    index_folder(qtbot, window, photos)
    library = names(window)
    window.page.view.setFocus()
    window.page.view.select_row(0)
    QTest.keyClick(window.page.view, Qt.Key.Key_Return)
    answered(qtbot, window)
    first = names(window)
    assert library[0] not in first
    window.page.view.select_row(3)
    window.flow.find_similar(window.page.model.photo(3))
    answered(qtbot, window)
    second = names(window)
    assert second != first
    window.flow.back()
    qtbot.waitUntil(lambda: not window.flow.waiting and names(window) == first, timeout=PATIENCE)
    window.flow.back()
    assert names(window) == library
    window.flow.forward()
    qtbot.waitUntil(lambda: not window.flow.waiting and names(window) == first, timeout=PATIENCE)


def test_the_threshold_hides_and_says_what_is_nearest(qtbot: QtBot, window: MainWindow, photos: Path) -> None:
    index_folder(qtbot, window, photos)
    window.flow.find_similar(window.page.model.photo(0))
    answered(qtbot, window)
    window.bar.set_min_similarity(100)
    assert window.page.empty.isVisible()
    window.bar.set_min_similarity(0)
    assert window.page.view.isVisible()
    window.bar.set_limit(20)
    assert len(names(window)) == 11


def test_a_bad_query_leaves_the_old_answer_and_says_why(
    qtbot: QtBot, window: MainWindow, photos: Path, tmp_path: Path
) -> None:
    index_folder(qtbot, window, photos)
    window.flow.find_similar(window.page.model.photo(0))
    answered(qtbot, window)
    before = names(window)
    bad = tmp_path / "bad.jpg"
    bad.write_text("hello")
    drop(window, files(bad))
    qtbot.waitUntil(lambda: bool(messages(window)), timeout=PATIENCE)
    assert "bad.jpg" in messages(window)[0]
    assert names(window) == before


def test_everything_is_still_there_after_closing(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photos: Path
) -> None:
    first = make_window()
    index_folder(qtbot, first, photos)
    first.bar.set_thumbnail_side(200)
    with qtbot.waitSignal(first.closed, timeout=PATIENCE):
        first.close()
    second = make_window()
    with qtbot.waitSignal(second.session.indexing_finished, timeout=PATIENCE) as finished:
        pass
    assert finished.args is not None
    assert finished.args[0].unchanged == 12
    qtbot.waitUntil(lambda: second.page.model.rowCount() == 12, timeout=PATIENCE)
    assert second.page.view.thumbnail_side == 200


def test_an_offline_folder_stays_searchable_and_its_thumbnails_show(
    qtbot: QtBot, window: MainWindow, photos: Path
) -> None:
    index_folder(qtbot, window, photos)
    shutil.move(photos, photos.with_name("away"))
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE):
        window.rescan()
    qtbot.waitUntil(
        lambda: [folder.state for folder in window.folders_shown] == [FolderState.OFFLINE], timeout=PATIENCE
    )
    assert any("offline" in message for message in messages(window))
    qtbot.waitUntil(lambda: bool(names(window)) and window.page.model.photo(0).offline, timeout=PATIENCE)
    photo = window.page.model.photo(0)
    window.flow.find_similar(photo)
    answered(qtbot, window)
    assert len(names(window)) == 11
    assert window.session.thumbnail(photo, 160) is not None


def test_unreadable_files_are_a_list_and_no_dialog_in_the_way(qtbot: QtBot, window: MainWindow, photos: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    index_folder(qtbot, window, photos)
    with qtbot.waitSignal(window.session.failures_listed, timeout=PATIENCE) as listed:
        window.dialogs.show_failures()
    assert listed.args is not None
    (failure,) = listed.args[0]
    draw_photo(photos / "broken.jpg", seed=77)
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE) as finished:
        window.session.retry([failure])
    assert finished.args is not None
    assert finished.args[0].failed == ()
    assert finished.args[0].added == 1


def test_removing_a_folder_forgets_its_photos_and_leaves_its_files(
    qtbot: QtBot, window: MainWindow, photos: Path
) -> None:
    index_folder(qtbot, window, photos)
    window.session.remove_folder(window.folders_shown[0].id)
    qtbot.waitUntil(lambda: window.page.model.rowCount() == 0, timeout=PATIENCE)
    assert len(list(photos.rglob("*.jpg"))) == 12


def test_trash_is_asked_for_and_takes_exactly_the_chosen_photos(
    qtbot: QtBot, window: MainWindow, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import send2trash

    index_folder(qtbot, window, photos)
    trashed: list[str] = []

    def to_trash(path: str) -> None:
        trashed.append(path)
        os.remove(path)

    monkeypatch.setattr(send2trash, "send2trash", to_trash)
    photo = window.page.model.photo(2)
    with qtbot.waitSignal(window.session.photos_removed, timeout=PATIENCE):
        window.session.move_to_trash([photo])
    assert trashed == [photo.path]
    qtbot.waitUntil(lambda: window.page.model.rowCount() == 11, timeout=PATIENCE)
    assert photo.name not in names(window)


def test_what_is_neither_picture_nor_folder_is_refused(qtbot: QtBot, window: MainWindow) -> None:
    mime = QMimeData()
    mime.setText("just words")
    assert not drop(window, mime)


def test_originals_are_untouched_by_everything_a_window_does(qtbot: QtBot, window: MainWindow, photos: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in photos.rglob("*.jpg")}
    index_folder(qtbot, window, photos)
    window.flow.find_similar(window.page.model.photo(0))
    answered(qtbot, window)
    window.page.view.preview.emit(0)
    window.commands.copy([window.page.model.photo(1)])
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in photos.rglob("*.jpg")} == before
