"""How alike two pictures are, and what that is called in this library."""

import contextlib
import hashlib
import math
import os
import threading
from collections.abc import Callable

import numpy as np

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import Embeddings, Query
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.specs import ModelSpec
from imagefinder.domain.verdicts import Comparison, Scale, Verdict, verdict
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.decode import decode
from imagefinder.imaging.files import read_file
from imagefinder.imaging.grounds import BLACK, WHITE
from imagefinder.imaging.reading import read_query
from imagefinder.ranking.calibration import FEWEST, SAMPLE, Calibration, fixed, hashed, measured
from imagefinder.storage.library import Library
from imagefinder.usecases.searching import read_source

__all__ = ["Comparison", "Scale", "compare", "scale"]

_KEPT = 8
MANY = 75
"""With as many of 100 pairs less alike, "most pairs are just as alike" would be wrong."""
_measured: dict[tuple[str, str, str, int], tuple[Calibration | None, int]] = {}
_measured_lock = threading.Lock()


def compare(
    library: Library | None, embedder: Callable[[], Embedder], a: Query, b: Query, token: CancelToken | None = None
) -> Comparison:
    """How alike two pictures are, judged by the ``library`` if it searches with the model of ``embedder``.

    Without a library, or with one that uses another model or holds fewer than 50 photos, the limits are fixed ones.
    Pictures with the same bytes, or the same pixels, are the same whatever the model sees in them.
    Raises as ``searching.search`` does; a query by photo id needs the library.
    """
    token = token or CancelToken()
    queries = (a, b)
    sources = [_source(library, query, token) for query in queries]
    stored = [_stored(library, query) for query in queries]
    active = library.active_model() if library is not None else None
    judge = library
    rows = [row for row in stored if row is not None]
    if active is None or len(rows) < len(queries):
        network = embedder()
        if active is None or active.fingerprint != network.spec.fingerprint:
            active, judge, stored = network.spec, None, [None, None]
        rows = [
            _embedded(network, query, source, token) if row is None else row
            for query, source, row in zip(queries, sources, stored, strict=True)
        ]
    cosine = _cosine(*rows)
    similarity = cosine if judge is None else _cosine(*(judge.centred(row) for row in rows))
    found, photos = _calibration(judge) if judge is not None else (None, 0)
    limits = found.scale if found is not None else fixed(active)
    equal = _equal(sources[0], sources[1], (a.photo_id, b.photo_id))
    said: Verdict = "same" if equal else verdict(similarity, limits)
    return Comparison(
        similarity=similarity,
        cosine=cosine,
        l2=math.sqrt(max(0.0, 2 - 2 * cosine)),
        verdict=said,
        identical=bool(equal),
        explanation=equal or _explanation(said, similarity, found, photos),
        scale=limits,
        calibrated_on=photos,
        model=active.name,
    )


def scale(library: Library) -> Scale | None:
    """What the similarities that this library's searches give mean in words; None before it has a model.

    Measured once for each model and mean, and again when the library has doubled. Takes a moment, so call it from a
    thread that may wait. By hash codes alone, similarities are those of the codes, and so is the scale.
    """
    spec = library.active_model()
    if spec is None:
        return None
    limits = _limits(library, spec)
    return hashed(limits) if spec.compare == "hash" else limits


def cosine_scale(library: Library) -> Scale | None:
    """The same for cosines, which hash codes only stand for."""
    spec = library.active_model()
    return None if spec is None else _limits(library, spec)


def _limits(library: Library, spec: ModelSpec) -> Scale:
    found = _calibration(library)[0]
    return found.scale if found is not None else fixed(spec)


