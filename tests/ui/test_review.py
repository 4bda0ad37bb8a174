"""The list of proposed labels: decided by keyboard, many at once, and taken back."""

import functools
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from driving import PATIENCE
from imagefinder.domain.progress import CancelToken, ProgressSink
from imagefinder.storage.library import Library
from imagefinder.ui.label_dialog import LabelDialog
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.review_dialog import ReviewDialog
from imagefinder.usecases import labelling
from labelled_window import Things, draw_things, labels, library, menu_action, rows, select, show_things, use_names

LOOSE = {f"{thing}-{number}.png" for thing in ("apple", "pear", "plum") for number in (100, 101)}


@pytest.fixture
def things(tmp_path: Path) -> Things:
    return draw_things(tmp_path / "photos")


def open_review(window: MainWindow) -> ReviewDialog:
    menu_action(window, "Review proposed labels").trigger()
    dialog = window.tools.review.dialog
    assert dialog is not None
    return dialog


def proposed(qtbot: QtBot, window: MainWindow) -> ReviewDialog:
    dialog = open_review(window)
    qtbot.waitUntil(lambda: dialog.model.rowCount() > 0, timeout=PATIENCE)
    return dialog


def names(dialog: ReviewDialog) -> list[str]:
    return [each.photo.name for each in dialog.model.proposals()]


def current(dialog: ReviewDialog) -> str:
    return names(dialog)[dialog.list.currentIndex().row()]


def press(dialog: ReviewDialog, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(dialog.list, key)


def button(dialog: ReviewDialog, start: str) -> QPushButton:
    return next(each for each in dialog.findChildren(QPushButton) if each.text().startswith(start))


def sentence(dialog: ReviewDialog) -> str:
    said = [label.text() for label in dialog.findChildren(QLabel) if " accepted" in label.text()]
    return said[0].replace("\N{NO-BREAK SPACE}", " ")


def test_a_person_decides_with_the_keys_alone_and_takes_it_back(
    qtbot: QtBot, window: MainWindow, things: Things
) -> None:
    show_things(qtbot, window, things)
    dialog = proposed(qtbot, window)
    assert set(names(dialog)) == LOOSE
    order = names(dialog)
    by_name = labels(window)
    for each in dialog.model.proposals():
        assert each.vote.label == each.photo.name.partition("-")[0]
    assert dialog.detail.sentence.startswith(("Probably ", "Not sure: "))
    assert len(dialog.detail.tiles()) == 10

    QTest.keySequence(dialog, "Ctrl+Z")  # nothing is decided: what was done before, elsewhere, stays
    assert not button(dialog, "Undo").isEnabled()
    assert labels(window) == by_name

    press(dialog, Qt.Key.Key_Return)  # accept the first
    assert button(dialog, "Undo").isEnabled()
    qtbot.waitUntil(lambda: labels(window).get(order[0]) == order[0].partition("-")[0], timeout=PATIENCE)
    assert current(dialog) == order[1]
    press(dialog, Qt.Key.Key_S)  # leave the second
    assert current(dialog) == order[2]
    press(dialog, Qt.Key.Key_Delete)  # the third is something else
    assert current(dialog) == order[3]
    assert sentence(dialog) == "4 to review · 1 accepted · 1 rejected"
    rejected = next(photo.id for photo in window.page.model.photos(0, 100) if photo.name == order[2])
    wrong = order[2].partition("-")[0]
    qtbot.waitUntil(lambda: library(window).rejected_labels([rejected]) == {rejected: {wrong}}, timeout=PATIENCE)

    QTest.keySequence(dialog, "Ctrl+Z")
    assert current(dialog) == order[2]
    QTest.keySequence(dialog, "Ctrl+Z")
    assert names(dialog) == order
    assert current(dialog) == order[0]
    qtbot.waitUntil(lambda: labels(window) == by_name, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not library(window).rejected_labels([rejected]).get(rejected), timeout=PATIENCE)

    assert not button(dialog, "Undo").isEnabled()
    QTest.keySequence(dialog, "Ctrl+Z")
    QTest.keySequence(dialog, QKeySequence(QKeySequence.StandardKey.Redo))
    qtbot.waitUntil(lambda: labels(window).get(order[0]) == order[0].partition("-")[0], timeout=PATIENCE)
    assert labels(window).items() >= by_name.items()  # "use folder names as labels" was not undone
    assert sentence(dialog) == "5 to review · 1 accepted · 0 rejected"


def test_what_is_done_elsewhere_is_told_and_is_not_undone_here(
    qtbot: QtBot, window: MainWindow, things: Things
) -> None:
    show_things(qtbot, window, things)
    dialog = proposed(qtbot, window)
    press(dialog, Qt.Key.Key_A)
    assert "elsewhere" not in sentence(dialog)
    use_names(qtbot, window, False)
    assert sentence(dialog).endswith("labels were changed elsewhere since: look again")
    assert not button(dialog, "Undo").isEnabled()
    QTest.keySequence(dialog, "Ctrl+Z")
    assert window.folders_shown[0].labelled is False
    menu_action(window, "Undo").trigger()
    qtbot.waitUntil(lambda: window.folders_shown[0].labelled, timeout=PATIENCE)
    button(dialog, "Look again").click()
    qtbot.waitUntil(lambda: sentence(dialog) == "5 to review · 0 accepted · 0 rejected", timeout=PATIENCE)
    assert not button(dialog, "Undo").isEnabled()  # what was decided before has no place in the new list


def test_of_many_the_surest_are_listed_which_is_told_and_there_are_more(
    qtbot: QtBot, window: MainWindow, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "proposals", functools.partial(labelling.proposals, limit=4))
    show_things(qtbot, window, things)
    dialog = proposed(qtbot, window)
    assert sentence(dialog) == "4 to review, of the 4 surest of 6 · 0 accepted · 0 rejected"
    press(dialog, Qt.Key.Key_A)
    assert sentence(dialog) == "3 to review, of the 4 surest of 6 · 1 accepted · 0 rejected"
    press(dialog, *[Qt.Key.Key_A] * 3)
    assert dialog.waiting.message == "These 4 are decided. There are proposals for 2 photos more."
    button(dialog, "Look for more").click()
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 2, timeout=PATIENCE)
    assert sentence(dialog) == "2 to review · 0 accepted · 0 rejected"


