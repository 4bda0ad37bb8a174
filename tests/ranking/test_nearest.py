import numpy as np
import pytest

from imagefinder.ranking.nearest import nearest, neighbours


@pytest.mark.parametrize("k", [0, 1, 3, 7, 8, 20])
def test_the_best_columns_come_best_first(k: int) -> None:
    table = np.random.default_rng(k).standard_normal((5, 8)).astype(np.float32)
    expected = [sorted(range(8), key=(-row).tolist().__getitem__)[:k] for row in table]
    found = nearest(table, k)
    assert found.shape == (5, min(k, 8))
    assert found.tolist() == expected


def test_of_equal_values_the_earlier_one_comes_first() -> None:
    assert nearest(np.array([[1, 2, 2, 1]], np.float32), 3)[0, :2].tolist() == [1, 2]
    assert nearest(np.zeros((1, 4), np.float32), 4)[0].tolist() == [0, 1, 2, 3]


def test_no_row_is_its_own_neighbour() -> None:
    gallery = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    places, cosines = neighbours(gallery, 5)
    assert places.tolist() == [[1, 2], [0, 2], [0, 1]]
    np.testing.assert_array_equal(cosines, [[1, 0], [1, 0], [0, 0]])


@pytest.mark.parametrize("count", [0, 1])
def test_who_is_alone_has_no_neighbours(count: int) -> None:
    places, cosines = neighbours(np.ones((count, 1), np.float32), 3)
    assert places.shape == cosines.shape == (count, 0)
