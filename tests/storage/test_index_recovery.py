"""Whatever happens to the index file, the catalogue decides, and nobody notices but the log."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.specs import Stored
from imagefinder.storage.library import Library
from storage_kit import item, library_with, model, nearest, row


def index_file(directory: Path) -> Path:
    (path,) = directory.glob("*.faiss")
    return path


def everything_is_found(library: Library, seeds: range) -> None:
    assert len(library.search(row(0), 1000)) == library.count_embedded() == len(seeds)
    for seed in seeds:
        assert nearest(library, seed) == f"{seed}.jpg"


def copy_library(source: Path, target: Path) -> None:
    """What a crash leaves: the files as they are now, the database's log included."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.lock"))


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "another file": lambda data: b"GIF89a" + data[6:],
    "one bit": lambda data: data[:-100] + bytes([data[-100] ^ 1]) + data[-99:],
}


@pytest.mark.parametrize("stored", ["float16", "int8"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_rebuilt_and_reported_once(
    tmp_path: Path, damage: Callable[[bytes], bytes], stored: Stored, caplog: pytest.LogCaptureFixture
) -> None:
    library_with(tmp_path / "library", tmp_path / "photos", stored=stored).close()
    path = index_file(tmp_path / "library")
    path.write_bytes(damage(path.read_bytes()))
    with Library.open(tmp_path / "library") as library:
        everything_is_found(library, range(10))
        assert "Rebuilding" in caplog.text
        report = library.verify()
        assert report.repaired
        assert report.problems[0].startswith("The index file could not be used")
        assert library.verify().problems == ()
    caplog.clear()
    with Library.open(tmp_path / "library") as library:
        everything_is_found(library, range(10))
        assert library.verify().problems == ()
    assert caplog.text == ""


def test_a_missing_file_is_made_again_without_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    library_with(tmp_path / "library", tmp_path / "photos").close()
    index_file(tmp_path / "library").unlink()
    with Library.open(tmp_path / "library") as library:
        everything_is_found(library, range(10))
        assert library.verify().problems == ()
    assert caplog.records == []
    assert index_file(tmp_path / "library").exists()


@pytest.mark.parametrize("stored", ["float16", "int8"])
def test_a_file_that_is_behind_catches_up(tmp_path: Path, stored: Stored, caplog: pytest.LogCaptureFixture) -> None:
    library = library_with(tmp_path / "library", tmp_path / "photos", 50, stored)
    nearest(library, 0)
    library.save_index()
    library.add(1, 1, [item(f"{n}.jpg", n) for n in range(50, 54)])
    library.remove_photos([1, 2])
    library.add(1, 1, [item("0.jpg", 0)])
    copy_library(tmp_path / "library", tmp_path / "crashed")
    library.close()
    with caplog.at_level(logging.INFO), Library.open(tmp_path / "crashed") as again:
        assert len(again.search(row(0), 100)) == 53
        assert nearest(again, 53) == "53.jpg"
        assert nearest(again, 0) == "0.jpg"
        assert again.verify().problems == ()
    assert caplog.records == []


def test_the_file_of_another_library_is_not_used(tmp_path: Path) -> None:
    library_with(tmp_path / "a", tmp_path / "photos").close()
    other = library_with(tmp_path / "b", tmp_path / "photos", 1)
    other.remove_photos([1])
    other.add(1, 1, [item(f"other{n}.jpg", 100 + n) for n in range(10)])
    other.close()
    shutil.copy(index_file(tmp_path / "b"), index_file(tmp_path / "a"))
    with Library.open(tmp_path / "a") as library:
        everything_is_found(library, range(10))
        assert "another library" in library.verify().problems[0]


def test_a_file_ahead_of_a_catalogue_put_back_from_a_copy_is_not_used(tmp_path: Path) -> None:
    library = library_with(tmp_path / "library", tmp_path / "photos")
    library.close()
    shutil.copy(tmp_path / "library" / "library.db", tmp_path / "copy.db")
    with Library.open(tmp_path / "library") as library:
        library.add(1, 1, [item(f"later{n}.jpg", 200 + n) for n in range(2)])
        nearest(library, 0)
    shutil.copy(tmp_path / "copy.db", tmp_path / "library" / "library.db")
    with Library.open(tmp_path / "library") as library:
        everything_is_found(library, range(10))
        assert "ahead of the catalogue" in library.verify().problems[0]


def test_rows_numbered_again_after_putting_back_a_copy_are_not_mixed_up(tmp_path: Path) -> None:
    library_with(tmp_path / "library", tmp_path / "photos", 50).close()
    shutil.copy(tmp_path / "library" / "library.db", tmp_path / "copy.db")
    with Library.open(tmp_path / "library") as library:
        library.add(1, 1, [item(f"later{n}.jpg", 200 + n) for n in range(3)])
        nearest(library, 0)
    later = index_file(tmp_path / "library").read_bytes()
    shutil.copy(tmp_path / "copy.db", tmp_path / "library" / "library.db")
    with Library.open(tmp_path / "library") as library:
        library.add(1, 1, [item(f"{n}.jpg", n) for n in range(50, 55)])
    index_file(tmp_path / "library").write_bytes(later)
    with Library.open(tmp_path / "library") as library:
        everything_is_found(library, range(55))
        assert "not the catalogue's" in library.verify().problems[0]


def test_an_index_that_disagrees_in_memory_is_rebuilt(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos") as library:
        keeper = library._keeper
        assert keeper is not None
        keeper.serving().index.remove(np.array([3]))
        assert library.verify(repair=False).problems[0].startswith("The index does not hold the photos")
        assert library.verify().repaired
        keeper.serving().index.remove(np.array([3]))
        keeper.serving().index.add(np.array([3]), row(77)[None])
        assert library.verify().problems[0].startswith("The index holds other vectors")
        everything_is_found(library, range(10))


def test_a_change_that_fails_halfway_in_the_index_is_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos") as library:
        nearest(library, 0)

        def no_memory(*_: object) -> None:
            raise MemoryError

        with monkeypatch.context() as patch:
            patch.setattr("imagefinder.storage.vectors.VectorIndex.add", no_memory)
            with pytest.raises(MemoryError):
                library.add(1, 1, [item("10.jpg", 10)])
        everything_is_found(library, range(11))
        assert library.verify().problems == ()


def test_searches_go_on_while_the_index_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos") as library:
        nearest(library, 0)
        found: list[str] = []

        def slow_sync(_: int) -> None:
            found.append(nearest(library, 3))

        monkeypatch.setattr("imagefinder.storage.index_file.os.fsync", slow_sync)
        library.save_index()
        assert found
        assert set(found) == {"3.jpg"}
        assert library.active_model() == model()
