"""Diffusion: the query's score spreads along a graph of nearest neighbours, so that a chain of likenesses counts.

Iscen, Tolias, Avrithis, Furon, Chum: Efficient Diffusion on Region Manifolds (CVPR 2017), with one region per photo.
"""

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.ranking.nearest import Similarities, nearest, neighbours

POWER = 3
"""The affinity of two photos is max(0, cosine) to this power (the paper's gamma)."""


def diffusion(
    query: Embeddings, gallery: Embeddings, k: int = 15, alpha: float = 0.9, steps: int = 20, start: int = 5
) -> Similarities:
    """The score (n,) of each row of ``gallery`` (n, d): f in (I - alpha S) f = y, by ``steps`` of conjugate gradients.

    S is the symmetrically normalised affinity of mutual ``k`` nearest neighbours, y that of ``query`` (d,) with its own
    ``start`` nearest (the paper's k_q). A photo that no score reaches comes after all others and keeps its cosine minus
    2 to be ordered by.
    """
    if not len(gallery):
        return np.empty(0, np.float32)
    cosines = gallery @ query
    first = np.zeros(len(gallery), np.float32)
    best = nearest(cosines[None], start)[0]
    first[best] = np.maximum(cosines[best], 0) ** POWER
    scores = conjugate_gradient(np.eye(len(gallery), dtype=np.float32) - alpha * transitions(gallery, k), first, steps)
    reached = scores > 0
    return np.asarray(np.where(reached, scores, cosines - 2), np.float32)


def transitions(gallery: Embeddings, k: int) -> Similarities:
    """S = D^-1/2 A D^-1/2, (n, n): A holds the affinities of mutual ``k`` nearest neighbours, D its row sums."""
    places, cosines = neighbours(gallery, k)
    listed = np.zeros((len(gallery), len(gallery)), np.float32)
    np.put_along_axis(listed, places, np.maximum(cosines, 0) ** POWER, axis=1)
    affinity = np.minimum(listed, listed.T)  # 0 unless both list each other, and then the same
    degrees = affinity.sum(axis=1)
    scale = 1 / np.sqrt(np.where(degrees > 0, degrees, 1))
    return np.asarray(scale[:, None] * affinity * scale, np.float32)


def conjugate_gradient(
    matrix: npt.NDArray[np.float32], wanted: Similarities, steps: int, tolerance: float = 1e-6
) -> Similarities:
    """x in ``matrix`` x = ``wanted`` for a symmetric positive definite (n, n) matrix, from x = 0.

    Hestenes and Stiefel (1952). Ends early where the residual is ``tolerance`` of the length of ``wanted``.
    """
    found = np.zeros_like(wanted)
    residual = wanted.copy()
    direction = residual.copy()
    squared = float(residual @ residual)
    enough = tolerance**2 * squared
    for _ in range(steps):
        if squared <= enough:
            break
        ahead = matrix @ direction
        step = squared / float(direction @ ahead)
        found += step * direction
        residual -= step * ahead
        before, squared = squared, float(residual @ residual)
        direction = residual + squared / before * direction
    return found
