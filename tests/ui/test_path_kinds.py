"""What paths are is found out off the window's thread, and a drive that does not answer holds up nobody."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from imagefinder.ui import path_kinds
from imagefinder.ui.path_kinds import Kind, Kinds, PathKinds


@pytest.fixture
def dead_drive(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Paths with "away" in them answer when the event is set; the app's patience is short."""
    back = threading.Event()
    honest = path_kinds.kind_of

    def kind_of(path: str) -> Kind:
        if "away" in path:
            assert threading.current_thread() is not threading.main_thread()
            back.wait(30)
        return honest(path)

    monkeypatch.setattr(path_kinds, "kind_of", kind_of)
    monkeypatch.setattr(path_kinds, "SLOW_MILLISECONDS", 20)
    monkeypatch.setattr(path_kinds, "SILENT_MILLISECONDS", 120)
    yield back
    back.set()


@pytest.fixture
def asking(qtbot: QtBot) -> Iterator[PathKinds]:
    owner = QObject()
    yield PathKinds(owner)
    owner.deleteLater()


def test_folders_files_links_and_nothing_are_told_apart(qtbot: QtBot, asking: PathKinds, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "to-folder").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    said: list[Kinds] = []
    names = ("file", "to-folder", "dangling", "nothing")
    asking.look([str(tmp_path), *(str(tmp_path / name) for name in names), "/a\0b"], said.append)
    assert asking.looking
    qtbot.waitUntil(lambda: bool(said))
    assert list(said[0].values()) == [Kind.FOLDER, Kind.FILE, Kind.FOLDER, Kind.FILE, Kind.MISSING, Kind.MISSING]
    assert not asking.looking


def test_a_drive_that_does_not_answer_is_said_to_be_silent(
    qtbot: QtBot, asking: PathKinds, tmp_path: Path, dead_drive: threading.Event
) -> None:
    said: list[Kinds] = []
    slow: list[str] = []
    asking.look([str(tmp_path), "/away/a.jpg", str(tmp_path / "b")], said.append, slow.append)
    other: list[Kinds] = []
    asking.look([str(tmp_path)], other.append)
    qtbot.waitUntil(lambda: bool(other))  # the one does not wait for the other
    assert said == []
    qtbot.waitUntil(lambda: bool(slow))
    assert slow == ["/away/a.jpg"]
    qtbot.waitUntil(lambda: bool(said))
    assert list(said[0].values()) == [Kind.FOLDER, Kind.SILENT, Kind.SILENT]
    dead_drive.set()
    asking.look([str(tmp_path)], other.append)
    qtbot.waitUntil(lambda: len(other) == 2)
    assert len(said) == 1  # what came late is not said again


def test_an_answer_may_outlive_the_window(qtbot: QtBot, tmp_path: Path, dead_drive: threading.Event) -> None:
    owner = QObject()
    asking = PathKinds(owner)
    said: list[Kinds] = []
    asking.look(["/away/a.jpg"], said.append)
    threads = [each for each in threading.enumerate() if each.name == "paths"]
    with qtbot.waitSignal(owner.destroyed):
        owner.deleteLater()
    dead_drive.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    assert said == []
