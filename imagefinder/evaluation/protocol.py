"""Rank a gallery for many queries in chunks, and measure. Leave-one-out, or queries against a gallery.

Equal similarities are ranked in the order of the gallery. No array of queries x gallery exists at any time: chunks are
of about CHUNK numbers, whatever the number of photos, and THREADS of them are in memory.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from imagefinder.domain.images import Embeddings
from imagefinder.evaluation.comparing import Compare
from imagefinder.evaluation.curve import MeanCurve
from imagefinder.evaluation.metrics import Floats, Hits, Ints, all_metrics
from imagefinder.evaluation.ordering import LEFT_OUT, nearest_first, places
from imagefinder.evaluation.voting import majority, weighted

Result = TypeVar("Result")

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


class _Found(NamedTuple):
    """Of the queries from ``start`` on: where what is relevant comes, and the NEIGHBOURS nearest, (c, k), -1 where
    there are no more."""

    start: int
    hits: Hits
    near: Ints
    similarities: Embeddings


def rankings(
    queries: int,
    gallery: int,
    compare: Compare,
    left_out: Sequence[Ints] | None = None,
    report: Callable[[int], None] = lambda done: None,
    at_once: int = MANY,
) -> Generator[Chunk, None, None]:
    """Chunks of rankings of a gallery of so many photos for so many queries.

    Until it is exhausted or closed, matrix products everywhere in this process use one thread: close it (``closing``)
    where something may go wrong in between.

    ``left_out`` holds, for each query, the distinct gallery numbers that are not ranked for it: the photo itself in
    leave-one-out, and junk. ``report`` is told how many queries are done; it may raise to stop. ``at_once`` is
    the most queries of a chunk.
    """

    def rank(part: slice) -> Chunk:
        similarities, ranked = _compared(compare, part, gallery, left_out)
        return Chunk(part.start, nearest_first(similarities), ranked, similarities)

    return _in_chunks(rank, queries, gallery, report, at_once)


def _in_chunks(
    work: Callable[[slice], Result], queries: int, gallery: int, report: Callable[[int], None], at_once: int
) -> Generator[Result, None, None]:
    """What ``work`` makes of the queries, some at a time, in their order, on THREADS threads that run ahead."""
    step = max(1, min(at_once, CHUNK // max(1, gallery)))
    parts = iter(slice(start, min(queries, start + step)) for start in range(0, queries, step))
    # numpy's large loops leave the other threads alone; matrix products on all cores in each of them would not.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(THREADS) as pool:
        flying = deque((part.start, pool.submit(work, part)) for part in islice(parts, THREADS))
        try:
            while flying:
                start, waiting = flying.popleft()
                result = waiting.result()
                report(start)
                flying.extend((part.start, pool.submit(work, part)) for part in islice(parts, 1))
                yield result
        finally:
            for _, waiting in flying:
                waiting.cancel()
    report(queries)


def _compared(compare: Compare, part: slice, gallery: int, left_out: Sequence[Ints] | None) -> tuple[Embeddings, Ints]:
    """(c, n) similarities, LEFT_OUT for what is left out, and (c,) how many are not."""
    similarities = compare(part)
    ranked = np.full(len(similarities), gallery, np.int64)
    for row, absent in enumerate(left_out[part] if left_out is not None else ()):
        similarities[row, absent] = LEFT_OUT
        ranked[row] -= len(absent)
    return similarities, ranked


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

    def find(part: slice) -> _Found:
        return _find(
            part, query_labels[part].astype(np.int32), narrow, *_compared(compare, part, len(narrow), left_out)
        )

    with closing(_in_chunks(find, count, len(gallery_labels), report, at_once)) as chunks:
        for found in chunks:
            part = slice(found.start, found.start + len(found.near))
            truth, hits = query_labels[part], found.hits
            curve.add(hits)
            relevant[part] = hits.relevant
            near_labels = np.where(found.near >= 0, gallery_labels[found.near] if len(gallery_labels) else -1, -1)
            neighbours[part, : found.near.shape[1]] = found.near
            similarities[part, : found.near.shape[1]] = found.similarities
            columns = all_metrics(hits) | _votes(near_labels, found.similarities, truth, hits.relevant == 0)
            for name, column in columns.items():
                values.setdefault(name, np.full(count, np.nan))[part] = column
            if found.near.shape[1]:
                predicted[part] = majority(near_labels, F1_NEIGHBOURS)
    return Measured(values, relevant, predicted, neighbours, similarities, curve.points())


def _find(
    part: slice,
    truth: npt.NDArray[np.int32],
    gallery_labels: npt.NDArray[np.int32],
    similarities: Embeddings,
    ranked: Ints,
) -> _Found:
    same = np.flatnonzero(gallery_labels == truth[:, None])  # many times faster than np.nonzero of a table
    width = max(1, len(gallery_labels))
    place, near = places(similarities, *np.divmod(same, width), NEIGHBOURS)
    owner, position = np.divmod(np.sort(same // width * width + place), width)
    kept = position < ranked[owner]
    owner, position = owner[kept], position[kept]
    hits = Hits.at(owner, position, np.bincount(owner, minlength=len(truth)))
    there = np.arange(near.shape[1]) < ranked[:, None]
    near_similarities = np.where(there, np.take_along_axis(similarities, near, axis=1), LEFT_OUT)
    return _Found(part.start, hits, np.where(there, near, -1), near_similarities)


def _votes(labels: Ints, similarities: Embeddings, truth: Ints, lone: npt.NDArray[np.bool_]) -> dict[str, Floats]:
    if not labels.shape[1]:
        return {}
    votes = {f"kNN@{k}": majority(labels, k) for k in MAJORITIES}
    some = labels[:, 0] >= 0
    safe = np.where(some[:, None], similarities, np.float32(0))
    votes |= {f"weighted kNN@{k}": weighted(labels, safe, k) for k in WEIGHTED}
    return {name: np.where(lone, np.nan, (voted == truth).astype(np.float64)) for name, voted in votes.items()}
