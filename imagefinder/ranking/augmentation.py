"""Database-side augmentation: each photo stands for itself and its nearest neighbours.

Turcot, Lowe: Better matching with fewer features (ICCV workshops 2009); Arandjelovic, Zisserman: Three things everyone
should know to improve object retrieval (CVPR 2012), section 4. The weights are those of alpha query expansion.
"""

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.ranking.nearest import Similarities, neighbours


def augment(gallery: Embeddings, k: int = 10, alpha: float = 3.0) -> Embeddings:
    """Each unit row (n, d) plus its ``k`` nearest others, weighed by their cosines to the power ``alpha``, at unit
    length again; what points away from a row has no weight in it."""
    if not len(gallery):
        return gallery
    places, cosines = neighbours(gallery, k)
    weights = np.maximum(cosines, 0) ** alpha * (cosines > 0)
    mixing = np.eye(len(gallery), dtype=np.float32)
    np.put_along_axis(mixing, places, weights, axis=1)
    augmented = mixing @ gallery
    norms = np.linalg.norm(augmented, axis=1, keepdims=True)
    return np.asarray(augmented / np.where(norms > 0, norms, 1), np.float32)


def augmentation(query: Embeddings, gallery: Embeddings, k: int = 10, alpha: float = 3.0) -> Similarities:
    """The cosines (n,) of ``query`` (d,) with the augmented rows of ``gallery`` (n, d)."""
    return np.asarray(augment(gallery, k, alpha) @ query, np.float32)
