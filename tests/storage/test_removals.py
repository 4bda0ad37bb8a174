"""What leaves the library comes back with all that was known of it, until 30 days have passed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from imagefinder.domain.changes import Away, KnownFile
from imagefinder.domain.errors import FolderError, LibraryError
from imagefinder.domain.images import FileStamp, FolderState, Moved
from imagefinder.storage.library import Library
from storage_kit import item, library_with, model, nearest, read, row

DAY = 24 * 3600
LATIN = os.fsdecode(b"caf\xe9")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Photos 1 to 5 (0.jpg to 4.jpg) in one root, of which the second is a pear and no plum."""
    library = library_with(tmp_path / "library", tmp_path / "photos", 5)
    library.set_labels([2], "pear")
    library.reject_label([2], "plum")
    return library


def label_of(library: Library, path: Path | str) -> str | None:
    photo = library.photo_at(str(path))
    return None if photo is None else library.labels([photo.id]).get(photo.id)


def test_removed_photos_are_found_by_nothing_and_come_back_whole(library: Library, tmp_path: Path) -> None:
    other = library.register_model(model("other", architecture="other"))
    library.add(1, other, [item("1.jpg", 1)])
    nearest(library, 1)
    assert library.remove_photos([2, 3], "trashed") == 1
    assert (library.count(), library.count_embedded()) == (3, 3)
    assert library.labelled_photos() == {}
    assert library.photo(2) is None
    (removal,) = library.removals()
    assert (removal.why, removal.photos, removal.labelled) == ("trashed", 2, 1)
    assert removal.root == str(tmp_path / "photos")
    assert library.bring_back(removal.id) == 2
    assert library.removals() == []
    assert nearest(library, 1) == "1.jpg"
    assert library.labelled_photos() == {2: "pear"}
    assert library.rejected_labels([2]) == {2: {"plum"}}
    back = library.photo(2)
    assert back is not None
    assert back.offline, "until a scan finds its file"
    assert library.without_embedding(other, [2, 3]) == [3], "the other model's vector came back as well"
    assert library.verify().problems == ()
    library.close()
    with Library.open(tmp_path / "library") as again:
        assert nearest(again, 2) == "2.jpg"


def test_a_removed_photo_that_is_found_somewhere_comes_back_there(library: Library, tmp_path: Path) -> None:
    nearest(library, 1)
    library.remove_photos([2])
    library.relocate([Moved(1, "sub/new.jpg", FileStamp(1001, 77), 2, read(1).content_key)])
    assert nearest(library, 1) == "sub/new.jpg"
    assert label_of(library, tmp_path / "photos" / "sub" / "new.jpg") == "pear"
    assert library.removals() == []
    photo = library.photo(2)
    assert photo is not None
    assert not photo.offline


def test_a_folder_that_is_removed_and_added_again_keeps_its_patterns_and_its_mark(
    library: Library, tmp_path: Path
) -> None:
    library.set_excludes(1, ["raw"])
    library.set_labelled(1, True)
    library.remove_folder(1)
    assert library.folders() == []
    assert library.count_embedded() == 0
    again = library.add_folder(str(tmp_path / "photos"))
    assert (again.excludes, again.labelled, again.photos) == (("raw",), True, 0)
    (removal,) = library.removals()
    assert (removal.why, removal.photos) == ("folder", 5)
    assert library.bring_back(removal.id) == 5
    assert library.labels([1, 2]) == {1: "photos", 2: "pear"}


def test_a_removed_folder_can_be_brought_back_without_its_drive(library: Library, tmp_path: Path) -> None:
    library.remove_folder(1)
    (tmp_path / "photos").rmdir()
    assert library.bring_back(library.removals()[0].id) == 5
    (folder,) = library.folders()
    assert (folder.path, folder.photos, folder.away) == (str(tmp_path / "photos"), 5, 5)
    assert label_of(library, tmp_path / "photos" / "1.jpg") == "pear"


def test_a_place_that_is_taken_is_not_taken_back(library: Library) -> None:
    library.remove_photos([2, 3])
    library.add(1, 1, [item("1.jpg", 50)])
    assert library.bring_back(library.removals()[0].id) == 1
    (left,) = library.removals()
    assert (left.photos, left.labelled) == (1, 1)
    assert nearest(library, 50) == "1.jpg"


