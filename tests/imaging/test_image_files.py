import hashlib
import os
from pathlib import Path

import pytest

from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging import files
from imagefinder.imaging.files import PIECE, content_key, content_key_of, read_file


def test_content_and_stamp_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"content")
    os.utime(path, ns=(1, 1_600_000_000_123_456_789))

    data, stamp = read_file(str(path))

    assert data == b"content"
    assert stamp == (7, path.stat().st_mtime_ns)


def test_reading_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 300_000)
    path.chmod(0o444)
    before = path.stat()

    read_file(str(path))
    content_key_of(str(path))

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


def test_a_name_that_no_file_can_have_is_reported() -> None:
    with pytest.raises(UnreadableImage, match="No file can have this name"):
        read_file("a\0b.jpg")


def test_a_folder_on_the_way_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")

    with pytest.raises(UnreadableImage, match="missing"):
        read_file(str(tmp_path / "a.jpg" / "b.jpg"))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, 3 * PIECE, 3 * PIECE + 1, 10 * PIECE + 7])
def test_the_key_of_a_file_is_the_key_of_its_content(tmp_path: Path, size: int) -> None:
    data = hashlib.shake_128(b"seed").digest(size)
    path = tmp_path / "a.jpg"
    path.write_bytes(data)

    key = content_key(data)

    assert len(key) == 16
    assert content_key_of(str(path)) == key


@pytest.mark.parametrize("at", [0, 5 * PIECE, 10 * PIECE - 1])
def test_the_key_depends_on_the_beginning_the_middle_and_the_end(at: int) -> None:
    data = bytearray(10 * PIECE)
    before = content_key(bytes(data))
    data[at] = 1

    assert content_key(bytes(data)) != before


def test_the_key_depends_on_the_length() -> None:
    assert content_key(bytes(10 * PIECE)) != content_key(bytes(10 * PIECE + 1))


def test_the_key_of_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match="missing"):
        content_key_of(str(tmp_path / "a.jpg"))
