"""The photo folders and what can be done with each."""

import os
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QListView, QMenu, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from imagefinder.domain.excludes import DEFAULT_EXCLUDES
from imagefinder.domain.images import Folder, FolderState
from imagefinder.ui.excludes_dialog import ExcludesDialog
from imagefinder.ui.folders_model import FACTS, FoldersModel, folder_name
from imagefinder.ui.folders_panel import FoldersPanel
from made_up import folder

PICTURES = folder(1, "/home/anna/Pictures", photos=12480)
NAS = folder(2, "/media/nas/2019", FolderState.OFFLINE, 4211)
PHONE = folder(3, "/home/anna/Phone", FolderState.SCANNING, 1)


@pytest.fixture
def panel(qtbot: QtBot) -> FoldersPanel:
    panel = FoldersPanel()
    qtbot.addWidget(panel)
    panel.resize(240, 400)
    panel.set_folders([PICTURES, NAS, PHONE])
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def view(panel: FoldersPanel) -> QListView:
    (found,) = panel.findChildren(QListView)
    return found


def choose(panel: FoldersPanel, which: Folder, text: str) -> None:
    menu = panel.menu(which)
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.deleteLater()


def test_the_model_is_a_proper_one(qtmodeltester: object) -> None:
    model = FoldersModel()
    model.set_folders([PICTURES, NAS])
    qtmodeltester.check(model)  # type: ignore[attr-defined]  # pytest-qt does not type its fixture


def test_each_folder_says_its_state_in_words(panel: FoldersPanel) -> None:
    model = view(panel).model()
    said = [model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert said == [
        "Pictures, 12,480 photos\N{NO-BREAK SPACE}· indexed",
        "2019, 4,211 photos\N{NO-BREAK SPACE}· offline",
        "Phone, 1 photo\N{NO-BREAK SPACE}· scanning",
    ]
    assert model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole) == "/media/nas/2019"


def test_a_folder_of_which_a_part_is_away_says_how_many_photos(panel: FoldersPanel) -> None:
    panel.set_folders([replace(PICTURES, away=1480), replace(NAS, away=12)])
    model = view(panel).model()
    said = [model.index(row, 0).data(FACTS).replace("\N{NO-BREAK SPACE}", " ") for row in range(2)]
    assert said == ["12,480 photos · indexed · 1,480 offline", "4,211 photos · offline"]


def test_a_name_that_looks_like_markup_is_shown_as_it_is(panel: FoldersPanel) -> None:
    panel.set_folders([folder(9, "/photos/<b>bold</b>")])
    tip = view(panel).model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;bold&lt;/b&gt;" in tip


def test_new_counts_leave_the_selection_alone(panel: FoldersPanel) -> None:
    view(panel).setCurrentIndex(view(panel).model().index(1, 0))
    panel.set_folders([PICTURES, folder(2, NAS.path, FolderState.INDEXED, 5000), PHONE])
    assert view(panel).currentIndex().row() == 1
    panel.set_folders([NAS, PHONE])
    assert view(panel).currentIndex().row() == 0


def test_without_folders_the_list_gives_way_to_a_sentence(panel: FoldersPanel) -> None:
    panel.set_folders([])
    assert not view(panel).isVisible()
    assert any(label.isVisible() and label.text() == "No folders yet." for label in panel.findChildren(QLabel))


def test_add_and_rescan_and_reveal(panel: FoldersPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.add_requested):
        next(button for button in panel.findChildren(QPushButton) if button.text().startswith("Add")).click()
    with qtbot.waitSignal(panel.rescan_requested) as rescan:
        choose(panel, PICTURES, "Rescan")
    assert rescan.args == [1]
    with qtbot.waitSignal(panel.reveal_requested) as reveal:
        choose(panel, PICTURES, "Show in file manager")
    assert reveal.args == ["/home/anna/Pictures"]


