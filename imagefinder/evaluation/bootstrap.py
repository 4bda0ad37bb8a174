"""How sure a mean over queries is: percentiles of means over queries drawn again with replacement.

Source: Efron, "Bootstrap Methods", 1979 (the percentile interval). The same seed gives the same intervals.
"""

from collections.abc import Callable, Iterator

import numpy as np

from imagefinder.domain.evaluation import Interval
from imagefinder.evaluation.metrics import Floats, Ints

SHARES = (0.025, 0.975)
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
    low, high = _ends(drawn)
    return [Interval(*map(float, each)) for each in zip(values, low, high, strict=True)]


def intervals_of_kinds(
    statistic: Callable[[Ints], Floats], kinds: Ints, queries: int, resamples: int, seed: int
) -> list[Interval]:
    """A number of how many queries are of each of a few kinds, with its 95 % interval over all ``queries``.

    ``kinds`` (c, k) are c such counts, each of distinct queries; the other queries are of none of the kinds.
    ``statistic`` maps (r, k) to (r,). Queries drawn again with replacement are multinomially many of each kind, so
    these counts are drawn themselves: the same distribution, without a table of all queries. Draws of which the
    statistic is nan are left out; where that is all of them, the interval is the number itself.
    """
    result = []
    for counts, value in zip(kinds, statistic(kinds), strict=True):
        drawn = np.zeros(0)
        if not np.isnan(value):
            shares = np.append(counts, queries - counts.sum()) / queries
            drawn = statistic(np.random.default_rng(seed).multinomial(queries, shares, resamples)[:, :-1])
            drawn = drawn[~np.isnan(drawn)]
        low, high = _ends(drawn[:, None] if len(drawn) else np.full((1, 1), value))
        result.append(Interval(float(value), float(low[0]), float(high[0])))
    return result


def _ends(drawn: Floats) -> tuple[Floats, Floats]:
    """The percentiles of each column (r, m), between neighbours by their distance, as numpy's are, but faster."""
    columns = np.ascontiguousarray(drawn.T)
    last = columns.shape[1] - 1
    places = [int(share * last) for share in SHARES]
    ordered = np.partition(columns, sorted({min(place + step, last) for place in places for step in (0, 1)}), axis=1)
    low, high = (
        ordered[:, place] + (share * last - place) * (ordered[:, min(place + 1, last)] - ordered[:, place])
        for share, place in zip(SHARES, places, strict=True)
    )
    return low, high


def _draws(queries: int, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each query was drawn, (some resamples, queries) at a time."""
    generator = np.random.default_rng(seed)
    at_once = max(1, COUNTS_AT_ONCE // queries)
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        drawn = generator.integers(0, queries, (rows, queries)) + np.arange(rows)[:, None] * queries
        yield np.bincount(drawn.ravel(), minlength=rows * queries).reshape(rows, queries).astype(np.float64)
