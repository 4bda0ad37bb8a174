import numpy as np
import pytest

from galleries import groups
from imagefinder.domain.images import Embeddings
from imagefinder.ranking.diffusion import conjugate_gradient, diffusion, transitions


def graph_by_hand(gallery: Embeddings, k: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    count = len(gallery)
    cosine = gallery.astype(np.float64) @ gallery.astype(np.float64).T
    nearest = []
    for i in range(count):
        others = [j for j in range(count) if j != i]
        nearest.append(sorted(others, key=(-cosine[i]).tolist().__getitem__)[:k])
    affinity = np.zeros((count, count))
    for i in range(count):
        for j in nearest[i]:
            if i in nearest[j]:
                affinity[i, j] = max(0.0, cosine[i, j]) ** 3
    degrees = affinity.sum(axis=1)
    degrees[degrees == 0] = 1
    return np.asarray(affinity / np.sqrt(np.outer(degrees, degrees)))


def solved(query: Embeddings, gallery: Embeddings, k: int, alpha: float, first: int) -> Embeddings:
    """The scores by a dense solver."""
    cosines = gallery.astype(np.float64) @ query
    start = np.zeros(len(gallery))
    best = np.argsort(-cosines)[:first]
    start[best] = np.maximum(cosines[best], 0) ** 3
    return np.asarray(np.linalg.solve(np.eye(len(gallery)) - alpha * graph_by_hand(gallery, k), start), np.float32)


@pytest.mark.parametrize(("k", "alpha", "first"), [(5, 0.99, 5), (5, 0.5, 1), (3, 0.9, 10), (100, 0.99, 100)])
@pytest.mark.parametrize("seed", range(4))
def test_the_scores_solve_the_equation(k: int, alpha: float, first: int, seed: int) -> None:
    query, gallery = groups(40, seed)
    np.testing.assert_allclose(transitions(gallery, k), graph_by_hand(gallery, k), atol=1e-6)
    found = diffusion(query, gallery, k, alpha, steps=100, start=first)
    expected = solved(query, gallery, k, alpha, first)
    reached = expected > 1e-6
    assert reached.any()
    np.testing.assert_allclose(found[reached], expected[reached], rtol=1e-2, atol=1e-3)


def test_twenty_steps_order_as_the_exact_solution_does() -> None:
    query, gallery = groups(200, seed=5)
    found, expected = diffusion(query, gallery, 10, 0.99), solved(query, gallery, 10, 0.99, 5)
    best = set(np.argsort(-expected)[:20].tolist())
    assert len(best & set(np.argsort(-found)[:20].tolist())) >= 18


def test_a_chain_carries_the_score_past_what_is_nearer_to_the_query() -> None:
    angles = np.radians([0, 20, 40, 60, 80])
    chain = np.stack([np.cos(angles), np.sin(angles), np.zeros(5)], axis=1)
    alone = [np.cos(np.radians(75)), 0, np.sin(np.radians(75))]  # nearer than the end of the chain, on its own
    gallery = np.stack([*chain, np.array(alone)]).astype(np.float32)
    found = diffusion(np.array([1, 0, 0], np.float32), gallery, k=2)
    assert gallery[5, 0] > gallery[4, 0]
    assert found[5] < found[4]


def test_what_no_score_reaches_comes_last_and_by_its_cosine() -> None:
    query = np.array([1, 0, 0, 0], np.float32)
    gallery = np.array([[0, 1, 0, 0], [0.8, 0.6, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]], np.float32)
    found = diffusion(query, gallery, k=1)
    assert int(np.argmax(found)) == 1
    assert found[2] == pytest.approx(-3)
    assert found[3] == pytest.approx(-2)
    assert found[3] > found[2]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_small_galleries_have_their_answers(count: int) -> None:
    query = np.array([1, 0], np.float32)
    gallery = np.array([[0.8, 0.6], [0.6, 0.8]], np.float32)[:count]
    found = diffusion(query, gallery)
    assert found.shape == (count,)
    assert list(np.argsort(-found)) == list(range(count))


def test_duplicates_get_the_same() -> None:
    query, gallery = groups(20, seed=3)
    gallery[7] = gallery[8]
    found = diffusion(query, gallery, k=100)
    assert found[7] == pytest.approx(found[8], rel=1e-3)


def test_conjugate_gradients_are_exact_after_as_many_steps_as_there_are_unknowns() -> None:
    matrix = np.array([[4, 1], [1, 3]], np.float32)
    wanted = np.array([1, 2], np.float32)
    np.testing.assert_allclose(conjugate_gradient(matrix, wanted, 2), [1 / 11, 7 / 11], atol=1e-6)
    one = conjugate_gradient(matrix, wanted, 1)  # along (1, 2): the step is 5 / 20
    np.testing.assert_allclose(one, [0.25, 0.5], atol=1e-6)


def test_nothing_wanted_is_nothing_found() -> None:
    np.testing.assert_array_equal(conjugate_gradient(np.eye(3, dtype=np.float32), np.zeros(3, np.float32), 5), 0)
