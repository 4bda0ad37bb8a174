"""Projections against other ways to the same numbers: singular vectors, plain formulas, and what must hold."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.projection import derive, fit_pca, fit_whitening

Rows = npt.NDArray[np.float32]
SPEC = ModelSpec("given", "timm", "resnet10t", InputSpec(64, 64), dimension=8, weights_sha256="ab")


def unit_rows(count: int, dimension: int, seed: int = 0) -> Rows:
    """Rows of unit length that vary more in some directions than in others."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, dimension)) * np.linspace(3, 0.3, dimension) + 1
    rows = rows @ np.linalg.qr(random.normal(size=(dimension, dimension)))[0]
    unit: Rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def matching(count: int, dimension: int, copies: int = 4) -> tuple[Rows, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """``count`` things in ``copies`` pictures each, that differ most where nothing can be learned from them."""
    random = np.random.default_rng(5)
    things = random.normal(size=(count, 1, dimension))
    rows = (things + random.normal(size=(count, copies, dimension)) * np.linspace(0.05, 3, dimension)).reshape(
        -1, dimension
    )
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    first = np.repeat(np.arange(count) * copies, copies - 1)
    return rows.astype(np.float32), first, first + np.tile(np.arange(1, copies), count)


@pytest.mark.parametrize(("count", "dimension", "kept"), [(300, 8, 5), (5000, 6, 6), (12, 40, 9)])
@pytest.mark.parametrize("power", [0, 0.25, 0.5])
def test_pca_agrees_with_singular_vectors(count: int, dimension: int, kept: int, power: float) -> None:
    rows = unit_rows(count, dimension)
    mean, matrix = fit_pca(rows, kept, power)
    assert (mean.shape, matrix.shape) == ((dimension,), (kept, dimension))
    assert mean.dtype == matrix.dtype == np.float32
    centred = rows.astype(np.float64) - rows.mean(0, dtype=np.float64)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    expected = directions[:kept] / (singular[:kept, None] ** 2 / count) ** power
    expected *= np.sign((expected * matrix).sum(1, keepdims=True))  # a direction and its opposite are the same
    np.testing.assert_allclose(matrix, expected, rtol=2e-3, atol=2e-3 * np.abs(expected).max())
    np.testing.assert_allclose(mean, rows.mean(0), atol=1e-6)


def test_without_whitening_it_is_a_rotation() -> None:
    rows = unit_rows(200, 8)
    mean, matrix = fit_pca(rows, 8, 0)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(8), atol=1e-5)
    turned = (rows - mean) @ matrix.T
    np.testing.assert_allclose(turned @ turned.T, (rows - mean) @ (rows - mean).T, atol=1e-5)


def test_full_whitening_makes_all_directions_vary_alike() -> None:
    rows = unit_rows(400, 8)
    mean, matrix = fit_pca(rows, 6, 0.5)
    mapped = (rows - mean).astype(np.float64) @ matrix.T
    np.testing.assert_allclose(mapped.T @ mapped / 400, np.eye(6), atol=1e-3)


def test_signs_do_not_depend_on_the_order_of_the_rows() -> None:
    rows = unit_rows(300, 8)
    np.testing.assert_allclose(fit_pca(rows, 4, 0.5)[1], fit_pca(rows[::-1], 4, 0.5)[1], rtol=1e-3, atol=1e-4)
    largest = np.abs(fit_pca(rows, 4)[1]).argmax(1)
    assert (fit_pca(rows, 4)[1][np.arange(4), largest] > 0).all()


@pytest.mark.parametrize(("dimension", "hint"), [(0, "from 1 to 5"), (6, "from 1 to 5"), (-1, "from 1 to 5")])
def test_more_numbers_than_photos_can_carry(dimension: int, hint: str) -> None:
    with pytest.raises(ModelError, match=hint):
        fit_pca(unit_rows(6, 8), dimension)


def test_photos_that_are_all_the_same() -> None:
    with pytest.raises(ModelError, match="differ in 0 ways"):
        fit_pca(np.repeat(unit_rows(1, 8), 20, axis=0), 2)
    with pytest.raises(ModelError, match="differ in 1 ways"):
        fit_pca(np.repeat(unit_rows(2, 8), 20, axis=0), 2)
    with pytest.raises(ModelError, match="Add more photos"):
        fit_pca(unit_rows(1, 8), 1)


@pytest.mark.parametrize("power", [-0.1, 0.6, float("nan")])
def test_powers_out_of_range(power: float) -> None:
    with pytest.raises(ModelError, match="from 0"):
        fit_pca(unit_rows(50, 8), 2, power)


