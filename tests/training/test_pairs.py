"""Pairs and triplets: what is drawn from labels, and labels back out of pairs."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefinder.domain.training import LabelledPhoto, Pair, TrainingError
from imagefinder.training.pairs import (
    labels_from_pairs,
    pairs_from_folders,
    pairs_from_labels,
    triplets_from_labels,
)

COUNTS = {"a": 5, "b": 2, "c": 1}
PHOTOS = [LabelledPhoto(f"{label}{number}.jpg", label) for label in COUNTS for number in range(COUNTS[label])]
LABEL_OF = {photo.path: photo.label for photo in PHOTOS}


@given(st.integers(0, 60), st.integers(0, 2**31))
@settings(deadline=None)
def test_pairs_are_what_they_say(count: int, seed: int) -> None:
    pairs = pairs_from_labels(PHOTOS, count, seed)
    assert len(pairs) == count
    assert sum(pair.similar for pair in pairs) == -(-count // 2)
    for pair in pairs:
        assert pair.first != pair.second
        assert (LABEL_OF[pair.first] == LABEL_OF[pair.second]) is pair.similar
    assert pairs == pairs_from_labels(PHOTOS, count, seed)


@given(st.integers(0, 60), st.integers(0, 2**31))
@settings(deadline=None)
def test_triplets_have_one_alike_and_one_unlike(count: int, seed: int) -> None:
    triplets = triplets_from_labels(PHOTOS, count, seed)
    assert len(triplets) == count
    for anchor, positive, negative in triplets:
        assert anchor != positive
        assert LABEL_OF[anchor] == LABEL_OF[positive] != LABEL_OF[negative]
    assert triplets == triplets_from_labels(PHOTOS, count, seed)


def test_every_label_takes_part() -> None:
    drawn = {LABEL_OF[pair.first] for pair in pairs_from_labels(PHOTOS, 200, 0)}
    assert drawn == {"a", "b"}  # a single photo has no second one to be similar to
    assert {LABEL_OF[each.negative] for each in triplets_from_labels(PHOTOS, 200, 0)} == {"a", "b", "c"}


@pytest.mark.parametrize("photos", [[], PHOTOS[:3], [PHOTOS[0], PHOTOS[5]]])
def test_labels_that_give_no_pairs(photos: list[LabelledPhoto]) -> None:
    with pytest.raises(TrainingError, match="two or more labels"):
        pairs_from_labels(photos, 1, 0)
    with pytest.raises(TrainingError, match="two photos of a label"):
        triplets_from_labels(photos, 1, 0)


def files(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    return folder


def test_two_folders_of_pairs(tmp_path: Path) -> None:
    first = files(tmp_path / "1", "similar_2_first.jpg", "similar_10_first.png", "dissimilar_1_first.jpg", "notes.txt")
    second = files(tmp_path / "2", "similar_2_second.jpg", "Similar_10_second.jpg", "different_1_second.jpg")
    found = pairs_from_folders(first, second)
    assert [(Path(pair.first).name, Path(pair.second).name, pair.similar) for pair in found] == [
        ("dissimilar_1_first.jpg", "different_1_second.jpg", False),
        ("similar_2_first.jpg", "similar_2_second.jpg", True),
        ("similar_10_first.png", "Similar_10_second.jpg", True),
    ]


def test_folders_that_hold_no_pairs(tmp_path: Path) -> None:
    first = files(tmp_path / "1", "similar_2_first.jpg")
    empty = files(tmp_path / "2")
    with pytest.raises(TrainingError, match=r"similar_2_first.jpg has no counterpart"):
        pairs_from_folders(first, empty)
    with pytest.raises(TrainingError, match="There are no pairs"):
        pairs_from_folders(empty, empty)
    with pytest.raises(TrainingError, match="cannot be opened"):
        pairs_from_folders(first, tmp_path / "3")


def test_similar_pairs_join_into_labels() -> None:
    pairs = [Pair("a", "b", True), Pair("c", "d", True), Pair("b", "e", True), Pair("a", "c", False)]
    found = labels_from_pairs(pairs)
    groups: dict[str, set[str]] = {}
    for photo in found:
        groups.setdefault(photo.label, set()).add(photo.path)
    assert list(groups.values()) == [{"a", "b", "e"}, {"c", "d"}]
    assert list(groups) == ["1", "2"]
    with pytest.raises(TrainingError, match="a and e are said to be dissimilar, and to be similar"):
        labels_from_pairs([*pairs, Pair("a", "e", False)])


@given(st.integers(0, 2**31))
@settings(deadline=None)
def test_labels_survive_being_pairs(seed: int) -> None:
    found = labels_from_pairs(pairs_from_labels(PHOTOS, 300, seed))
    label_of = {photo.path: photo.label for photo in found}
    assert len({label_of[photo.path] for photo in PHOTOS}) == 3
    for one in PHOTOS:
        for other in PHOTOS:
            assert (label_of[one.path] == label_of[other.path]) is (one.label == other.label)
