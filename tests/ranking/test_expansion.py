import numpy as np
import pytest

from galleries import groups
from imagefinder.domain.images import Embeddings
from imagefinder.ranking.expansion import expand, query_expansion


def by_hand(query: Embeddings, gallery: Embeddings, k: int, alpha: float) -> list[float]:
    total = query.astype(np.float64)
    ranked = sorted(range(len(gallery)), key=lambda i: -float(np.dot(query, gallery[i])))
    for i in ranked[:k]:
        cosine = float(np.dot(query, gallery[i]))
        if cosine > 0:
            total = total + cosine**alpha * gallery[i]
    total = total / np.sqrt(sum(value * value for value in total))
    return [float(np.dot(total, row)) for row in gallery]


@pytest.mark.parametrize(("k", "alpha"), [(1, 3.0), (2, 3.0), (5, 0.0), (10, 1.0), (100, 3.0)])
@pytest.mark.parametrize("seed", range(4))
def test_the_query_moves_as_the_formula_says(k: int, alpha: float, seed: int) -> None:
    query, gallery = groups(30, seed)
    np.testing.assert_allclose(query_expansion(query, gallery, k, alpha), by_hand(query, gallery, k, alpha), atol=1e-5)


def test_a_worked_case() -> None:
    query = np.array([1, 0], np.float32)
    gallery = np.array([[0.6, 0.8], [0.6, -0.8], [-1, 0]], np.float32)
    # One neighbour of cosine .6: (1, 0) + .216 (.6, .8) = (1.1296, .1728), length 1.142740.
    np.testing.assert_allclose(expand(query, gallery[:1], k=1), [0.988501, 0.151215], atol=1e-5)
    # Both pull alike, one up and one down.
    np.testing.assert_allclose(expand(query, gallery, k=2), [1, 0], atol=1e-6)


def test_what_points_away_does_not_pull() -> None:
    query = np.array([1, 0], np.float32)
    away = np.array([[-0.6, 0.8], [0, 1]], np.float32)
    for alpha in (0.0, 2.0, 3.0):
        np.testing.assert_array_equal(expand(query, away, alpha=alpha), query)


def test_the_expanded_query_is_a_query() -> None:
    query, gallery = groups(20)
    expanded = expand(query, gallery)
    assert expanded.shape == query.shape
    assert expanded.dtype == np.float32
    assert np.linalg.norm(expanded) == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(query_expansion(query, gallery), gallery @ expanded)


def test_an_empty_gallery_leaves_the_query_as_it_is() -> None:
    query, _ = groups(0)
    np.testing.assert_allclose(expand(query, np.empty((0, len(query)), np.float32)), query, atol=1e-6)
