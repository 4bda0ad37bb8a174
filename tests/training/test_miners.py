"""What the miners choose, against brute force."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefinder.domain.errors import UnknownName
from imagefinder.domain.images import Embeddings
from imagefinder.training.miners import MINERS, build_miner, hardest_negatives

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")


def unit_rows(count: int, seed: int = 0) -> Embeddings:
    rows = np.random.default_rng(seed).standard_normal((count, 5)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def brute(rows: Embeddings, labels: npt.NDArray[np.int64], count: int) -> list[list[int]]:
    found = []
    for row, label in zip(rows, labels, strict=True):
        taken: list[int] = []
        for other in sorted(range(len(rows)), key=lambda at: -float(row @ rows[at])):
            if labels[other] != label and labels[other] not in {labels[each] for each in taken}:
                taken.append(other)
        found.append((taken + [-1] * count)[:count])
    return found


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(1, 6), st.integers(1, 9), st.integers(0, 99))
@settings(deadline=None)
def test_the_hardest_of_the_whole_set_are_those_of_brute_force(
    labels: list[int], count: int, chunk: int, seed: int
) -> None:
    rows, numbers = unit_rows(len(labels), seed), np.array(labels)
    assert hardest_negatives(rows, numbers, count, chunk).tolist() == brute(rows, numbers, count)


def test_nothing_to_mine_in_nothing() -> None:
    assert hardest_negatives(unit_rows(0), np.zeros(0, np.int64), 3).shape == (0, 3)


def mined(name: str, rows: Embeddings, labels: list[int], seed: int = 0) -> list[list[int]]:
    found = build_miner(name, seed)(torch.from_numpy(rows), torch.tensor(labels))
    assert found is not None
    return [each.tolist() for each in found]


LABELS = [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]


def test_batch_hard_takes_the_farthest_alike_and_the_nearest_unlike() -> None:
    rows = unit_rows(len(LABELS))
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    anchors, positives, negatives = mined("batch-hard", rows, LABELS)
    assert anchors == list(range(len(LABELS)))
    for anchor, positive, negative in zip(anchors, positives, negatives, strict=True):
        alike = [at for at in anchors if LABELS[at] == LABELS[anchor] and at != anchor]
        unlike = [at for at in anchors if LABELS[at] != LABELS[anchor]]
        assert positive == max(alike, key=lambda at: distances[anchor, at])
        assert negative == min(unlike, key=lambda at: distances[anchor, at])


def test_semi_hard_takes_unlike_ones_beyond_the_alike_within_the_margin() -> None:
    rows = unit_rows(len(LABELS))
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    expected = {
        (a, p, n)
        for a in range(10)
        for p in range(10)
        for n in range(10)
        if a != p and LABELS[a] == LABELS[p] != LABELS[n] and 0 < distances[a, n] - distances[a, p] <= 0.2
    }
    found = mined("semi-hard", rows, LABELS)
    assert expected
    assert set(zip(*found, strict=True)) == expected


def test_multi_similarity_takes_pairs_that_are_hard_compared_with_the_others() -> None:
    rows = unit_rows(len(LABELS))
    cosines = rows @ rows.T
    alike, unlike = set(), set()
    for a in range(10):
        same = [at for at in range(10) if LABELS[at] == LABELS[a] and at != a]
        other = [at for at in range(10) if LABELS[at] != LABELS[a]]
        alike |= {(a, p) for p in same if cosines[a, p] - 0.1 < max(cosines[a, at] for at in other)}
        unlike |= {(a, n) for n in other if cosines[a, n] + 0.1 > min(cosines[a, at] for at in same)}
    first, positives, second, negatives = mined("multi-similarity", rows, LABELS)
    assert set(zip(first, positives, strict=True)) == alike
    assert set(zip(second, negatives, strict=True)) == unlike


def test_random_gives_every_pair_a_wrong_photo_and_repeats_itself() -> None:
    rows = unit_rows(len(LABELS))
    anchors, positives, negatives = mined("random", rows, LABELS)
    pairs = {(a, p) for a in range(10) for p in range(10) if a != p and LABELS[a] == LABELS[p]}
    assert set(zip(anchors, positives, strict=True)) == pairs
    assert len(anchors) == len(pairs)
    assert all(LABELS[a] != LABELS[n] for a, n in zip(anchors, negatives, strict=True))
    assert mined("random", rows, LABELS) == [anchors, positives, negatives]
    assert mined("random", rows, LABELS, seed=1) != [anchors, positives, negatives]


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2], [0]])
@pytest.mark.parametrize("name", MINERS)
def test_batches_with_nothing_to_mine(name: str, labels: list[int]) -> None:
    found = build_miner(name)(torch.from_numpy(unit_rows(len(labels))), torch.tensor(labels))
    if found is not None and len(found) == 3:
        assert all(len(each) == 0 for each in found)


def test_unknown_miners_are_answered_with_the_known() -> None:
    with pytest.raises(UnknownName, match="whole-set"):
        build_miner("hardest")
