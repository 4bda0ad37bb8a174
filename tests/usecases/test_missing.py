"""What is kept although its files are not there, and what would go with it."""

import os
from pathlib import Path

import pytest

from imagefinder.domain.changes import Away
from imagefinder.domain.errors import FolderError
from imagefinder.domain.images import FolderState
from imagefinder.storage.library import Library
from imagefinder.usecases.missing import missing, with_folder, with_missing
from storage_kit import item, library_with


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Photos 1 to 5 (0.jpg to 4.jpg) in one root, and 6 and 7 in folders x and xy of it; 2, 6 and 7 are labelled."""
    library = library_with(tmp_path / "library", tmp_path / "photos", 5)
    library.add(1, 1, [item(os.path.join("x", "a.jpg"), 5), item(os.path.join("xy", "b.jpg"), 6)])
    library.set_labels([2, 6, 7], "pear")
    return library


def test_with_a_folder_go_all_its_photos_and_labels(library: Library) -> None:
    going = with_folder(library, 1)
    assert (going.folder.id, going.photos, going.labelled) == (1, 7, 3)
    with pytest.raises(FolderError):
        with_folder(library, 2)


def test_with_what_is_missing_go_only_the_photos_that_are_away(library: Library) -> None:
    assert with_missing(library, 1).photos == 0
    library.set_away([1, 2], Away.UNPLUGGED)
    going = with_missing(library, 1)
    assert (going.photos, going.labelled) == (2, 1)
    library.set_folder_state(1, FolderState.OFFLINE)
    going = with_missing(library, 1)
    assert (going.photos, going.labelled) == (7, 3)


def test_what_is_missing_is_told_by_folder_and_by_label(library: Library, tmp_path: Path) -> None:
    root = str(tmp_path / "photos")
    assert missing(library, [root]) == []
    library.set_away([1, 2, 6, 7], Away.UNPLUGGED)
    library.reject_label([1], "plum")
    (found,) = missing(library, [os.path.join(root, "x"), os.path.join(root, "nowhere")])
    assert found.folder.away == 4
    assert found.away == {os.path.join(root, "x"): 1}
    assert found.labelled == {1, 2, 7}, "of 1 it was said what it is not, and xy is not x"
