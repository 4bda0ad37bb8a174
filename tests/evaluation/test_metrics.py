"""Hand-worked vectors, slow literal implementations on random cases, and the libraries that the papers used."""

from fractions import Fraction

import numpy as np
import pytest

from imagefinder.evaluation.curve import MeanCurve, interpolated_precision, precision_at_recall
from imagefinder.evaluation.metrics import (
    Hits,
    all_metrics,
    average_precision,
    average_precision_at,
    hit_at,
    map_at_r,
    precision_at,
    r_precision,
    recall_at,
    reciprocal_rank,
    trapezoid_average_precision,
)

V1 = Hits.of([1, 0, 1, 0, 0, 1])
V2 = Hits.of([0, 1, 1, 0, 1], [4])  # one relevant photo is not in the ranking
V4 = Hits.of([1, 0, 0], [2])


def close(values: np.ndarray, expected: Fraction) -> bool:
    return values.shape == (1,) and bool(np.isclose(values[0], float(expected), rtol=1e-12))


def test_first_vector() -> None:
    assert close(average_precision(V1), Fraction(13, 18))
    assert close(trapezoid_average_precision(V1), Fraction(61, 90))
    assert close(map_at_r(V1), Fraction(5, 9))
    assert close(r_precision(V1), Fraction(2, 3))
    assert close(precision_at(V1, 5), Fraction(2, 5))
    assert close(recall_at(V1, 5), Fraction(2, 3))
    assert close(hit_at(V1, 1), Fraction(1))
    assert close(reciprocal_rank(V1), Fraction(1))
    assert close(average_precision_at(V1, 5, "R"), Fraction(5, 9))
    assert close(average_precision_at(V1, 5, "min(k, R)"), Fraction(5, 9))
    assert close(average_precision_at(V1, 5, "found"), Fraction(5, 6))


def test_second_vector_has_a_relevant_photo_that_is_never_found() -> None:
    assert close(average_precision(V2), Fraction(53, 120))
    assert close(trapezoid_average_precision(V2), Fraction(83, 240))
    assert close(map_at_r(V2), Fraction(7, 24))
    assert close(r_precision(V2), Fraction(1, 2))
    assert close(hit_at(V2, 1), Fraction(0))
    assert close(hit_at(V2, 2), Fraction(1))
    assert close(recall_at(V2, 5), Fraction(3, 4))
    assert close(average_precision_at(V2, 5, "found"), Fraction(53, 90))
    assert close(average_precision_at(V2, 3, "found"), Fraction(7, 12))
    assert close(reciprocal_rank(V2), Fraction(1, 2))


def test_fourth_vector_counts_half_for_what_is_missing() -> None:
    assert close(trapezoid_average_precision(V4), Fraction(1, 2))


def test_a_query_with_nothing_relevant_is_nan_everywhere() -> None:
    hits = Hits.of([[0, 0, 0], [0, 1, 0]])
    for name, values in all_metrics(hits).items():
        assert np.isnan(values[0]), name
        assert not np.isnan(values[1]), name
    assert np.isnan(trapezoid_average_precision(hits)[0])


def test_relevant_photos_of_which_none_is_found_count_zero() -> None:
    hits = Hits.of([[0, 0]], [3])
    assert {name: values[0] for name, values in all_metrics(hits).items()} == dict.fromkeys(all_metrics(hits), 0.0)


def test_more_hits_than_relevant_photos_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="more hits"):
        Hits.of([1, 1], [1])


def literal(ranking: list[bool], relevant: int) -> dict[str, float]:
    """Straight from the definitions, one place after the other."""
    found, precisions, trapezoids, first = 0, [], 0.0, 0.0
    for place, right in enumerate(ranking):
        if right:
            before = found / place if place else 1.0
            found += 1
            precisions.append((place, found / (place + 1)))
            trapezoids += (before + found / (place + 1)) / 2 / relevant
            first = first or 1 / (place + 1)
    inside = [value for place, value in precisions if place < 10]
    result = {
        "mAP": sum(value for _, value in precisions) / relevant,
        "mAP@10 / R": sum(inside) / relevant,
        "mAP@10 / min(10, R)": sum(inside) / min(10, relevant),
        "mAP@10 / found": sum(inside) / len(inside) if inside else 0.0,
        "MAP@R": sum(value for place, value in precisions if place < relevant) / relevant,
        "R-precision": sum(ranking[:relevant]) / relevant,
        "MRR": first,
        "trapezoid": trapezoids,
    }
    for k in (1, 5, 10):
        result[f"hit@{k}"] = float(any(ranking[:k]))
        result[f"precision@{k}"] = sum(ranking[:k]) / k
    return result


@pytest.mark.parametrize("seed", range(5))
def test_random_rankings_agree_with_the_definitions(seed: int) -> None:
    generator = np.random.default_rng(seed)
    table = generator.random((60, int(generator.integers(1, 40)))) < generator.random((60, 1))
    relevant = table.sum(axis=1) + generator.integers(0, 3, 60)
    hits = Hits.of(table, relevant)
    ours = all_metrics(hits) | {"trapezoid": trapezoid_average_precision(hits)}
    checked = 0
    for query in np.flatnonzero(relevant):
        expected = literal(table[query].tolist(), int(relevant[query]))
        assert expected.keys() == ours.keys()
        for name, value in expected.items():
            assert np.isclose(ours[name][query], value, rtol=1e-12, atol=1e-12), (name, query)
        checked += 1
    assert checked > 30


def test_interpolated_precision_is_the_maximum_from_there_on() -> None:
    hits = Hits.of([[0, 1, 1, 1, 0, 1], [1, 0, 0, 0, 0, 1]])
    expected = [3 / 4, 3 / 4, 3 / 4, 4 / 6, 1, 2 / 6]
    assert np.allclose(interpolated_precision(hits), expected)


def test_no_precision_is_invented_beyond_the_recall_that_is_reached() -> None:
    table = precision_at_recall(V2, np.array([0.0, 0.25, 0.26, 0.75, 0.76, 1.0]))
    assert np.allclose(table[0], [2 / 3, 2 / 3, 2 / 3, 3 / 5, np.nan, np.nan], equal_nan=True)
    curve = MeanCurve()
    curve.add(V2)
    points = curve.points()
    assert np.allclose(points[0], (0.0, 2 / 3))
    assert np.allclose(points[-1], (0.75, 3 / 5))


def test_the_mean_curve_counts_queries_that_end_early() -> None:
    curve = MeanCurve()
    curve.add(Hits.of([[1, 1]]))
    curve.add(Hits.of([[1, 0]], [2]))
    points = dict(curve.points())
    assert points[0.5] == 1.0
    assert points[1.0] == 0.5


def test_levels_of_recall_are_not_lost_to_rounding() -> None:
    hits = Hits.of(np.ones((1, 100)))
    assert (precision_at_recall(hits) == 1).all()
