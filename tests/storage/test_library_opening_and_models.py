"""A library from opening to closing: who may write, which model it is searched with, rebuilding, threads and damage."""

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.changes import KnownFile
from imagefinder.domain.errors import Cancelled, LibraryError, LibraryInUse
from imagefinder.domain.images import FileStamp
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.domain.specs import Stored
from imagefinder.storage.library import INDEX_FILES, Library
from storage_kit import item, library_with, model, nearest, read, row


def index_files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.faiss"))


def run(script: str, argument: Path) -> int:
    """The exit status of a Python of its own."""
    command = [sys.executable, "-c", script, str(argument)]
    return subprocess.run(command, check=False, cwd=Path(__file__).parents[2], timeout=60).returncode


def test_one_process_writes_and_others_read(tmp_path: Path) -> None:
    directory = tmp_path / "library"
    with library_with(directory, tmp_path / "photos") as library:
        with pytest.raises(LibraryInUse):
            Library.open(directory)
        second = (
            "import sys, pathlib\nfrom imagefinder.domain.errors import LibraryInUse\n"
            "from imagefinder.storage.library import Library\n"
            "try: Library.open(pathlib.Path(sys.argv[1]))\nexcept LibraryInUse: sys.exit(7)"
        )
        assert run(second, directory) == 7
        with Library.open(directory, read_only=True) as reader:
            library.add(1, 1, [item("new.jpg", 99)])
            assert nearest(reader, 99) == "new.jpg"
            assert reader.id == library.id
            assert reader.inflight.suspects() == []
            with pytest.raises(LibraryError, match="reading only"):
                reader.add(1, 1, [item("no.jpg", 98)])
            with pytest.raises(LibraryError, match="reading only"):
                reader.save_index()
            assert reader.verify().problems == ()
    with pytest.raises(LibraryError, match="no library"):
        Library.open(tmp_path / "nowhere", read_only=True)
    assert not (tmp_path / "nowhere").exists()


def contents(directory: Path) -> dict[str, bytes]:
    """Without what SQLite makes beside a file that it only reads."""
    return {path.name: path.read_bytes() for path in directory.iterdir() if not path.name.endswith(("-shm", "-wal"))}


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("left", [None, b"", "only the header"])
def test_a_catalogue_that_was_lost_is_not_made_anew(tmp_path: Path, left: bytes | str | None, read_only: bool) -> None:
    directory = tmp_path / "library"
    library_with(directory, tmp_path / "photos").close()
    assert [path.match(INDEX_FILES) for path in index_files(directory)] == [True]
    database = directory / "library.db"
    copy = database.read_bytes()
    database.unlink()
    if left == "only the header":  # what a power cut may leave where the log is lost
        raw = sqlite3.connect(database)
        raw.execute("PRAGMA journal_mode = WAL")
        raw.close()
        assert database.stat().st_size > 0
    elif isinstance(left, bytes):
        database.write_bytes(left)
    before = contents(directory)
    with pytest.raises(LibraryError, match=f"{'missing' if left is None else 'empty'}.*Put back a copy.*from a backup"):
        Library.open(directory, read_only)
    assert contents(directory) == before
    database.write_bytes(copy)
    with Library.open(directory, read_only) as library:
        assert library.count() == library.status().photos > 0


def test_the_log_of_a_lost_catalogue_is_kept(tmp_path: Path) -> None:
    directory = tmp_path / "library"
    with library_with(directory, tmp_path / "photos"):
        log = (directory / "library.db-wal").read_bytes()
    for path in index_files(directory):
        path.unlink()
    (directory / "library.db").write_bytes(b"")
    (directory / "library.db-wal").write_bytes(log)
    with pytest.raises(LibraryError, match="is empty"):
        Library.open(directory)
    assert len(log) > 0
    assert (directory / "library.db-wal").read_bytes() == log


def test_a_first_start_that_was_killed_is_started_again(tmp_path: Path) -> None:
    """Whatever it left: an empty catalogue, caches without photos. So is a start after nothing but the lock."""
    directory = tmp_path / "library"
    Library.open(directory).close()
    assert index_files(directory) == []
    assert (directory / "thumbnails.db").exists()
    (directory / "library.db").write_bytes(b"")
    with pytest.raises(LibraryError, match="no library"):
        Library.open(directory, read_only=True)
    with Library.open(directory) as library:
        assert library.folders() == []
    (directory / "library.db").unlink()
    with Library.open(directory) as library:
        assert library.folders() == []