def test_the_menu_offers_what_the_state_permits(panel: FoldersPanel) -> None:
    def offered(which: Folder) -> list[str]:
        return [action.text() for action in panel.menu(which).actions() if action.isEnabled() and action.text()]

    assert "Forget missing photos…" not in offered(PICTURES)
    assert "Forget missing photos…" in offered(NAS)
    assert "Forget missing photos…" in offered(replace(PICTURES, away=3))
    assert "Show in file manager" not in offered(NAS)
    assert "Rescan" not in offered(PHONE)


def test_removing_and_forgetting_are_asked_for(panel: FoldersPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.remove_requested) as removed:
        choose(panel, PICTURES, "Remove from the library…")
    assert removed.args == [PICTURES]
    with qtbot.waitSignal(panel.forget_requested) as forgotten:
        choose(panel, NAS, "Forget missing photos…")
    assert forgotten.args == [NAS]


def test_delete_asks_to_remove_and_never_reaches_the_trash(panel: FoldersPanel, qtbot: QtBot) -> None:
    elsewhere: list[bool] = []
    shortcut = QShortcut(QKeySequence(Qt.Key.Key_Delete), panel)
    shortcut.activated.connect(lambda: elsewhere.append(True))
    panel.activateWindow()
    view(panel).setFocus()
    view(panel).setCurrentIndex(view(panel).model().index(1, 0))
    with qtbot.waitSignal(panel.remove_requested) as removed:
        QTest.keyClick(view(panel), Qt.Key.Key_Delete)
    assert removed.args == [NAS]
    assert not elsewhere


def test_the_menu_key_opens_the_menu(panel: FoldersPanel, qtbot: QtBot) -> None:
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0))
    QApplication.sendEvent(view(panel), event)
    qtbot.waitUntil(lambda: any(menu.isVisible() for menu in panel.findChildren(QMenu)))
    next(menu for menu in panel.findChildren(QMenu) if menu.isVisible()).close()


def test_excludes_are_edited_line_by_line(panel: FoldersPanel, qtbot: QtBot) -> None:
    choose(panel, PICTURES, "Exclude patterns…")
    (dialog,) = panel.findChildren(ExcludesDialog)
    (edit,) = dialog.findChildren(QPlainTextEdit)
    assert edit.toPlainText() == ".*\n@eaDir"
    edit.setPlainText("  *.tmp \n\n.*\n*.tmp\n")
    with qtbot.waitSignal(panel.excludes_changed) as changed:
        dialog.accept()
    assert changed.args == [1, ("*.tmp", ".*")]


@pytest.mark.parametrize("pattern", ["a/b", "a\\b", "*", "**"])
def test_a_pattern_that_cannot_be_meant_is_not_accepted(qtbot: QtBot, pattern: str) -> None:
    dialog = ExcludesDialog("Pictures", [".*"])
    qtbot.addWidget(dialog)
    ok = next(button for button in dialog.findChildren(QPushButton) if button.text().replace("&", "") == "OK")
    assert ok.isEnabled()
    (edit,) = dialog.findChildren(QPlainTextEdit)
    edit.setPlainText(pattern)
    assert not ok.isEnabled()
    assert any(pattern in label.text() for label in dialog.findChildren(QLabel))
    next(button for button in dialog.findChildren(QPushButton) if "Defaults" in button.text()).click()
    assert dialog.patterns() == DEFAULT_EXCLUDES
    assert ok.isEnabled()


@pytest.mark.parametrize(
    ("path", "name"),
    [("/home/anna/Pictures/", "Pictures"), ("/", "/"), ("C:\\", "C:\\"), ("D:\\Photos\\2019", "2019")],
)
def test_folder_names(path: str, name: str) -> None:
    assert folder_name(folder(1, path)) == name


def test_a_path_that_is_not_utf8_is_shown_and_comes_back_whole(panel: FoldersPanel, qtbot: QtBot) -> None:
    path = os.fsdecode(b"/photos/caf\xe9")
    panel.set_folders([folder(9, path)])
    assert view(panel).model().index(0, 0).data() == "caf\N{REPLACEMENT CHARACTER}"
    with qtbot.waitSignal(panel.reveal_requested) as reveal:
        choose(panel, folder(9, path), "Show in file manager")
    assert reveal.args == [path]
