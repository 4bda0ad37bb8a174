"""Which folder is the label, and when another one may have been meant."""

import os
from collections.abc import Sequence

import pytest

from imagefinder.usecases.label_levels import Nested, Place, label_at, listed, nested


def places(*folders: str, root: str = "/r") -> list[Place]:
    return [Place(root, os.path.join(root, folder, "1.jpg")) for folder in folders]


@pytest.mark.parametrize(
    ("level", "label"), [(None, "2021"), (1, "animals"), (2, "cat"), (3, "2021"), (4, "2021"), (99, "2021")]
)
def test_levels_are_counted_from_the_given_folder(level: int | None, label: str) -> None:
    (place,) = places("animals/cat/2021")
    assert label_at(place, level) == label
    assert label_at(Place("/r/animals", place.path), 1) == "cat"
    assert label_at(Place("/r/animals/cat/2021", place.path), level) == "2021"
    assert label_at(Place("/", "/1.jpg"), level) == "_"


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["a/2021", "b/2021"], Nested(("2021",), ("a", "b"), 1)),
        (["a/2021", "a/2022", "b/2022"], Nested(("2022",), ("a", "b"), 1)),
        (["x/a/2021", "y/b/2021"], Nested(("2021",), ("a", "b"), 2)),
        (["a/2021/05", "a/2022/05", "b/2021/06", "b/2021/05", "b/2022/06"], Nested(("05", "06"), ("a", "b"), 1)),
        (["a", "b", "c/d"], None),
        (["a/2021", "b/2022"], None),
        (["a/2021", "b/2021", "a", "b"], None),  # they hold photos themselves, so they are labels
        (["train/cat", "train/dog", "val/cat", "Test/dog"], None),  # as data sets are split
        (["train/cat/2021", "train/dog/2021", "val/cat/2021"], Nested(("2021",), ("cat", "dog"), 2)),
        ([], None),
    ],
)
def test_equal_names_below_folders_that_hold_only_folders(folders: Sequence[str], expected: Nested | None) -> None:
    assert nested(places(*folders)) == expected


def test_given_folders_hold_labels_and_are_none() -> None:
    assert nested(places("cat", "dog", root="/r/2023") + places("cat", "dog", root="/r/2024")) is None


def test_long_lists_of_names_are_cut() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(list("abcde")) == "a, b, c, d and e"
    assert listed(list("abcdefg")) == "a, b, c, d and 3 more"
