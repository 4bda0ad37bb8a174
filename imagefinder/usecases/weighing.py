"""Search by a tuned model with another weight between what it learned and what it knew, without indexing again."""

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import Embeddings
from imagefinder.embedding.blend import blending_of, query_scale
from imagefinder.storage.library import Library


def weight_of(library: Library) -> float | None:
    """The weight of the tuned part with which ``library`` searches; None where its model has no such parts."""
    spec = library.active_model()
    try:
        return None if spec is None else blending_of(spec).weight
    except ModelError:
        return None


def weighed(library: Library, row: Embeddings, weight: float) -> Embeddings:
    """A raw unit ``row`` (dimension,) as a query with another weight: ``library.search(found, k, centred=True)``.

    The stored rows stay as they are, so this costs one multiplication. Where the library subtracts its mean, the
    similarity is that of the rows as they were brought to unit length with the old weight: nearly, not exactly, what
    indexing with the new one would give. Raises ModelError for a model without such parts.
    """
    spec = library.active_model()
    if spec is None:
        return row
    found: Embeddings = library.centred(row) * query_scale(spec, weight)
    return found
