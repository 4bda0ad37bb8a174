"""What a training is measured by, against the evaluation's own numbers and against loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefinder.domain.images import Embeddings
from imagefinder.embedding.blend import Blending
from imagefinder.training import measuring
from imagefinder.training.measuring import (
    choose_weight,
    compare,
    leave_one_out,
    quick_measure,
    same_neighbours,
    spread,
    unit,
)


def rows(count: int, dimension: int, seed: int) -> Embeddings:
    return unit(np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32))


def clustered(labels: list[int], dimension: int, noise: float, seed: int) -> Embeddings:
    rng = np.random.default_rng(seed)
    middles = rng.standard_normal((max(labels) + 1, dimension))
    return unit((middles[labels] + noise * rng.standard_normal((len(labels), dimension))).astype(np.float32))


@given(st.lists(st.integers(0, 4), min_size=2, max_size=30), st.integers(0, 99))
@settings(deadline=None)
def test_the_quick_numbers_are_those_of_the_evaluation(labels: list[int], seed: int) -> None:
    given_rows, numbers = rows(len(labels), 4, seed), np.array(labels)
    queries = np.arange(0, len(labels), 2)
    found = quick_measure(given_rows, numbers, queries)
    whole = leave_one_out(given_rows, numbers, queries)
    if np.isnan(whole["MAP@R"]).all():
        assert found == (0, 0)
    else:
        assert found.map_at_r == pytest.approx(np.nanmean(whole["MAP@R"]))
        assert found.recall_at_1 == pytest.approx(np.nanmean(whole["hit@1"]))


def test_many_photos_are_compared_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.arange(60) % 6
    given_rows, queries = rows(60, 8, 0), np.arange(60)
    whole = quick_measure(given_rows, labels, queries)
    monkeypatch.setattr(measuring, "AT_ONCE", 60 * 7)
    assert quick_measure(given_rows, labels, queries) == pytest.approx(whole)


def test_nothing_to_measure() -> None:
    assert quick_measure(rows(5, 4, 0), np.arange(5), np.arange(5)) == (0, 0)
    assert quick_measure(rows(5, 4, 0), np.arange(5), np.arange(0)) == (0, 0)


def test_the_weight_is_the_smallest_that_is_about_the_best() -> None:
    labels = [number % 8 for number in range(160)]
    good, bad = clustered(labels, 6, 0.3, 0), rows(160, 12, 1)
    numbers, queries = np.array(labels), np.arange(0, 160, 3)

    def chosen(tuned: Embeddings, frozen: Embeddings) -> float:
        blending = Blending(tuned.shape[1], 0.5, spread(tuned, 0), spread(frozen, 0))
        weight = choose_weight(tuned, frozen, numbers, queries, blending)
        found = {}
        for each in measuring.WEIGHTS:
            joined = Blending(tuned.shape[1], min(each, 0.98), blending.tuned_spread, blending.frozen_spread).join(
                tuned, frozen
            )
            found[min(each, 0.98)] = quick_measure(joined, numbers, queries).map_at_r
        enough = [each for each in found if found[each] >= measuring.GIVEN_UP * max(found.values())]
        assert weight == min(enough)
        return weight

    assert chosen(good, bad) > 0.5
    assert chosen(bad, good) == 0.1  # the first that there is: what was known is better


def test_the_spread_is_the_deviation_of_similarities() -> None:
    given_rows = rows(200, 16, 0)
    similarities = (given_rows @ given_rows.T)[~np.eye(200, dtype=bool)]
    assert spread(given_rows, 0) == pytest.approx(similarities.std(), rel=0.05)
    assert spread(given_rows[:1], 0) == 1
    assert spread(np.repeat(given_rows[:1], 9, 0), 0) == pytest.approx(1e-6)


def test_the_share_of_neighbours_that_stayed() -> None:
    before = rows(40, 6, 0)
    assert same_neighbours(before, before) == 1
    after = rows(40, 6, 1)
    shares = []
    for place in range(40):
        sets = []
        for each in (before, after):
            order = np.argsort(-(each @ each[place]), kind="stable")
            sets.append(set(order[order != place][:10].tolist()))
        shares.append(len(sets[0] & sets[1]) / 10)
    assert same_neighbours(before, after) == pytest.approx(np.mean(shares))
    assert same_neighbours(before[:1], after[:1]) == 1


def test_a_comparison_has_every_label_and_an_interval() -> None:
    labels = np.arange(48) % 4
    worse, better = clustered(labels.tolist(), 6, 2.0, 0), clustered(labels.tolist(), 6, 0.2, 0)
    queries = np.arange(0, 48, 2)
    found = compare(
        leave_one_out(worse, labels, queries), leave_one_out(better, labels, queries), labels[queries], list("abcd"), 0
    )
    assert found.better
    assert found.gain("hit@1") > 0
    assert set(found.after.labels) == {"a", "c"}  # every other label was asked for
    mean = found.after.overall["mAP"]
    assert mean.low <= mean.value <= mean.high
    assert found.after.queries == 24
