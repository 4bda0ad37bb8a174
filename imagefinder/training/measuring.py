"""How well searches with held-out photos go, and how much the tuned part should say."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.domain.training import MEASURES, Comparison, Scores
from imagefinder.embedding.blend import Blending, usable_weight
from imagefinder.evaluation.bootstrap import intervals
from imagefinder.evaluation.comparing import by_cosine
from imagefinder.evaluation.metrics import Floats, Ints
from imagefinder.evaluation.protocol import measure, rankings

PAIRS = 5_000
AT_ONCE = 2_000_000
"""Similarities that are compared at once."""
WEIGHTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
GIVEN_UP = 0.99
"""The smallest weight with this share of the best MAP@R is taken: the rest keeps what the network knew before."""
NEAREST = 10


class Quick(NamedTuple):
    """Means over queries."""

    map_at_r: float
    recall_at_1: float


def unit(rows: Embeddings) -> Embeddings:
    normal: Embeddings = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
    return normal


def leave_one_out(rows: Embeddings, labels: Ints, queries: Ints) -> dict[str, Floats]:
    """Search with each of ``queries`` (positions) among all other unit rows: measure -> (queries,), nan for lone."""
    found = measure(
        labels[queries], labels, by_cosine(rows[queries], rows), [queries[at : at + 1] for at in range(len(queries))]
    )
    return {name: found.values[name] for name in MEASURES}


def quick_measure(rows: Embeddings, labels: Ints, queries: Ints) -> Quick:
    """MAP@R (Musgrave et al. 2020) and recall at 1 of a leave-one-out search, without the other measures' price."""
    found = [_searched(rows[part] @ rows.T, labels, part) for part in _parts(queries, len(rows))]
    return _means(found)


def _parts(queries: Ints, gallery: int) -> list[Ints]:
    step = max(1, AT_ONCE // max(1, gallery))
    return [queries[start : start + step] for start in range(0, len(queries), step)]


def _searched(similarity: Embeddings, labels: Ints, queries: Ints) -> Floats:
    """(q, 2): MAP@R and recall at 1 of each query; nan where there is nothing to find. Changes ``similarity``."""
    total = np.bincount(labels)[labels[queries]] - 1
    similarity[np.arange(len(queries)), queries] = -np.inf
    found = np.full((len(queries), 2), np.nan)
    deepest = int(total.max(initial=0))
    if deepest == 0:
        return found
    kept = np.argpartition(-similarity, min(deepest, similarity.shape[1] - 1), axis=1)[:, :deepest]
    order = np.argsort(-np.take_along_axis(similarity, kept, 1), axis=1, kind="stable")
    relevant = labels[np.take_along_axis(kept, order, 1)] == labels[queries][:, None]
    inside = relevant & (np.arange(deepest) < total[:, None])
    precision = np.cumsum(inside, 1) / np.arange(1, deepest + 1)
    found[:, 0] = (precision * inside).sum(1) / np.maximum(total, 1)
    found[:, 1] = relevant[:, 0]
    found[total == 0] = np.nan
    return found


def _means(found: Sequence[Floats]) -> Quick:
    table = np.concatenate(found) if found else np.zeros((0, 2))
    counted = table[~np.isnan(table[:, 0])]
    return Quick(*map(float, counted.mean(0))) if len(counted) else Quick(0.0, 0.0)


def spread(rows: Embeddings, seed: int) -> float:
    """The standard deviation of the similarity of random pairs of unit rows."""
    if len(rows) < 2:
        return 1.0
    rng = np.random.default_rng(seed)
    first = rng.integers(0, len(rows), PAIRS)
    second = (first + rng.integers(1, len(rows), PAIRS)) % len(rows)
    found = float(np.einsum("nd,nd->n", rows[first], rows[second]).std())
    return max(found, 1e-6)


def choose_weight(tuned: Embeddings, frozen: Embeddings, labels: Ints, queries: Ints, blending: Blending) -> float:
    """The smallest weight in steps of a tenth whose MAP@R on the queries is about the best."""
    searched: dict[float, list[Floats]] = {weight: [] for weight in WEIGHTS}
    for part in _parts(queries, len(tuned)):
        ours, theirs = tuned[part] @ tuned.T, frozen[part] @ frozen.T
        for weight, results in searched.items():
            first, second = replace(blending, weight=usable_weight(weight)).factors
            results.append(_searched(np.float32(first**2) * ours + np.float32(second**2) * theirs, labels, part))
    found = {weight: _means(results).map_at_r for weight, results in searched.items()}
    enough = GIVEN_UP * max(found.values())
    return usable_weight(next(weight for weight in WEIGHTS if found[weight] >= enough))


def compare(
    before: dict[str, Floats], after: dict[str, Floats], labels: Ints, names: Sequence[str], seed: int
) -> Comparison:
    """Two measurements of the same queries, whose label numbers are ``labels``, with bootstrap intervals."""
    return Comparison(_scores(before, labels, names, seed), _scores(after, labels, names, seed))


def _scores(values: dict[str, Floats], labels: Ints, names: Sequence[str], seed: int) -> Scores:
    table = np.stack([values[name] for name in MEASURES], axis=1)
    counted = ~np.isnan(table[:, 0])
    overall = dict(zip(MEASURES, intervals(table[counted], 1000, seed), strict=True))
    by_label = {
        names[number]: dict(zip(MEASURES, map(float, table[counted & (labels == number)].mean(0)), strict=True))
        for number in np.unique(labels[counted])
    }
    return Scores(int(counted.sum()), overall, by_label)


def between(queries: Embeddings, query_labels: Ints, gallery: Embeddings, gallery_labels: Ints) -> dict[str, Floats]:
    """Search with every query in a gallery of other photos: measure -> (queries,), nan for lone ones."""
    found = measure(query_labels, gallery_labels, by_cosine(queries, gallery))
    return {name: found.values[name] for name in MEASURES}


def same_neighbours(before: Embeddings, after: Embeddings) -> float:
    """The mean share of each photo's ten nearest that are the same by both models, in unit rows of the same photos."""
    count = min(NEAREST, len(before) - 1)
    if count < 1:
        return 1.0
    first, second = (_nearest(rows, count) for rows in (before, after))
    return float(np.mean([len(set(a) & set(b)) / count for a, b in zip(first, second, strict=True)]))


def _nearest(rows: Embeddings, count: int) -> list[list[int]]:
    itself = [np.array([at]) for at in range(len(rows))]
    with closing(rankings(len(rows), len(rows), by_cosine(rows, rows), itself)) as chunks:
        return [order.tolist() for chunk in chunks for order in chunk.order[:, :count]]
