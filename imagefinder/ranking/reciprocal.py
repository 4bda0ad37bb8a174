"""k-reciprocal re-ranking: photos are alike where they have the same neighbours, and each is among the other's.

Zhong, Zheng, Cao, Li: Re-ranking Person Re-identification with k-reciprocal Encoding (CVPR 2017), sections 3.2 to 3.5.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.ranking.nearest import Places, Similarities, nearest

Flags: TypeAlias = npt.NDArray[np.bool_]


def k_reciprocal(
    query: Embeddings, gallery: Embeddings, k1: int = 20, k2: int = 6, cosine_share: float = 0.3
) -> Similarities:
    """1 minus the mix of Jaccard distance and plain distance (n,) between ``query`` (d,) and ``gallery`` (n, d).

    ``cosine_share`` is the paper's lambda, the share of the plain distance. That is the squared distance of the unit
    rows, divided by the largest in its row, as in the authors' code.
    """
    if not len(gallery):
        return np.empty(0, np.float32)
    rows = np.concatenate([query[None], gallery])
    distances = np.maximum(2 - 2 * (rows @ rows.T), 0)
    np.fill_diagonal(distances, 0)
    distances /= np.maximum(distances.max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    closeness = -distances
    np.fill_diagonal(closeness, 1)  # each row is the first in its own list, before its duplicates
    ranks = nearest(closeness, k1 + 1)
    near = _expanded(_mutual(ranks), ranks[:, : round(k1 / 2) + 1])
    encoded = np.zeros_like(distances)
    first, second = np.nonzero(near)
    encoded[first, second] = np.exp(-distances[first, second])
    encoded /= encoded.sum(axis=1, keepdims=True)
    # Only what the query's own code holds can be in an intersection with it.
    held = np.flatnonzero(encoded[ranks[0, :k2]].any(axis=0))
    averaged = encoded[:, held][ranks[:, :k2]].mean(axis=1)
    shared = np.minimum(averaged[0], averaged[1:]).sum(axis=1)
    jaccard = 1 - shared / (2 - shared)  # a code sums to 1, so the union of two is 2 minus what they share
    return np.asarray(1 - (1 - cosine_share) * jaccard - cosine_share * distances[0, 1:], np.float32)


def _mutual(ranks: Places) -> Flags:
    """(n, n): whether i and j are in each other's lists ``ranks`` (n, k)."""
    listed = np.zeros((len(ranks), len(ranks)), np.bool_)
    np.put_along_axis(listed, ranks, True, axis=1)
    return listed & listed.T


def _expanded(mutual: Flags, halves: Places) -> Flags:
    """Join to each row's reciprocal neighbours (n, n) the shorter lists of those of them that mostly agree with it.

    ``halves`` (n, k) are the nearest of each row at half of k1. A neighbour's list joins where more than two thirds
    of it are reciprocal neighbours already.
    """
    half_mutual = np.take_along_axis(_mutual(halves), halves, axis=1)
    rows, candidates = np.nonzero(mutual)
    members, counts = halves[candidates], half_mutual[candidates]
    agreeing = (mutual[rows[:, None], members] & counts).sum(axis=1)
    joins = 3 * agreeing > 2 * counts.sum(axis=1)
    expanded = mutual.copy()
    taken = counts & joins[:, None]
    expanded[np.broadcast_to(rows[:, None], taken.shape)[taken], members[taken]] = True
    return expanded
