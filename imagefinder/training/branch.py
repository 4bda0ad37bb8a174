"""What learns: the last part of a network, or nothing of it, and a linear head that starts as principal components."""

from typing import TYPE_CHECKING

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.embedding.blend import build_head
from imagefinder.evaluation.metrics import Floats

if TYPE_CHECKING:
    from torch import Tensor, nn

SPARE, FEW = 32, 4
"""Random projections beyond the components that are wanted, and how few of all these must be."""


def build_branch(tuned: "nn.Module", head: "nn.Module", dropout: float) -> "nn.Module":
    """inputs -> rows (n, dimension), not of unit length: the network's part, unit length, dropout, head.

    ``train()`` turns on the dropout before the head and nothing else: the statistics of batch norms stay.
    """
    import torch
    from torch import nn
    from torch.nn.functional import normalize

    class Branch(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tuned = tuned
            self.dropout = nn.Dropout(dropout)
            self.head = head

        def train(self, mode: bool = True) -> "Branch":
            super().train(False)
            self.dropout.train(mode)
            return self

        def features(self, inputs: "Tensor") -> "Tensor":
            output: Tensor = self.tuned(inputs)
            return output.float()

        def finish(self, features: "Tensor") -> "Tensor":
            with torch.autocast(features.device.type, enabled=False):
                rows: Tensor = self.head(self.dropout(normalize(features)))
            return rows

        def forward(self, inputs: "Tensor") -> "Tensor":
            return self.finish(self.features(inputs))

    return Branch().eval()


def pca_head(rows: Embeddings, dimension: int, given: int) -> "nn.Module":
    """A linear head that projects onto the first principal components of unit rows (n, given), less their mean.

    Where there are fewer components than ``dimension``, the rest starts at small numbers.
    """
    import torch

    head = build_head(given, dimension)
    mean = rows.mean(0)
    centred = (rows - mean).astype(np.float64)
    components = _components(centred, dimension)
    # The sign of a component is free: settled here, or it would differ from machine to machine.
    signs = np.sign(components[np.arange(len(components)), np.abs(components).argmax(1)])
    kept = (components * signs[:, None])[:dimension]
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((dimension, given)) * 1e-3
    weight[: len(kept)] = kept
    with torch.no_grad():
        head.get_parameter("weight").copy_(torch.from_numpy(weight))
        head.get_parameter("bias").copy_(torch.from_numpy(-(weight @ mean)))
    return head


def _components(centred: Floats, wanted: int) -> Floats:
    """The first principal components of rows (n, d), as rows: all there are, or ``wanted`` of them by random
    projections (Halko et al., "Finding structure with randomness", 2011) where that is several times faster."""
    import torch

    if FEW * (wanted + SPARE) < min(centred.shape):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            narrow = torch.from_numpy(centred.astype(np.float32))
            _, _, found = torch.pca_lowrank(narrow, wanted + SPARE, center=False)
        return np.asarray(found.numpy().T[:wanted], np.float64)
    if len(centred) < centred.shape[1]:
        _, _, components = np.linalg.svd(centred, full_matrices=False)
        return np.asarray(components, np.float64)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return np.asarray(vectors[:, ::-1].T, np.float64)
