"""Alpha query expansion: the query moves towards its nearest photos.

Radenovic, Tolias, Chum: Fine-tuning CNN Image Retrieval with No Human Annotation (TPAMI 2018), section 3.6.
"""

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.ranking.nearest import Similarities, nearest


def expand(query: Embeddings, gallery: Embeddings, k: int = 2, alpha: float = 3.0) -> Embeddings:
    """The unit sum (d,) of the unit ``query`` (d,) and the ``k`` rows of ``gallery`` (n, d) nearest to it, each
    weighed by its cosine to the power ``alpha``; what points away from the query has no weight.

    The result is a query like any other, so the whole index can be asked with it.
    """
    cosines = gallery @ query
    best = nearest(cosines[None], k)[0]
    weights = np.maximum(cosines[best], 0) ** alpha * (cosines[best] > 0)  # with alpha 0 too
    expanded = query + weights @ gallery[best]
    norm = np.linalg.norm(expanded)
    return np.asarray(expanded / (norm if norm > 0 else 1), np.float32)


def query_expansion(query: Embeddings, gallery: Embeddings, k: int = 2, alpha: float = 3.0) -> Similarities:
    """The cosines (n,) of the rows of ``gallery`` (n, d) with the expanded query."""
    return np.asarray(gallery @ expand(query, gallery, k, alpha), np.float32)