def test_what_differs_within_pairs_becomes_the_identity() -> None:
    rows, anchors, positives = matching(80, 10)
    mean, matrix = fit_whitening(rows, anchors, positives, 10)
    assert mean.dtype == matrix.dtype == np.float32
    assert matrix.shape == (10, 10)
    np.testing.assert_allclose(mean, rows[anchors].mean(0), atol=1e-5)
    differences = (rows[anchors] - rows[positives]).astype(np.float64) @ matrix.T
    np.testing.assert_allclose(differences.T @ differences / len(anchors), np.eye(10), atol=1e-3)
    mapped = (rows - mean).astype(np.float64) @ matrix.T
    covariance = mapped.T @ mapped / len(rows)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-2)
    assert (np.diff(np.diag(covariance)) <= 1e-3).all(), "the most telling direction comes first"


def test_whitening_agrees_with_the_plain_formulas() -> None:
    rows, anchors, positives = matching(80, 6)
    exact = rows.astype(np.float64)
    differences = exact[anchors] - exact[positives]
    root = np.linalg.inv(np.linalg.cholesky(differences.T @ differences / len(anchors)))
    centred = (exact - exact[anchors].mean(0)) @ root.T
    _, vectors = np.linalg.eig(centred.T @ centred)
    values = np.diag(vectors.T @ (centred.T @ centred) @ vectors)
    expected = vectors.T[np.argsort(-values)][:4] @ root
    _, matrix = fit_whitening(rows, anchors, positives, 4)
    expected *= np.sign((expected * matrix).sum(1, keepdims=True))
    np.testing.assert_allclose(matrix, expected, rtol=1e-2, atol=1e-3 * np.abs(expected).max())


def test_whitening_brings_pairs_together() -> None:
    rows, anchors, positives = matching(60, 12)

    def first_answers_right(embedded: npt.NDArray[np.floating]) -> float:
        unit = embedded / np.linalg.norm(embedded, axis=1, keepdims=True)
        similarity = unit @ unit.T
        np.fill_diagonal(similarity, -2)
        return float(np.mean(similarity.argmax(1) // 4 == np.arange(len(unit)) // 4))

    mean, matrix = fit_whitening(rows, anchors, positives, 8)
    assert first_answers_right((rows - mean) @ matrix.T) > first_answers_right(rows) + 0.2


def test_few_pairs_learn_from_fewer_components() -> None:
    rows, anchors, positives = matching(40, 60, copies=2)
    _, matrix = fit_whitening(rows, anchors, positives, 10)
    assert matrix.shape == (10, 60)
    components = fit_pca(rows, 20)[1].astype(np.float64)
    outside = matrix - matrix @ components.T @ components
    np.testing.assert_allclose(outside, 0, atol=1e-4 * np.abs(matrix).max())


def test_too_few_pairs_say_how_many_it_takes() -> None:
    rows, anchors, positives = matching(20, 8)
    with pytest.raises(ModelError, match=r"7 matching pairs are too few.*Give 8 pairs"):
        fit_whitening(rows, anchors[:7], positives[:7], 4)
    both = np.r_[anchors[:1].repeat(20), positives[:1].repeat(20)]
    with pytest.raises(ModelError, match="too few"):  # the same pair, over and over, in both directions
        fit_whitening(rows, both, both[::-1].copy(), 4)
    with pytest.raises(ModelError, match="too few"):
        fit_whitening(rows, anchors, anchors, 4)
    with pytest.raises(ModelError, match="too few"):
        fit_whitening(rows, anchors[:0], positives[:0], 4)


def test_pairs_of_copies_teach_nothing() -> None:
    rows = np.repeat(unit_rows(30, 8), 2, axis=0)
    with pytest.raises(ModelError, match="are the same"):
        fit_whitening(rows, np.arange(0, 60, 2), np.arange(1, 60, 2), 4)


def test_a_derived_record_is_another_model() -> None:
    rows = unit_rows(100, 8)
    mean, matrix = fit_pca(rows, 5, 0.25)
    derived, tensors = derive(SPEC, "pca", mean, matrix)
    assert (derived.projection, derived.dimension) == ("pca", 5)
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == {
        "projection.mean": (8,),
        "projection.matrix": (5, 8),
    }
    np.testing.assert_array_equal(tensors["projection.matrix"].numpy(), matrix)
    other = derive(SPEC, "pca", *fit_pca(unit_rows(100, 8, seed=1), 5, 0.25))[0]
    assert len({SPEC.fingerprint, derived.fingerprint, other.fingerprint}) == 3
    assert derive(SPEC, "pca", mean, matrix)[0] == derived


def test_nothing_goes_behind_a_projection_or_probabilities() -> None:
    mean, matrix = fit_pca(unit_rows(100, 8), 5)
    for spec in (derive(SPEC, "pca", mean, matrix)[0], replace(SPEC, output="probabilities")):
        with pytest.raises(ModelError, match="Nothing can be put behind"):
            derive(spec, "whitening", mean, matrix)


def test_a_projection_of_another_model() -> None:
    with pytest.raises(ModelError, match="takes 6 numbers per photo, and the model given gives 8"):
        derive(SPEC, "pca", *fit_pca(unit_rows(100, 6), 5))
