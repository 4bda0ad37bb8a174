"""The dialog of models: which there are, how fast they are, and fetching one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from driving import PATIENCE, index_folder, messages
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.architectures import Architecture, find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.ui.main_window import MainWindow
from imagefinder.usecases import model_choices
from models_dialog_kit import COLOURS, agree, buttons, press, said, show, state_of, texts
from weights_server import WeightsServer, weights_server

PRESET = "mobilenetv4-small"


@pytest.fixture(scope="module")
def weights() -> bytes:
    """Weights of PRESET's network, drawn at random."""
    import torch
    from safetensors.torch import save

    torch.manual_seed(7)
    return bytes(save(build(find_architecture(PRESET).spec()).state_dict()))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WeightsServer]:
    """Every network's weights are said to be on this machine."""
    with weights_server() as running:

        def here(architecture: Architecture) -> str:
            return f"{running.address}/weights"

        monkeypatch.setattr(shelf_module, "official_url", here)
        monkeypatch.setattr(model_choices, "official_url", here)
        yield running


def test_the_list_says_what_can_be_used_and_what_is_in_use(qtbot: QtBot, window: MainWindow, photos: Path) -> None:
    index_folder(qtbot, window, photos)
    dialog = show(qtbot, window)
    qtbot.waitUntil(lambda: dialog._flow.activity.photos == 12, timeout=PATIENCE)
    assert dialog.list.current_name() == COLOURS
    spoken = dialog.list.model().index(dialog.list.currentRow(), 0).data(0x0B)  # Qt.AccessibleTextRole
    assert spoken.startswith(f"{COLOURS}, in use")
    assert "This library is searched with it." in texts(dialog.page)
    assert "Use for this library" not in buttons(dialog.page)
    dialog.list.choose("dinov2-small")
    assert "Download (88 MB)…" in buttons(dialog.page)
    assert "Free for any use, also commercial" in texts(dialog.page)
    dialog.list.choose("mobilenetv2_100_same")
    assert "Add from file…" in buttons(dialog.page)


def test_a_download_asks_first_says_where_it_goes_and_goes_on_after_a_cancel(
    qtbot: QtBot, window: MainWindow, server: WeightsServer, weights: bytes
) -> None:
    server.files["/weights"] = weights
    server.stall_at = 3_000_000
    dialog = show(qtbot, window)
    dialog.list.choose(PRESET)
    press(dialog.page, "Download")
    touches = agree(qtbot, dialog, "Download")
    host = str(urlsplit(server.address).hostname)
    assert f"15 MB will be fetched from {host}" in touches
    assert f"downloading a model from {host}" in window.network_text
    (bar,) = dialog.page.action.findChildren(QProgressBar)
    models = window.session._models
    assert models is not None
    qtbot.waitUntil(lambda: models.shelf.downloaded_bytes(PRESET) == server.stall_at, timeout=PATIENCE)
    # What the server says; the list of networks knows it roughly.
    qtbot.waitUntil(lambda: bar.isVisible() and "of 10 MB" in texts(dialog.page.action), timeout=PATIENCE)
    press(dialog.page.action, "Cancel")
    assert "Cancel" not in buttons(dialog.page.action)
    server.stall_at = None
    server.released.set()
    qtbot.waitUntil(lambda: "Resume download (3 of 15 MB)…" in buttons(dialog.page), timeout=PATIENCE)
    assert window.network_text == "Network: off"
    assert said(dialog) == []
    press(dialog.page, "Resume")
    assert "12 MB will be fetched" in agree(qtbot, dialog, "Download")
    qtbot.waitUntil(lambda: state_of(dialog, PRESET) == "ready", timeout=PATIENCE)
    assert server.requests[-1].range == "bytes=3000000-"
    assert "Use for this library" in buttons(dialog.page)
    assert window.network_text == "Network: off"
    assert any(PRESET in sentence for sentence in said(dialog))


def test_a_download_that_nobody_agreed_to_contacts_nobody(
    qtbot: QtBot, window: MainWindow, server: WeightsServer
) -> None:
    dialog = show(qtbot, window)
    dialog.list.choose(PRESET)
    press(dialog.page, "Download")
    agree(qtbot, dialog, "Cancel")
    qtbot.waitUntil(lambda: dialog._flow.activity.asking == "", timeout=PATIENCE)
    assert server.requests == []
    assert dialog._flow.activity.download == ""


def test_without_a_network_the_dialog_says_so_and_so_does_the_window_once_it_is_closed(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(architecture: Architecture) -> str:
        return "http://127.0.0.1:1/weights"

    monkeypatch.setattr(shelf_module, "official_url", nowhere)
    monkeypatch.setattr(model_choices, "official_url", nowhere)
    dialog = show(qtbot, window)
    dialog.list.choose(PRESET)
    press(dialog.page, "Download")
    agree(qtbot, dialog, "Download")
    qtbot.waitUntil(lambda: bool(said(dialog)), timeout=PATIENCE)
    assert "could not be downloaded from http://127.0.0.1:1/weights" in said(dialog)[0]
    assert "Check the internet connection and try again" in said(dialog)[0]  # and nothing of a command line
    assert window.network_text == "Network: off"
    assert messages(window) == []
    dialog.close()
    window.models.download(PRESET, "127.0.0.1")
    qtbot.waitUntil(lambda: bool(messages(window)), timeout=PATIENCE)
    assert said(dialog)  # and still there when it is opened again


def test_the_speed_is_measured_when_it_is_asked_for(qtbot: QtBot, window: MainWindow) -> None:
    dialog = show(qtbot, window)
    assert "not measured yet" in texts(dialog.page)
    press(dialog.page, "Measure")
    assert "measuring…" in texts(dialog.page)
    qtbot.waitUntil(lambda: "photos/s" in texts(dialog.page), timeout=PATIENCE)
    assert "Measure again" in buttons(dialog.page)


def test_enter_in_the_list_goes_to_what_can_be_done_and_closes_nothing(qtbot: QtBot, window: MainWindow) -> None:
    dialog = show(qtbot, window)
    dialog.list.choose("dinov2-small")
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert dialog.isVisible()
    focused = dialog.focusWidget()
    assert isinstance(focused, QPushButton)
    assert focused.text() == "Download (88 MB)…"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_the_dialog_remembers_its_size(qtbot: QtBot, make_window: Callable[[], MainWindow]) -> None:
    first = make_window()
    dialog = show(qtbot, first)
    dialog.resize(700, 610)
    with qtbot.waitSignal(first.closed, timeout=PATIENCE):
        first.close()
    assert not dialog.isVisible()
    second = show(qtbot, make_window())
    assert (second.width(), second.height()) == (700, 610)
