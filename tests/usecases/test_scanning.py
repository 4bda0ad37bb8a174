import os
from pathlib import Path

import pytest

from imagefinder.domain.errors import Cancelled
from imagefinder.domain.excludes import DEFAULT_EXCLUDES
from imagefinder.usecases.scanning import Walk, walk


def listed(root: Path) -> Walk:
    result = walk(str(root), DEFAULT_EXCLUDES, lambda files, where: None)
    assert result is not None
    return result


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_photos_are_found_at_any_depth_and_other_files_are_not(tmp_path: Path) -> None:
    touch(
        tmp_path / "a.JPG", tmp_path / "x/y/z/b.heic", tmp_path / "notes.txt", tmp_path / "c.mp4", tmp_path / "Makefile"
    )
    assert set(listed(tmp_path).found) == {"a.JPG", os.path.join("x", "y", "z", "b.heic")}


def test_a_picture_without_an_extension_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "0a1b2c").write_bytes(b"\xff\xd8\xff\xe0 and so on")
    assert set(listed(tmp_path).found) == {"0a1b2c"}


def test_what_systems_leave_lying_about_is_not_looked_at(tmp_path: Path) -> None:
    touch(tmp_path / "@eaDir/a.jpg", tmp_path / ".thumbnails/b.jpg", tmp_path / ".hidden.jpg", tmp_path / "ok.jpg")
    assert set(listed(tmp_path).found) == {"ok.jpg"}


def test_stamps_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"12345")
    os.utime(path, ns=(1, 1_234_567_891))
    assert listed(tmp_path).found["a.jpg"] == (5, 1_234_567_891)


def test_links_to_files_count_and_links_to_folders_do_not(tmp_path: Path) -> None:
    root = tmp_path / "root"
    touch(tmp_path / "elsewhere/real.jpg", root / "a.jpg")
    (root / "link.jpg").symlink_to(tmp_path / "elsewhere/real.jpg")
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    (root / "round").symlink_to(root)
    assert set(listed(root).found) == {"a.jpg", "link.jpg"}


def test_odd_things_that_look_like_photos_are_listed_so_that_their_reason_can_be_told(tmp_path: Path) -> None:
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    touch(tmp_path / "folder.jpg" / "inside.jpg")
    inside = os.path.join("folder.jpg", "inside.jpg")
    assert set(listed(tmp_path).found) == {"dangling.jpg", "loop.jpg", "folder.jpg", "pipe.jpg", inside}


def test_names_that_are_not_utf8_come_back_as_they_are(tmp_path: Path) -> None:
    name = os.fsencode(str(tmp_path)) + b"/caf\xe9.jpg"
    with open(name, "wb") as file:
        file.write(b"x")
    (found,) = listed(tmp_path).found
    assert os.fsencode(found) == b"caf\xe9.jpg"


def test_a_missing_root_is_none_and_a_missing_part_of_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert walk(str(tmp_path / "nowhere"), (), lambda files, where: None) is None
    touch(tmp_path / "ok/a.jpg", tmp_path / "shut/b.jpg")
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    result = listed(tmp_path)
    assert result.unlisted == ["shut"]
    assert set(result.found) == {os.path.join("ok", "a.jpg")}


def test_the_visitor_can_stop_the_walk(tmp_path: Path) -> None:
    def stop(files: int, where: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        walk(str(tmp_path), (), stop)
