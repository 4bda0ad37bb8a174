import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.changes import KnownFile, Lost
from imagefinder.domain.errors import Cancelled, FolderError, LibraryError, LibraryInUse
from imagefinder.domain.images import FileStamp, FolderState
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.storage.library import Library
from storage_kit import item, library_with, model, nearest, read, row, stored_seqs

LATIN = os.fsdecode(b"caf\xe9\n.jpg")


def index_files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.faiss"))


def run(script: str, argument: Path) -> int:
    """The exit status of a Python of its own."""
    command = [sys.executable, "-c", script, str(argument)]
    return subprocess.run(command, check=False, cwd=Path(__file__).parents[2], timeout=60).returncode


def test_what_was_added_is_found_now_and_after_reopening(tmp_path: Path) -> None:
    library = library_with(tmp_path / "library", tmp_path / "photos")
    first_id = library.id
    assert [nearest(library, n) for n in range(10)] == [f"{n}.jpg" for n in range(10)]
    assert (library.count(), library.count_embedded()) == (10, 10)
    library.close()
    with Library.open(tmp_path / "library") as again:
        assert again.id == first_id
        assert [nearest(again, n) for n in range(10)] == [f"{n}.jpg" for n in range(10)]
        assert again.thumbnail(read(3).content_key) == b"jpeg 3"
        assert again.verify().problems == ()
        assert again.active_model() == model()


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


def test_folders_do_not_overlap_and_are_not_added_twice(tmp_path: Path) -> None:
    root = tmp_path / "photos"
    (root / "inner").mkdir(parents=True)
    (tmp_path / "photos of mine").mkdir()
    (tmp_path / "link").symlink_to(root)
    with Library.open(tmp_path / "library") as library:
        folder = library.add_folder(str(root), [".*", "@eaDir"])
        assert (folder.path, folder.state, folder.excludes) == (str(root), FolderState.NEW, (".*", "@eaDir"))
        for same in (root, f"{root}/", root / "inner" / "..", tmp_path / "link"):
            assert library.add_folder(str(same)).id == folder.id
        for overlapping in (root / "inner", tmp_path):
            with pytest.raises(FolderError, match="already in the library"):
                library.add_folder(str(overlapping))
        (tmp_path / "note.txt").write_text("")
        with pytest.raises(FolderError, match="not a folder"):
            library.add_folder(str(tmp_path / "note.txt"))
        with pytest.raises(FolderError, match="cannot be read"):
            library.add_folder(str(tmp_path / "missing"))
        assert library.add_folder(str(tmp_path / "photos of mine")).id != folder.id
        library.set_excludes(folder.id, ["raw"])
        assert library.folder(folder.id).excludes == ("raw",)
        with pytest.raises(FolderError, match="no longer"):
            library.folder(99)


def test_offline_outlives_the_process_and_scanning_is_never_written(tmp_path: Path) -> None:
    library = library_with(tmp_path / "library", tmp_path / "photos", 2)
    (folder,) = library.folders()
    library.set_folder_state(folder.id, FolderState.OFFLINE)
    with pytest.raises(ValueError, match="scanned"):
        library.set_folder_state(folder.id, FolderState.SCANNING)
    library.close()
    with Library.open(tmp_path / "library") as again:
        assert again.folders()[0].state is FolderState.OFFLINE
        assert all(photo.offline for photo in again.newest(10))
        assert nearest(again, 1) == "1.jpg"
        again.set_folder_state(folder.id, FolderState.INDEXED)
        assert not any(photo.offline for photo in again.newest(10))


