"""Folders and photos of a library: added, changed, moved, removed, unreadable, and found by what they look like."""

import os
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.changes import FAILED, KnownFile, Lost
from imagefinder.domain.errors import FolderError
from imagefinder.domain.images import FileStamp, FolderState, Moved
from imagefinder.storage.library import Library
from storage_kit import item, library_with, model, nearest, read, row, stored_seqs

LATIN = os.fsdecode(b"caf\xe9\n.jpg")


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
        with pytest.raises(FolderError, match="already in the library"):
            library.add_folder(str(root / "inner"))
        with pytest.raises(FolderError, match="exclude patterns leave out"):
            library.add_folder(str(tmp_path), ["photos"])
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
        assert list(library.lost(1, [LATIN, "other"])) == [LATIN]


def test_known_files_say_what_is_left_to_do(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 2) as library:
        second = library.register_model(model("second", architecture="other"))
        stamp = read(0).stamp
        assert library.known_files(1, 1)["0.jpg"] == KnownFile(*stamp, 1, True, 0, b"0.jpg")
        assert library.known_files(1, second)["0.jpg"] == KnownFile(*stamp, 1, False, 0, b"0.jpg")
        library.record_failures(1, [("bad.jpg", FileStamp(5, 6), "broken"), ("0.jpg", FileStamp(7, 8), "cut short")])
        assert library.known_files(1, second) == {
            "0.jpg": KnownFile(7, 8, 0, 0, 1, FAILED, 0, b"0.jpg"),
            "1.jpg": KnownFile(*read(1).stamp, 2, False, 0, b"1.jpg"),
            "bad.jpg": KnownFile(5, 6, 0, 0, None, FAILED, 0, b"bad.jpg"),
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
        assert library.known_files(1, second)["0.jpg"] == KnownFile(*stamp, 1, True, 0, b"0.jpg")
        library.drop_failures(1, ["bad.jpg", "unknown.jpg"])
        assert [failure.relpath for failure in library.failures()] == []
        library.record_failures(1, [("bad.jpg", FileStamp(5, 6), "broken")])
        library.forget_failures()
        assert library.failures() == []
        assert set(library.known_files(1, second)) == {"0.jpg", "1.jpg"}
        assert library.lost(1, ["1.jpg", "bad.jpg"]) == {
            "1.jpg": Lost(
                2, str(tmp_path / "photos" / "1.jpg"), read(1).stamp, read(1).content_key, True, "JPEG", False
            )
        }


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
        places = [("1.jpg", 0), ("0.jpg", 1), ("3.jpg", 2)]
        library.relocate([Moved(1, name, stamps[number], number + 1) for name, number in places])
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
