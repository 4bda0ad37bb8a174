"""Find the photos that are most like a query."""

import os
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from imagefinder.domain.errors import ImageFinderError, LibraryError
from imagefinder.domain.images import Embeddings, Hit, ImageInfo, Photo, Query, SearchResult
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.search_options import SearchOptions
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.reading import read_query
from imagefinder.ranking.calibration import COPY
from imagefinder.ranking.levers import LEVERS, Lever
from imagefinder.storage.library import Library
from imagefinder.usecases.fetching import fetch_image

__all__ = ["LEVERS", "Lever", "SearchOptions", "Seen", "answer", "look_at", "read_source", "search"]

AT_REST = SearchOptions()


class Seen(NamedTuple):
    """A query as the model sees it."""

    row: Embeddings
    """Its raw unit row (dimension,)."""
    thumbnail: bytes
    info: ImageInfo | None
    device: str
    """Where it was embedded; "" where its stored embedding was there."""


def search(
    library: Library,
    embedder: Callable[[], Embedder],
    query: Query,
    k: int,
    token: CancelToken | None = None,
    options: SearchOptions = AT_REST,
) -> SearchResult:
    """The ``k`` nearest photos, best first: by cosine, or as the method that ``options`` name orders them.

    A photo of the library answers with its stored embedding, without reading a file or loading a model, and is not
    among its own neighbours; a file that happens to be in the library is. ``embedder`` is called only where pixels
    have to be embedded. An http(s) query is downloaded here, because the person dropped that very address.

    A method orders the nearest photos anew, or asks a second time with a better query; the similarity of each hit stays
    the cosine between it and the query itself, so that it means the same with every method and need not fall from
    one hit to the next.

    Raises UnreadableImage where the query cannot be read, ModelError where the model cannot be loaded, Cancelled.
    """
    token = token or CancelToken()
    began = time.perf_counter()
    seen = look_at(library, embedder, query, token)
    token.check()
    lever = LEVERS[options.lever]
    if lever.name == "none":
        found = library.search(seen.row, k + (query.photo_id is not None))
    else:
        found = _levered(library, seen.row, k, query.photo_id, lever, options)
    token.check()
    return answer(library, query, seen, found, k, began)


def answer(
    library: Library, query: Query, seen: Seen, found: Sequence[tuple[int, float]], k: int, began: float
) -> SearchResult:
    """What is told of a search that ``found`` (photo id, cosine), best first; the photo that asks is left out.

    ``began`` is when the search did, on the clock of ``time.perf_counter``.
    """
    photos = library.photos([photo_id for photo_id, _ in found])
    # A photo that was removed between the two calls has no row any more.
    near = [(photos[number], similarity) for number, similarity in found if number in photos]
    answers = [pair for pair in near if pair[0].id != query.photo_id][:k]
    active = library.active_model()
    return SearchResult(
        query=query,
        hits=tuple(
            Hit(rank, photo, max(-1.0, min(1.0, similarity)))
            for rank, (photo, similarity) in enumerate(answers, start=1)
        ),
        searched=library.count_embedded(),
        seconds=time.perf_counter() - began,
        model=active.name if active else "",
        device=seen.device,
        thumbnail=seen.thumbnail,
        info=seen.info,
    )


def look_at(library: Library, embedder: Callable[[], Embedder], query: Query, token: CancelToken) -> Seen:
    """The query as the model sees it. Raises as ``search`` does."""
    if query.photo_id is not None:
        return _stored(library, query.photo_id)
    network = embedder()
    token.check()
    image = read_query(read_source(query, token), network.spec.input)
    token.check()
    return Seen(network.embed(image.pixels[None])[0], image.thumbnail, image.info, network.device)


def read_source(query: Query, token: CancelToken) -> str | bytes:
    """The absolute path, or the encoded bytes, of a query that is no photo of the library."""
    return fetch_image(query.url, token) if query.url is not None else query.data or _absolute(query.path)


def _levered(
    library: Library, row: Embeddings, k: int, apart: int | None, lever: Lever, options: SearchOptions
) -> list[tuple[int, float]]:
    """(photo id, plain cosine) of the ``k`` best photos by a method, without the photo ``apart`` that asks."""
    ids, rows, query = library.neighbourhood(row, max(options.candidates, k) + (apart is not None))
    if apart in ids:  # or it would be the best of its own neighbours
        place = ids.index(apart)
        ids, rows = ids[:place] + ids[place + 1 :], np.delete(rows, place, axis=0)
    if not ids:
        return []
    if lever.expand is None:
        cosines = rows @ query
        copies = np.where(cosines >= COPY, cosines, 0)  # come first, whatever their neighbours say
        order = np.lexsort((-lever.rank(query, rows, options), -copies))[:k]
        return [(ids[place], float(cosines[place])) for place in order.tolist()]
    again = library.search(lever.expand(query, rows, options), k + (apart is not None), centred=True)
    best = [photo_id for photo_id, _ in again if photo_id != apart]
    there, their_rows = library.all_rows(best)
    cosine_of = dict(zip(there, (their_rows @ query).tolist(), strict=True))
    return [(photo_id, cosine_of[photo_id]) for photo_id in best if photo_id in cosine_of]


def _stored(library: Library, photo_id: int) -> Seen:
    photo: Photo | None = library.photo(photo_id)
    row = library.embedding(photo_id)
    if photo is None or row is None:
        raise LibraryError("That photo is no longer in the library.", "Scan its folder again, then search once more.")
    return Seen(row, library.thumbnail(photo.content_key) or b"", photo.info, "")


def _absolute(path: str | None) -> str:
    if path is None:
        raise ImageFinderError("There is nothing to search for.", "Open or drop a picture.")
    return os.path.abspath(path)
