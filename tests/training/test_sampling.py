"""What the batches promise, whatever the labels."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefinder.training.sampling import Batch, class_batches, hard_batches

LABELS = st.lists(st.integers(0, 9), min_size=1, max_size=80)
FEW = st.integers(1, 6)


def check_form(batch: Batch, labels: list[int], classes: int, photos: int) -> None:
    """P labels with K photos each, and no photo again before all of its label are there."""
    sizes = Counter(labels)
    counted = Counter(labels[at] for at in batch)
    assert len(counted) == min(classes, len(sizes))
    assert set(counted.values()) == {photos}
    times = Counter(batch)
    for label in counted:
        often = [times[at] for at in range(len(labels)) if labels[at] == label]
        assert max(often) <= -(-photos // sizes[label])


@given(LABELS, FEW, FEW, st.integers(0, 2**31))
@settings(deadline=None)
def test_every_batch_has_p_labels_with_k_photos(labels: list[int], classes: int, photos: int, seed: int) -> None:
    batches = class_batches(labels, classes, photos, seed)
    assert batches
    for batch in batches:
        check_form(batch, labels, classes, photos)


@given(LABELS, FEW, FEW, st.integers(0, 2**31))
@settings(deadline=None)
def test_every_photo_is_seen_in_an_epoch(labels: list[int], classes: int, photos: int, seed: int) -> None:
    batches = class_batches(labels, classes, photos, seed)
    assert {at for batch in batches for at in batch} == set(range(len(labels)))


@given(LABELS, FEW, FEW, st.integers(0, 2**31))
@settings(deadline=None)
def test_an_epoch_is_no_longer_than_it_must_be(labels: list[int], classes: int, photos: int, seed: int) -> None:
    groups = [-(-size // photos) for size in Counter(labels).values()]
    wanted = min(classes, len(groups))
    least = max(*groups, -(-sum(groups) // wanted))
    assert len(class_batches(labels, classes, photos, seed)) == least


@given(LABELS, FEW, FEW, st.integers(0, 2**31))
@settings(deadline=None)
def test_the_seed_decides(labels: list[int], classes: int, photos: int, seed: int) -> None:
    assert class_batches(labels, classes, photos, seed) == class_batches(labels, classes, photos, seed)


def test_other_seeds_give_other_batches() -> None:
    labels = [number % 7 for number in range(70)]
    assert class_batches(labels, 4, 3, 1) != class_batches(labels, 4, 3, 2)


def test_no_labels_give_no_batches() -> None:
    assert class_batches([], 4, 4, 0) == []
    assert hard_batches([], np.zeros((0, 3), np.int64), 4, 4, 0) == []


@given(LABELS, FEW, FEW, st.integers(0, 2**31))
@settings(deadline=None)
def test_hard_batches_have_the_same_form(labels: list[int], classes: int, photos: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    hardest = np.full((len(labels), 3), -1, np.int64)
    for at, label in enumerate(labels):
        wrong = [other for other in range(len(labels)) if labels[other] != label]
        hardest[at, : min(3, len(wrong))] = rng.permutation(wrong)[:3]
    for batch in hard_batches(labels, hardest, classes, photos, seed):
        sizes = Counter(labels)
        counted = Counter(labels[at] for at in batch)
        assert len(counted) == min(classes, len(sizes))
        assert set(counted.values()) == {photos}


def test_the_hardest_wrong_photos_are_in_the_batch_of_their_photo() -> None:
    labels = [0, 0, 1, 1, 2, 2, 3, 3]
    hardest = np.array([[2, 4]] * 2 + [[0, 6]] * 2 + [[7, 1]] * 2 + [[5, 3]] * 2)
    batches = hard_batches(labels, hardest, classes=3, photos=2, seed=0)
    assert len(batches) == 2
    for batch in batches:
        anchor = batch[0]
        assert {anchor, *hardest[anchor].tolist()} <= set(batch)
