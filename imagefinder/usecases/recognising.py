"""What a picture shows in words, where the library's model was taught words: the classes that it knows."""

from collections.abc import Callable
from typing import NamedTuple

from imagefinder.domain.images import Query
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding.class_names import names_classes, top_classes
from imagefinder.embedding.embedder import Embedder
from imagefinder.storage.library import Library
from imagefinder.usecases.searching import look_at

AT_LEAST = 0.05
"""A class that is less likely than this is noise."""
MOST = 3


class SeenClass(NamedTuple):
    """One class that the model may see in a picture."""

    name: str
    probability: float
    """0..1, as the model has it; it knows only its own classes, and is sure of itself too often."""


def recognise(
    library: Library, embedder: Callable[[], Embedder], query: Query, token: CancelToken | None = None
) -> list[SeenClass]:
    """Up to three classes of a query, the likeliest first; none where the model names no classes, or is not sure.

    A photo of the library answers with its stored embedding, and ``embedder`` is not called. Raises as
    ``searching.search`` does.
    """
    spec = library.active_model()
    if spec is None or not names_classes(spec):
        return []
    row = look_at(library, embedder, query, token or CancelToken()).row
    found = (SeenClass(name, probability) for name, probability in top_classes(row, MOST, spec.classes))
    return [each for each in found if each.probability >= AT_LEAST]
