"""Which class the nearest photos vote for, and how often they are right.

Labels are numbers from 0 on. ``labels`` (q, k) are those of the nearest photos, nearest first, -1 where the gallery
has no more of them.
"""

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.evaluation.metrics import Floats, Ints

TEMPERATURE = 0.07


def majority(labels: Ints, k: int) -> Ints:
    """(q,) the most frequent label among the first k; of several, the one whose photo is nearest. -1 for no photo."""
    return _vote(labels[:, :k], np.ones(labels[:, :k].shape))


def weighted(labels: Ints, similarities: Embeddings, k: int, temperature: float = TEMPERATURE) -> Ints:
    """(q,) the label with the greatest sum of exp(similarity / temperature) among the first k.

    Source: Caron et al., "Emerging Properties in Self-Supervised Vision Transformers" (DINO), 2021; Wu et al., 2018.
    """
    near = similarities[:, :k].astype(np.float64)
    return _vote(labels[:, :k], np.exp((near - near[:, :1]) / temperature))  # less the best: no overflow, same winner


def _vote(labels: Ints, weights: Floats) -> Ints:
    weights = np.where(labels >= 0, weights, 0.0)
    tallies = np.einsum("qij,qj->qi", (labels[:, :, None] == labels[:, None, :]).astype(np.float64), weights)
    # Equal tallies are sums of the same weights in another order, which may differ in the last bit.
    best = np.argmax(tallies >= tallies.max(axis=1, keepdims=True) * (1 - 1e-12), axis=1)
    winners: Ints = np.take_along_axis(labels, best[:, None], axis=1)[:, 0]
    return winners


def macro_f1(truth: Ints, predicted: Ints, counts: Floats) -> Floats:
    """(r,) the mean F1 over the classes that have queries, when each query counts so often: ``counts`` (r, q).

    Labels are (q,), of one query or more. A class is 2 TP / (2 TP + FP + FN).
    """
    classes = int(max(truth.max(), predicted.max())) + 1
    actual = _by_class(counts, truth, classes)
    claimed = _by_class(counts, predicted, classes)  # -1, no prediction, claims no class
    right = _by_class(counts, np.where(truth == predicted, truth, -1), classes)
    there = actual > 0
    found = np.divide(2 * right, actual + claimed, out=np.zeros(actual.shape), where=there)
    scores: Floats = found.sum(axis=1) / there.sum(axis=1)
    return scores


def right_missed_claimed(truth: Ints, predicted: Ints, classes: int) -> Ints:
    """(classes, 3): true positives, false negatives and false positives of each class, of labels (q,)."""
    is_right = truth == predicted
    kinds = (truth[is_right], truth[~is_right], predicted[~is_right & (predicted >= 0)])
    return np.stack([np.bincount(kind, minlength=classes) for kind in kinds], axis=1).astype(np.int64)


def f1(kinds: Ints) -> Floats:
    """(n,) 2 TP / (2 TP + FN + FP) of counts (n, 3) as above; nan where there is no query of the class, TP + FN = 0."""
    right, missed, claimed = kinds.T
    scores: Floats = np.divide(
        2 * right, 2 * right + missed + claimed, out=np.full(len(kinds), np.nan), where=right + missed > 0
    )
    return scores


def _by_class(counts: Floats, labels: Ints, classes: int) -> Floats:
    """(r, q) -> (r, classes): sums over the queries of each class; queries labelled -1 are in none."""
    order = np.argsort(labels, kind="stable")
    order = order[np.searchsorted(labels[order], 0) :]
    there, starts = np.unique(labels[order], return_index=True)
    sums = np.zeros((len(counts), classes))
    if len(there):
        sums[:, there] = np.add.reduceat(counts[:, order], starts, axis=1)
    return sums