def test_what_was_rejected_is_not_proposed_again(qtbot: QtBot, window: MainWindow, things: Things) -> None:
    show_things(qtbot, window, things)
    dialog = proposed(qtbot, window)
    name, wrong = current(dialog), dialog.model.proposals()[0].vote.label
    press(dialog, Qt.Key.Key_R)
    button(dialog, "Look again").click()
    qtbot.waitUntil(lambda: set(names(dialog)) == LOOSE, timeout=PATIENCE)
    again = next(each for each in dialog.model.proposals() if each.photo.name == name)
    assert again.vote.label != wrong


def test_many_are_accepted_at_once_and_that_is_one_step_back(qtbot: QtBot, window: MainWindow, things: Things) -> None:
    show_things(qtbot, window, things)
    dialog = proposed(qtbot, window)
    before = labels(window)
    (filters,) = dialog.findChildren(QComboBox)
    filters.setCurrentIndex(next(i for i in range(filters.count()) if filters.itemText(i).startswith("pear")))
    filters.activated.emit(filters.currentIndex())
    assert set(names(dialog)) == {"pear-100.png", "pear-101.png"}
    (least,) = dialog.findChildren(QSpinBox)
    least.setValue(1)
    sure = {each.photo.name for each in dialog.model.proposals() if each.vote.sure}
    assert button(dialog, "Accept all").text() == f"Accept all {len(sure)}"
    assert sure
    button(dialog, "Accept all").click()
    qtbot.waitUntil(lambda: labels(window) == before | dict.fromkeys(sure, "pear"), timeout=PATIENCE)
    button(dialog, "Undo").click()
    qtbot.waitUntil(lambda: labels(window) == before, timeout=PATIENCE)
    assert sure <= set(names(dialog))


def test_another_label_is_asked_for_and_the_end_is_told(qtbot: QtBot, window: MainWindow, things: Things) -> None:
    show_things(qtbot, window, things)
    dialog = proposed(qtbot, window)
    name = current(dialog)
    press(dialog, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: bool(dialog.findChildren(LabelDialog)), timeout=PATIENCE)
    (asked,) = dialog.findChildren(LabelDialog)
    QTest.keyClicks(asked.findChildren(QLineEdit)[0], "quince")
    QTest.keyClick(asked, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: labels(window).get(name) == "quince", timeout=PATIENCE)
    assert name not in names(dialog)
    press(dialog, *[Qt.Key.Key_A] * 5)
    assert dialog.waiting.message == "Every proposal is decided."
    qtbot.waitUntil(lambda: set(labels(window)) >= LOOSE, timeout=PATIENCE)
    dialog.waiting.action.emit()
    qtbot.waitUntil(lambda: dialog.waiting.message == "Every photo of this library has a label.", timeout=PATIENCE)


def test_without_any_label_it_is_told_how_to_begin(qtbot: QtBot, window: MainWindow, things: Things) -> None:
    show_things(qtbot, window, things, labelled=False)
    dialog = open_review(window)
    qtbot.waitUntil(lambda: "Use folder names as labels" in dialog.waiting.message, timeout=PATIENCE)
    select(window, rows(window, "pear-")[:1])  # as the message says: one label by hand is enough
    window.tools.labels.set_label(window.page.view.selected_photos(), "pear")
    qtbot.waitUntil(lambda: len(labels(window)) == 1, timeout=PATIENCE)
    dialog.waiting.action.emit()
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 20, timeout=PATIENCE)


def test_looking_for_labels_can_be_stopped(
    qtbot: QtBot, window: MainWindow, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    show_things(qtbot, window, things)
    begun = threading.Event()

    def endless(found: Library, *, token: CancelToken, progress: ProgressSink) -> Callable[[], None]:
        begun.set()
        while True:
            token.check()
            begun.wait(0.01)

    monkeypatch.setattr(labelling, "proposals", endless)
    dialog = open_review(window)
    qtbot.waitUntil(begun.is_set, timeout=PATIENCE)
    button(dialog, "Cancel").click()
    qtbot.waitUntil(lambda: dialog.waiting.message == "Stopped.", timeout=PATIENCE)
