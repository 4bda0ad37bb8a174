"""Near-duplicates are found, and splits keep them together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagefinder.domain.images import Embeddings
from imagefinder.evaluation.splits import burst_groups, near_duplicates, split


def apart(count: int) -> Embeddings:
    """Rows that are nothing like each other."""
    return np.eye(count, dtype=np.float32)


def test_photos_within_seconds_form_a_burst_in_their_own_folder() -> None:
    times = ["2026-05-01 10:00:00", "2026-05-01 10:00:04", "2026-05-01 10:00:08", "2026-05-01 10:00:20", "", "",
             "2026-05-01 10:00:01"]  # fmt: skip
    labels = [0, 0, 0, 0, 0, 0, 1]
    assert burst_groups(times, labels, apart(7)).tolist() == [0, 0, 0, 1, 2, 3, 4]
    assert burst_groups(times, labels, apart(7), seconds=3).tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_photos_that_look_the_same_are_grouped_whenever_they_were_taken() -> None:
    rows = np.array([[1, 0], [0.96, 0.28], [0, 1], [1, 0]], np.float32)
    assert burst_groups([""] * 4, [0, 0, 0, 1], rows).tolist() == [0, 0, 1, 2]
    assert burst_groups([""] * 4, [0, 0, 0, 1], rows, similarity=0.97).tolist() == [0, 1, 2, 3]


def test_a_time_that_is_none_matches_nothing() -> None:
    assert burst_groups(["yesterday", "yesterday"], [0, 0], apart(2)).tolist() == [0, 1]


def test_near_duplicates_across_a_split_in_any_model() -> None:
    queries, gallery = np.array([[1, 0]], np.float32), np.array([[0, 1], [1, 0], [1, 0]], np.float32)
    other = np.array([[1, 0]], np.float32), np.array([[1, 0], [0, 1], [0, 1]], np.float32)
    labels = np.array([3]), np.array([3, 3, 4])
    times = [""], ["", "", ""]
    assert [found.tolist() for found in near_duplicates(times, labels, [(queries, gallery)])] == [[1]]
    assert [found.tolist() for found in near_duplicates(times, labels, [(queries, gallery), other])] == [[0, 1]]


def test_no_photos_have_no_near_duplicates() -> None:
    nothing = np.zeros(0, np.int64)
    empty = np.zeros((0, 2), np.float32)
    assert near_duplicates(([], []), (nothing, nothing), [(empty, empty)]) == []
    assert burst_groups([], [], empty).tolist() == []
    train, held = split([], [], 0.2, 0)
    assert (train.tolist(), held.tolist()) == ([], [])


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=80),
    st.floats(0.01, 0.6),
    st.integers(0, 5),
)
def test_splits_keep_their_promises(photos: list[tuple[int, int]], share: float, seed: int) -> None:
    labels = [label for label, _ in photos]
    groups = [label * 10 + group for label, group in photos]
    train, held = split(labels, groups, share, seed)
    assert sorted([*train.tolist(), *held.tolist()]) == list(range(len(photos)))
    assert not {groups[photo] for photo in train} & {groups[photo] for photo in held}
    again = split(labels, groups, share, seed)
    assert all((one == other).all() for one, other in zip((train, held), again, strict=True))
    for label in set(labels):
        members = [photo for photo, own in enumerate(labels) if own == label]
        out = sum(photo in held for photo in members)
        assert out < len(members)
        if len(members) >= 4 and len({groups[photo] for photo in members}) > 1:
            assert out >= 2 or len({groups[photo] for photo in members}) == 2
        if len({groups[photo] for photo in members}) == len(members):
            assert out == max(2 if len(members) >= 4 else 0, min(round(share * len(members)), len(members) - 1))


def test_groups_that_reach_into_several_classes_stay_whole() -> None:
    labels, groups = [0] * 10 + [1] * 10, [0, *range(1, 10), 0, *range(11, 20)]
    for seed in range(20):
        train, held = split(labels, groups, 0.3, seed)
        assert (0 in held) == (10 in held)
        assert (0 in train) != (0 in held)
        assert {labels[photo] for photo in held} == {0, 1}


def test_another_seed_is_another_split_and_none_is_no_split() -> None:
    labels, groups = [0] * 50, list(range(50))
    assert split(labels, groups, 0.2, 0)[1].tolist() != split(labels, groups, 0.2, 1)[1].tolist()
    assert split(labels, groups, 0.0, 0)[1].tolist() == []
    with pytest.raises(ValueError, match="share"):
        split(labels, groups, 1.0, 0)
