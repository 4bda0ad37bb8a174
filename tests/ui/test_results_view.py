from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QDrag
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from grid_scene import Grid
from imagefinder.ui.photo_grid import DIMMED
from imagefinder.ui.results_view import ResultsView
from ui_photos import make_hits, make_photo

Key = Qt.Key
Control = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def grid(qtbot: QtBot) -> Iterator[Grid]:
    grid = Grid(qtbot)
    yield grid
    grid.loader.close()


# What the person asks for


def test_enter_finds_similar_and_space_previews_the_photo_with_the_focus(grid: Grid, qtbot: QtBot) -> None:
    grid.model.set_result(make_hits(20))
    grid.click(0)
    QTest.keyClick(grid.view, Key.Key_Right)
    with qtbot.waitSignal(grid.view.find_similar) as found:
        QTest.keyClick(grid.view, Key.Key_Return)
    with qtbot.waitSignal(grid.view.preview) as previewed:
        QTest.keyClick(grid.view, Key.Key_Space)
    assert found.args == [make_hits(2)[1].photo]
    assert previewed.args == [1]


def test_a_double_click_finds_similar(grid: Grid, qtbot: QtBot) -> None:
    grid.model.set_result(make_hits(20))
    where = grid.place_of(4)
    QTest.mouseClick(grid.view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    with qtbot.waitSignal(grid.view.find_similar) as found:
        QTest.mouseDClick(grid.view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert found.args[0].id == 5


@pytest.mark.parametrize(
    ("signal", "key", "modifier"),
    [
        ("copy_requested", Key.Key_C, Control),
        ("copy_path_requested", Key.Key_C, Control | Qt.KeyboardModifier.ShiftModifier),
        ("open_requested", Key.Key_Return, Control),
        ("reveal_requested", Key.Key_O, Control | Qt.KeyboardModifier.ShiftModifier),
        ("trash_requested", Key.Key_Delete, Qt.KeyboardModifier.NoModifier),
    ],
)
def test_keys_ask_for_all_selected_photos_in_the_order_of_the_grid(
    grid: Grid, qtbot: QtBot, signal: str, key: Key, modifier: Qt.KeyboardModifier
) -> None:
    grid.model.set_result(make_hits(20))
    with qtbot.assertNotEmitted(getattr(grid.view, signal)):
        QTest.keyClick(grid.view, key, modifier)  # nothing is selected yet
    grid.click(6)
    QTest.mouseClick(grid.view.viewport(), Qt.MouseButton.LeftButton, Control, grid.place_of(2))
    with qtbot.waitSignal(getattr(grid.view, signal)) as asked:
        QTest.keyClick(grid.view, key, modifier)
    assert [photo.id for photo in asked.args[0]] == [3, 7]


def test_selecting_all_of_very_many(grid: Grid, qtbot: QtBot) -> None:
    grid.model.set_photos([make_photo(n) for n in range(100_000)])
    with qtbot.waitSignal(grid.view.photos_selected) as selected:
        QTest.keyClick(grid.view, Key.Key_A, Control)
    assert len(selected.args[0]) == 100_000
    grid.model.remove({50_000})
    assert len(grid.view.selectionModel().selection().toList()) == 1
    assert len(grid.selected_ids()) == 99_999


def test_the_menu_has_the_actions_and_their_keys(grid: Grid, qtbot: QtBot) -> None:
    grid.model.set_result(make_hits(3))
    grid.click(1)

    def ask(where: QPoint) -> list[QAction]:
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, grid.view.viewport().mapToGlobal(where))
        QApplication.sendEvent(grid.view.viewport(), event)
        menus = [menu for menu in grid.view.findChildren(QMenu) if menu.isVisible()]
        actions = [action for menu in menus for action in menu.actions() if not action.isSeparator()]
        for menu in menus:
            menu.close()
        return actions

    actions = ask(grid.place_of(1))
    assert [action.text() for action in actions][:3] == ["Find similar", "Preview", "Open"]
    assert all(action.isEnabled() and not action.shortcut().isEmpty() for action in actions)
    assert ask(QPoint(600, 500)) == []  # on no photo


# Selection and place across changes


def test_selection_focus_and_place_survive_a_refresh(grid: Grid, qtbot: QtBot) -> None:
    grid.model.set_result(make_hits(300, step=0.001))
    for row, modifier in ((0, Qt.KeyboardModifier.NoModifier), (2, Control)):
        QTest.mouseClick(grid.view.viewport(), Qt.MouseButton.LeftButton, modifier, grid.place_of(row))
    grid.view.verticalScrollBar().setValue(2000)
    with qtbot.assertNotEmitted(grid.view.photos_selected):
        grid.model.set_photos([make_photo(0), *(hit.photo for hit in make_hits(300))])
    qtbot.wait(0)
    assert grid.selected_ids() == [1, 3]
    assert grid.view.current_photo() == make_hits(3)[2].photo
    assert grid.view.verticalScrollBar().value() == 2000


def test_what_goes_takes_its_selection_along_and_leaves_the_focus_in_its_place(grid: Grid, qtbot: QtBot) -> None:
    grid.model.set_result(make_hits(10))
    grid.click(4)
    with qtbot.waitSignal(grid.view.photos_selected) as selected:
        grid.model.remove({5})
    assert selected.args == [[]]
    current = grid.view.current_photo()
    assert current is not None
    assert current.id == 6
    grid.model.remove(set(range(1, 100)))
    assert grid.view.current_photo() is None


def test_a_new_question_starts_at_the_top_with_nothing_selected(grid: Grid, qtbot: QtBot) -> None:
    grid.model.set_result(make_hits(300, step=0.001))
    grid.click(1)
    grid.view.verticalScrollBar().setValue(2000)
    grid.model.set_result(make_hits(200, step=0.001))
    grid.view.start_over()
    assert grid.view.verticalScrollBar().value() == 0
    assert grid.selected_ids() == []
    QTest.keyClick(grid.view, Key.Key_Right)
    assert grid.selected_ids() == [2]


def test_a_row_can_be_selected_from_outside(grid: Grid, qtbot: QtBot) -> None:
    grid.model.set_result(make_hits(300, step=0.001))
    with qtbot.waitSignal(grid.view.photos_selected) as selected:
        grid.view.select_row(250)
    assert [photo.id for photo in selected.args[0]] == [251]
    assert grid.view.viewport().rect().contains(grid.place_of(250))


# A search that takes its time


def test_old_results_dim_only_when_a_search_takes_long(
    grid: Grid, qtbot: QtBot, painted_opacity: Callable[[ResultsView], float]
) -> None:
    grid.model.set_result(make_hits(10))
    grid.view.set_searching(True)
    assert painted_opacity(grid.view) == 1.0
    qtbot.waitUntil(lambda: painted_opacity(grid.view) == pytest.approx(DIMMED, abs=0.02), timeout=2000)
    grid.view.set_searching(False)
    assert painted_opacity(grid.view) == 1.0


def test_a_quick_search_never_flickers(
    grid: Grid, qtbot: QtBot, painted_opacity: Callable[[ResultsView], float]
) -> None:
    grid.model.set_result(make_hits(10))
    grid.view.set_searching(True)
    grid.view.set_searching(False)
    qtbot.wait(200)
    assert painted_opacity(grid.view) == 1.0


@pytest.fixture
def painted_opacity(qtbot: QtBot, grid: Grid) -> Callable[[ResultsView], float]:
    """How much of the first photo is seen against the background."""

    def look(view: ResultsView) -> float:
        qtbot.waitUntil(lambda: grid.loader.pixmap(make_photo(1)) is not None)
        image = view.grab().toImage()
        centre = view.viewport().mapTo(view, view.visualRect(view.model().index(0, 0)).center())
        red, base = image.pixelColor(centre).red(), view.palette().base().color().red()
        return round((base - red) / (base - 1), 2)  # draw() gives photo 1 the grey 1

    return look


# Dragging out


def test_dragging_offers_the_selected_files_to_be_copied_only(
    grid: Grid, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dragged = []

    def stand_in(drag: QDrag, *actions: Qt.DropAction) -> Qt.DropAction:
        names = [url.fileName() for url in drag.mimeData().urls()]
        dragged.append((names, actions, drag.pixmap().isNull()))
        return Qt.DropAction.IgnoreAction

    monkeypatch.setattr(QDrag, "exec", stand_in)  # the real one takes over the mouse until the drop
    grid.model.set_photos([make_photo(1), make_photo(2, offline=True), make_photo(3)])
    grid.view.startDrag(Qt.DropAction.MoveAction)
    assert dragged == []
    grid.view.selectAll()
    grid.view.startDrag(Qt.DropAction.MoveAction)
    assert dragged == [(["IMG_1.jpg", "IMG_3.jpg"], (Qt.DropAction.CopyAction,), False)]
