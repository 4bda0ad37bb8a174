"""Linear maps behind a network: principal components of a library, and whitening learned from matching pairs.

Both give ``mean`` (d,) and ``matrix`` (k, d), float32: a row x of unit length becomes ``matrix @ (x - mean)``, which
is brought to unit length again. The directions come with the most telling first, and with a sign that does not depend
on the machine.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import ModelSpec, Projection
from imagefinder.embedding.backbones import keeping_own_length

if TYPE_CHECKING:
    from torch import Tensor

Doubles = npt.NDArray[np.float64]
Mapped = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
BLOCK = 4096
"""Rows that are widened to float64 at a time."""
PAIRS_PER_DIMENSION = 2
"""Fewer matching pairs would make chance directions look as if they never changed."""
LEAST_VARIANCE = 1e-10
"""Directions with less, relative to the largest variance, are rounding."""
REGULARISATION = 1e-6
"""Added to a covariance, relative to its mean variance, so that it can always be inverted."""


def fit_pca(rows: Embeddings, dimension: int, power: float = 0.0) -> Mapped:
    """The ``dimension`` principal components of ``rows`` (n, d), as (mean, matrix).

    Components are divided by their variance to the power of ``power``: 0 only turns, 0.5 whitens, 0.25 is half way
    (Jegou and Chum, ECCV 2012). Raises ModelError where there are too few rows or numbers for it.
    """
    if not 0 <= power <= 0.5:
        raise ModelError(f"Whitening cannot have a power of {power:g}.", "It goes from 0 (none) to 0.5 (full).")
    _check_dimension(dimension, rows)
    mean = rows.mean(0, dtype=np.float64)
    variances, components = _principal_components(rows, mean)
    _check_variety(len(variances), dimension)
    return _as_stored(mean, components[:dimension] / variances[:dimension, None] ** power)


def fit_whitening(
    rows: Embeddings, anchors: npt.NDArray[np.integer[Any]], positives: npt.NDArray[np.integer[Any]], dimension: int
) -> Mapped:
    """Whitening learned from pairs of photos that belong together, as (mean, matrix).

    ``anchors[i]`` and ``positives[i]`` are numbers of rows. What differs within pairs is scaled to the identity, and
    what then varies most over all rows is kept; the mean is that of the anchors (Mikolajczyk and Matas, ICCV 2007;
    Radenovic et al., ECCV 2016). With fewer than two pairs per number of a row, the rows are first reduced to as many
    principal components as the pairs carry. Raises ModelError where they do not carry ``dimension``.
    """
    _check_dimension(dimension, rows)
    variances, components = _principal_components(rows, rows.mean(0, dtype=np.float64))
    _check_variety(len(variances), dimension)
    pairs = {(min(pair), max(pair)) for pair in zip(anchors.tolist(), positives.tolist(), strict=True)}
    carried = min(len(variances), sum(a != b for a, b in pairs) // PAIRS_PER_DIMENSION)
    if carried < dimension:
        raise ModelError(
            f"{len(pairs)} matching pairs are too few to learn {dimension} numbers per photo from.",
            f"Give {PAIRS_PER_DIMENSION * dimension} pairs or more, or keep fewer numbers.",
        )
    components = components[:carried]
    within = _covariance(
        (rows[anchors[i : i + BLOCK]].astype(np.float64) - rows[positives[i : i + BLOCK]]) @ components.T
        for i in range(0, len(anchors), BLOCK)
    )
    spread = np.trace(within) / carried
    if spread <= 0:
        raise ModelError("The photos of every pair are the same.", "Give pairs of different photos.")
    whiten = np.linalg.inv(np.linalg.cholesky(within + REGULARISATION * spread * np.eye(carried))) @ components
    shares = np.bincount(anchors, minlength=len(rows)) / len(anchors)
    mean = (shares.astype(np.float32) @ rows).astype(np.float64)
    _, directions = _principal(_covariance((rows[i : i + BLOCK] - mean) @ whiten.T for i in range(0, len(rows), BLOCK)))
    return _as_stored(mean, directions[:dimension] @ whiten)


def derive(
    spec: ModelSpec, kind: Projection, mean: npt.NDArray[np.float32], matrix: npt.NDArray[np.float32]
) -> "tuple[ModelSpec, dict[str, Tensor]]":
    """The record of ``spec`` with a projection behind it, and the tensors to write beside the network's own.

    The record's hash of the weights changes with the projection, so that no two count as the same model. Raises
    ModelError for a model that has a projection already, gives what a classifier sees, or has rows of another length.
    """
    import torch

    if spec.projection or spec.output != "features" or not kind:
        raise ModelError(
            f"Nothing can be put behind the model {spec.name}.", "Choose a model of features without a projection."
        )
    if mean.shape != (spec.dimension,) or matrix.shape != (len(matrix), spec.dimension):
        raise ModelError(
            f"This projection takes {matrix.shape[-1]} numbers per photo, and the model {spec.name} "
            f"gives {spec.dimension}.",
            "Fit it to this model.",
        )
    mean, matrix = (np.ascontiguousarray(part, np.float32) for part in (mean, matrix))
    digest = projected_sha256(spec.weights_sha256, mean, matrix)
    derived = replace(keeping_own_length(spec), projection=kind, dimension=len(matrix), weights_sha256=digest)
    return derived, {
        "projection.mean": torch.from_numpy(mean.copy()),
        "projection.matrix": torch.from_numpy(matrix.copy()),
    }


def projected_sha256(weights_sha256: str, mean: npt.NDArray[np.float32], matrix: npt.NDArray[np.float32]) -> str:
    """What stands for weights with this projection behind them: 64 hex digits."""
    return hashlib.sha256(weights_sha256.encode() + mean.tobytes() + matrix.tobytes()).hexdigest()


def _check_dimension(dimension: int, rows: Embeddings) -> None:
    most = min(rows.shape[1], len(rows) - 1)
    if not 1 <= dimension <= most:
        raise ModelError(
            f"{len(rows)} photos with {rows.shape[1]} numbers each cannot be reduced to {dimension}.",
            f"Choose a number from 1 to {most}." if most > 0 else "Add more photos.",
        )


def _check_variety(ways: int, dimension: int) -> None:
    if ways < dimension:
        raise ModelError(
            f"The photos are too alike for {dimension} numbers each: they differ in {ways} ways.",
            "Add more photos, or keep fewer numbers.",
        )


def _principal_components(rows: Embeddings, mean: Doubles) -> tuple[Doubles, Doubles]:
    """Variances and directions, as far as the rows vary at all."""
    blocks = (rows[i : i + BLOCK].astype(np.float64) - mean for i in range(0, len(rows), BLOCK))
    variances, directions = _principal(_covariance(blocks))
    ways = int((variances > LEAST_VARIANCE * max(variances[0], np.finfo(np.float32).tiny)).sum())
    return variances[:ways], directions[:ways]


def _covariance(blocks: Iterable[Doubles]) -> Doubles:
    """The mean outer product of the rows of all blocks; their mean is taken off already."""
    summed, count = np.zeros((1, 1)), 0
    for block in blocks:
        summed = summed + block.T @ block
        count += len(block)
    return summed / max(count, 1)


def _principal(covariance: Doubles) -> tuple[Doubles, Doubles]:
    """Variances, largest first, and their directions in rows, each with its largest number positive."""
    variances, directions = np.linalg.eigh(covariance)
    directions = directions.T[::-1]
    largest = np.abs(directions).argmax(1)
    signs = np.sign(directions[np.arange(len(directions)), largest])
    return np.maximum(variances[::-1], 0), directions * signs[:, None]


def _as_stored(mean: Doubles, matrix: Doubles) -> Mapped:
    return mean.astype(np.float32), np.ascontiguousarray(matrix, np.float32)
