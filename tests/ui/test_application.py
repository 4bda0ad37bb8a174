"""What the system tells a running app."""

from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFileOpenEvent
from pytestqt.qtbot import QtBot

from imagefinder.app import Application


def test_a_file_that_the_system_hands_to_the_running_app_arrives(qtbot: QtBot, tmp_path: Path) -> None:
    path = str(tmp_path / "photo.jpg")
    arrived: list[object] = []

    class Listening:
        """Application.event needs no second QApplication to be tried: it only looks at the event."""

        file_opened = type("Signal", (), {"emit": staticmethod(arrived.append)})

    assert Application.event(Listening, QFileOpenEvent(path))  # type: ignore[arg-type]  # see above
    assert arrived == [path]
    assert QFileOpenEvent(path).type() is QEvent.Type.FileOpen
