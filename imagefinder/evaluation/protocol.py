"""Rank a gallery for many queries in chunks, and measure. Leave-one-out, or queries against a gallery.

Equal similarities are ranked in the order of the gallery. No array of queries x gallery exists at any time: chunks are
of about CHUNK numbers, whatever the number of photos, and THREADS of them are in memory.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.evaluation.comparing import Compare
from imagefinder.evaluation.curve import MeanCurve
from imagefinder.evaluation.metrics import Floats, Hits, Ints, all_metrics
from imagefinder.evaluation.ordering import LEFT_OUT, nearest_first
from imagefinder.evaluation.voting import majority, weighted

CHUNK = 1_000_000
THREADS = max(1, min(4, os.cpu_count() or 1))
"""Chunks that are ranked at a time."""
MANY = 2**31
FEW = 8
"""Queries of a chunk where each takes long, as with a search lever: so that progress shows and cancelling works."""
NEIGHBOURS = 20
MAJORITIES = (1, 5, 10, 20)
WEIGHTED = (10, 20)
F1_NEIGHBOURS = 5
"""The majority of so many nearest photos is the prediction that F1 judges."""


class Chunk(NamedTuple):
    """The rankings of the queries from ``start`` on.

    ``order`` (c, n) are gallery numbers, nearest first; only the first ``ranked`` (c,) of each are ranked, the rest was
    left out. ``similarities`` (c, n) are in the gallery's order.
    """

    start: int
    order: npt.NDArray[np.uint32]
    ranked: Ints
    similarities: Embeddings


@dataclass(frozen=True, slots=True)
class Measured:
    """What each of q queries got. ``values`` maps a metric's name to (q,), nan for lone queries."""

    values: Mapping[str, Floats]
    relevant: Ints
    """(q,) how many photos of the gallery are relevant; 0 makes a query lone."""
    predicted: Ints
    """(q,) the majority label of the F1_NEIGHBOURS nearest."""
    neighbours: Ints
    """(q, NEIGHBOURS) gallery numbers, nearest first, -1 where there are no more."""
    similarities: Embeddings
    """(q, NEIGHBOURS) of these."""
    curve: tuple[tuple[float, float], ...]


def rankings(
    queries: int,
    gallery: int,
    compare: Compare,
    left_out: Sequence[Ints] | None = None,
    report: Callable[[int], None] = lambda done: None,
    at_once: int = MANY,
) -> Iterator[Chunk]:
    """Chunks of rankings of a gallery of so many photos for so many queries.

    ``left_out`` holds, for each query, the distinct gallery numbers that are not ranked for it: the photo itself in
    leave-one-out, and junk. ``report`` is told how many queries are done; it may raise to stop. ``at_once`` is
    the most queries of a chunk.
    """
    step = max(1, min(at_once, CHUNK // max(1, gallery)))

    def rank(start: int) -> Chunk:
        part = slice(start, min(queries, start + step))
        similarities = compare(part)
        count = np.full(len(similarities), gallery, np.int64)
        for row, absent in enumerate(left_out[part] if left_out is not None else ()):
            similarities[row, absent] = LEFT_OUT
            count[row] -= len(absent)
        return Chunk(start, nearest_first(similarities), count, similarities)

    with ThreadPoolExecutor(THREADS) as pool:  # sorting leaves the other threads alone
        upcoming = iter(range(0, queries, step))
        flying = deque(pool.submit(rank, start) for start in islice(upcoming, THREADS))
        try:
            while flying:
                chunk = flying.popleft().result()
                report(chunk.start)
                flying.extend(pool.submit(rank, start) for start in islice(upcoming, 1))
                yield chunk
        finally:
            for waiting in flying:
                waiting.cancel()
    report(queries)


def measure(
    query_labels: Ints,
    gallery_labels: Ints,
    compare: Compare,
    left_out: Sequence[Ints] | None = None,
    report: Callable[[int], None] = lambda done: None,
    at_once: int = MANY,
) -> Measured:
    """Rank the gallery for every query, and measure: a photo is relevant to a query of the same label.

    Labels are numbers from 0 on. What is left out for a query is neither relevant nor wrong. See ``rankings``.
    """
    count = len(query_labels)
    values: dict[str, Floats] = {}
    curve = MeanCurve()
    relevant = np.zeros(count, np.int64)
    predicted = np.full(count, -1, np.int64)
    neighbours = np.full((count, NEIGHBOURS), -1, np.int64)
    similarities = np.full((count, NEIGHBOURS), LEFT_OUT, np.float32)
    narrow = gallery_labels.astype(np.int32)
    for chunk in rankings(count, len(gallery_labels), compare, left_out, report, at_once):
        part = slice(chunk.start, chunk.start + len(chunk.order))
        truth = query_labels[part]
        hits = _hits(chunk, truth, narrow)
        curve.add(hits)
        relevant[part] = hits.relevant
        near = chunk.order[:, :NEIGHBOURS].astype(np.int64)
        ranked = np.arange(near.shape[1]) < chunk.ranked[:, None]
        near_similarities = np.where(ranked, np.take_along_axis(chunk.similarities, near, axis=1), LEFT_OUT)
        near_labels = np.where(ranked, gallery_labels[near] if len(gallery_labels) else -1, -1)
        neighbours[part, : near.shape[1]] = np.where(ranked, near, -1)
        similarities[part, : near.shape[1]] = near_similarities
        found = all_metrics(hits) | _votes(near_labels, near_similarities, truth, hits.relevant == 0)
        for name, column in found.items():
            values.setdefault(name, np.full(count, np.nan))[part] = column
        if near.shape[1]:
            predicted[part] = majority(near_labels, F1_NEIGHBOURS)
    return Measured(values, relevant, predicted, neighbours, similarities, curve.points())


def _hits(chunk: Chunk, truth: Ints, gallery_labels: npt.NDArray[np.int32]) -> Hits:
    same = gallery_labels.take(chunk.order) == truth.astype(np.int32)[:, None]
    owner, position = np.divmod(np.flatnonzero(same), max(1, same.shape[1]))  # many times faster than np.nonzero
    ranked = position < chunk.ranked[owner]
    owner, position = owner[ranked], position[ranked]
    return Hits.at(owner, position, np.bincount(owner, minlength=len(truth)))


def _votes(labels: Ints, similarities: Embeddings, truth: Ints, lone: npt.NDArray[np.bool_]) -> dict[str, Floats]:
    if not labels.shape[1]:
        return {}
    votes = {f"kNN@{k}": majority(labels, k) for k in MAJORITIES}
    some = labels[:, 0] >= 0
    safe = np.where(some[:, None], similarities, np.float32(0))
    votes |= {f"weighted kNN@{k}": weighted(labels, safe, k) for k in WEIGHTED}
    return {name: np.where(lone, np.nan, (voted == truth).astype(np.float64)) for name, voted in votes.items()}
