"""Retrieval metrics, exactly: from where the relevant photos stand in each ranking to one number a query.

Every function takes the Hits of q queries and returns float64 (q,). Queries without anything relevant are nan: leave
them out of a mean, and say how many there were. Names differ between texts, so each says what it divides by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Denominator = Literal["R", "min(k, R)", "found"]

CUTS = (1, 5, 10)
"""The k of the published tables."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Where the relevant photos stand in the rankings of q queries, as h hits in all."""

    owner: Ints
    """(h,) the number of each hit's query, ascending."""
    position: Ints
    """(h,) 0-based places in the rankings, ascending within a query."""
    relevant: Ints
    """(q,) R: how many photos are relevant, whether they are in the ranking or not."""
    ordinal: Ints
    """(h,) 1 for the first hit of its query, 2 for the second ..."""

    @classmethod
    def at(cls, owner: Ints, position: Ints, relevant: Ints) -> "Hits":
        """From hits in order. Raises ValueError where a query has more hits than relevant photos."""
        found = np.bincount(owner, minlength=len(relevant))
        if len(found) > len(relevant) or (found > relevant).any():
            raise ValueError("a query has more hits than relevant photos")
        first = np.cumsum(found) - found
        return cls(owner, position, relevant, np.arange(1, len(owner) + 1) - first[owner])

    @classmethod
    def of(cls, relevance: npt.ArrayLike, relevant: npt.ArrayLike | None = None) -> "Hits":
        """From ranked relevance, 0 or 1, (q, n) or (n,) for one query. ``relevant`` (q,) defaults to the row sums."""
        table = np.atleast_2d(np.asarray(relevance, bool))
        owner, position = np.nonzero(table)
        total = table.sum(axis=1) if relevant is None else np.atleast_1d(np.asarray(relevant))
        return cls.at(owner.astype(np.int64), position.astype(np.int64), total.astype(np.int64))

    @property
    def precision(self) -> Floats:
        """(h,) the share of relevant photos among those up to each hit."""
        return self.ordinal / (self.position + 1)

    def sums(self, values: npt.ArrayLike) -> Floats:
        """(q,) the sum of values (h,) over the hits of each query."""
        weights = np.asarray(values, np.float64)
        return np.bincount(self.owner, weights, len(self.relevant)).astype(np.float64)  # of no hits it counts whole

    def within(self, k: int | Ints) -> Floats:
        """(q,) how many hits are among the first k; ``k`` is one number or one for each query."""
        return self.sums(self.position < (k if isinstance(k, int) else k[self.owner]))


def _share(part: Floats, whole: npt.ArrayLike, hits: Hits) -> Floats:
    """part / whole, 0 where nothing was found to divide by, nan where nothing is relevant at all."""
    divisor = np.asarray(whole, np.float64)
    result: Floats = np.divide(part, divisor, out=np.zeros(len(part)), where=divisor > 0)
    result[hits.relevant == 0] = np.nan
    return result


def average_precision(hits: Hits) -> Floats:
    """The mean over all R relevant photos of the precision at each; those that are not in the ranking count 0."""
    return _share(hits.sums(hits.precision), hits.relevant, hits)


def trapezoid_average_precision(hits: Hits) -> Floats:
    """The area under precision and recall by trapezoids, as the landmark benchmarks publish it; at most the usual AP.

    Source: Philbin et al., "Object retrieval with large vocabularies", CVPR 2007, compute_ap; the same in Radenovic et
    al., "Revisiting Oxford and Paris", CVPR 2018. The precision before a hit at place 0 is 1.
    """
    before = np.divide(hits.ordinal - 1, hits.position, out=np.ones(len(hits.owner)), where=hits.position > 0)
    return _share(hits.sums((before + hits.precision) / 2), hits.relevant, hits)


def average_precision_at(hits: Hits, k: int, divide_by: Denominator) -> Floats:
    """The sum of the precision at the hits among the first k, over R, over min(k, R), or over the hits found there."""
    inside = hits.sums(hits.precision * (hits.position < k))
    by = {"R": hits.relevant, "min(k, R)": np.minimum(k, hits.relevant), "found": hits.within(k)}
    return _share(inside, by[divide_by], hits)


def map_at_r(hits: Hits) -> Floats:
    """AP over the first R places only, over R. Source: Musgrave et al., "A Metric Learning Reality Check", 2020."""
    inside = hits.position < hits.relevant[hits.owner]
    return _share(hits.sums(hits.precision * inside), hits.relevant, hits)


def r_precision(hits: Hits) -> Floats:
    """The share of relevant photos among the first R."""
    return _share(hits.within(hits.relevant), hits.relevant, hits)


def reciprocal_rank(hits: Hits) -> Floats:
    """1 / the place (from 1) of the first relevant photo, 0 where none is in the ranking."""
    return _share(hits.sums((hits.ordinal == 1) / (hits.position + 1)), np.ones(len(hits.relevant)), hits)


def hit_at(hits: Hits, k: int) -> Floats:
    """1 where any of the first k is relevant: what metric learning papers call Recall@K."""
    return _share((hits.within(k) > 0).astype(np.float64), np.ones(len(hits.relevant)), hits)


def precision_at(hits: Hits, k: int) -> Floats:
    """The share of relevant photos among the first k, over k even where fewer than k are relevant or there at all.

    Some texts call its mean "mAP@k".
    """
    return _share(hits.within(k), np.full(len(hits.relevant), k), hits)


def recall_at(hits: Hits, k: int) -> Floats:
    """The share of the R relevant photos that are among the first k."""
    return _share(hits.within(k), hits.relevant, hits)


def all_metrics(hits: Hits, cuts: Sequence[int] = CUTS) -> dict[str, Floats]:
    """What a report shows, by the names it shows them under, in its order."""
    last = cuts[-1]
    return {
        **{f"hit@{k}": hit_at(hits, k) for k in cuts},
        **{f"precision@{k}": precision_at(hits, k) for k in cuts},
        "mAP": average_precision(hits),
        f"mAP@{last} / R": average_precision_at(hits, last, "R"),
        f"mAP@{last} / min({last}, R)": average_precision_at(hits, last, "min(k, R)"),
        f"mAP@{last} / found": average_precision_at(hits, last, "found"),
        "MAP@R": map_at_r(hits),
        "R-precision": r_precision(hits),
        "MRR": reciprocal_rank(hits),
    }
