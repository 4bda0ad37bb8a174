"""Failures, About and the list of keys."""

import os
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QTreeWidget
from pytestqt.qtbot import QtBot

from imagefinder.domain.images import NotLookedAt
from imagefinder.ui.about_dialog import AboutDialog
from imagefinder.ui.failures_dialog import FailuresDialog
from imagefinder.ui.shortcuts_dialog import ShortcutsDialog
from made_up import failure


def button(dialog: FailuresDialog | AboutDialog, text: str) -> QPushButton:
    return next(child for child in dialog.findChildren(QPushButton) if child.text().replace("&", "") == text)


def table(dialog: FailuresDialog | ShortcutsDialog, name: str = "") -> QTreeWidget:
    wanted = name or dialog.windowTitle()
    found = [each for each in dialog.findChildren(QTreeWidget) if each.accessibleName() in (wanted, "")]
    assert len(found) == 1
    return found[0]


def labels(dialog: FailuresDialog) -> list[str]:
    return [label.text() for label in dialog.findChildren(QLabel) if not label.isHidden()]


def test_failures_are_listed_with_their_reasons(qtbot: QtBot) -> None:
    dialog = FailuresDialog()
    qtbot.addWidget(dialog)
    dialog.set_failures([failure("a.jpg"), failure(os.fsdecode(b"b\xff\n.jpg"), "Not an image this app can read.")])
    rows = [[item.text(0), item.text(1)] for item in (table(dialog).topLevelItem(n) for n in range(2)) if item]
    assert rows == [
        ["/photos/a.jpg", "The file is empty."],
        ["/photos/b\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}.jpg", "Not an image this app can read."],
    ]
    assert any(label.text() == "2 files could not be read." for label in dialog.findChildren(QLabel))


def test_trying_again_takes_the_selected_ones_or_all(qtbot: QtBot) -> None:
    failures = [failure("a.jpg"), failure("b.jpg"), failure("c.jpg")]
    dialog = FailuresDialog()
    qtbot.addWidget(dialog)
    dialog.set_failures(failures)
    with qtbot.waitSignal(dialog.retry_requested) as retried:
        button(dialog, "Try all again").click()
    assert retried.args == [failures]
    for row in (2, 0):
        table(dialog).selectionModel().select(
            table(dialog).model().index(row, 0),
            table(dialog).selectionModel().SelectionFlag.Select | table(dialog).selectionModel().SelectionFlag.Rows,
        )
    with qtbot.waitSignal(dialog.retry_requested) as retried:
        button(dialog, "Try again").click()
    assert retried.args == [[failures[0], failures[2]]]
    assert not button(dialog, "Show in folder").isEnabled()


def test_one_can_be_shown_in_its_folder_even_if_its_name_is_not_text(qtbot: QtBot) -> None:
    odd = failure(os.fsdecode(b"caf\xe9.jpg"))
    dialog = FailuresDialog()
    qtbot.addWidget(dialog)
    dialog.set_failures([failure("a.jpg"), odd])
    table(dialog).setCurrentIndex(table(dialog).model().index(1, 0))
    with qtbot.waitSignal(dialog.reveal_requested) as revealed:
        button(dialog, "Show in folder").click()
    assert revealed.args == [odd.path]
    with qtbot.waitSignal(dialog.reveal_requested):
        table(dialog).activated.emit(table(dialog).currentIndex())


def test_the_list_can_be_copied(qtbot: QtBot) -> None:
    dialog = FailuresDialog()
    qtbot.addWidget(dialog)
    dialog.set_failures([failure("a.jpg"), failure("b.jpg")])
    button(dialog, "Copy list").click()
    assert QGuiApplication.clipboard().text() == "/photos/a.jpg\tThe file is empty.\n/photos/b.jpg\tThe file is empty."
    dialog.set_failures([])
    assert not button(dialog, "Try all again").isEnabled()
    assert not button(dialog, "Copy list").isEnabled()