def test_what_was_removed_is_forgotten_after_30_days(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.remove_photos([2])
    removal = library.removals()[0]
    then = removal.at.timestamp()
    monkeypatch.setattr("imagefinder.storage.photo_edits.time.time", lambda: then + 30 * DAY)
    assert library.purge_removed() == 0
    monkeypatch.setattr("imagefinder.storage.photo_edits.time.time", lambda: then + 30 * DAY + 1)
    assert library.purge_removed() == 1
    with pytest.raises(LibraryError, match="no longer kept"):
        library.bring_back(removal.id)
    assert library.verify().problems == ()


def test_labels_of_photos_whose_place_another_picture_took_outlive_the_30_days(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drive that they lie on may be away for longer."""
    library.add(1, 1, [item("1.jpg", 60), item("2.jpg", 61)], replaced={"1.jpg", "2.jpg"})
    then = library.removals()[0].at.timestamp()
    monkeypatch.setattr("imagefinder.storage.photo_edits.time.time", lambda: then + 60 * DAY)
    assert library.purge_removed() == 1
    (removal,) = library.removals()
    assert (removal.photos, removal.labelled) == (1, 1)


def test_a_removal_of_a_root_that_its_parent_took_in_comes_back_into_the_parent(tmp_path: Path) -> None:
    inner = tmp_path / "top" / "inner"
    with library_with(tmp_path / "library", inner, 3) as library:
        library.remove_photos([2])
        library.add_folder(str(tmp_path / "top"))
        assert library.bring_back(library.removals()[0].id) == 1
        assert [folder.path for folder in library.folders()] == [str(tmp_path / "top")]
        photo = library.photo(2)
        assert photo is not None
        assert photo.path == str(inner / "1.jpg")


def test_the_marks_below_a_root_come_back_with_it(tmp_path: Path) -> None:
    inner = tmp_path / "top" / "kiwi"
    with library_with(tmp_path / "library", inner, 3) as library:
        library.set_labelled(1, True)
        parent = library.add_folder(str(tmp_path / "top"))
        assert library.label_counts() == {"kiwi": 3}
        library.remove_folder(parent.id)
        again = library.add_folder(str(tmp_path / "top"))
        library.relocate([Moved(again.id, os.path.join("kiwi", "0.jpg"), read(0).stamp, 1)])
        assert library.label_counts() == {"kiwi": 1}


def test_patterns_of_a_root_that_its_parent_takes_in_stay(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "top" / "inner", 3) as library:
        library.set_excludes(1, ["raw", ".*"])
        assert library.add_folder(str(tmp_path / "top")).excludes[-1] == "raw"


def test_a_damaged_vector_of_a_removed_photo_is_read_again_and_stops_nothing(library: Library) -> None:
    nearest(library, 1)
    library.remove_photos([2, 3])
    with library._database.write() as connection:
        connection.execute("UPDATE removed_vector SET embedding = x'00' WHERE photo_id = 2")
    assert library.bring_back(library.removals()[0].id) == 2
    assert library.without_embedding(1, [2, 3]) == [2]
    assert nearest(library, 2) == "2.jpg"
    assert library.verify().problems == ()


def test_a_photo_that_is_missing_by_itself_does_not_hold_up_another_model(library: Library) -> None:
    other = library.register_model(model("other", architecture="other"))
    library.lose([2])
    assert library.pending(other) == 4


def test_nothing_is_handed_over_to_a_photo_whose_file_is_another_one_by_now(library: Library, tmp_path: Path) -> None:
    library.add(1, 1, [item("copy.jpg", 1)])
    assert library.lose([2], changing=[6]).kept == [2]
    assert label_of(library, tmp_path / "photos" / "copy.jpg") is None


def test_photos_that_left_for_one_reason_left_together(library: Library) -> None:
    library.remove_photos([1])
    library.remove_photos([3])
    library.remove_photos([4], "excluded")
    assert [(each.why, each.photos) for each in library.removals()] == [("excluded", 1), ("deleted", 2)]


def test_lost_photos_with_a_label_are_kept_as_away(library: Library) -> None:
    losses = library.lose([1, 2, 99])
    assert (losses.removed, losses.kept) == ([1], [2])
    photo = library.photo(2)
    assert photo is not None
    assert photo.offline
    assert library.folders()[0].away == 1
    assert KnownFile(*library.known_files(1, 1)["1.jpg"]).away
    library.restamp(1, [("1.jpg", photo.stamp, None)])
    assert library.folders()[0].away == 0


def test_a_lost_photo_hands_its_label_to_a_copy_of_it(library: Library, tmp_path: Path) -> None:
    library.add(1, 1, [item("copy.jpg", 1)])
    losses = library.lose([2])
    assert (losses.removed, losses.kept) == ([2], [])
    assert label_of(library, tmp_path / "photos" / "copy.jpg") == "pear"
    assert library.rejected_labels([6]) == {6: {"plum"}}


def test_copies_know_what_is_known_of_a_photo_that_is_out_of_reach(library: Library, tmp_path: Path) -> None:
    nearest(library, 1)
    library.set_away([2], Away.UNPLUGGED)
    library.relocate([], [Moved(1, "here.jpg", FileStamp(1001, 5), 2, read(1).content_key)])
    assert label_of(library, tmp_path / "photos" / "here.jpg") == "pear"
    assert label_of(library, tmp_path / "photos" / "1.jpg") == "pear"
    assert len([hit for hit in library.search(row(1), 2) if hit[1] > 0.99]) == 2
    here = library.photo_at(str(tmp_path / "photos" / "here.jpg"))
    assert here is not None
    assert not here.offline
    assert library.verify().problems == ()


def test_a_copy_of_a_photo_that_left_meanwhile_is_passed_over(library: Library) -> None:
    copies = [Moved(1, name, FileStamp(1001, 5), source, read(1).content_key) for name, source in (("x", 99), ("y", 2))]
    library.relocate([], copies)
    assert library.count() == 6
    assert nearest(library, 1) in ("1.jpg", "y")
    assert library.verify().problems == ()


def test_another_picture_in_its_place_leaves_the_label_behind(library: Library, tmp_path: Path) -> None:
    library.add(1, 1, [item("1.jpg", 60), item("2.jpg", 61)], replaced={"1.jpg"})
    assert label_of(library, tmp_path / "photos" / "1.jpg") is None
    (removal,) = library.removals()
    assert (removal.why, removal.photos, removal.labelled) == ("replaced", 1, 1)
    assert nearest(library, 60) == "1.jpg"


def test_an_overwritten_photo_is_kept_among_the_removed(library: Library) -> None:
    library.relocate([Moved(1, "1.jpg", FileStamp(1000, 9), 1)])
    (removal,) = library.removals()
    assert (removal.why, removal.photos, removal.labelled) == ("replaced", 1, 1)


def test_a_parent_takes_the_roots_in_it_in(tmp_path: Path) -> None:
    top = os.path.join(str(tmp_path), "top")
    inner, other = os.path.join(top, LATIN), os.path.join(top, "b", "other")
    with library_with(tmp_path / "library", Path(inner), 2) as library:
        os.makedirs(other)
        second = library.add_folder(other)
        library.add(second.id, 1, [item(os.path.join("kiwi", "x.jpg"), 7)])
        library.set_labels([1], "pear")
        library.set_labelled(second.id, True)
        library.record_failures(1, [("bad.jpg", FileStamp(1, 1), "broken")])
        library.set_folder_state(second.id, FolderState.OFFLINE)
        nearest(library, 0)
        parent = library.add_folder(top)
        assert [folder.path for folder in library.folders()] == [top]
        assert (parent.photos, parent.failures, parent.labelled, parent.state) == (3, 1, False, FolderState.NEW)
        assert label_of(library, os.path.join(inner, "0.jpg")) == "pear"
        assert label_of(library, os.path.join(other, "kiwi", "x.jpg")) == "kiwi", "its mark came along"
        assert label_of(library, os.path.join(inner, "1.jpg")) is None, "and holds for nothing else"
        assert library.failures()[0].path == os.path.join(inner, "bad.jpg")
        assert nearest(library, 1) == os.path.join(LATIN, "1.jpg")
        away = library.photo_at(os.path.join(other, "kiwi", "x.jpg"))
        assert away is not None
        assert away.offline, "its root was"
        assert library.removals() == []
        assert library.verify().problems == ()
        with pytest.raises(FolderError, match="lies in"):
            library.add_folder(inner)


def test_damage_is_noted_beside_a_photo_that_is_shown_and_moves_with_it(library: Library) -> None:
    damaged = replace(read(80), damage="The picture is damaged.")
    library.add(1, 1, [("cut.jpg", damaged, row(80))])
    assert nearest(library, 80) == "cut.jpg"
    (note,) = library.failures()
    assert (note.relpath, note.reason, note.shown) == ("cut.jpg", "The picture is damaged.", True)
    assert KnownFile(*library.known_files(1, 1)["cut.jpg"]).done
    other = library.register_model(model("other", architecture="other"))
    assert library.pending(other) == 6, "it waits for another model as every photo does"
    library.forget_failures()
    assert len(library.failures()) == 1, "reading it again would say the same"
    library.relocate([Moved(1, "moved.jpg", damaged.stamp, 6)])
    assert [each.relpath for each in library.failures()] == ["moved.jpg"]
    library.add(1, 1, [item("moved.jpg", 81)])
    assert library.failures() == []
