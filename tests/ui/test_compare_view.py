"""Two pictures side by side: selected, dropped or chosen, and how alike they are."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from drawing import draw_photo
from driving import PATIENCE, answered, drop, files, index_folder, messages
from imagefinder.ui.compare_dialog import LEFT, RIGHT, CompareDialog
from imagefinder.ui.main_window import MainWindow
from labelled_window import menu_action, rows, select


@pytest.fixture
def library(qtbot: QtBot, window: MainWindow, photos: Path) -> MainWindow:
    """A window over twelve photos and a copy of one of them."""
    shutil.copy(photos / "a" / "00.jpg", photos / "copy.jpg")
    index_folder(qtbot, window, photos)
    qtbot.waitUntil(lambda: window.page.model.rowCount() == 13, timeout=PATIENCE)
    return window


def compare(window: MainWindow) -> CompareDialog:
    menu_action(window, "Compare two pictures").trigger()
    dialog = window.tools.comparing.dialog
    assert dialog is not None
    return dialog


def pair(dialog: CompareDialog) -> list[str | None]:
    return [side.name if side else None for side in dialog.pair]


def judged(qtbot: QtBot, dialog: CompareDialog) -> str:
    qtbot.waitUntil(lambda: bool(dialog.distance), timeout=PATIENCE)
    return dialog.verdict


def test_two_selected_photos(qtbot: QtBot, library: MainWindow) -> None:
    select(library, [*rows(library, "00.jpg"), *rows(library, "copy.jpg")])
    dialog = compare(library)
    assert sorted(name or "" for name in pair(dialog)) == ["00.jpg", "copy.jpg"]
    assert judged(qtbot, dialog) == "The same picture"
    assert dialog.distance.startswith("Distance 0.0")
    before = pair(dialog)
    dialog.swap()
    assert pair(dialog) == before[::-1]
    assert [side.name for side in dialog.sides] == before[::-1]
    assert dialog.sides[LEFT].picture.accessibleName() == before[RIGHT]
    assert dialog.verdict == "The same picture"
    QTest.keyClick(dialog, Qt.Key.Key_Plus)
    assert [side.picture.zoom > 1 for side in dialog.sides] == [True, True]
    QTest.keyClick(dialog, Qt.Key.Key_0)
    assert [side.picture.zoom for side in dialog.sides] == [1, 1]


def test_a_selected_photo_with_what_is_looked_for(qtbot: QtBot, library: MainWindow, tmp_path: Path) -> None:
    query = draw_photo(tmp_path / "query.png", seed=77)
    drop(library, files(query))
    answered(qtbot, library)
    select(library, rows(library, "05.jpg"))
    dialog = compare(library)
    assert pair(dialog) == ["query.png", "05.jpg"]
    assert judged(qtbot, dialog) in ("Similar", "Related", "Different")


def test_pictures_are_dropped_on_the_empty_sides(qtbot: QtBot, library: MainWindow, photos: Path) -> None:
    dialog = compare(library)
    assert pair(dialog) == [None, None]
    assert dialog.verdict == "Two pictures are needed"
    assert drop(dialog.sides[LEFT], files(photos / "a" / "00.jpg"))
    qtbot.waitUntil(lambda: pair(dialog) == ["00.jpg", None], timeout=PATIENCE)
    assert drop(dialog.sides[RIGHT], files(photos / "a"))  # what it is, nobody knows before it is looked at
    qtbot.waitUntil(lambda: dialog.sides[RIGHT].said == "That is no picture.", timeout=PATIENCE)
    assert drop(dialog.sides[RIGHT], files(photos / "b" / "07.jpg"))
    qtbot.waitUntil(lambda: pair(dialog) == ["00.jpg", "07.jpg"], timeout=PATIENCE)
    assert judged(qtbot, dialog) != "The same picture"
    assert drop(dialog.sides[RIGHT], files(photos / "copy.jpg"))  # another one in its place
    qtbot.waitUntil(lambda: dialog.verdict == "The same picture", timeout=PATIENCE)
    assert library.flow.result is None  # nothing was searched for in the window below


def test_a_picture_is_chosen_and_one_that_cannot_be_read_is_told(
    qtbot: QtBot, library: MainWindow, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"this is no picture")
    chosen = [str(bad), str(photos / "a" / "01.jpg")]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (chosen.pop(0), ""))
    select(library, rows(library, "02.jpg"))
    dialog = compare(library)
    assert pair(dialog) == ["02.jpg", None]
    side = dialog.sides[RIGHT]
    side.choose_button.click()
    qtbot.waitUntil(lambda: side.said.startswith("This is not an image"), timeout=PATIENCE)
    side.choose_button.click()
    qtbot.waitUntil(lambda: pair(dialog) == ["02.jpg", "01.jpg"], timeout=PATIENCE)
    judged(qtbot, dialog)


def test_an_address_is_not_fetched_behind_the_persons_back(qtbot: QtBot, library: MainWindow) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/a.jpg")])
    dialog = compare(library)
    assert drop(dialog.sides[LEFT], mime)
    assert dialog.sides[LEFT].said == "That is an address. Save the picture, then drop the file."
    assert library.network_text == "Network: off"


def test_more_than_two_are_not_compared(qtbot: QtBot, library: MainWindow) -> None:
    select(library, [0, 1, 2])
    QTest.keySequence(library, "Ctrl+D")
    assert library.tools.comparing.dialog is None
    assert any("Select two photos" in message for message in messages(library))


def test_closing_before_the_verdict_leaves_nothing_behind(qtbot: QtBot, library: MainWindow) -> None:
    select(library, [0, 1])
    dialog = compare(library)
    next(each for each in dialog.findChildren(QPushButton) if each.text() == "Close").click()
    qtbot.waitUntil(lambda: not isValid(dialog), timeout=PATIENCE)
    select(library, rows(library, "05.jpg") + rows(library, "06.jpg"))
    again = compare(library)  # the answer to the first must not fall into this one
    assert sorted(map(str, pair(again))) == ["05.jpg", "06.jpg"]
    assert judged(qtbot, again) != "The same picture"