def test_removing_a_folder_takes_its_photos_out_of_the_search(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos") as library:
        (tmp_path / "more").mkdir()
        more = library.add_folder(str(tmp_path / "more"))
        library.add(more.id, 1, [item("other.jpg", 50)])
        library.record_failures(1, [("bad.jpg", FileStamp(1, 1), "broken")])
        library.remove_folder(1)
        assert [folder.id for folder in library.folders()] == [more.id]
        assert nearest(library, 3) == "other.jpg"
        assert len(library.search(row(3), 100)) == 1
        assert library.failures() == []
        assert library.verify().problems == ()
        with pytest.raises(FolderError, match="no longer"):
            library.add(1, 1, [item("late.jpg", 1)])
        with pytest.raises(FolderError, match="no longer"):
            library.record_failures(1, [("late.jpg", FileStamp(1, 1), "broken")])


def test_a_changed_photo_keeps_its_id_and_gets_a_new_row(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 3) as library:
        ((before, _),) = library.search(row(1), 1)
        library.add(1, 1, [("1.jpg", read(40), row(40))])
        assert library.count() == library.count_embedded() == 3
        ((after, similarity),) = library.search(row(40), 1)
        assert after == before
        assert similarity == pytest.approx(1, abs=2e-3)
        assert stored_seqs(library) == [1, 3, 4], "a row's number never comes back"
        photo = library.photo(after)
        assert photo is not None
        assert photo.stamp == read(40).stamp
        assert photo.content_key == read(40).content_key


def test_the_numbers_of_removed_rows_are_not_given_again(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 3) as library:
        library.remove_photos([photo.id for photo in library.newest(10)])
        assert library.search(row(1), 5) == []
    with Library.open(tmp_path / "library") as library:
        library.add(1, 1, [item("new.jpg", 7)])
        assert stored_seqs(library) == [4]
        assert library.photo_at(str(tmp_path / "photos" / "new.jpg")).id == 4  # type: ignore[union-attr]  # it is there


def test_the_same_path_twice_in_one_batch_counts_once(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 3) as library:
        nearest(library, 0)
        library.add(1, 1, [item("x.jpg", 20), item("x.jpg", 21)])
        assert library.count() == 4
        assert len(library.search(row(21), 100)) == 4
        assert library.verify().problems == ()


def test_what_is_not_an_embedding_is_refused_and_nothing_is_stored(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 2) as library:
        bad = row(8).copy()
        bad[3] = np.nan
        for embedding in (bad, row(8) * 3, row(8)[:5], row(8) * np.inf):
            with pytest.raises(ValueError, match="an embedding"):
                library.add(1, 1, [item("good.jpg", 5), ("bad.jpg", read(8), embedding)])
        assert library.count() == 2
        library.add(1, 1, [("grey.jpg", read(9), np.zeros(16, np.float32))])
        assert library.verify().problems == ()


def test_names_that_are_not_unicode_survive_everywhere(tmp_path: Path) -> None:
    root = os.path.join(str(tmp_path), os.fsdecode(b"r\xf6ot"))
    os.mkdir(root)
    with Library.open(tmp_path / "library") as library:
        library.activate(model())
        folder = library.add_folder(root, [LATIN])
        library.add(folder.id, 1, [item(LATIN, 1)])
        library.record_failures(folder.id, [("b" + LATIN, FileStamp(1, 2), f"cannot open {LATIN!s}")])
    with Library.open(tmp_path / "library") as library:
        assert library.folders()[0].path == root
        assert library.folders()[0].excludes == (LATIN,)
        assert set(library.known_files(1, 1)) == {LATIN, "b" + LATIN}
        assert nearest(library, 1) == LATIN
        path = os.path.join(root, LATIN)
        photo = library.photo_at(path)
        assert photo is not None
        assert photo.path == path
        assert library.export()[0] == [path]
        assert library.failures()[0].reason == "cannot open caf\\udce9\n.jpg"
        library.forget_failures([library.failures()[0].path])
        assert library.failures() == []
        assert [lost.relpath for lost in library.lost(1, [LATIN, "other"])] == [LATIN]


def test_known_files_say_what_is_left_to_do(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 2) as library:
        second = library.register_model(model("second", architecture="other"))
        stamp = read(0).stamp
        assert library.known_files(1, 1)["0.jpg"] == KnownFile(1, *stamp, True)
        assert library.known_files(1, second)["0.jpg"] == KnownFile(1, *stamp, False)
        library.record_failures(1, [("bad.jpg", FileStamp(5, 6), "broken"), ("0.jpg", FileStamp(7, 8), "cut short")])
        assert library.known_files(1, second) == {
            "0.jpg": KnownFile(1, 7, 8, True),
            "1.jpg": KnownFile(2, *read(1).stamp, False),
            "bad.jpg": KnownFile(None, 5, 6, True),
        }
        assert nearest(library, 0) == "0.jpg", "a photo that cannot be read any more is not forgotten"
        assert library.pending(1) == 0
        assert library.pending(second) == 1, "a photo that cannot be read is not waited for"
        assert {(failure.relpath, failure.reason) for failure in library.failures(1)} == {
            ("0.jpg", "cut short"),
            ("bad.jpg", "broken"),
        }
        assert library.folders()[0].failures == 2
        library.add(1, second, [item("0.jpg", 0)])
        assert library.known_files(1, second)["0.jpg"] == KnownFile(1, *stamp, True)
        library.drop_failures(1, ["bad.jpg", "unknown.jpg"])
        assert [failure.relpath for failure in library.failures()] == []
        library.record_failures(1, [("bad.jpg", FileStamp(5, 6), "broken")])
        library.forget_failures()
        assert library.failures() == []
        assert set(library.known_files(1, second)) == {"0.jpg", "1.jpg"}
        assert library.lost(1, ["1.jpg", "bad.jpg"]) == [Lost(2, "1.jpg", 1001, read(1).content_key)]


def test_a_moved_photo_keeps_its_vector_and_thumbnail(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 3) as library:
        (tmp_path / "more").mkdir()
        more = library.add_folder(str(tmp_path / "more"))
        seqs = stored_seqs(library)
        library.move(more.id, "sub/new.jpg", FileStamp(1001, 77), 2)
        photo = library.photo_at(str(tmp_path / "more" / "sub" / "new.jpg"))
        assert photo is not None
        assert (photo.id, photo.stamp) == (2, FileStamp(1001, 77))
        assert stored_seqs(library) == seqs
        assert nearest(library, 1) == "sub/new.jpg"
        assert library.thumbnail(photo.content_key) == b"jpeg 1"


def test_photos_can_change_places_and_overwrite(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 4) as library:
        nearest(library, 0)
        stamps = [read(n).stamp for n in range(4)]
        library.move_many(1, [("1.jpg", stamps[0], 1), ("0.jpg", stamps[1], 2), ("3.jpg", stamps[2], 3)])
        assert [nearest(library, n) for n in (0, 1, 2)] == ["1.jpg", "0.jpg", "3.jpg"]
        assert library.count() == 3
        assert len(library.search(row(0), 10)) == 3
        assert library.verify().problems == ()


def test_photos_are_listed_newest_first(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 0) as library:
        day = 86_400 * 10**9
        library.add(
            1,
            1,
            [
                ("old.jpg", read(1, 0 * day), row(1)),
                ("taken.jpg", read(2, 0 * day, "2031-05-06 07:08:09"), row(2)),
                ("changed.jpg", read(3, 20_000 * day), row(3)),
                ("no clock.jpg", read(4, -(2**63)), row(4)),
            ],
        )
        everything = ["taken.jpg", "changed.jpg", "old.jpg", "no clock.jpg"]
        assert [photo.relpath for photo in library.newest(9)] == everything
        assert [photo.relpath for photo in library.newest(2)] == everything[:2]
        library.move(1, "old.jpg", FileStamp(1, 30_000 * day), 1)
        assert "old.jpg" in [photo.relpath for photo in library.newest(2)]


def test_the_embedding_of_a_photo_is_a_unit_row_again(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 3) as library:
        found = library.embedding(2)
        assert found is not None
        assert found.dtype == np.float32
        assert np.linalg.norm(found) == pytest.approx(1, abs=1e-6)
        np.testing.assert_allclose(found, row(1), atol=1e-3)
        assert library.embedding(99) is None
        paths, rows, name = library.export()
        assert paths == [str(tmp_path / "photos" / f"{n}.jpg") for n in range(3)]
        np.testing.assert_allclose(rows @ rows.T, np.stack([row(n) for n in range(3)]) @ rows.T, atol=2e-3)
        assert name == "plain"


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
        assert library.known_files(1, 1)["0.jpg"].done, "the same file: the first model's vector is still right"
        library.add(1, model_id, [("0.jpg", read(50), row(50))])
        assert not library.known_files(1, 1)["0.jpg"].done
        assert library.known_files(1, model_id)["0.jpg"].done
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


def test_many_photos_move_to_inverted_lists_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 400) as library:
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
        assert [name for name, file in library.known_files(1, 1).items() if not file.done] == ["1.jpg", "2.jpg"]
        assert library.verify().problems == ()
