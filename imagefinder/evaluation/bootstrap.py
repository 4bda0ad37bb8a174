"""How sure a mean over queries is: percentiles of means over queries drawn again with replacement.

Source: Efron, "Bootstrap Methods", 1979 (the percentile interval). The same seed gives the same intervals.
"""

from collections.abc import Callable, Iterator

import numpy as np

from imagefinder.domain.evaluation import Interval
from imagefinder.evaluation.metrics import Floats

PERCENTILES = (2.5, 97.5)
COUNTS_AT_ONCE = 2_000_000


def intervals(values: Floats, resamples: int, seed: int) -> list[Interval]:
    """The means of the columns of ``values`` (q, m) over the queries, without nan, each with its 95 % interval.

    All columns share their draws. Without queries every number is nan.
    """
    queries, columns = values.shape
    if not queries:
        return [Interval(float("nan"), float("nan"), float("nan"))] * columns
    return intervals_of(lambda counts: counts @ values / queries, queries, resamples, seed)


def intervals_of(statistic: Callable[[Floats], Floats], queries: int, resamples: int, seed: int) -> list[Interval]:
    """The m numbers of a statistic of one or more queries, each with its 95 % interval.

    ``statistic`` maps how often each query counts, in each of r draws, (r, queries), to (r, m).
    """
    (values,) = statistic(np.ones((1, queries)))
    drawn = np.concatenate([statistic(counts) for counts in _draws(queries, resamples, seed)])
    low, high = np.percentile(drawn, PERCENTILES, axis=0)
    return [Interval(*map(float, each)) for each in zip(values, low, high, strict=True)]


def _draws(queries: int, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each query was drawn, (some resamples, queries) at a time."""
    generator = np.random.default_rng(seed)
    at_once = max(1, COUNTS_AT_ONCE // queries)
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        drawn = generator.integers(0, queries, (rows, queries)) + np.arange(rows)[:, None] * queries
        yield np.bincount(drawn.ravel(), minlength=rows * queries).reshape(rows, queries).astype(np.float64)
