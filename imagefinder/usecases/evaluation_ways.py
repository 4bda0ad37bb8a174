"""One way to compare photos in an evaluation: as a library would, with what that takes."""

import time
from collections.abc import Sequence

import numpy as np

from imagefinder.domain.evaluation import EvaluationOptions, ModelResult, Way
from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import Comparison, ModelSpec
from imagefinder.evaluation.comparing import Compare, by_cosine, by_hash, by_hash_then_cosine, by_lever, find_lever
from imagefinder.evaluation.metrics import Ints
from imagefinder.evaluation.ordering import nearest_first
from imagefinder.evaluation.protocol import FEW, MANY
from imagefinder.ranking.centring import centre, shrunk_mean
from imagefinder.ranking.hashing import code_bytes

TIMED_QUERIES = 30
RERANKED = 200
"""How many of the best by hash are compared again by cosine: as many as a search for twenty photos does."""


def check_ways(options: EvaluationOptions) -> None:
    """Raises UnknownName for a lever that there is none of: now, not after all photos were read."""
    for way in options.ways:
        find_lever(way.lever, options.candidates)


def is_centred(spec: ModelSpec, way: Way) -> bool:
    return spec.centred if way.centred is None else way.centred


def comparison(spec: ModelSpec, way: Way) -> Comparison:
    """Levers order by cosines, whatever the model's record says."""
    return "cosine" if lever_of(way) else way.compare or spec.compare


def lever_of(way: Way) -> str:
    """Its name, "" for none."""
    return "" if way.lever == "none" else way.lever


def as_compared(queries: Embeddings, gallery: Embeddings, centred: bool) -> tuple[Embeddings, Embeddings]:
    """Both as cosines are taken of them: less the gallery's shrunk mean, where they are centred."""
    if not centred:
        return queries, gallery
    mean = shrunk_mean(gallery.sum(axis=0, dtype=np.float64).astype(np.float32), len(gallery))
    rows = centre(gallery, mean)
    return rows if queries is gallery else centre(queries, mean), rows


def comparer(
    queries: Embeddings,
    gallery: Embeddings,
    spec: ModelSpec,
    way: Way,
    candidates: int,
    left_out: Sequence[Ints] | None,
) -> Compare:
    """How these raw unit rows are compared; a lever does not see what is left out for its query."""
    asked, searched = as_compared(queries, gallery, is_centred(spec, way))
    rescore = find_lever(way.lever, candidates)
    if rescore is not None:
        return by_lever(asked, searched, rescore, left_out)
    if (how := comparison(spec, way)) == "cosine":
        return by_cosine(asked, searched)
    hashed = by_hash(queries, gallery, gallery.mean(axis=0, dtype=np.float64).astype(np.float32))
    return hashed if how == "hash" else by_hash_then_cosine(hashed, asked, searched, RERANKED)


def at_once(way: Way) -> int:
    """How many queries are compared before the next look at who wants to stop."""
    return FEW if lever_of(way) else MANY


def bytes_per_photo(spec: ModelSpec, compare: Comparison) -> int:
    """What a search keeps in memory of an embedding: half floats or bytes, or its hash code alone.

    "hash-rerank" reads the embeddings that it compares again from the catalogue, in each search.
    """
    if compare != "cosine":
        return code_bytes(spec.dimension)
    return spec.dimension * (1 if spec.stored == "int8" else 2)


def notes_on(models: Sequence[ModelResult]) -> tuple[str, ...]:
    """What a reader has to know of the ways that were measured, a sentence each."""
    note = (
        f"hash-rerank keeps only compact codes in memory: a search in a library reads more about its best {RERANKED} "
        "photos from the disk, which the times here leave out."
    )
    return (note,) if any(model.compare == "hash-rerank" for model in models) else ()


def seconds_per_query(compare: Compare, queries: int) -> float:
    """The median time of comparing and ordering for one query alone."""
    taken = []
    for query in range(min(TIMED_QUERIES, queries)):
        began = time.perf_counter()
        nearest_first(compare(slice(query, query + 1)))
        taken.append(time.perf_counter() - began)
    return float(np.median(taken))
