import numpy as np
import pytest

from imagefinder.evaluation.bootstrap import intervals, intervals_of, intervals_of_kinds
from imagefinder.evaluation.metrics import Floats
from imagefinder.evaluation.voting import f1, macro_f1, majority, right_missed_claimed, weighted


def test_the_majority_wins_and_a_tie_goes_to_the_nearest() -> None:
    labels = np.array([[2, 1, 1, 0, 0], [3, 3, 3, 3, 1], [5, -1, -1, -1, -1], [-1, -1, -1, -1, -1]])
    assert majority(labels, 1).tolist() == [2, 3, 5, -1]
    assert majority(labels, 3).tolist() == [1, 3, 5, -1]
    assert majority(labels, 5).tolist() == [1, 3, 5, -1]  # 1 and 0 tie with two each


def test_votes_are_weighted_by_the_exponential_of_similarity() -> None:
    labels = np.array([[0, 1, 1]])
    near = np.array([[0.9, 0.8, 0.8]], np.float32)
    # exp(0.9 / 0.07) is more than twice exp(0.8 / 0.07); with a high temperature two votes beat one.
    assert weighted(labels, near, 3).tolist() == [0]
    assert weighted(labels, near, 3, temperature=1.0).tolist() == [1]


def test_macro_f1_by_hand() -> None:
    truth, predicted = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2])
    # class 0: tp 1, fn 1 -> 2/3; class 1: tp 1, fp 1, fn 1 -> 1/2; class 2 has no queries and is in no mean
    assert macro_f1(truth, predicted, np.ones((1, 4))) == pytest.approx([(2 / 3 + 1 / 2) / 2])
    assert macro_f1(truth, np.array([-1, -1, -1, -1]), np.ones((2, 4))).tolist() == [0, 0]


def test_macro_f1_of_queries_that_count_so_often_is_that_of_so_many_queries() -> None:
    generator = np.random.default_rng(0)
    truth, predicted = generator.integers(0, 7, 40), generator.integers(-1, 9, 40)
    counts = generator.integers(0, 3, (20, 40))
    counts[0] = (truth == 3) * 2  # one class only
    found = macro_f1(truth, predicted, counts.astype(np.float64))
    for row, value in zip(counts, found, strict=True):
        repeated = np.repeat(truth, row), np.repeat(predicted, row)
        assert value == pytest.approx(macro_f1(*repeated, np.ones((1, row.sum())))[0])


def test_f1_of_each_class_by_hand() -> None:
    truth, predicted = np.array([0, 0, 1, 1, 3]), np.array([0, 1, 1, 2, -1])
    kinds = right_missed_claimed(truth, predicted, 5)
    assert kinds.tolist() == [[1, 1, 0], [1, 1, 1], [0, 0, 1], [0, 1, 0], [0, 0, 0]]
    # class 2 was claimed once, but has no query, as class 4: there is nothing to tell
    assert f1(kinds) == pytest.approx([2 / 3, 1 / 2, np.nan, 0, np.nan], nan_ok=True)
    assert np.nanmean(f1(kinds)) == pytest.approx(macro_f1(truth, predicted, np.ones((1, 5)))[0])


def test_f1_of_each_class_agrees_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    generator = np.random.default_rng(1)
    truth, predicted = generator.integers(0, 7, 200), generator.integers(0, 7, 200)
    assert f1(right_missed_claimed(truth, predicted, 7)) == pytest.approx(
        metrics.f1_score(truth, predicted, average=None)
    )


def test_the_interval_of_a_classes_f1_is_that_of_queries_drawn_again() -> None:
    generator = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], [60, 60, 2])
    predicted = np.where(generator.random(122) < 0.7, truth, generator.integers(0, 3, 122))
    found = intervals_of_kinds(f1, right_missed_claimed(truth, predicted, 3), 122, 8000, seed=0)
    drawn = generator.integers(0, 122, (8000, 122))
    literal = np.array([f1(right_missed_claimed(truth[row], predicted[row], 3)) for row in drawn])
    assert np.isnan(literal[:, 2]).any()  # of two queries, often none is drawn
    for number, each in enumerate(found):
        assert each.value == f1(right_missed_claimed(truth, predicted, 3))[number]
        ends = np.nanpercentile(literal[:, number], (2.5, 97.5))
        assert (each.low, each.high) == pytest.approx(ends, abs=0.015)


def test_a_class_without_queries_has_no_f1_and_one_that_is_never_drawn_no_spread() -> None:
    kinds = np.array([[0, 0, 4], [1, 0, 0]])
    nothing, single = intervals_of_kinds(f1, kinds, 10_000, 1, seed=0)
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
    assert (single.value, single.low, single.high) == (1, 1, 1)


@pytest.mark.parametrize("resamples", [1, 2, 40, 41, 1000])
def test_the_ends_of_intervals_are_the_percentiles_of_numpy(resamples: int) -> None:
    values = np.arange(resamples)[::-1, None] ** 2 * np.array([1.0, -3.0])
    at = iter(values)

    def one_after_the_other(counts: Floats) -> Floats:
        return np.ones((1, 2)) if (counts == 1).all() else np.stack([next(at) for _ in counts])

    found = intervals_of(one_after_the_other, 50, resamples, seed=0)
    low, high = np.percentile(values, (2.5, 97.5), axis=0)
    assert [each.low for each in found] == pytest.approx(low)
    assert [each.high for each in found] == pytest.approx(high)


def test_macro_f1_agrees_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    generator = np.random.default_rng(0)
    truth, predicted = generator.integers(0, 7, 200), generator.integers(0, 7, 200)
    expected = metrics.f1_score(truth, predicted, average="macro")
    assert macro_f1(truth, predicted, np.ones((1, 200))) == pytest.approx([expected])


def test_intervals_hold_the_mean_repeat_with_the_seed_and_shrink_with_more_queries() -> None:
    values = np.random.default_rng(0).random((400, 2))
    few, many = intervals(values[:25], 500, seed=1)[0], intervals(values, 500, seed=1)[0]
    assert few.low < few.value < few.high
    assert many.high - many.low < (few.high - few.low) / 2
    assert intervals(values, 500, seed=1) == intervals(values, 500, seed=1)
    assert intervals(values, 500, seed=1) != intervals(values, 500, seed=2)
    # The standard error of a mean of 400 uniform numbers is 0.289 / 20.
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.2887 / 20, rel=0.15)


def test_intervals_do_not_depend_on_how_many_resamples_fit_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random((30, 3))
    at_once = intervals(values, 64, seed=0)
    monkeypatch.setattr("imagefinder.evaluation.bootstrap.COUNTS_AT_ONCE", 100)
    assert [found.low for found in intervals(values, 64, seed=0)] == pytest.approx([found.low for found in at_once])


def test_no_queries_give_no_numbers() -> None:
    assert np.isnan([found.value for found in intervals(np.zeros((0, 2)), 10, 0)]).all()


def test_f1_has_an_interval_around_it() -> None:
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 3, 120)
    predicted = np.where(generator.random(120) < 0.7, truth, 0)
    (found,) = intervals_of(lambda counts: macro_f1(truth, predicted, counts)[:, None], 120, 200, seed=0)
    assert 0 < found.low < found.value < found.high < 1
