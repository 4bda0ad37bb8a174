import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefinder.domain.images import Embeddings
from imagefinder.ranking.centring import RESERVE, centre, shrunk_mean, uncentred, unshrunk


def unit_rows(count: int, dimension: int, seed: int = 0) -> Embeddings:
    """In a cone, as those of a network."""
    rows = np.random.default_rng(seed).standard_normal((count, dimension)) + 1
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_centring_by_hand() -> None:
    rows = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    centred = centre(rows, np.array([0.6, 0], np.float32))
    np.testing.assert_allclose(centred, [[1, 0], [-0.6 / np.sqrt(1.36), 1 / np.sqrt(1.36)], [0, 1]], atol=1e-6)


def test_centred_rows_are_unit_rows_spread_around_the_origin() -> None:
    rows = unit_rows(2000, 64)
    mean = shrunk_mean(rows.sum(axis=0), len(rows))
    centred = centre(rows, mean)
    np.testing.assert_allclose(np.linalg.norm(centred, axis=1), 1, atol=1e-6)
    assert np.linalg.norm(rows.mean(axis=0)) > 0.5
    assert np.linalg.norm(centred.mean(axis=0)) < 0.06


@pytest.mark.parametrize("dimension", [1, 7, 16, 129, 511, 1280, 9001])
def test_a_row_comes_out_the_same_whatever_is_beside_it(dimension: int) -> None:
    rows = unit_rows(37, dimension, 3).astype(np.float16).astype(np.float32)
    mean = shrunk_mean(rows.sum(axis=0), 37)
    whole = centre(rows, mean)
    for count in (1, 5, 36):
        pieces = [centre(rows[start : start + count], mean) for start in range(0, 37, count)]
        assert np.array_equal(np.concatenate(pieces).view(np.uint32), whole.view(np.uint32))
    assert np.array_equal(np.stack([centre(row, mean) for row in rows]).view(np.uint32), whole.view(np.uint32))
    assert np.array_equal(centre(np.asfortranarray(rows), mean).view(np.uint32), whole.view(np.uint32))
    assert np.array_equal(centre(rows[::2], mean).view(np.uint32), whole[::2].view(np.uint32))


def test_what_nothing_sets_apart_becomes_zero() -> None:
    mean = np.array([0.5, 0.25], np.float32)
    assert np.array_equal(centre(np.stack([np.zeros(2, np.float32), mean]), mean), np.zeros((2, 2)))
    assert centre(np.empty((0, 2), np.float32), mean).shape == (0, 2)


def test_the_mean_of_few_rows_is_pulled_towards_zero_and_of_many_hardly() -> None:
    total = np.array([30.0, -6.0])
    np.testing.assert_allclose(shrunk_mean(total, 50), total / 150)
    np.testing.assert_allclose(shrunk_mean(total, 0), total / RESERVE)
    assert shrunk_mean(total * 1e4, 500_000) == pytest.approx(total * 1e4 / 500_000, rel=1e-3)
    np.testing.assert_allclose(unshrunk(shrunk_mean(total, 50), 50), total / 50, rtol=1e-6)
    assert np.array_equal(unshrunk(np.zeros(2, np.float32), 0), [0, 0])


@settings(deadline=None)
@given(st.integers(2, 40), st.integers(1, 5000), st.integers(0, 10**6))
def test_a_centred_row_can_be_traced_back(dimension: int, count: int, seed: int) -> None:
    rows = unit_rows(8, dimension, seed)
    mean = shrunk_mean(rows.mean(axis=0) * count, count)
    raw = unit_rows(1, dimension, seed + 1)[0] * (-1) ** seed
    np.testing.assert_allclose(uncentred(centre(raw, mean), mean), raw, atol=2e-5)
    assert not uncentred(np.zeros(dimension, np.float32), mean).any()
