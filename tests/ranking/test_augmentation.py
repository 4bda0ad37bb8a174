import numpy as np
import pytest

from galleries import groups
from imagefinder.domain.images import Embeddings
from imagefinder.ranking.augmentation import augment, augmentation


def by_hand(gallery: Embeddings, k: int, alpha: float) -> list[Embeddings]:
    augmented = []
    for i, row in enumerate(gallery):
        others = [j for j in range(len(gallery)) if j != i]
        others.sort(key=lambda j: -float(np.dot(row, gallery[j])))
        total = row.astype(np.float64)
        for j in others[:k]:
            cosine = float(np.dot(row, gallery[j]))
            if cosine > 0:
                total = total + cosine**alpha * gallery[j]
        augmented.append(total / np.linalg.norm(total))
    return augmented


@pytest.mark.parametrize(("k", "alpha"), [(1, 3.0), (3, 0.0), (10, 3.0), (100, 3.0)])
@pytest.mark.parametrize("seed", range(3))
def test_rows_are_mixed_as_the_formula_says(k: int, alpha: float, seed: int) -> None:
    query, gallery = groups(25, seed)
    expected = np.array(by_hand(gallery, k, alpha))
    np.testing.assert_allclose(augment(gallery, k, alpha), expected, atol=1e-5)
    np.testing.assert_allclose(augmentation(query, gallery, k, alpha), expected @ query, atol=1e-5)


def test_a_row_is_not_its_own_neighbour_but_its_duplicate_is() -> None:
    gallery = np.array([[1, 0, 0], [1, 0, 0], [0.6, 0.8, 0]], np.float32)
    np.testing.assert_allclose(augment(gallery, k=1)[:2], gallery[:2], atol=1e-6)
    assert augment(gallery, k=2)[0, 1] > 0


def test_a_photo_with_good_neighbours_rises() -> None:
    query = np.array([1, 0, 0], np.float32)
    seen = np.array([0.5, 0.866, 0], np.float32)
    gallery = np.stack([seen, [0.8, 0.6, 0], [0.49, 0, 0.872]]).astype(np.float32)
    plain, better = gallery @ query, augmentation(query, gallery, k=1)
    assert better[0] - better[2] > plain[0] - plain[2]


def test_rows_that_are_zero_stay_zero() -> None:
    gallery = np.array([[0, 0], [1, 0]], np.float32)
    np.testing.assert_array_equal(augment(gallery), gallery)


@pytest.mark.parametrize("count", [0, 1])
def test_what_has_no_neighbours_stays_as_it_is(count: int) -> None:
    _, gallery = groups(count)
    np.testing.assert_allclose(augment(gallery), gallery, atol=1e-6)
