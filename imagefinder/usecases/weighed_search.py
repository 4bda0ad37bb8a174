"""A search by a tuned model in which what it learned counts more, or less, than was chosen by testing."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from imagefinder.domain.images import Query, SearchResult
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding.blend import LARGEST_WEIGHT, LEAST_WEIGHT
from imagefinder.embedding.embedder import Embedder
from imagefinder.storage.library import Library
from imagefinder.usecases.searching import answer, look_at, search
from imagefinder.usecases.weighing import weighed, weight_of


@dataclass(frozen=True, slots=True)
class Weighable:
    """The tuned model that a library is searched with. ``weight`` is the one in its record; both ends are usable."""

    model: str
    weight: float
    least: float = LEAST_WEIGHT
    largest: float = LARGEST_WEIGHT


def weighable(library: Library) -> Weighable | None:
    """None where the library's model was not tuned here."""
    spec, weight = library.active_model(), weight_of(library)
    return None if spec is None or weight is None else Weighable(spec.name, weight)


def search_weighed(
    library: Library,
    embedder: Callable[[], Embedder],
    query: Query,
    k: int,
    token: CancelToken | None,
    weight: float,
) -> SearchResult:
    """``searching.search`` by similarity alone, with another weight of the tuned part; no photo is read again.

    A model without such parts is searched with as always. Raises as ``search`` does.
    """
    if weight_of(library) is None:
        return search(library, embedder, query, k, token)
    token = token or CancelToken()
    began = time.perf_counter()
    seen = look_at(library, embedder, query, token)
    token.check()
    found = library.search(weighed(library, seen.row, weight), k + (query.photo_id is not None), centred=True)
    return answer(library, query, seen, found, k, began)
