import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imagefinder.domain.errors import Cancelled
from imagefinder.domain.excludes import DEFAULT_EXCLUDES
from imagefinder.domain.images import LARGEST_NUMBER, FileStamp
from imagefinder.imaging.files import read_file
from imagefinder.usecases import scanning
from imagefinder.usecases.scanning import SIGN_EVERY, Walk, walk


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
    stamp = FileStamp(*listed(tmp_path).found["a.jpg"])
    assert stamp == FileStamp.of(path.stat())
    assert (stamp.size, stamp.mtime_ns, stamp.inode) == (5, 1_234_567_891, path.stat().st_ino)


@pytest.mark.parametrize("seconds", [-1_000_000_000, 10_413_792_000])
def test_dates_long_ago_and_far_ahead_are_clamped_as_everywhere(tmp_path: Path, seconds: int) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"12345")
    os.utime(path, (seconds, seconds))
    stamp = FileStamp(*listed(tmp_path).found["a.jpg"])
    assert stamp == FileStamp.of(path.stat())
    assert abs(stamp.mtime_ns) <= LARGEST_NUMBER


def test_links_to_files_count_and_links_to_folders_do_not(tmp_path: Path) -> None:
    root = tmp_path / "root"
    touch(tmp_path / "elsewhere/real.jpg", root / "a.jpg")
    (root / "link.jpg").symlink_to(tmp_path / "elsewhere/real.jpg")
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    (root / "round").symlink_to(root)
    (root / "named.jpg").symlink_to(tmp_path / "elsewhere")
    result = listed(root)
    assert set(result.found) == {"a.jpg", "link.jpg"}
    elsewhere = os.path.realpath(tmp_path / "elsewhere")
    assert result.linked == {"folder": elsewhere, "round": os.path.realpath(root), "named.jpg": elsewhere}
    assert result.folders == {""}


def test_odd_things_that_look_like_photos_are_listed_so_that_their_reason_can_be_told(tmp_path: Path) -> None:
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    touch(tmp_path / "folder.jpg" / "inside.jpg")
    inside = os.path.join("folder.jpg", "inside.jpg")
    result = listed(tmp_path)
    assert set(result.found) == {"dangling.jpg", "loop.jpg", "folder.jpg", "pipe.jpg", inside}
    assert result.folders == {"", "folder.jpg"}


def test_odd_things_without_the_name_of_a_photo_are_neither_opened_nor_counted(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")  # opening it to read would wait for somebody who writes
    os.mkfifo(tmp_path / "pipe.txt")
    result = listed(tmp_path)
    assert (result.found, result.others, result.linked) == ({}, {}, {})


def test_names_that_are_not_utf8_come_back_as_they_are(tmp_path: Path) -> None:
    name = os.fsencode(str(tmp_path)) + b"/caf\xe9.jpg"
    with open(name, "wb") as file:
        file.write(b"x")
    (found,) = listed(tmp_path).found
    assert os.fsencode(found) == b"caf\xe9.jpg"


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, OSError], None]:
    """Makes folders of a name refuse to be listed."""
    scandir, refused = os.scandir, dict[int, OSError]()

    def asked(handle: int) -> object:
        error = refused.get(os.stat(handle).st_ino)
        if error:
            raise error
        return scandir(handle)

    monkeypatch.setattr(os, "scandir", asked)
    monkeypatch.setattr("imagefinder.usecases.scanning._BY_HANDLE", True)

    def refuse(path: str, error: OSError) -> None:
        refused[os.stat(path).st_ino] = error

    return refuse


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "There is no permission to open this folder."),
        (errno.EIO, "The folder could not be listed: Input/output error."),
        (errno.ENOENT, "The folder went away while it was looked at."),
    ],
)
def test_a_folder_that_cannot_be_listed_is_named_with_the_reason(
    tmp_path: Path, refusing: Callable[[str, OSError], None], number: int, reason: str
) -> None:
    touch(tmp_path / "ok/a.jpg", tmp_path / "shut/b.jpg")
    refusing(str(tmp_path / "shut"), OSError(number, os.strerror(number)))
    result = listed(tmp_path)
    assert result.unlisted == {"shut": reason}
    assert set(result.found) == {os.path.join("ok", "a.jpg")}
    assert result.folders == {"", "ok"}
    assert result.empty == set()


