"""Adding a folder waits for no drive that does not answer, its own or that of another folder."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagefinder.domain.errors import Cancelled, FolderError
from imagefinder.patience import NoAnswer
from imagefinder.storage.library import Library
from imagefinder.usecases.adding import add_folder


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as library:
        yield library


class Nas:
    """A folder on a drive that answers until it dies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dead = False
        self.back = threading.Event()

    def answer(self, path: object) -> None:
        if self.dead and str(path).startswith(str(self.folder)):
            self.back.wait(60)


@pytest.fixture
def nas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nas]:
    nas = Nas(tmp_path / "nas")
    (nas.folder / "inner").mkdir(parents=True)
    listed, real = os.scandir, os.path.realpath

    def scandir(path: str) -> object:
        nas.answer(path)
        return listed(path)

    def realpath(path: str) -> str:
        nas.answer(path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os.path, "realpath", realpath)
    yield nas
    nas.back.set()
    for thread in threading.enumerate():
        if thread.name in ("patience", "real path"):
            thread.join(30)


def test_a_folder_on_a_dead_drive_is_refused_after_a_while(library: Library, nas: Nas) -> None:
    nas.dead = True
    began = time.monotonic()
    with pytest.raises(NoAnswer, match="does not answer"):
        add_folder(library, str(nas.folder), patience=0.2)
    assert time.monotonic() - began < 5
    assert library.folders() == []


def test_waiting_for_a_dead_drive_can_be_stopped(library: Library, nas: Nas) -> None:
    nas.dead = True

    def check() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        add_folder(library, str(nas.folder), check=check)


def test_a_dead_drive_in_the_library_keeps_no_other_folder_out(library: Library, nas: Nas, tmp_path: Path) -> None:
    inner = add_folder(library, str(nas.folder / "inner"))
    nas.dead = True
    other = tmp_path / "other"
    other.mkdir()
    began = time.monotonic()
    added = add_folder(library, str(other), roots_patience=0.2)
    assert time.monotonic() - began < 5
    assert [folder.id for folder in library.folders()] == [inner.id, added.id]


def test_a_root_that_does_not_answer_is_known_by_the_name_it_was_added_by(
    library: Library, nas: Nas, tmp_path: Path
) -> None:
    root = add_folder(library, str(nas.folder))
    nas.dead = True
    assert add_folder(library, str(nas.folder)).id == root.id
    parent = add_folder(library, str(tmp_path), roots_patience=0.2)
    assert [folder.id for folder in library.folders()] == [parent.id], "the parent took it in"


def test_a_link_to_a_root_is_that_root(library: Library, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    (photos / "inner").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(photos)
    root = add_folder(library, str(photos))
    assert add_folder(library, str(link)).id == root.id
    with pytest.raises(FolderError, match="lies in"):
        add_folder(library, str(link / "inner"))
    with pytest.raises(FolderError, match="cannot be read"):
        add_folder(library, str(tmp_path / "nowhere"))
