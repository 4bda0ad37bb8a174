"""Photos whose files are missing, what leaves the library, and how it comes back, in the real window."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QToolButton, QTreeWidget
from pytestqt.qtbot import QtBot

from drawing import draw_photo
from driving import PATIENCE, answered, index_folder, messages, names
from imagefinder.domain.images import Photo
from imagefinder.ui.banner import Banner
from imagefinder.ui.failures_dialog import FailuresDialog
from imagefinder.ui.main_window import MainWindow

AWAY = "b is not there. Its photos are kept and stay searchable."


@pytest.fixture
def shown(qtbot: QtBot, window: MainWindow, photos: Path) -> MainWindow:
    """The window over twelve photos: 00 to 05 in the folder a, 06 to 11 in b."""
    index_folder(qtbot, window, photos)
    qtbot.waitUntil(lambda: len(window.folders_shown) == 1 and not window.session.indexing, timeout=PATIENCE)
    return window


def scan(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE):
        window.rescan()


def label(qtbot: QtBot, window: MainWindow, *wanted: str) -> None:
    ids = [photo.id for photo in everything(window) if photo.name in wanted]
    assert len(ids) == len(wanted)
    done: list[bool] = []
    window.session.edit("label", lambda library: library.set_labels(ids, "rose"), lambda _: done.append(True))
    qtbot.waitUntil(lambda: bool(done), timeout=PATIENCE)


def everything(window: MainWindow) -> list[Photo]:
    assert window.session.library is not None
    return window.session.library.newest(1000)


def banner(window: MainWindow, start: str) -> Banner:
    return next(each for each in window.banners.banners() if each.sentence.startswith(start))


def press(window: MainWindow, start: str, text: str) -> None:
    button = banner(window, start).action_button
    assert button is not None
    assert button.text() == text
    button.click()


def question(qtbot: QtBot, window: MainWindow) -> QMessageBox:
    def open_ones() -> list[QMessageBox]:
        return [box for box in window.findChildren(QMessageBox) if box.isVisible()]

    qtbot.waitUntil(lambda: len(open_ones()) == 1, timeout=PATIENCE)
    return open_ones()[0]


def answer(box: QMessageBox, text: str) -> None:
    next(button for button in box.buttons() if button.text().replace("&", "") == text).click()


def told(qtbot: QtBot, window: MainWindow, *wanted: str) -> None:
    """These banners, and no other, are there."""
    qtbot.waitUntil(lambda: sorted(messages(window)) == sorted(wanted), timeout=PATIENCE)


def test_a_folder_below_a_root_that_is_emptied_is_told_of_until_it_is_back(
    qtbot: QtBot, shown: MainWindow, photos: Path, tmp_path: Path
) -> None:
    shutil.move(photos / "b", tmp_path / "elsewhere")
    (photos / "b").mkdir()
    scan(qtbot, shown)
    told(qtbot, shown, f"{photos}/{AWAY}")
    qtbot.waitUntil(lambda: sum(photo.offline for photo in shown.page.model.photos(0, 99)) == 6, timeout=PATIENCE)
    assert shown.folders_shown[0].away == 6
    scan(qtbot, shown)
    told(qtbot, shown, f"{photos}/{AWAY}")
    banner(shown, str(photos)).close_button.click()
    scan(qtbot, shown)
    qtbot.wait(50)
    assert messages(shown) == [], "closed is closed"
    (photos / "b").rmdir()
    shutil.move(tmp_path / "elsewhere", photos / "b")
    scan(qtbot, shown)
    qtbot.waitUntil(lambda: shown.folders_shown[0].away == 0, timeout=PATIENCE)
    shutil.move(photos / "b", tmp_path / "elsewhere")
    (photos / "b").mkdir()
    scan(qtbot, shown)
    told(qtbot, shown, f"{photos}/{AWAY}")
    (photos / "b").rmdir()
    shutil.move(tmp_path / "elsewhere", photos / "b")
    scan(qtbot, shown)
    told(qtbot, shown)


def test_a_root_that_is_away_is_told_of_and_a_scan_of_another_does_not_take_that_back(
    qtbot: QtBot, shown: MainWindow, photos: Path, tmp_path: Path
) -> None:
    draw_photo(tmp_path / "other" / "x.jpg", seed=77)
    index_folder(qtbot, shown, tmp_path / "other")
    photos.rename(tmp_path / "away")
    scan(qtbot, shown)
    told(qtbot, shown, f"{photos} is offline. Its photos are kept and stay searchable.")
    with qtbot.waitSignal(shown.session.indexing_finished, timeout=PATIENCE):
        shown.session.rescan(shown.folders_shown[1].id)
    with qtbot.waitSignal(shown.session.folders_changed, timeout=PATIENCE):
        shown.session.refresh()
    told(qtbot, shown, f"{photos} is offline. Its photos are kept and stay searchable.")
    (tmp_path / "away").rename(photos)
    scan(qtbot, shown)
    told(qtbot, shown)


def test_results_carry_the_badge_once_their_files_are_away(
    qtbot: QtBot, shown: MainWindow, photos: Path, tmp_path: Path
) -> None:
    shown.flow.find_similar(shown.page.model.photo(0))
    answered(qtbot, shown)
    shutil.move(photos / "b", tmp_path / "elsewhere")
    (photos / "b").mkdir()
    scan(qtbot, shown)

    def away() -> set[str]:
        return {photo.name for photo in shown.page.model.photos(0, 99) if photo.offline}

    below_b = {name for name in names(shown) if name >= "06.jpg"}
    assert 0 < len(below_b) < len(names(shown))
    qtbot.waitUntil(lambda: away() == below_b, timeout=PATIENCE)
    assert shown.flow.result is not None


def test_labelled_photos_that_are_missing_are_kept_told_of_and_forgotten_with_their_numbers(
    qtbot: QtBot, shown: MainWindow, photos: Path
) -> None:
    label(qtbot, shown, "01.jpg", "02.jpg")
    for name in ("00", "01", "02"):
        (photos / "a" / f"{name}.jpg").unlink()
    scan(qtbot, shown)
    missing = "2 labelled photos are missing from “photos”. They are kept."
    told(qtbot, shown, missing, "1 photo left the library: its file was deleted or moved away.")
    press(shown, missing, "They are gone…")
    box = question(qtbot, shown)
    assert box.text() == "Forget the missing photos of “photos”?"
    assert "2 photos whose files are not in" in box.informativeText()
    assert "all with labels that you gave them" in box.informativeText()
    assert "No file is touched." in box.informativeText()
    assert "for 30 days" in box.informativeText()
    with qtbot.waitSignal(shown.session.indexing_finished, timeout=PATIENCE):
        answer(box, "Forget")
    left = "2 photos left the library: their files were missing. They had labels that you gave them."
    told(qtbot, shown, "1 photo left the library: its file was deleted or moved away.", left)
    assert len(everything(shown)) == 9


def test_a_part_that_is_away_can_be_forgotten_from_the_menu_of_its_root(
    qtbot: QtBot, shown: MainWindow, photos: Path
) -> None:
    label(qtbot, shown, "07.jpg")
    shutil.rmtree(photos / "b")
    (photos / "b").mkdir()
    scan(qtbot, shown)
    qtbot.waitUntil(lambda: shown.folders_shown[0].away == 6, timeout=PATIENCE)
    menu = shown.folders.menu(shown.folders_shown[0])
    next(action for action in menu.actions() if action.text() == "Forget missing photos…").trigger()
    box = question(qtbot, shown)
    assert "6 photos whose files" in box.informativeText()
    assert "1 of them with a label that you gave it" in box.informativeText()
    answer(box, "Cancel")
    assert len(everything(shown)) == 12


def test_a_removed_folder_is_asked_about_and_comes_back_with_undo(
    qtbot: QtBot, shown: MainWindow, photos: Path
) -> None:
    label(qtbot, shown, "03.jpg")
    menu = shown.folders.menu(shown.folders_shown[0])
    next(action for action in menu.actions() if action.text().startswith("Remove")).trigger()
    box = question(qtbot, shown)
    text = box.informativeText()
    assert "12 photos will no longer be found, 1 of them with a label that you gave it." in text
    assert f"The files in {photos} stay as they are." in text
    assert "They can be brought back for 30 days" in text
    answer(box, "Remove")
    told(qtbot, shown, "“photos” was removed with 12 photos.")
    qtbot.waitUntil(lambda: shown.folders_shown == (), timeout=PATIENCE)
    with qtbot.waitSignal(shown.session.indexing_finished, timeout=PATIENCE):
        press(shown, "“photos” was removed", "Undo")
    told(qtbot, shown, "12 photos are back.")
    qtbot.waitUntil(lambda: len(names(shown)) == 12, timeout=PATIENCE)
    assert shown.session.library is not None
    assert list(shown.session.library.labelled_photos().values()) == ["rose"]
    qtbot.waitUntil(lambda: shown.folders_shown[0].away == 0, timeout=PATIENCE)


def test_a_removed_folder_without_photos_comes_back_too(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    qtbot.waitUntil(lambda: window.session.library is not None, timeout=PATIENCE)
    window.session.add_folders([str(empty)])
    qtbot.waitUntil(lambda: len(window.folders_shown) == 1, timeout=PATIENCE)
    window.session.remove_folder(window.folders_shown[0].id)
    told(qtbot, window, "“empty” was removed.")
    qtbot.waitUntil(lambda: len(window.folders_shown) == 0, timeout=PATIENCE)
    press(window, "“empty”", "Undo")
    qtbot.waitUntil(lambda: [folder.path for folder in window.folders_shown] == [str(empty)], timeout=PATIENCE)


def test_what_left_is_listed_with_its_reason_and_brought_back_from_the_list(
    qtbot: QtBot, shown: MainWindow, photos: Path
) -> None:
    (photos / "a" / "00.jpg").unlink()
    scan(qtbot, shown)
    told(qtbot, shown, "1 photo left the library: its file was deleted or moved away.")
    press(shown, "1 photo left", "Bring back…")
    qtbot.waitUntil(lambda: shown.removals.dialog is not None, timeout=PATIENCE)
    dialog = shown.removals.dialog
    assert dialog is not None
    (table,) = dialog.findChildren(QTreeWidget)
    qtbot.waitUntil(lambda: table.topLevelItemCount() == 1, timeout=PATIENCE)
    item = table.topLevelItem(0)
    assert item is not None
    assert [item.text(column) for column in (1, 2, 3, 4)] == [
        "1", "", str(photos), "Their files were deleted or moved away",
    ]  # fmt: skip
    draw_photo(photos / "a" / "00.jpg", seed=0)
    with qtbot.waitSignal(shown.session.indexing_finished, timeout=PATIENCE):
        next(each for each in dialog.findChildren(QPushButton) if each.text() == "Bring back").click()
    told(qtbot, shown, "1 photo is back.")
    qtbot.waitUntil(lambda: table.topLevelItemCount() == 0, timeout=PATIENCE)
    assert len(everything(shown)) == 12
    dialog.close()


def test_a_removal_that_is_no_longer_kept_is_told(qtbot: QtBot, shown: MainWindow, photos: Path) -> None:
    (photos / "a" / "00.jpg").unlink()
    scan(qtbot, shown)
    library = shown.session.library
    assert library is not None
    (removal,) = library.removals()
    library.bring_back(removal.id)
    shown.session.bring_back([removal])
    qtbot.waitUntil(lambda: any("no longer kept" in text for text in messages(shown)), timeout=PATIENCE)


def test_a_run_that_changes_nothing_says_nothing(qtbot: QtBot, shown: MainWindow) -> None:
    scan(qtbot, shown)
    with qtbot.waitSignal(shown.session.folders_changed, timeout=PATIENCE):
        shown.session.refresh()
    assert messages(shown) == []


def test_what_left_is_told_also_where_an_edit_interrupted_the_run(
    qtbot: QtBot, shown: MainWindow, photos: Path
) -> None:
    gone = next(photo for photo in everything(shown) if photo.name == "00.jpg")
    (photos / "a" / "00.jpg").unlink()
    for number in range(200):
        draw_photo(photos / "more" / f"{number}.jpg", seed=1000 + number)
    library = shown.session.library
    assert library is not None
    with qtbot.waitSignal(shown.session.indexing_finished, timeout=PATIENCE) as finished:
        shown.rescan()
        qtbot.waitUntil(lambda: library.photo(gone.id) is None, timeout=PATIENCE)
        assert shown.session.indexing
        label(qtbot, shown, "01.jpg")
    assert finished.args is not None
    assert (finished.args[0].added, finished.args[0].removed, finished.args[0].cancelled) == (200, 1, False)
    told(qtbot, shown, "1 photo left the library: its file was deleted or moved away.")


def test_the_list_of_what_left_opens_from_the_menu_with_its_size(
    qtbot: QtBot, make_window: Callable[[], MainWindow]
) -> None:
    window = make_window()
    qtbot.waitUntil(lambda: window.session.library is not None, timeout=PATIENCE)
    next(
        each for each in window.findChildren(QAction) if "Bring back removed" in each.text().replace("&", "")
    ).trigger()
    dialog = window.removals.dialog
    assert dialog is not None
    qtbot.waitExposed(dialog)
    dialog.resize(700, 300)
    qtbot.waitUntil(lambda: bool(window.remembered.removed_geometry), timeout=PATIENCE)
    dialog.close()


def test_the_failures_tell_links_and_other_kinds_and_a_linked_folder_can_be_added(
    qtbot: QtBot, window: MainWindow, photos: Path, tmp_path: Path
) -> None:
    draw_photo(tmp_path / "linked" / "x.jpg", seed=50)
    (photos / "link").symlink_to(tmp_path / "linked")
    (photos / "notes.txt").write_text("nothing to see")
    (photos / "bad.jpg").write_bytes(b"")
    cut = (photos / "a" / "00.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(cut[: len(cut) * 3 // 4])
    index_folder(qtbot, window, photos)
    window.dialogs.show_failures()
    dialog = next(each for each in window.findChildren(FailuresDialog))
    qtbot.waitUntil(lambda: "1 file could not be read. 1 is damaged" in said(dialog), timeout=PATIENCE)
    qtbot.waitUntil(lambda: "1 file of another kind was passed over: 1 txt." in said(dialog), timeout=PATIENCE)
    qtbot.waitUntil(lambda: links(window) == ["1 could not be read", "1 damaged"], timeout=PATIENCE)
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE):
        next(each for each in dialog.findChildren(QPushButton) if each.text() == "Add that folder").click()
    qtbot.waitUntil(lambda: len(window.folders_shown) == 2, timeout=PATIENCE)
    assert window.folders_shown[1].path == str(tmp_path / "linked")
    dialog.close()


def said(dialog: FailuresDialog) -> str:
    return " ".join(each.text() for each in dialog.findChildren(QLabel))


def links(window: MainWindow) -> list[str]:
    return [each.text() for each in window.card.findChildren(QToolButton) if not each.isHidden()]


def test_a_file_that_is_no_longer_the_one_that_is_shown_is_not_trashed_and_can_be_scanned(
    qtbot: QtBot, shown: MainWindow, photos: Path
) -> None:
    photo = next(photo for photo in everything(shown) if photo.name == "04.jpg")
    draw_photo(photos / "a" / "04.jpg", seed=99)
    shown.session.move_to_trash([photo])
    text = "04.jpg could not be moved to the trash. The file is no longer the one that is shown."
    qtbot.waitUntil(lambda: any(each.startswith(text) for each in messages(shown)), timeout=PATIENCE)
    assert (photos / "a" / "04.jpg").exists()
    with qtbot.waitSignal(shown.session.indexing_finished, timeout=PATIENCE) as finished:
        press(shown, "04.jpg", "Scan again")
    assert finished.args is not None
    assert finished.args[0].updated == 1


def test_photos_whose_files_are_away_are_not_asked_about_for_the_trash(
    qtbot: QtBot, shown: MainWindow, photos: Path
) -> None:
    label(qtbot, shown, "04.jpg")
    (photos / "a" / "04.jpg").unlink()
    scan(qtbot, shown)
    photo = next(photo for photo in everything(shown) if photo.name == "04.jpg")
    assert photo.offline
    shown.commands.ask_to_trash([photo])
    assert any(text.startswith("There is no file of 04.jpg to move") for text in messages(shown))
    other = next(photo for photo in everything(shown) if photo.name == "05.jpg")
    shown.commands.ask_to_trash([photo, other])
    box = question(qtbot, shown)
    assert box.text() == "Move 05.jpg to the trash?"
    assert "1 photo of those selected is offline, and stays." in box.informativeText()
    answer(box, "Cancel")
