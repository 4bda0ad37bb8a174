"""What all tests share: no network, the development photographs where they are, and a library to fill."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import Cli
from imagefinder import diagnostics
from imagefinder.display import why_no_screenshot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

WHY_NO_QT = why_no_screenshot()
"""Empty where Qt can be loaded; a bare machine lacks the system libraries that it links to."""

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """The command line on a base folder of its own; its log ends with the test."""
    yield Cli(tmp_path / "base", capsys)
    diagnostics.stop_log()


@pytest.fixture
def grocery() -> Path:
    """The folder with train, val and test of the grocery photographs."""
    folder = SHARED / "photos" / "grocery"
    if not folder.is_dir():
        pytest.skip("the development photographs (shared/photos/grocery) are not here")
    return folder


@pytest.fixture
def weights() -> Path:
    """The folder with the development weights."""
    folder = SHARED / "weights"
    if not folder.is_dir():
        pytest.skip("the development weights (shared/weights) are not here")
    return folder


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail any connection that leaves this machine: nothing here may need, or try, the internet."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address!r}")
        connect(self, address)  # type: ignore[arg-type]  # whatever the caller passed

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session", autouse=True)
def colours_by_default() -> Iterator[None]:
    """Colour-layout comes first here, whatever this installation brings: drawn photos have colours and little else.

    The others are there as ever, by their names. Processes that a test starts have the real order.
    """
    from imagefinder.embedding.shelf import BUILTINS, COLOUR_LAYOUT

    rest = [name for name in BUILTINS if name != COLOUR_LAYOUT]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imagefinder.embedding.shelf.BUILTINS", (COLOUR_LAYOUT, *rest))
        yield


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    parser.addoption("--kill-rounds", type=int, default=3, help="how often test_kill.py kills the process")
    parser.addoption("--disk-steps", type=int, default=400, help="how much happens to folders in test_disk_states.py")
    parser.addoption("--mutations", type=int, default=240, help="how many mutated files test_mutated_files.py decodes")
    parser.addoption("--close-rounds", type=int, default=20, help="how often a busy window is closed")
    if WHY_NO_QT:  # pytest-qt itself would end the run
        pluginmanager.unregister(name="pytest-qt")
        for option in ("qt_api", "qt_log_level_fail", "qt_log_ignore"):
            parser.addini(option, "an option of pytest-qt, which is not used")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return True if WHY_NO_QT and collection_path.name == "ui" else None


def pytest_report_header() -> str:
    return f"the window's tests are LEFT OUT: {WHY_NO_QT}" if WHY_NO_QT else "the window's tests run offscreen"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if WHY_NO_QT:
        terminalreporter.write_line(f"The window's tests were left out: {WHY_NO_QT}")
