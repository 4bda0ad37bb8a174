"""The row above the results."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QPixmap, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from imagefinder.ui.query_bar import LIMITS, QueryBar
from imagefinder.ui.query_chip import QueryChip


@pytest.fixture
def bar(qtbot: QtBot) -> QueryBar:
    bar = QueryBar()
    qtbot.addWidget(bar)
    bar.resize(1000, bar.sizeHint().height())
    bar.show()
    qtbot.waitExposed(bar)
    return bar


def button(bar: QueryBar, name: str) -> QToolButton:
    return next(child for child in bar.findChildren(QToolButton) if child.accessibleName().startswith(name))


def chip(bar: QueryBar) -> QueryChip:
    (found,) = bar.findChildren(QueryChip)
    return found


def test_each_control_says_what_is_asked(bar: QueryBar, qtbot: QtBot) -> None:
    bar.set_history(True, True)
    for name, signal in (
        ("Previous query", bar.back),
        ("Next query", bar.forward),
        ("Open a picture", bar.open_requested),
    ):
        with qtbot.waitSignal(signal):
            button(bar, name).click()
    similarity, size = bar.findChildren(QSlider)
    with qtbot.waitSignal(bar.min_similarity_changed) as moved:
        similarity.setValue(40)
    assert moved.args == [40]
    with qtbot.waitSignal(bar.size_changed) as sized:
        size.setValue(200)
    assert sized.args == [200]
    limit, sort = bar.findChildren(QComboBox)
    with qtbot.waitSignal(bar.limit_changed) as limited:
        limit.setCurrentIndex(2)
    assert limited.args == [100]
    with qtbot.waitSignal(bar.sort_changed) as sorted_:
        sort.setCurrentIndex(2)
    assert sorted_.args == ["date"]


def test_history_enables_its_buttons(bar: QueryBar) -> None:
    bar.set_history(True, False)
    assert button(bar, "Previous").isEnabled()
    assert not button(bar, "Next").isEnabled()


def test_settings_are_restored_and_nonsense_is_ignored(bar: QueryBar) -> None:
    bar.set_min_similarity(55)
    bar.set_limit(200)
    bar.set_sort("folder")
    bar.set_thumbnail_side(128)
    assert (bar.min_similarity, bar.limit, bar.sort, bar.thumbnail_side) == (55, 200, "folder", 128)
    bar.set_limit(7)
    bar.set_sort("colour")
    bar.set_thumbnail_side(9999)
    bar.set_min_similarity(-5)
    assert (bar.min_similarity, bar.limit, bar.sort, bar.thumbnail_side) == (0, 200, "folder", 320)
    assert LIMITS == (20, 50, 100, 200, 500)


def test_the_chip_says_what_is_looked_for(bar: QueryBar) -> None:
    assert chip(bar).accessibleName().startswith("No query")
    bar.set_query("beach.jpg", QPixmap(64, 48))
    bar.set_waiting("Waiting for the model…")
    assert chip(bar).accessibleName() == "Looking for beach.jpg. Waiting for the model…"
    bar.set_waiting("")
    bar.set_query(None, None)
    assert not button(bar, "Clear").isVisible()


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_the_query_is_cleared_by_key_whatever_the_key_does_elsewhere(bar: QueryBar, qtbot: QtBot, key: Qt.Key) -> None:
    elsewhere: list[bool] = []
    shortcut = QShortcut(QKeySequence(key), bar)
    shortcut.activated.connect(lambda: elsewhere.append(True))
    bar.set_query("beach.jpg", None)
    bar.activateWindow()
    bar.focus_query()
    with qtbot.waitSignal(bar.cleared):
        QTest.keyClick(chip(bar), key)
    assert not elsewhere


def test_the_query_opens_and_closes_by_mouse_and_key(bar: QueryBar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bar.open_requested):
        QTest.keyClick(chip(bar), Qt.Key.Key_Return)
    with qtbot.waitSignal(bar.open_requested):
        QTest.mouseClick(chip(bar), Qt.MouseButton.LeftButton)
    bar.set_query("beach.jpg", None)
    with qtbot.waitSignal(bar.cleared), qtbot.assertNotEmitted(bar.open_requested):
        QTest.mouseClick(button(bar, "Clear"), Qt.MouseButton.LeftButton)


def test_delete_without_a_query_does_nothing(bar: QueryBar, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(bar.cleared):
        QTest.keyClick(chip(bar), Qt.Key.Key_Delete)


def test_it_fits_a_small_window(bar: QueryBar) -> None:
    assert bar.minimumSizeHint().width() < 800


def test_another_way_of_ordering_has_its_name(bar: QueryBar) -> None:
    (sort,) = (box for box in bar.findChildren(QComboBox) if box.accessibleName() == "Order of the results")
    first = sort.itemText(0)
    bar.set_way("diffusion")
    assert sort.currentText() == "By chains"
    assert "Search" in sort.toolTip()
    assert bar.minimumSizeHint().width() < 800
    bar.set_way("none")
    assert (sort.currentText(), sort.toolTip()) == (first, "")
    assert sort.currentData() == "similarity"
