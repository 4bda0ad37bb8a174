from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from grid_scene import Grid
from imagefinder.ui.photo_grid import LARGEST, SMALLEST
from ui_photos import make_hits, make_photo

Key = Qt.Key
Control = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def grid(qtbot: QtBot) -> Iterator[Grid]:
    grid = Grid(qtbot)
    yield grid
    grid.loader.close()


# Layout


@pytest.mark.parametrize("side", [SMALLEST, 160, 208, LARGEST])
@pytest.mark.parametrize("width", [700, 853, 854, 855, 868, 869, 870, 1031, 1039])
def test_as_many_columns_as_fit_in_the_middle_with_margins(grid: Grid, qtbot: QtBot, side: int, width: int) -> None:
    grid.model.set_result(make_hits(60))
    grid.view.set_thumbnail_side(side)
    grid.view.resize(width, 600)
    qtbot.waitUntil(grid.view.verticalScrollBar().isVisible)
    cell, bar = side + 8, grid.view.verticalScrollBar().width()
    columns = grid.columns()
    left = grid.view.viewport().mapTo(grid.view, grid.view.visualRect(grid.model.index(0)).topLeft()).x()
    right = width - bar - left - columns * cell
    assert columns == (width - bar - 16) // cell
    assert left >= 8
    assert right >= 8
    assert abs(left - right) <= 2


def test_a_window_narrower_than_one_photo_still_shows_one_column(grid: Grid, qtbot: QtBot) -> None:
    grid.model.set_result(make_hits(5))
    grid.view.set_thumbnail_side(LARGEST)
    grid.view.resize(200, 400)
    qtbot.waitUntil(lambda: grid.columns() == 1)


def test_nothing_moves_when_the_scroll_bar_comes(grid: Grid, qtbot: QtBot) -> None:
    grid.model.set_result(make_hits(8))
    qtbot.wait(0)
    assert not grid.view.verticalScrollBar().isVisible()
    before = [grid.view.viewport().mapTo(grid.view, grid.place_of(row)) for row in range(8)]
    grid.model.set_result(make_hits(80))
    qtbot.waitUntil(grid.view.verticalScrollBar().isVisible)
    assert [grid.view.viewport().mapTo(grid.view, grid.place_of(row)) for row in range(8)] == before


# Thumbnails


def test_it_loads_what_is_in_sight_first_then_below_then_above_and_nothing_else(grid: Grid, qtbot: QtBot) -> None:
    grid.model.set_photos([make_photo(n) for n in range(20_000)])
    qtbot.waitUntil(lambda: grid.loader.pixmap(make_photo(0)) is not None)
    columns, cell = grid.columns(), 168
    line = 1000
    grid.view.verticalScrollBar().setValue(line * cell + 10)
    grid.loaded.clear()
    first, lines = line * columns, 4  # 592 pixels from 10 below the top of one line: four of them
    last = first + lines * columns
    expected = [*range(first, last + lines * columns), *range(first - lines * columns, first)]
    qtbot.waitUntil(lambda: grid.loader.pixmap(make_photo(expected[-1])) is not None, timeout=2000)
    assert grid.loaded[-len(expected) :] == expected
    assert len(grid.loaded) - len(expected) <= 1  # the one that was begun before


def test_zooming_asks_for_sharper_thumbnails(grid: Grid, qtbot: QtBot) -> None:
    photo = make_photo(1, size=(4000, 3000))
    grid.model.set_photos([photo])
    qtbot.waitUntil(lambda: grid.loader.pixmap(photo) is not None)
    grid.view.set_thumbnail_side(320)

    def sharp() -> bool:
        pixmap = grid.loader.pixmap(photo)
        return pixmap is not None and pixmap.width() == 320

    qtbot.waitUntil(sharp)


# Zoom


def test_the_size_stays_within_bounds_and_is_said(grid: Grid, qtbot: QtBot) -> None:
    with qtbot.waitSignal(grid.view.zoomed) as zoomed:
        grid.view.set_thumbnail_side(5)
    assert zoomed.args == [SMALLEST]
    grid.view.set_thumbnail_side(5000)
    assert grid.view.thumbnail_side == LARGEST
    with qtbot.assertNotEmitted(grid.view.zoomed):
        grid.view.larger()


def test_control_and_wheel_zoom_about_the_pointer(grid: Grid, qtbot: QtBot) -> None:
    grid.model.set_result(make_hits(400, step=0.001))
    grid.view.verticalScrollBar().setValue(3000)
    at = QPoint(400, 300)
    row = grid.view.indexAt(at).row()
    for _ in range(3):
        grid.wheel(120, at)
    assert grid.view.thumbnail_side == 160 + 3 * 16
    rect = grid.view.visualRect(grid.model.index(row))
    assert rect.top() - 8 <= at.y() <= rect.bottom() + 8
    grid.wheel(-60, at)  # half a notch of a fine wheel
    assert grid.view.thumbnail_side == 208
    grid.wheel(-60, at)
    assert grid.view.thumbnail_side == 192


@pytest.mark.parametrize(
    ("key", "modifier", "side"),
    [
        (Key.Key_Plus, Qt.KeyboardModifier.NoModifier, 176),
        (Key.Key_Minus, Qt.KeyboardModifier.NoModifier, 144),
        (Key.Key_Plus, Control, 176),
        (Key.Key_Minus, Control, 144),
    ],
)
def test_plus_and_minus_zoom(grid: Grid, qtbot: QtBot, key: Key, modifier: Qt.KeyboardModifier, side: int) -> None:
    QTest.keyClick(grid.view, key, modifier)
    assert grid.view.thumbnail_side == side
