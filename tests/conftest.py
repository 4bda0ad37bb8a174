"""What all tests share: no network, the development photographs where they are, and a library to fill."""

import os
import socket
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SHARED = Path(__file__).parents[2] / "shared"


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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kill-rounds", type=int, default=3, help="how often test_kill.py kills the process")
    parser.addoption(
        "--close-rounds", type=int, default=20, help="how often test_window_closing.py closes a busy window"
    )
