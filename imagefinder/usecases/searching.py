"""Find the photos that are most like a query."""

import os
import time
from collections.abc import Callable

from imagefinder.domain.errors import ImageFinderError, LibraryError
from imagefinder.domain.images import Embeddings, Hit, ImageInfo, Photo, Query, SearchResult
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.reading import read_query
from imagefinder.storage.library import Library
from imagefinder.usecases.fetching import fetch_image


def search(
    library: Library,
    embedder: Callable[[], Embedder],
    query: Query,
    k: int,
    token: CancelToken | None = None,
) -> SearchResult:
    """The ``k`` nearest photos by cosine similarity, best first.

    A photo of the library answers with its stored embedding, without reading a file or loading a model, and is not
    among its own neighbours; a file that happens to be in the library is. ``embedder`` is called only where pixels
    have to be embedded. An http(s) query is downloaded here, because the person dropped that very address.

    Raises UnreadableImage where the query cannot be read, ModelError where the model cannot be loaded, Cancelled.
    """
    token = token or CancelToken()
    began = time.perf_counter()
    device = ""
    info: ImageInfo | None = None
    if query.photo_id is not None:
        row, thumbnail, info = _stored(library, query.photo_id)
    else:
        network = embedder()
        device = network.device
        token.check()
        source = fetch_image(query.url, token) if query.url is not None else query.data or _absolute(query.path)
        image = read_query(source, network.spec.input)
        token.check()
        row, thumbnail, info = network.embed(image.pixels[None])[0], image.thumbnail, image.info
    token.check()
    found = library.search(row, k + (query.photo_id is not None))
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
        device=device,
        thumbnail=thumbnail,
        info=info,
    )


def _stored(library: Library, photo_id: int) -> tuple[Embeddings, bytes, ImageInfo]:
    photo: Photo | None = library.photo(photo_id)
    row = library.embedding(photo_id)
    if photo is None or row is None:
        raise LibraryError("That photo is no longer in the library.", "Scan its folder again, then search once more.")
    return row, library.thumbnail(photo.content_key) or b"", photo.info


def _absolute(path: str | None) -> str:
    if path is None:
        raise ImageFinderError("There is nothing to search for.", "Open or drop a picture.")
    return os.path.abspath(path)