def test_a_missing_root_and_one_that_refuses_are_none(tmp_path: Path, refusing: Callable[[str, OSError], None]) -> None:
    assert walk(str(tmp_path / "nowhere"), (), lambda files, where: None) is None
    refusing(str(tmp_path), PermissionError(errno.EACCES, "Permission denied"))
    assert walk(str(tmp_path), (), lambda files, where: None) is None


def test_folders_that_hold_nothing_at_all_are_told_from_those_without_photos(tmp_path: Path) -> None:
    touch(tmp_path / "notes/a.txt", tmp_path / "hidden/.b", tmp_path / "nested/empty.jpg/x.txt")
    (tmp_path / "nothing").mkdir()
    result = listed(tmp_path)
    assert result.empty == {"nothing"}
    assert result.folders == {"", "notes", "hidden", "nested", os.path.join("nested", "empty.jpg"), "nothing"}


def test_folders_on_another_device_are_mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "local/a.jpg", tmp_path / "nas/b.jpg", tmp_path / "nas/sub/c.jpg")
    stat, away = os.stat, {os.stat(tmp_path / "nas").st_ino, os.stat(tmp_path / "nas/sub").st_ino}

    def elsewhere(path: int | str, **how: bool) -> os.stat_result:
        status = stat(path, **how)
        return os.stat_result((*status[:2], status.st_dev + 1, *status[3:10])) if status.st_ino in away else status

    monkeypatch.setattr(os, "stat", elsewhere)
    assert listed(tmp_path).mounts == {"nas"}


def test_files_of_other_kinds_are_counted_and_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(*(tmp_path / name for name in ("a.TXT", "b.txt", "c.xmp", "a.jpg.part", "Thumbs.db", "d.exr", "x.jpg")))
    touch(tmp_path / ".hidden.txt")
    monkeypatch.setattr(scanning, "looks_like_image", lambda data: pytest.fail("it was looked into"))
    assert listed(tmp_path).others == {"txt": 2, "xmp": 1, "part": 1, "db": 1, "exr": 1}


def test_what_does_not_begin_like_a_picture_is_counted_by_its_kind(tmp_path: Path) -> None:
    touch(tmp_path / "Makefile", tmp_path / "2024.05.01 notes", tmp_path / "a.weird")
    result = listed(tmp_path)
    assert (result.found, result.others) == ({}, {"": 2, "weird": 1})


@pytest.mark.parametrize(
    "name",
    [
        "Screenshot 2024-01-01 at 10.30.15",
        "IMG_2024.05.01",
        "2024.05.01 beach",
        "a.b.c.d",
        "photo.jpg_large",
        "photo.jpeg!d",
        "photo.jpg.1",
        "photo.jpg~",
        "photo (1).jpg (2)",
        "image.php",
        "photo.JPG ",
        "photo.jpg.",
    ],
)
def test_a_picture_counts_whatever_its_name_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\xd8\xff\xe0 and so on")
    assert set(listed(tmp_path).found) == {name}


@pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="this system opens files by their whole path only")
def test_nothing_is_lost_below_paths_that_are_longer_than_the_system_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(60):
        Path(f"{number}.jpg").write_bytes(b"x")
        Path("odd.1").write_bytes(b"\xff\xd8\xff\xe0 and so on")
        os.mkdir("n" * 100)
        os.chdir("n" * 100)
    os.chdir(tmp_path)
    result = listed(tmp_path)
    assert len(result.found) == 120
    assert len(result.folders) == 61
    assert result.unlisted == {}
    for relpath, stamp in result.found.items():
        assert read_file(os.path.join(tmp_path, relpath))[1] == stamp


def test_a_large_folder_gives_signs_while_it_is_listed(tmp_path: Path) -> None:
    touch(*(tmp_path / "large" / f"{number}.jpg" for number in range(2 * SIGN_EVERY + 10)))
    signs: list[tuple[int, str]] = []
    assert walk(str(tmp_path), (), lambda files, where: signs.append((files, where)))
    large = str(tmp_path / "large")
    assert signs == [(0, str(tmp_path)), (0, large), (SIGN_EVERY, large), (2 * SIGN_EVERY, large)]


def test_the_visitor_can_stop_the_walk(tmp_path: Path) -> None:
    def stop(files: int, where: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        walk(str(tmp_path), (), stop)
