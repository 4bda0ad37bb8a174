"""Failures, About and the list of keys."""

import os

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QTreeWidget
from pytestqt.qtbot import QtBot

from imagefinder.ui.about_dialog import AboutDialog
from imagefinder.ui.failures_dialog import FailuresDialog
from imagefinder.ui.shortcuts_dialog import ShortcutsDialog
from made_up import failure


def button(dialog: FailuresDialog | AboutDialog, text: str) -> QPushButton:
    return next(child for child in dialog.findChildren(QPushButton) if child.text().replace("&", "") == text)


def table(dialog: FailuresDialog | ShortcutsDialog) -> QTreeWidget:
    (found,) = dialog.findChildren(QTreeWidget)
    return found


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
