import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import FileStamp
from imagefinder.imaging import files
from imagefinder.imaging.files import (
    PIECE,
    READ_AT_ONCE,
    content_key,
    content_key_of,
    keys_of,
    open_path,
    partial_key,
    partial_key_of,
    read_file,
    stat_path,
)


def test_content_and_stamp_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"content")
    os.utime(path, ns=(1, 1_600_000_000_123_456_789))

    data, stamp = read_file(str(path))

    assert data == b"content"
    assert stamp == FileStamp.of(path.stat())
    assert stamp.size == 7


def test_reading_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 300_000)
    path.chmod(0o444)
    before = path.stat()

    read_file(str(path))
    content_key_of(str(path))
    keys_of(str(path))

    after = path.stat()
    assert (after.st_mtime_ns, after.st_size, after.st_mode) == (before.st_mtime_ns, before.st_size, before.st_mode)


def test_a_file_that_changes_while_it_is_read_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"first")

    with pytest.raises(UnreadableImage, match="changed while"), files._regular_file(str(path)):
        path.write_bytes(b"second, and longer")


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be deleted on Windows")
def test_a_file_that_vanishes_while_it_is_read_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 100_000)

    with files._regular_file(str(path)) as (file, stamp):
        path.unlink()
        assert len(file.read(stamp.size)) == 100_000

    with pytest.raises(UnreadableImage, match="missing"):
        read_file(str(path))


def test_a_file_over_one_gigabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with path.open("wb") as file:
        file.truncate(files.MAX_FILE_BYTES + 1)  # a hole: it takes no room on the disk

    with pytest.raises(UnreadableImage, match="larger than 1 GB"):
        read_file(str(path))
    with pytest.raises(UnreadableImage, match="larger than 1 GB"):
        content_key_of(str(path))
    with pytest.raises(UnreadableImage, match="larger than 1 GB"):
        keys_of(str(path))


def test_a_name_that_no_file_can_have_is_reported() -> None:
    with pytest.raises(UnreadableImage, match="No file can have this name"):
        read_file("a\0b.jpg")


def test_a_folder_on_the_way_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")

    with pytest.raises(UnreadableImage, match="missing"):
        read_file(str(tmp_path / "a.jpg" / "b.jpg"))


def test_a_file_that_is_renamed_while_it_is_read_did_not_change(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"content")

    with files._regular_file(str(path)) as (file, _):
        path.rename(tmp_path / "b.jpg")
        (tmp_path / "b.jpg").chmod(0o400)
        assert file.read() == b"content"


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, 3 * PIECE, 3 * PIECE + 1, 2 * READ_AT_ONCE + 7])
def test_the_keys_of_a_file_are_the_keys_of_its_content(tmp_path: Path, size: int) -> None:
    data = hashlib.shake_128(b"seed").digest(size)
    path = tmp_path / "a.jpg"
    path.write_bytes(data)

    assert len(content_key(data)) == len(partial_key(data)) == 16
    assert content_key_of(str(path)) == content_key(data)
    assert partial_key_of(str(path)) == partial_key(data)
    assert keys_of(str(path)) == (FileStamp.of(path.stat()), content_key(data), partial_key(data))


@pytest.mark.parametrize("at", [0, 1, 2 * PIECE, 5 * PIECE, 8 * PIECE + 13, 10 * PIECE - 1])
def test_the_content_key_depends_on_every_byte(at: int) -> None:
    data = bytearray(10 * PIECE)
    before = content_key(bytes(data))
    data[at] = 1

    assert content_key(bytes(data)) != before


@pytest.mark.parametrize(("at", "differs"), [(0, True), (5 * PIECE, True), (10 * PIECE - 1, True), (2 * PIECE, False)])
def test_the_partial_key_depends_on_the_beginning_the_middle_and_the_end_only(at: int, differs: bool) -> None:
    data = bytearray(10 * PIECE)
    before = partial_key(bytes(data))
    data[at] = 1

    assert (partial_key(bytes(data)) != before) is differs


def test_the_partial_key_is_the_one_that_older_libraries_hold() -> None:
    data = bytes(range(256)) * 2000
    pieces = data[:PIECE] + data[(len(data) - PIECE) // 2 :][:PIECE] + data[-PIECE:]

    assert partial_key(data) == hashlib.blake2b(len(data).to_bytes(8, "little") + pieces, digest_size=16).digest()


@pytest.mark.parametrize("key", [content_key, partial_key])
def test_the_keys_depend_on_the_length(key: Callable[[bytes], bytes]) -> None:
    assert key(bytes(10 * PIECE)) != key(bytes(10 * PIECE + 1))


@pytest.mark.parametrize("key_of", [content_key_of, partial_key_of, keys_of])
def test_the_keys_of_a_missing_file_say_so(tmp_path: Path, key_of: Callable[[str], object]) -> None:
    with pytest.raises(UnreadableImage, match="missing"):
        key_of(str(tmp_path / "a.jpg"))


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder whose path is longer than systems take; it can be made and reached only step by step."""
    monkeypatch.chdir(tmp_path)
    folder = str(tmp_path)
    for _ in range(45):
        os.mkdir("n" * 100)
        os.chdir("n" * 100)
        folder = os.path.join(folder, "n" * 100)
    Path("a.jpg").write_bytes(b"content")
    Path("link.jpg").symlink_to("a.jpg")
    Path("dangling.jpg").symlink_to("nowhere")
    os.chdir(tmp_path)
    return folder


@pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="this system opens files by their whole path only")
def test_a_file_whose_path_is_longer_than_the_system_takes_is_read_all_the_same(deep: str) -> None:
    path = os.path.join(deep, "a.jpg")
    with pytest.raises(OSError, match="too long"):
        os.stat(path)

    data, stamp = read_file(path)
    assert (data, stamp.size) == (b"content", 7)
    assert keys_of(path) == (stamp, content_key(data), partial_key(data))
    assert read_file(os.path.join(deep, "link.jpg"))[0] == b"content"
    assert stat_path(os.path.join(deep, "link.jpg"), follow_symlinks=False).st_size == len("a.jpg")
    os.close(open_path(deep, os.O_RDONLY))
    with pytest.raises(UnreadableImage, match="link leads to a file that is missing"):
        read_file(os.path.join(deep, "dangling.jpg"))
    with pytest.raises(UnreadableImage, match=r"^The file is missing"):
        read_file(os.path.join(deep, "nowhere.jpg"))
    with pytest.raises(UnreadableImage, match="could not be read"):
        read_file(os.path.join(deep, "x" * 3000))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="there is no list of open files on this system")
def test_long_paths_leave_no_file_open(deep: str) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    read_file(os.path.join(deep, "a.jpg"))
    for name in ("nowhere.jpg", "x" * 3000):
        with pytest.raises(UnreadableImage):
            read_file(os.path.join(deep, name))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
