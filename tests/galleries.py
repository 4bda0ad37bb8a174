"""Made-up galleries for the tests of what orders search results."""

import numpy as np

from imagefinder.domain.images import Embeddings


def groups(count: int, seed: int = 0, dimension: int = 12, kinds: int = 4) -> tuple[Embeddings, Embeddings]:
    """A query (d,) and ``count`` unit rows in loose groups, as photographs are; the query is of one of the groups."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((kinds, dimension))
    rows = centres[rng.integers(0, kinds, count + 1)] + 0.7 * rng.standard_normal((count + 1, dimension))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows[0].astype(np.float32), rows[1:].astype(np.float32)