def _calibration(library: Library) -> tuple[Calibration | None, int]:
    """What cosines mean in this library, and how many photos that was measured on; None and 0 for too few."""
    spec = library.active_model()
    if spec is None:
        return None, 0
    # What a fixed row becomes stands for the mean that the library subtracts.
    probe = library.centred(np.full(spec.dimension, spec.dimension**-0.5, np.float32))
    centre = hashlib.sha256(probe.tobytes()).hexdigest()
    key = (library.id, spec.fingerprint, centre, (library.count_embedded() // FEWEST).bit_length())
    with _measured_lock:
        if key in _measured:
            return _measured[key]
    _, rows = library.random_rows(SAMPLE, seed=0)
    found = measured(rows) if len(rows) else None
    answer = (found, len(rows) if found else 0)
    with _measured_lock:
        while len(_measured) >= _KEPT:
            del _measured[next(iter(_measured))]
        _measured[key] = answer
    return answer


def _source(library: Library | None, query: Query, token: CancelToken) -> str | bytes | None:
    """The bytes of a query, or its path; None for a photo of the library whose file is not there now."""
    if query.photo_id is None:
        return read_source(query, token)
    photo = library.photo(query.photo_id) if library is not None else None
    return photo.path if photo is not None and os.path.isfile(photo.path) else None


def _stored(library: Library | None, query: Query) -> Embeddings | None:
    return library.embedding(query.photo_id) if library is not None and query.photo_id is not None else None


def _embedded(network: Embedder, query: Query, source: str | bytes | None, token: CancelToken) -> Embeddings:
    token.check()
    if source is None:
        raise UnreadableImage(f"{query.name} is not there.", "Connect its drive, or scan its folder again.", False)
    try:
        pixels = read_query(source, network.spec.input).pixels
    except UnreadableImage as error:  # of two pictures, a person must know which one
        raise UnreadableImage(f"{query.name}: {error.message}", error.hint, error.lasting) from error
    token.check()
    row: Embeddings = network.embed(pixels[None])[0]
    return row


def _cosine(a: Embeddings, b: Embeddings) -> float:
    return max(-1.0, min(1.0, float(np.dot(a.astype(np.float64), b.astype(np.float64)))))


def _equal(a: str | bytes | None, b: str | bytes | None, photo_ids: tuple[int | None, int | None]) -> str:
    """Why two pictures are the same beyond doubt; nothing where they are not, or cannot be read any more."""
    if photo_ids[0] is not None and photo_ids[0] == photo_ids[1]:
        return "It is one and the same photo."
    if a is None or b is None:
        return ""
    with contextlib.suppress(UnreadableImage):
        first, second = (read_file(source)[0] if isinstance(source, str) else source for source in (a, b))
        if first == second:
            return "The two files are identical, byte for byte."
        shapes = [(info.width, info.height) for info in (decode(data, at_least=64).info for data in (first, second))]
        # On white and on black, pictures are equal only if what is see-through in them is equal, too.
        if shapes[0] == shapes[1] and all(
            np.array_equal(np.asarray(decode(first, ground=on).image), np.asarray(decode(second, ground=on).image))
            for on in (WHITE, BLACK)
        ):
            return "The two files differ, but their pictures are identical, pixel for pixel."
    return ""


def _explanation(said: Verdict, similarity: float, calibration: Calibration | None, photos: int) -> str:
    if calibration is None:
        return {
            "same": "As alike as two copies of one photo.",
            "similar": "Clearly more alike than photos of different things.",
            "related": "Somewhat more alike than photos of different things.",
            "different": "No more alike than photos of different things.",
        }[said] + f" Judged by fixed limits: there is no library of {FEWEST} photos or more, with this model, to go by."
    below = calibration.percent_below(similarity)
    among_pairs = f"More alike than {below} of 100 pairs of photos of this library"
    return {
        "same": "As alike as two copies of one photo.",
        "similar": "As alike as a photo of this library and its nearest neighbour.",
        "related": f"{among_pairs}.",
        "different": f"{among_pairs}, but less than neighbours are."
        if below >= MANY
        else "No more alike than most pairs of photos of this library.",
    }[said] + f" Measured on {photos:,} photos."
