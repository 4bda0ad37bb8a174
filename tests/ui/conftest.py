"""Windows as the app builds them, on the offscreen platform, and a check that nothing of theirs is left behind."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThread, QTimer
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from drawing import draw_photo
from driving import PATIENCE
from imagefinder import app
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.paths import Paths
from imagefinder.ui.main_window import MainWindow
from models_dialog_kit import TIMM


@pytest.fixture(autouse=True)
def collected_on_this_thread() -> Iterator[None]:
    """As in the app: a cycle of QObjects must not be collected on a worker thread."""
    gc.disable()
    yield
    # What Python put into the clipboard must not outlive Python: Qt would call into it at the very end.
    if QGuiApplication.instance() is not None:
        QGuiApplication.clipboard().clear()
    gc.collect()
    gc.enable()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for number in range(12):
        draw_photo(root / ("a" if number < 6 else "b") / f"{number:02}.jpg", seed=number)
    return root


@pytest.fixture
def network_file(tmp_path: Path) -> Path:
    """Weights of TIMM's network, drawn at random."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(7)
    save_file(build(find_architecture(TIMM).spec()).state_dict(), tmp_path / "given.safetensors")
    return tmp_path / "given.safetensors"


@pytest.fixture
def make_window(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[], MainWindow]]:
    """Builds windows over one base folder, and closes at the end what the test left open."""
    windows: list[MainWindow] = []

    def make() -> MainWindow:
        window = app.build(Paths.resolve(tmp_path / "base"), device="cpu")
        windows.append(window)
        window.show()
        window.start()
        return window

    yield make
    for window in windows:
        close(qtbot, window)


@pytest.fixture
def window(make_window: Callable[[], MainWindow]) -> MainWindow:
    return make_window()


def close(qtbot: QtBot, window: MainWindow) -> None:
    """As the person does, until everything behind the window has ended."""
    if not window.is_closed:
        with qtbot.waitSignal(window.closed, timeout=PATIENCE):
            window.close()
    assert not [lane for lane in window.findChildren(QThread) if lane.isRunning()]
    assert not [timer for timer in window.findChildren(QTimer) if timer.isActive() and not timer.isSingleShot()]
    window.deleteLater()
