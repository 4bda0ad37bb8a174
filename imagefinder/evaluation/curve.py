"""Precision against recall."""

import numpy as np

from imagefinder.evaluation.metrics import Floats, Hits

LEVELS: Floats = np.linspace(0.0, 1.0, 101)
"""Recall at which the curves of several queries are averaged."""


def interpolated_precision(hits: Hits) -> Floats:
    """(h,) at each hit, the highest precision there or at any later hit of the query: a running maximum from the right.

    Source: Manning, Raghavan, Schuetze, "Introduction to Information Retrieval", 2008, 8.4.
    """
    # One pass for all queries: each lies on a step above those to its right, so that no maximum crosses over.
    step = 2.0 * (len(hits.relevant) - hits.owner)
    raised = np.maximum.accumulate((hits.precision + step)[::-1])[::-1]
    result: Floats = raised - step
    return result


def precision_at_recall(hits: Hits, levels: Floats = LEVELS) -> Floats:
    """(q, levels) interpolated precision; nan beyond the recall that a query's ranking reaches.

    Nothing is drawn through that missing tail: nobody knows where its photos would have come.
    """
    found = np.bincount(hits.owner, minlength=len(hits.relevant))
    first = np.cumsum(found) - found
    # Slack, because a level such as 0.07 times R = 100 is a little more than 7.
    needed = np.maximum(1, np.ceil(levels[None, :] * hits.relevant[:, None] - 1e-9)).astype(np.int64)
    reached = needed <= found[:, None]
    padded = np.append(interpolated_precision(hits), np.nan)
    place = np.where(reached, first[:, None] + needed - 1, len(padded) - 1)
    result: Floats = padded[place]
    return result


class MeanCurve:
    """The mean over queries, gathered chunk by chunk.

    A query adds nothing beyond the recall that its ranking reaches, and still counts in the mean. The curve ends at
    the last level that any query reaches.
    """

    def __init__(self) -> None:
        self._sum = np.zeros(len(LEVELS))
        self._reached = np.zeros(len(LEVELS), np.int64)
        self._queries = 0

    def add(self, hits: Hits) -> None:
        table = precision_at_recall(hits)
        self._sum += np.nansum(table, axis=0)
        self._reached += (~np.isnan(table)).sum(axis=0)
        self._queries += int((hits.relevant > 0).sum())

    def points(self) -> tuple[tuple[float, float], ...]:
        """(recall, precision), recall ascending; () where no query counts."""
        reached = int((self._reached > 0).sum())
        means = self._sum / max(1, self._queries)
        return tuple((float(x), float(y)) for x, y in zip(LEVELS[:reached], means[:reached], strict=True))
