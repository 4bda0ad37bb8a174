"""Features turned onto their principal components: a head on these is small, and so a step of its training is cheap.

A linear head that starts as principal components and learns from n photos never leaves the directions in which these
differ (the gradient of each of its rows is a sum of inputs): for up to ``MOST`` photos nothing is lost, and of more
photos only what they hardly differ in. Features that are dropped out are then components, and no two of them say the
same. Measured on the groceries, 1,024 components of 2,560 features: mAP 0.763 instead of 0.756, in a third of the time.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.embedding.blend import build_head
from imagefinder.evaluation.metrics import Ints

if TYPE_CHECKING:
    from torch import nn

MOST = 1024
SPARE = 32
"""Random projections beyond the components that are wanted."""
ENOUGH_ROWS = 8192
"""More are not looked at: the components of a sample are about those of all."""
AT_ONCE = 4096
SMALL = 1e-3
"""What a head's weights for components that there are not start at, about."""


@dataclass(frozen=True, slots=True)
class Components:
    """``mean`` (w,) and ``directions`` (w, k): orthonormal columns, those in which the rows differ most first."""

    mean: Embeddings
    directions: Embeddings

    @classmethod
    def fit(cls, features: npt.NDArray[np.float32], places: Ints, most: int = MOST) -> "Components":
        """Of the rows of ``features`` (places, views, w) at these places: all components that they can have, or about
        the first ``most``, by random projections (Halko et al., "Finding structure with randomness", 2011)."""
        import torch

        _, views, width = features.shape
        rows = features[places[:: -(-len(places) * views // ENOUGH_ROWS)]].reshape(-1, width)
        mean = rows.mean(0)
        centred = torch.from_numpy(rows - mean)
        wanted = min(most, *rows.shape)
        span = centred.T
        if wanted + SPARE < min(rows.shape):
            draw = torch.Generator().manual_seed(0)
            span = span @ (centred @ (span @ torch.randn(len(rows), wanted + SPARE, generator=draw)))
        basis, _ = torch.linalg.qr(span)
        seen = (centred @ basis).double()
        _, vectors = torch.linalg.eigh(seen.T @ seen)
        directions = (basis @ vectors.float().flip(1)[:, :wanted]).numpy()
        # The sign of a component is free: settled here, or it would differ from machine to machine.
        signs = np.sign(directions[np.abs(directions).argmax(0), np.arange(wanted)])
        return cls(mean, np.ascontiguousarray(directions * signs))

    def __call__(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(places, views, w) -> (places, views, k)."""
        found = np.empty((*features.shape[:-1], self.directions.shape[1]), np.float32)
        for start in range(0, len(features), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            found[part] = (features[part] - self.mean) @ self.directions
        return found

    def start(self, dimension: int) -> "nn.Module":
        """A head that gives the first ``dimension`` components. Where there are fewer, the rest starts at little."""
        import torch

        count = self.directions.shape[1]
        head = build_head(count, dimension)
        weight = np.random.default_rng(0).standard_normal((dimension, count)) * SMALL
        kept = min(dimension, count)
        weight[:kept] = np.eye(kept, count)
        with torch.no_grad():
            head.get_parameter("weight").copy_(torch.from_numpy(weight))
            head.get_parameter("bias").zero_()
        return head

    def unfolded(self, head: "nn.Module") -> "nn.Module":
        """The head on features (n, w) that gives what ``head`` gives on their components, on the same device."""
        import torch

        weight, bias = (head.get_parameter(name).detach() for name in ("weight", "bias"))
        whole = build_head(len(self.mean), len(weight)).to(weight.device)
        mean, directions = (torch.from_numpy(each).to(weight.device) for each in (self.mean, self.directions))
        with torch.no_grad():
            full = weight @ directions.T
            whole.get_parameter("weight").copy_(full)
            whole.get_parameter("bias").copy_(bias - full @ mean)
        return whole
