"""Labels in the window: given by folders and by hand, undone, and proposed for what is looked for."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from drawn_classes import variants
from driving import PATIENCE, answered, drop, files
from imagefinder.domain.labels import LabelVote, Voter
from imagefinder.ui import label_wording
from imagefinder.ui.label_dialog import LabelDialog
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.tile import Tile
from imagefinder.ui.undo_stack import Step, UndoStack
from labelled_window import THINGS, Things, draw_things, labels, menu_action, rows, select, show_things, use_names
from ui_photos import make_photo


@pytest.fixture
def things(tmp_path: Path) -> Things:
    return draw_things(tmp_path / "photos")


def open_label_dialog(qtbot: QtBot, window: MainWindow) -> LabelDialog:
    before = set(window.findChildren(LabelDialog))
    menu_action(window, "Label…").trigger()
    qtbot.waitUntil(lambda: len(set(window.findChildren(LabelDialog)) - before) == 1, timeout=PATIENCE)
    (dialog,) = set(window.findChildren(LabelDialog)) - before
    return dialog


def shown(window: MainWindow) -> Sequence[str]:
    return [label.text() for label in window.inspector.findChildren(QLabel) if label.isVisibleTo(window.inspector)]


def test_the_names_of_folders_say_what_a_dropped_picture_is_and_undo_takes_that_back(
    qtbot: QtBot, window: MainWindow, things: Things, tmp_path: Path
) -> None:
    show_things(qtbot, window, things)
    (query,) = variants(tmp_path / "query", THINGS["pear"], 1, start=200)
    drop(window, files(query))
    answered(qtbot, window)
    qtbot.waitUntil(lambda: window.inspector.suggestion.startswith("Probably pear: "), timeout=PATIENCE)
    tiles = window.inspector.findChildren(Tile)
    assert len(tiles) == 10
    nearest = next(tile for tile in tiles if tile.accessibleName().startswith("pear, similarity"))
    qtbot.waitUntil(nearest.has_picture, timeout=PATIENCE)
    QTest.mouseClick(nearest, Qt.MouseButton.LeftButton)
    (chosen,) = window.page.view.selected_photos()
    assert chosen.name in nearest.accessibleName()
    qtbot.waitUntil(lambda: "pear" in shown(window), timeout=PATIENCE)  # the label of the selected photo

    undo = menu_action(window, "Undo")
    assert undo.text().endswith("use folder names as labels")
    undo.trigger()
    qtbot.waitUntil(lambda: window.inspector.suggestion == "", timeout=PATIENCE)
    assert labels(window) == {}


def test_photos_that_say_different_things_are_not_sure(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, things: Things
) -> None:
    variants(things.named / "quince", THINGS["pear"], 5, start=50)  # looks like a pear
    show_things(qtbot, window, things)
    (query,) = variants(tmp_path / "query", THINGS["pear"], 1, start=200)
    drop(window, files(query))
    answered(qtbot, window)
    qtbot.waitUntil(lambda: window.inspector.suggestion.startswith("Not sure: "), timeout=PATIENCE)
    assert "pear (" in window.inspector.suggestion
    assert "quince (" in window.inspector.suggestion


def test_several_photos_get_a_label_at_once_which_can_be_undone_and_done_again(
    qtbot: QtBot, window: MainWindow, things: Things
) -> None:
    show_things(qtbot, window, things, labelled=False)
    assert not menu_action(window, "Label…").isEnabled()
    wanted = rows(window, "pear-")
    assert len(wanted) == 2
    select(window, wanted)
    dialog = open_label_dialog(qtbot, window)
    QTest.keyClicks(dialog.findChildren(QLineEdit)[0], "  Conference   pear ")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    pears = {"pear-100.png": "Conference pear", "pear-101.png": "Conference pear"}
    qtbot.waitUntil(lambda: labels(window) == pears, timeout=PATIENCE)
    select(window, wanted[:1])
    qtbot.waitUntil(lambda: "Conference pear" in shown(window), timeout=PATIENCE)

    undo, redo = menu_action(window, "Undo"), menu_action(window, "Redo")
    assert undo.text() == "&Undo: label 2 photos as “Conference pear”"
    undo.trigger()
    qtbot.waitUntil(lambda: labels(window) == {}, timeout=PATIENCE)
    qtbot.waitUntil(lambda: "Conference pear" not in shown(window), timeout=PATIENCE)
    assert not undo.isEnabled()
    redo.trigger()
    qtbot.waitUntil(lambda: labels(window) == pears, timeout=PATIENCE)


def test_a_label_by_hand_goes_before_the_folders_name_and_removing_brings_that_back(
    qtbot: QtBot, window: MainWindow, things: Things
) -> None:
    show_things(qtbot, window, things)
    photo = window.page.model.photo(rows(window, "0.png")[-1])
    select(window, [row for row in rows(window, photo.name) if window.page.model.photo(row).id == photo.id])
    folder = Path(photo.path).parent.name
    dialog = open_label_dialog(qtbot, window)
    edit = dialog.findChildren(QLineEdit)[0]
    assert edit.text() == folder  # what it is called now
    edit.setText("QUINCE")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "QUINCE" in labels(window).values(), timeout=PATIENCE)
    menu_action(window, "Remove label").trigger()
    qtbot.waitUntil(lambda: "QUINCE" not in labels(window).values(), timeout=PATIENCE)
    use_names(qtbot, window, False)
    assert labels(window) == {}


def test_the_dialog_knows_the_labels_that_there_are(qtbot: QtBot) -> None:
    dialog = LabelDialog([make_photo(1), make_photo(2)], {"Gala": 3}, {1: "Gala", 2: "Fuji"})
    qtbot.addWidget(dialog)
    (edit,) = dialog.findChildren(QLineEdit)
    accept = next(each for each in dialog.findChildren(QPushButton) if each.text().replace("&", "") == "OK")
    assert isinstance(accept.parent(), QDialogButtonBox)
    assert edit.text() == ""  # the two are called differently
    assert not accept.isEnabled()
    edit.setText("gala")
    words = [label.text() for label in dialog.findChildren(QLabel)]
    assert "3 photos with this label so far." in words
    with qtbot.waitSignal(dialog.chosen) as chosen:
        accept.click()
    assert chosen.args == ["Gala"]


def test_what_is_said_of_a_vote() -> None:
    voters = tuple(
        Voter(number, label, 0.9 - number / 100, weight)
        for number, (label, weight) in enumerate((("Fuji", 0.3), ("Gala", 0.25), ("Gala", 0.23), ("Elstar", 0.22)))
    )
    vote = LabelVote("Gala", 0.48, False, voters)
    assert label_wording.suggestion(vote) == "Not sure: Gala (2 of 4), Fuji (1 of 4), Elstar (1 of 4)"
    weighed = label_wording.weighed(vote).replace("\N{NO-BREAK SPACE}", " ")
    assert weighed == "Share of the votes: Gala 48 %, Fuji 30 %, Elstar 22 %"
    assert label_wording.suggestion(LabelVote(None, 0.0, False, ())) == ""
    assert label_wording.weighed(LabelVote(None, 0.0, False, ())) == ""
    assert [label_wording.percent(share)[:-2] for share in (0.999, 1.0, 0.001, 0.0)] == ["99", "100", "1", "0"]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("GGGGGGGGGG", "Probably Gala: 10 of the 10 most similar photos say so"),
        ("FGGGGGGGGG", "Probably Gala: 9 of the 10 most similar photos say so"),
        ("GGFFFFFFFF", "Probably Gala: the 2 most similar photos say so"),
        ("FGGFFFFFFF", "Probably Gala: 2 of the 10 most similar photos say so"),
        ("GFF", "Probably Gala: the most similar photo says so"),
        ("G", "Probably Gala: the most similar photo says so"),
    ],
)
def test_what_is_probable_is_said_by_counting_photos_not_as_a_certainty(said: str, sentence: str) -> None:
    names = {"G": "Gala", "F": "Fuji"}
    voters = tuple(Voter(number, names[each], 0.9, 1 / len(said)) for number, each in enumerate(said))
    assert label_wording.suggestion(LabelVote("Gala", 1.0, True, voters)) == sentence


def test_a_long_word_may_be_broken_and_a_short_one_stays_whole() -> None:
    break_here = "\N{ZERO WIDTH SPACE}"
    assert label_wording.breakable("Probably Gala: so") == "Probably Gala: so"
    assert label_wording.breakable("Golden-Delicious apple").split(break_here) == ["Golden-", "Delicious apple"]
    assert label_wording.breakable("x" * 15) == break_here.join("x" * 15)
    assert label_wording.breakable("/a/b_" + "c" * 20).replace(break_here, "") == "/a/b_" + "c" * 20


def test_a_new_step_ends_what_could_be_done_again() -> None:
    stack, said = UndoStack(), list[str]()

    def step(name: str) -> Step:
        return Step(name, lambda: said.append(f"undo {name}"), lambda: said.append(f"redo {name}"))

    stack.push(step("a"))
    stack.push(step("b"))
    stack.undo()
    assert (stack.undo_text, stack.redo_text) == ("a", "b")
    stack.push(step("c"))
    stack.redo()
    stack.undo()
    stack.undo()
    stack.undo()
    assert said == ["undo b", "undo c", "undo a"]