def test_damaged_photos_come_after_those_that_could_not_be_read_and_are_not_tried_again(qtbot: QtBot) -> None:
    dialog = FailuresDialog()
    qtbot.addWidget(dialog)
    cut = replace(failure("cut.jpg", "The picture is damaged."), shown=True)
    dialog.set_failures([cut, failure("a.jpg")])
    rows = [[item.text(n) for n in (0, 2)] for item in (table(dialog).topLevelItem(n) for n in range(2)) if item]
    assert rows == [["/photos/a.jpg", "No"], ["/photos/cut.jpg", "In part"]]
    assert "1 file could not be read. 1 is damaged, and shown as far as it goes." in labels(dialog)
    with qtbot.waitSignal(dialog.retry_requested) as retried:
        button(dialog, "Try all again").click()
    assert retried.args == [[failure("a.jpg")]]
    table(dialog).setCurrentIndex(table(dialog).model().index(1, 0))
    assert not button(dialog, "Try again").isEnabled()
    dialog.set_failures([failure("a.jpg")])
    assert table(dialog).isColumnHidden(2)


def test_what_was_not_looked_at_is_told_below(qtbot: QtBot) -> None:
    dialog = FailuresDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    assert not button(dialog, "Add that folder").isVisible()
    links = {"/photos/a": "/mnt/one", "/photos/b": os.fsdecode(b"/mnt/caf\xe9")}
    dialog.set_not_looked_at(NotLookedAt(links, {"psd": 3, "txt": 1204, "": 2}))
    sentence = "1,209 files of other kinds were passed over: 1,204 txt, 3 psd, 2 without an extension."
    assert sentence in labels(dialog)
    found = table(dialog, "Links to folders")
    found.setCurrentIndex(found.model().index(1, 0))
    with qtbot.waitSignal(dialog.add_requested) as added:
        button(dialog, "Add that folder").click()
    assert added.args == [os.fsdecode(b"/mnt/caf\xe9")]
    dialog.set_not_looked_at(NotLookedAt({}, {"txt": 1}))
    assert "1 file of another kind was passed over: 1 txt." in labels(dialog)
    assert not found.isVisible()
    kinds = {f"k{n}": 10 - n for n in range(9)}
    dialog.set_not_looked_at(NotLookedAt({}, kinds))
    assert any(text.endswith("5 k5, 9 others.") for text in labels(dialog))


def test_enter_in_the_list_shows_the_file_and_leaves_the_dialog_open(qtbot: QtBot) -> None:
    dialog = FailuresDialog()
    qtbot.addWidget(dialog)
    dialog.set_failures([failure("a.jpg")])
    dialog.show()
    qtbot.waitExposed(dialog)
    table(dialog).setFocus()
    table(dialog).setCurrentIndex(table(dialog).model().index(0, 0))
    with qtbot.waitSignal(dialog.reveal_requested):
        QTest.keyClick(table(dialog), Qt.Key.Key_Return)
    assert dialog.isVisible()


def test_about_copies_everything_and_mentions_the_crash(qtbot: QtBot) -> None:
    dialog = AboutDialog([("Qt", "6.11"), ("Library", "/home/anna/library")], "Fatal Python error: Aborted")
    qtbot.addWidget(dialog)
    button(dialog, "Copy details").click()
    copied = QGuiApplication.clipboard().text()
    assert copied == "Qt: 6.11\nLibrary: /home/anna/library\n\nFatal Python error: Aborted"
    assert any("ended unexpectedly" in label.text() for label in dialog.findChildren(QLabel))
    calm = AboutDialog([("Qt", "6.11")])
    qtbot.addWidget(calm)
    assert not any("ended unexpectedly" in label.text() for label in calm.findChildren(QLabel))


def test_keys_are_listed_in_groups(qtbot: QtBot) -> None:
    opening, nothing = QAction("&Open picture…"), QAction("Without a key")
    opening.setShortcuts([QKeySequence("Ctrl+O"), QKeySequence("F3")])
    dialog = ShortcutsDialog([("Search", [opening, nothing, ("Find similar", "Enter")]), ("Empty", [nothing])])
    qtbot.addWidget(dialog)
    tree = table(dialog)
    assert tree.topLevelItemCount() == 1
    model, group = tree.model(), tree.model().index(0, 0)
    rows = [tuple(model.index(n, column, group).data() for column in (0, 1)) for n in range(model.rowCount(group))]
    native = QKeySequence("Ctrl+O").toString(QKeySequence.SequenceFormat.NativeText)
    assert rows == [("Open picture", f"{native}, F3"), ("Find similar", "Enter")]
    with qtbot.waitSignal(dialog.finished):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
