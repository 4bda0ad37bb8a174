"""A network's own features beside what its last blocks saw: more for a head to choose from than the end alone.

On its way to the end a network drops what its own task does not need, and another task may well: so the maps of its
last blocks, pooled, stand beside its features (as in hypercolumns, Hariharan et al., CVPR 2015, but of whole pictures).
Measured on the groceries, a head on EfficientNet-Lite0 (R@1, mAP): of classes that were taught 0.770, 0.754 with its
features alone, 0.803, 0.800 with three blocks beside them and 0.810, 0.805 with six; of classes that were not 0.760,
0.575, then 0.802, 0.623, then 0.806, 0.635. What a projection leaves out of the features brings nothing.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.embedding.pooling import as_map, build_pooling
from imagefinder.embedding.representation import Tap

if TYPE_CHECKING:
    from torch import Tensor, nn


def widened(network: "nn.Module", blocks: Sequence[str], pooling: str) -> "nn.Module":
    """inputs -> (n, w): the network's features, then of each block named in ``blocks`` its map by each pooling.

    ``pooling`` is one or more of pooling.py, joined by "+". Every part is brought to the same length, and all
    together to length 1; they are float32. Raises ModelError for an unknown pooling.
    """
    import torch
    from torch import nn
    from torch.nn.functional import normalize

    taps = [Tap() for _ in blocks]
    for tap, block in zip(taps, blocks, strict=True):
        network.get_submodule(block).register_forward_hook(tap.behind)

    class Widened(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network
            self.pools = nn.ModuleList(
                nn.ModuleList(build_pooling(word) for word in pooling.split("+")) for _ in blocks
            )
            self.taps = taps  # copied with the module: their hooks are

        def forward(self, inputs: "Tensor") -> "Tensor":
            try:
                parts = [self.network(inputs)]
                seen = [tap.read() for tap in self.taps]
            finally:  # where memory ran out, what was kept must not stay
                for tap in self.taps:
                    tap.forget()
            for pools, output in zip(self.pools, seen, strict=True):
                assert isinstance(pools, nn.ModuleList)
                parts.extend(pool(as_map(output, None)) for pool in pools)
            joined: Tensor = torch.cat([normalize(part.float()) for part in parts], 1)
            return joined / math.sqrt(len(parts))

    return Widened().eval()


def first_features(dimension: int) -> "nn.Module":
    """(n, w) -> (n, dimension): the network's own features of what ``widened`` gave, not of unit length."""
    from torch import nn

    class First(nn.Module):
        def forward(self, rows: "Tensor") -> "Tensor":
            return rows[:, :dimension]

    return First()


def own_rows(rows: Embeddings, dimension: int) -> Embeddings:
    """The same of arrays (..., w), at unit length (..., dimension)."""
    own = rows[..., :dimension]
    return np.asarray(own / np.maximum(np.linalg.norm(own, axis=-1, keepdims=True), np.float32(1e-12)), np.float32)
