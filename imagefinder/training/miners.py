"""Which pairs or triplets of a batch are worth learning from; and the hardest wrong photos of the whole set."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.domain.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

Mined: TypeAlias = "tuple[Tensor, ...] | None"
"""(anchors, positives, negatives), or (anchors, positives, anchors, negatives); None: everything in the batch."""
Miner: TypeAlias = "Callable[[Tensor, Tensor], Mined]"
"""(rows, label numbers) -> Mined."""

CHUNK = 4096
"""Rows compared with all others at once: 4,096 x 50,000 similarities are 800 MB."""

MINERS: Registry[Callable[[int], Miner]] = Registry("miner")
"""Name -> a function that makes the miner from a seed."""

WHOLE_SET = "whole-set"
"""Batches are put together from photos that are near each other and have different labels."""


def build_miner(name: str, seed: int = 0) -> Miner:
    """Raises UnknownName."""
    return MINERS[name](seed)


def _everything(seed: int) -> Miner:
    return lambda rows, labels: None


def _semi_hard(seed: int) -> Miner:
    from pytorch_metric_learning.miners import TripletMarginMiner

    return _called(TripletMarginMiner(margin=0.2, type_of_triplets="semihard"))


def _batch_hard(seed: int) -> Miner:
    from pytorch_metric_learning.miners import BatchHardMiner

    return _called(BatchHardMiner())


def _multi_similarity(seed: int) -> Miner:
    from pytorch_metric_learning.miners import MultiSimilarityMiner

    return _called(MultiSimilarityMiner(epsilon=0.1))


def _called(miner: Any) -> Miner:
    """The library has no types."""
    made: Miner = miner
    return made


def _random(seed: int) -> Miner:
    import torch

    generator = torch.Generator().manual_seed(seed)

    def mine(rows: "Tensor", labels: "Tensor") -> Mined:
        """For every pair of one label a wrong photo, drawn evenly."""
        known = labels.cpu()
        same = known[:, None] == known[None, :]
        anchors, positives = torch.where(same & ~torch.eye(len(known), dtype=torch.bool))
        wrong = (~same).float()[anchors]
        kept = wrong.sum(1) > 0
        anchors, positives, wrong = anchors[kept], positives[kept], wrong[kept]
        negatives = torch.multinomial(wrong, 1, generator=generator)[:, 0] if len(anchors) else anchors
        return tuple(each.to(labels.device) for each in (anchors, positives, negatives))

    return mine


for _name, _make in {
    "all": _everything,
    "random": _random,
    "semi-hard": _semi_hard,
    "batch-hard": _batch_hard,
    "multi-similarity": _multi_similarity,
    WHOLE_SET: _multi_similarity,
}.items():
    MINERS.register(_name, _make)


def hardest_negatives(
    rows: Embeddings, labels: npt.NDArray[np.int64], count: int, chunk: int = CHUNK
) -> npt.NDArray[np.int64]:
    """For each unit row the ``count`` nearest rows with other labels, at most one of each label, nearest first.

    As in cirtorch (Radenovic et al. 2018), where at most one negative is taken of a cluster. (n, d) float32, (n,) ->
    (n, count); where there are fewer other labels, the rest is -1. Exact, a chunk of rows at a time.
    """
    number_of_labels = int(labels.max()) + 1 if len(labels) else 0
    count_here = min(count, max(0, len(np.unique(labels)) - 1))
    result = np.full((len(rows), count), -1, np.int64)
    order = np.argsort(labels, kind="stable")
    sorted_labels = labels[order]
    starts = np.flatnonzero(np.r_[True, sorted_labels[1:] != sorted_labels[:-1]]) if len(labels) else order
    present = sorted_labels[starts] if len(labels) else order
    place = np.full(number_of_labels, -1, np.int64)
    place[present] = np.arange(len(present))
    for start in range(0, len(rows), chunk):
        part = slice(start, start + chunk)
        similarity = rows[part] @ rows[order].T
        best = np.maximum.reduceat(similarity, starts, axis=1)  # the nearest of each label
        best[np.arange(len(best)), place[labels[part]]] = -np.inf
        nearest = np.argsort(-best, axis=1, kind="stable")[:, :count_here]
        ends = np.r_[starts[1:], len(order)]
        for row, chosen in enumerate(nearest):
            for column, label in enumerate(chosen):
                inside = similarity[row, starts[label] : ends[label]]
                result[start + row, column] = order[starts[label] + int(inside.argmax())]
    return result
