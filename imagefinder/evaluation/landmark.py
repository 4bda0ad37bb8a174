"""The protocol of the landmark benchmarks: levels of difficulty, junk that is neither right nor wrong.

Source: Radenovic et al., "Revisiting Oxford and Paris: Large-Scale Image Retrieval Benchmarking", CVPR 2018, and its
evaluation script; Oxford5k and Paris6k (Philbin et al., 2007, 2008) are the one level "all".
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.evaluation.comparing import Compare
from imagefinder.evaluation.curve import MeanCurve
from imagefinder.evaluation.ground_truth import TruthQuery
from imagefinder.evaluation.metrics import CUTS, Floats, Hits, Ints, trapezoid_average_precision
from imagefinder.evaluation.ordering import LEFT_OUT
from imagefinder.evaluation.protocol import MANY, NEIGHBOURS, rankings

REVISITED = ("easy", "medium", "hard")
MAIN_LEVEL = "medium"


def judged(query: TruthQuery, level: str) -> tuple[Ints, Ints]:
    """(relevant, junk) of a query at a level, distinct numbers. What is relevant only at another level is junk.

    Easy: easy is relevant, hard is junk. Medium and "all": both are relevant. Hard: hard is relevant, easy is junk.
    """
    if level == "easy":
        return query.easy, np.union1d(query.junk, query.hard)
    if level == "hard":
        return query.hard, np.union1d(query.junk, query.easy)
    return np.union1d(query.easy, query.hard), query.junk


def clipped_precision_at(hits: Hits, k: int) -> Floats:
    """mP@k as published: precision among the first min(k, place of the last relevant photo in the ranking).

    Where no relevant photo is in the ranking, where the published script fails, it is 0; nan where none exists.
    """
    last = np.zeros(len(hits.relevant), np.int64)
    np.maximum.at(last, hits.owner, hits.position + 1)
    cut = np.minimum(last, k)
    result: Floats = np.divide(hits.within(cut), cut, out=np.zeros(len(cut)), where=cut > 0)
    result[hits.relevant == 0] = np.nan
    return result


def hits_in(order: Ints, relevant: Sequence[Ints], ranked: Ints, totals: Ints) -> Hits:
    """The Hits of rankings (q, n), of each of which the first ``ranked`` (q,) count.

    ``relevant`` are those photos of each query that are in the gallery; ``totals`` (q,) counts missing ones too.
    """
    places = []
    for row, wanted, length in zip(order, relevant, ranked, strict=True):
        is_wanted = np.zeros(len(row), bool)
        is_wanted[wanted] = True
        places.append(np.flatnonzero(is_wanted[row[:length]]))
    owner = np.repeat(np.arange(len(places)), [len(each) for each in places])
    return Hits.at(owner, np.concatenate([*places, np.zeros(0, np.int64)]), totals)


@dataclass(frozen=True, slots=True)
class LandmarkScores:
    """One level. ``values`` maps "mAP" and "mP@k" to (q,), nan for queries without anything relevant at it."""

    values: Mapping[str, Floats]
    relevant: Ints
    """(q,) how many photos are relevant, missing ones included."""
    neighbours: Ints
    """(q, NEIGHBOURS) gallery numbers without junk, nearest first, -1 where there are no more."""
    similarities: Embeddings
    curve: tuple[tuple[float, float], ...]


def measure_level(
    gallery: int,
    compare: Compare,
    relevant: Sequence[Ints],
    junk: Sequence[Ints],
    totals: Ints,
    report: Callable[[int], None] = lambda done: None,
    at_once: int = MANY,
) -> LandmarkScores:
    """Rank ``gallery`` photos for every query without its junk, and score as published.

    ``relevant`` and ``junk`` hold distinct gallery numbers for each query; ``totals`` (q,) counts what is relevant,
    whether it is there or not. For ``report`` and ``at_once`` see ``rankings``.
    """
    count = len(relevant)
    values = {name: np.full(count, np.nan) for name in ("mAP", *(f"mP@{k}" for k in CUTS))}
    neighbours = np.full((count, NEIGHBOURS), -1, np.int64)
    similarities = np.full((count, NEIGHBOURS), LEFT_OUT, np.float32)
    curve = MeanCurve()
    with closing(rankings(count, gallery, compare, junk, report, at_once)) as chunks:
        for chunk in chunks:
            part = slice(chunk.start, chunk.start + len(chunk.order))
            order = chunk.order.astype(np.int64)
            hits = hits_in(order, relevant[part], chunk.ranked, totals[part])
            curve.add(hits)
            values["mAP"][part] = trapezoid_average_precision(hits)
            for k in CUTS:
                values[f"mP@{k}"][part] = clipped_precision_at(hits, k)
            near = order[:, :NEIGHBOURS]
            ranked = np.arange(near.shape[1]) < chunk.ranked[:, None]
            neighbours[part, : near.shape[1]] = np.where(ranked, near, -1)
            similarities[part, : near.shape[1]] = np.where(
                ranked, np.take_along_axis(chunk.similarities, near, axis=1), LEFT_OUT
            )
    return LandmarkScores(values, totals, neighbours, similarities, curve.points())
