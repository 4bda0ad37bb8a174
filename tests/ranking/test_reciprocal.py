import numpy as np
import pytest

from galleries import groups
from imagefinder.domain.images import Embeddings
from imagefinder.ranking.reciprocal import k_reciprocal


def by_hand(query: Embeddings, gallery: Embeddings, k1: int, k2: int, share: float) -> list[float]:
    """The paper with sets and loops, in double precision."""
    rows = [query.astype(np.float64), *gallery.astype(np.float64)]
    everyone = range(len(rows))
    distance = [[0.0 if i == j else max(0.0, 2 - 2 * float(rows[i] @ rows[j])) for j in everyone] for i in everyone]
    distance = [[value / (max(line) or 1.0) for value in line] for line in distance]
    ranked = [[i, *sorted((j for j in everyone if j != i), key=distance[i].__getitem__)] for i in everyone]

    def reciprocal(i: int, k: int) -> set[int]:
        return {j for j in ranked[i][: k + 1] if i in ranked[j][: k + 1]}

    codes: list[dict[int, float]] = []
    for i in everyone:
        expanded = reciprocal(i, k1)
        for j in reciprocal(i, k1):
            half = reciprocal(j, round(k1 / 2))
            if len(half & reciprocal(i, k1)) > 2 / 3 * len(half):
                expanded |= half
        weights = {j: float(np.exp(-distance[i][j])) for j in expanded}
        codes.append({j: weight / sum(weights.values()) for j, weight in weights.items()})
    local = [
        {j: sum(codes[n].get(j, 0) for n in ranked[i][:k2]) / len(ranked[i][:k2]) for j in everyone} for i in everyone
    ]
    answers = []
    for i in everyone[1:]:
        low = sum(min(local[0][j], local[i][j]) for j in everyone)
        high = sum(max(local[0][j], local[i][j]) for j in everyone)
        answers.append(1 - (1 - share) * (1 - low / high) - share * distance[0][i])
    return answers


@pytest.mark.parametrize(("k1", "k2", "share"), [(20, 6, 0.3), (5, 1, 0.3), (6, 3, 0.0), (3, 2, 1.0), (2, 2, 0.5)])
@pytest.mark.parametrize("seed", range(4))
def test_it_agrees_with_sets_and_loops(k1: int, k2: int, share: float, seed: int) -> None:
    query, gallery = groups(40, seed)
    expected = by_hand(query, gallery, k1, k2, share)
    np.testing.assert_allclose(k_reciprocal(query, gallery, k1, k2, share), expected, atol=2e-5)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_small_galleries_agree_too(count: int) -> None:
    query, gallery = groups(count, seed=count)
    np.testing.assert_allclose(k_reciprocal(query, gallery), by_hand(query, gallery, 20, 6, 0.3), atol=2e-5)


def test_an_empty_gallery_has_no_answers() -> None:
    query, _ = groups(0)
    assert k_reciprocal(query, np.empty((0, len(query)), np.float32)).shape == (0,)


def test_with_nothing_but_the_plain_distance_the_order_is_that_of_the_cosine() -> None:
    query, gallery = groups(30, seed=9)
    np.testing.assert_array_equal(
        np.argsort(-k_reciprocal(query, gallery, cosine_share=1.0)), np.argsort(-(gallery @ query))
    )


def test_a_duplicate_of_the_query_comes_first_and_duplicates_get_about_the_same() -> None:
    query, gallery = groups(30, seed=2)
    gallery[11] = query
    gallery[20] = gallery[12]
    found = k_reciprocal(query, gallery, k1=6, k2=1)
    assert int(np.argmax(found)) == 11
    assert found[20] == pytest.approx(found[12], abs=0.05)


def test_many_equal_rows_are_no_trouble() -> None:
    query, _ = groups(0)
    found = k_reciprocal(query, np.tile(query, (50, 1)))
    assert np.all(np.isfinite(found))
    assert np.all((found >= -1e-6) & (found <= 1 + 1e-6))


def test_rows_that_are_zero_are_no_trouble() -> None:
    query, gallery = groups(10)
    gallery[3] = 0
    assert np.all(np.isfinite(k_reciprocal(query, gallery)))
    assert np.all(np.isfinite(k_reciprocal(np.zeros_like(query), gallery)))
