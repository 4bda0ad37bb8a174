"""Photos that are nearly the same photo, and splits that do not tear them apart.

With one of a burst on each side of a split, any model looks good. Source of the effect on the photographs that this
was developed with: every test photo against the others of the test set 94 % right, against those of other days 62 %.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.evaluation.metrics import Floats, Ints

SECONDS = 5.0
SIMILARITY = 0.95
BLOCK = 2_000_000
"""How many pairs of photos are compared at a time."""


def near_duplicates(
    times: tuple[Sequence[str], Sequence[str]],
    labels: tuple[Ints, Ints],
    rows: Sequence[tuple[Embeddings, Embeddings]],
    seconds: float = SECONDS,
    similarity: float = SIMILARITY,
    check: Callable[[], None] = lambda: None,
) -> list[Ints]:
    """For each query, the gallery numbers of its near-duplicates, ascending. Pairs are (queries, gallery).

    Two photos are near-duplicates where they have the same label and were taken within ``seconds`` (``times`` as in
    ImageInfo.taken_at; "" never matches), or where any model's unit ``rows`` are at least ``similarity`` alike. Photos
    of different labels never are: a photo that only looks like one of another class is a mistake to be counted.
    Where both sides are the same photos, each is among its own near-duplicates; the caller leaves it out. ``check`` is
    called now and then; it may raise to stop.
    """
    query_times, gallery_times = _seconds(times[0]), _seconds(times[1])
    result: list[Ints] = [np.zeros(0, np.int64)] * len(labels[0])
    members = _members(labels[1])
    for label, asking in _members(labels[0]).items():
        if label not in members:
            continue
        gallery = members[label]
        step = max(1, BLOCK // len(gallery))
        for start in range(0, len(asking), step):
            check()
            queries = asking[start : start + step]
            same = np.abs(query_times[queries, None] - gallery_times[gallery]) <= seconds
            for left, right in rows:
                same |= left[queries] @ right[gallery].T >= similarity
            for query, row in zip(queries, same, strict=True):
                result[query] = gallery[row]
    return result


def burst_groups(
    times: Sequence[str],
    labels: Sequence[int],
    rows: Embeddings,
    seconds: float = SECONDS,
    similarity: float = SIMILARITY,
) -> Ints:
    """(n,) a group number for each photo, from 0 in order of first appearance: near-duplicates share one.

    Chains count: in a burst of a minute with a photo every four seconds, all belong together. ``rows`` (n, d) are unit
    rows; see ``near_duplicates`` for the rest.
    """
    numbers = np.asarray(labels, np.int64)
    parent = list(range(len(numbers)))

    def root(photo: int) -> int:
        while parent[photo] != photo:
            parent[photo] = parent[parent[photo]]
            photo = parent[photo]
        return photo

    pairs = near_duplicates((times, times), (numbers, numbers), [(rows, rows)], seconds, similarity)
    for photo, others in enumerate(pairs):
        for other in others[others > photo]:
            first, second = sorted((root(photo), root(int(other))))
            parent[second] = first
    found: dict[int, int] = {}
    return np.array([found.setdefault(root(photo), len(found)) for photo in range(len(numbers))], np.int64)


def split(labels: Sequence[int], groups: Sequence[int], share: float, seed: int) -> tuple[Ints, Ints]:
    """Hold out about ``share`` of every class, groups whole. Returns (train, held out), both ascending.

    A class of four or more gives at least two photos, so that the held out can be searched for among themselves, and
    no class gives all. Where groups are large a class may give more than its share; a class that is one single group
    gives nothing. The same seed gives the same split. Raises ValueError for a share outside 0..1.
    """
    if not 0 <= share < 1:
        raise ValueError(f"the share to hold out must be from 0 to below 1, not {share}")
    generator = np.random.default_rng(seed)
    group_of = np.asarray(groups, np.int64)
    held: dict[int, bool] = {}  # what a group's first class decided, should it reach into others
    for members in _members(np.asarray(labels, np.int64)).values():
        sizes = dict(zip(*(each.tolist() for each in np.unique(group_of[members], return_counts=True)), strict=True))
        least = 2 if share and len(members) >= 4 else 0
        wanted = max(least, round(share * len(members)))
        count = sum(size for group, size in sizes.items() if held.get(group))
        free = [group for group in sizes if group not in held]
        order = [free[place] for place in generator.permutation(len(free))]
        stays = any(held.get(group) is False for group in sizes)
        if order and not stays:  # nobody can learn a class of which all is held out
            order.remove(_staying(order, sizes, least, held))
        for group in order:
            held[group] = count + sizes[group] <= wanted
            count += sizes[group] * held[group]
        for group in sorted(order, key=lambda group: sizes[group]):
            if count >= least:
                break
            if not held[group]:
                held[group] = True
                count += sizes[group]
    chosen = np.array([held[group] for group in group_of.tolist()], bool)
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def _staying(order: Sequence[int], sizes: dict[int, int], least: int, held: dict[int, bool]) -> int:
    """Choose and mark the group that is not held out: the largest, unless the others are then too few to hold out."""
    largest = max(order, key=lambda group: sizes[group])
    others = sum(sizes[group] for group in order) - sizes[largest]
    staying = largest if others >= least or len(order) == 1 else next(group for group in order if group != largest)
    held[staying] = False
    return staying


def _members(labels: Ints) -> dict[int, Ints]:
    """Which photos have each label, ascending."""
    order = np.argsort(labels, kind="stable")
    values, starts = np.unique(labels[order], return_index=True)
    parts = np.split(order, starts[1:])[: len(values)]  # splitting nothing gives one empty part
    return dict(zip(values.tolist(), parts, strict=True))


def _seconds(times: Sequence[str]) -> Floats:
    """Seconds since an epoch without time zones; nan for "" and for what is no time."""
    return np.array([_second(time) for time in times], np.float64)


def _second(time: str) -> float:
    try:
        return datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp()  # both sides are local times
    except ValueError:
        return float("nan")