def test_a_lost_index_and_lost_thumbnails_are_made_again(tmp_path: Path) -> None:
    directory = tmp_path / "library"
    with library_with(directory, tmp_path / "photos") as library:
        photos = library.count()
    for path in (*index_files(directory), *directory.glob("thumbnails.db*")):
        path.unlink()
    with Library.open(directory) as library:
        assert library.verify().problems == ()
        assert library.count() == photos > 0
        assert library.search(item("x", 0)[2], 1)


def test_a_place_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LibraryError, match="cannot be used"):
        Library.open(tmp_path / "file" / "library")
    with pytest.raises(LibraryError, match="cannot be used"):
        Library.open(tmp_path / "file")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_disk_can_still_be_searched(tmp_path: Path) -> None:
    directory = tmp_path / "library"
    library_with(directory, tmp_path / "photos").close()
    directory.chmod(0o500)
    try:
        with pytest.raises(LibraryError):
            Library.open(directory)
        with Library.open(directory, read_only=True) as reader:
            assert nearest(reader, 5) == "5.jpg"
    finally:
        directory.chmod(0o700)


def test_a_library_without_a_model_answers_quietly(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        assert library.search(row(1), 5) == []
        assert library.embedding(1) is None
        assert library.export()[0] == []
        assert library.active_model() is None
        assert library.verify().problems == ()
        assert library.status().model == library.status().index == ""


def test_the_old_model_serves_until_the_new_one_is_active(tmp_path: Path) -> None:
    second = model("second", dimension=8, architecture="other")
    with library_with(tmp_path / "library", tmp_path / "photos", 5) as library:
        library.set_precision(second, "bfloat16")
        model_id = library.register_model(second)
        library.add(1, model_id, [item(f"{n}.jpg", n, 8) for n in range(4)])
        assert (library.count(), library.count_embedded()) == (5, 5)
        assert nearest(library, 4) == "4.jpg"
        library.activate(second)
        assert library.count_embedded() == 4
        assert [library.photo(library.search(row(n, 8), 1)[0][0]).relpath for n in range(4)] == [  # type: ignore[union-attr]  # all there
            f"{n}.jpg" for n in range(4)
        ]
        assert library.verify().problems == ()
    with Library.open(tmp_path / "library") as library:
        assert library.active_model() == second
        assert library.precision(second) == "bfloat16"
        assert library.precision(model()) is None
        assert [spec.name for spec in library.models()] == ["plain", "second"]
        library.activate(model())
        assert nearest(library, 4) == "4.jpg"
        assert library.verify().problems == ()


def test_a_changed_file_loses_the_vectors_of_all_models(tmp_path: Path) -> None:
    second = model("second", architecture="other")
    with library_with(tmp_path / "library", tmp_path / "photos", 3) as library:
        nearest(library, 0)
        model_id = library.register_model(second)
        library.add(1, model_id, [item("0.jpg", 0)])
        assert KnownFile(*library.known_files(1, 1)["0.jpg"]).done, (
            "the same file: the first model's vector is still right"
        )
        library.add(1, model_id, [("0.jpg", read(50), row(50))])
        assert not KnownFile(*library.known_files(1, 1)["0.jpg"]).done
        assert KnownFile(*library.known_files(1, model_id)["0.jpg"]).done
        assert len(library.search(row(0), 10)) == 2
        assert library.verify().problems == ()


def test_a_renamed_model_is_the_same_model(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 2) as library:
        library.activate(model("better name"))
        assert library.count_embedded() == 2
        assert library.status().model == "better name"
    with Library.open(tmp_path / "library") as library:
        assert [spec.name for spec in library.models()] == ["better name"]


def test_status_counts(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 3) as library:
        library.record_failures(1, [("bad.jpg", FileStamp(1, 1), "broken")])
        status = library.status()
        assert (status.photos, status.failures, status.model, status.index) == (3, 1, "plain", "flat")
        assert status.folders == tuple(library.folders())
        assert status.bytes > 20_000


def test_opening_and_counting_do_not_load_faiss(tmp_path: Path) -> None:
    library_with(tmp_path / "library", tmp_path / "photos").close()
    script = (
        "import sys, pathlib\nfrom imagefinder.storage.library import Library\n"
        "with Library.open(pathlib.Path(sys.argv[1])) as library:\n"
        "    assert library.status().photos == 10\n    library.known_files(1, 1)\n    library.newest(5)\n"
        "sys.exit('faiss' in sys.modules)"
    )
    assert run(script, tmp_path / "library") == 0


def test_a_rebuild_can_be_cancelled_and_tells_how_far_it_is(tmp_path: Path) -> None:
    second = model("second", architecture="other")
    with library_with(tmp_path / "library", tmp_path / "photos", 5) as library:
        library.add(1, library.register_model(second), [item(f"{n}.jpg", n) for n in range(5)])
        token = CancelToken()
        token.cancel()
        with pytest.raises(Cancelled):
            library.activate(second, token=token)
        assert library.active_model() == model()
        assert nearest(library, 2) == "2.jpg"
        seen: list[Progress] = []
        library.activate(second, seen.append)
        assert (seen[-1].phase, seen[-1].done, seen[-1].total) == ("rebuilding", 5, 5)


@pytest.mark.parametrize("stored", ["float16", "int8"])
def test_many_photos_move_to_inverted_lists_and_back(
    tmp_path: Path, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 400, stored) as library:
        nearest(library, 0)
        monkeypatch.setattr("imagefinder.domain.specs.FLAT_BYTES_LIMIT", 1000)
        library.optimise()
        assert library.status().index == "ivf"
        assert sum(nearest(library, n) == f"{n}.jpg" for n in range(400)) == 400
        library.remove_photos([5, 6])
        library.add(1, 1, [item("new.jpg", 900)])
        assert nearest(library, 900) == "new.jpg"
        assert library.verify().problems == ()
    with Library.open(tmp_path / "library") as library:
        assert nearest(library, 900) == "new.jpg"
        assert library.status().index == "ivf"
        monkeypatch.undo()
        library.optimise()
        assert library.status().index == "flat"
        assert library.verify().problems == ()


def test_reading_threads_agree_with_the_writer(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 50) as library:
        stop = threading.Event()
        wrong: list[object] = []
        searches = 0

        def look() -> None:
            nonlocal searches
            while not stop.is_set():
                hits = library.search(row(7), 5)
                searches += 1
                photos = library.photos(photo_id for photo_id, _ in hits)
                if not hits or photos[hits[0][0]].relpath != "7.jpg":
                    wrong.append(hits)
                library.newest(5)
                library.thumbnail(read(7).content_key)
                library.folders()

        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        for start in range(100, 400, 10):
            library.add(1, 1, [item(f"{n}.jpg", n) for n in range(start, start + 10)])
            if start % 50 == 0:
                library.remove_photos([photo.id for photo in library.newest(3) if photo.relpath != "7.jpg"])
                library.save_index()
        stop.set()
        for thread in threads:
            thread.join()
        assert not wrong
        assert searches > 0
        assert library.verify().problems == ()


def test_closing_with_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    library = library_with(tmp_path / "library", tmp_path / "photos")
    nearest(library, 0)
    with monkeypatch.context() as patch:
        patch.setattr("imagefinder.storage.index_file.os.replace", no_space)
        with pytest.raises(LibraryError, match="No space left"):
            library.save_index()
        library.close()
    library.close()
    assert index_files(tmp_path / "library") == []
    assert not list((tmp_path / "library").glob("*.new"))
    with Library.open(tmp_path / "library") as again:
        assert nearest(again, 4) == "4.jpg"
        assert again.verify().problems == ()
    assert len(index_files(tmp_path / "library")) == 1


def test_a_damaged_vector_is_found_and_its_photo_read_again(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 5):
        pass
    raw = sqlite3.connect(tmp_path / "library" / "library.db")
    nan = np.full(16, np.nan, "<f2").tobytes()
    raw.execute("UPDATE vector SET embedding = x'0102' WHERE seq = 2")
    raw.execute("UPDATE vector SET embedding = ? WHERE seq = 3", (nan,))
    raw.commit()
    raw.close()
    with Library.open(tmp_path / "library") as library:
        looked = library.verify(repair=False)
        assert (len(looked.problems), looked.repaired, looked.vectors) == (2, False, 5)
        report = library.verify()
        assert report.repaired
        assert report.problems[0].startswith("2 photos had a damaged vector")
        assert (report.photos, report.vectors, report.indexed) == (5, 3, 3)
        assert [name for name, file in library.known_files(1, 1).items() if not KnownFile(*file).done] == [
            "1.jpg",
            "2.jpg",
        ]
        assert library.verify().problems == ()
