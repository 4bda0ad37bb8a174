import os
from pathlib import Path

import pytest

from imagefinder.domain.errors import FolderError, LibraryError
from imagefinder.domain.images import FileStamp
from imagefinder.storage.library import Library
from storage_kit import item, library_with, read

NAMES = ["red/apple/1.jpg", "red/apple/2.jpg", "red/3.jpg", "4.jpg"]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Photos 1 to 4 in the root "photos", see NAMES."""
    library = library_with(tmp_path / "library", tmp_path / "photos", 0)
    library.add(1, 1, [item(name.replace("/", os.sep), seed) for seed, name in enumerate(NAMES)])
    return library


def test_explicit_labels_are_set_replaced_removed_and_undone(library: Library) -> None:
    assert library.set_labels([1, 3], "apple") == {1: None, 3: None}
    before = library.set_labels([1, 2], "  pear \n tree ")
    assert before == {1: "apple", 2: None}
    assert library.labels([1, 2, 3, 4, 99]) == {1: "pear tree", 2: "pear tree", 3: "apple"}
    library.restore_labels(before)
    assert library.labels([1, 2, 3, 4]) == {1: "apple", 3: "apple"}
    assert library.set_labels([1, 4], None) == {1: "apple", 4: None}
    assert library.labelled_photos() == {3: "apple"}
    library.restore_labels({1: "apple", 4: None})
    assert library.labelled_photos() == {1: "apple", 3: "apple"}
    library.close()


def test_the_names_of_folders_are_labels_where_the_root_says_so(library: Library) -> None:
    assert library.labelled_photos() == {}
    assert library.unlabelled_photos(10) == [1, 2, 3, 4]
    assert not library.folders()[0].labelled
    library.set_labelled(1, True)
    assert library.folders()[0].labelled
    assert library.labels([4, 3, 2, 1]) == {1: "apple", 2: "apple", 3: "red", 4: "photos"}
    assert library.label_counts() == {"apple": 2, "photos": 1, "red": 1}
    assert list(library.label_counts()) == ["apple", "photos", "red"]
    assert library.unlabelled_photos(10) == []
    assert library.set_labels([2], "Apple") == {2: None}, "what a folder is called is nobody's explicit label"
    assert library.labels([1, 2]) == {1: "apple", 2: "Apple"}
    assert list(library.label_counts()) == ["Apple", "apple", "photos", "red"]
    library.set_labels([2], None)
    assert library.labels([2]) == {2: "apple"}
    library.set_labelled(1, False)
    assert library.labelled_photos() == {}
    with pytest.raises(FolderError, match="no longer"):
        library.set_labelled(99, True)
    library.close()


def test_unlabelled_photos_come_in_pages(library: Library) -> None:
    library.set_labels([2], "pear")
    assert library.unlabelled_photos(2) == [1, 3]
    assert library.unlabelled_photos(2, offset=2) == [4]
    assert library.unlabelled_photos(2, offset=4) == []
    library.close()


def test_labels_go_with_a_photo_that_moves_or_changes_and_outlive_the_process(library: Library, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    more = library.add_folder(str(tmp_path / "more"))
    library.set_labels([1], "pear")
    library.reject_label([1], "plum")
    library.set_labelled(more.id, True)
    library.move(more.id, os.path.join("kiwi", "x.jpg"), read(0).stamp, 1)
    library.move(more.id, os.path.join("kiwi", "y.jpg"), read(1).stamp, 2)
    library.add(1, 1, [(f"red{os.sep}3.jpg", read(40), item("", 40)[2])])
    library.close()
    with Library.open(tmp_path / "library") as again:
        assert again.labels([1, 2, 3]) == {1: "pear", 2: "kiwi"}
        assert again.rejected_labels([1, 2]) == {1: {"plum"}}
        assert [folder.labelled for folder in again.folders()] == [False, True]


def test_what_was_said_of_a_photo_goes_with_the_photo(library: Library) -> None:
    library.set_labels([1, 2, 3], "pear")
    library.reject_label([1, 2, 3], "plum")
    library.remove_photos([1])
    library.move(1, f"red{os.sep}3.jpg", FileStamp(1, 1), 2)  # which overwrites photo 3
    assert library.labelled_photos() == {2: "pear"}
    assert library.rejected_labels([1, 2, 3]) == {2: {"plum"}}
    library.remove_folder(1)
    with library._database.read() as connection:
        for table in ("label", "rejected_label"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert library.verify().problems == ()
    library.close()


def test_photos_that_are_gone_are_passed_over(library: Library) -> None:
    library.remove_photos([1])
    assert library.set_labels([1, 2, 77], "pear") == {2: None}
    library.restore_labels({1: "plum", 2: "plum"})
    library.reject_label([1, 2], "fig")
    assert library.labelled_photos() == {2: "plum"}
    assert library.rejected_labels([1, 2]) == {2: {"fig"}}
    library.close()


def test_rejected_labels_are_kept_apart_and_can_be_taken_back(library: Library) -> None:
    library.reject_label([1, 2], "plum")
    library.reject_label([1], " plum ")
    library.reject_label([1], "fig")
    assert library.rejected_labels([1, 2, 3]) == {1: {"plum", "fig"}, 2: {"plum"}}
    library.unreject_label([1, 3], "plum")
    assert library.rejected_labels([1, 2, 3]) == {1: {"fig"}, 2: {"plum"}}
    assert library.labelled_photos() == {}
    library.close()


@pytest.mark.parametrize(
    ("name", "reason"), [("", "needs a name"), (" \t", "needs a name"), ("x" * 201, "at most 200")]
)
def test_names_that_are_none_are_refused_in_words(library: Library, name: str, reason: str) -> None:
    library.set_labels([1], "pear")
    for refused in (library.set_labels, library.reject_label, library.unreject_label):
        with pytest.raises(LibraryError, match=reason):
            refused([1, 2], name)
    assert library.labelled_photos() == {1: "pear"}
    assert library.rejected_labels([1, 2]) == {}
    library.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_folder_whose_name_is_not_unicode_has_a_label_all_the_same(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 0) as library:
        library.add(1, 1, [item(os.fsdecode(b"caf\xe9/1.jpg"), 1)])
        library.set_labelled(1, True)
        assert library.label_counts() == {r"caf\xe9": 1}
        library.set_labels([1], "caf\udce9")
        assert library.labels([1]) == {1: r"caf\xe9"}
