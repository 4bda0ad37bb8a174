"""Batches of P labels with K photos each, so that every batch has something alike and something different in it."""

from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Batch = list[int]


def class_batches(labels: Sequence[int], classes: int, photos: int, seed: int) -> list[Batch]:
    """One epoch: every batch has ``photos`` places for each of ``classes`` labels (fewer if there are fewer labels).

    The numbers are positions in ``labels``. Every photo is in at least one batch. A label with fewer photos than
    places repeats them, each before any a second time; other labels never repeat a photo within a batch. The same
    seed gives the same batches.
    """
    rng = np.random.default_rng(seed)
    members = _members(labels)
    if not members:
        return []
    wanted = min(classes, len(members))
    waiting = {label: _groups(positions, photos, rng) for label, positions in members.items()}
    batches: list[Batch] = []
    while any(waiting.values()):
        shuffled = list(waiting)
        rng.shuffle(shuffled)
        # Those with the most left first, or the end of an epoch would have nothing else to compare them with.
        chosen = sorted(shuffled, key=lambda label: -len(waiting[label]))[:wanted]
        batch: Batch = []
        for label in chosen:
            group = waiting[label].popleft() if waiting[label] else _draw(members[label], photos, rng)
            batch.extend(group)
        batches.append(batch)
    rng.shuffle(batches)
    return batches


def hard_batches(
    labels: Sequence[int], hardest: npt.NDArray[np.int64], classes: int, photos: int, seed: int
) -> list[Batch]:
    """The same form, but with each batch's labels chosen around one photo: its own, and those of its ``hardest``
    wrong photos (n, count; -1 for none), which are in the batch themselves.

    Each photo is the middle of one such batch at most; together they are as many as an epoch has.
    """
    rng = np.random.default_rng(seed)
    members = _members(labels)
    wanted = min(classes, len(members))
    number = max(1, -(-len(labels) // max(1, wanted * photos))) if members else 0
    batches: list[Batch] = []
    for anchor in rng.permutation(len(labels))[:number]:
        seeds = {labels[anchor]: int(anchor)}
        for negative in hardest[anchor]:
            if negative >= 0 and len(seeds) < wanted:
                seeds.setdefault(labels[negative], int(negative))
        others = [label for label in members if label not in seeds]
        rng.shuffle(others)
        for label in others[: wanted - len(seeds)]:
            seeds[label] = int(rng.choice(members[label]))
        batch: Batch = []
        for label, first in seeds.items():
            rest = np.array([each for each in members[label] if each != first], np.int64)
            batch.extend([first, *_draw(rest if len(rest) else np.array([first]), photos - 1, rng)])
        batches.append(batch)
    return batches


def _members(labels: Sequence[int]) -> dict[int, npt.NDArray[np.int64]]:
    known = np.asarray(labels, np.int64)
    return {int(label): np.flatnonzero(known == label) for label in np.unique(known)}


def _groups(positions: npt.NDArray[np.int64], photos: int, rng: np.random.Generator) -> deque[list[int]]:
    """All positions in groups of ``photos``, the last one filled up with others of the label."""
    shuffled = rng.permutation(positions)
    groups = deque(shuffled[start : start + photos].tolist() for start in range(0, len(shuffled), photos))
    short = photos - len(groups[-1])
    if short:
        others = shuffled[: len(shuffled) - len(groups[-1])]
        pool = others if len(others) >= short else shuffled
        groups[-1].extend(_draw(pool, short, rng))
    return groups


def _draw(positions: npt.NDArray[np.int64], photos: int, rng: np.random.Generator) -> list[int]:
    """``photos`` of them, none twice before all are there once."""
    rounds = [rng.permutation(positions) for _ in range(-(-photos // len(positions)))]
    drawn: list[int] = np.concatenate(rounds)[:photos].tolist() if rounds else []
    return drawn
