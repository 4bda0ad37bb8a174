"""From a map of features to one row: (n, c, h, w) -> (n, c). The tokens of transformers are laid out first.

- ``average`` and ``max``, the latter also known as ``mac`` (maximum activations of convolutions);
- ``spoc``, the plain sum (Babenko and Lempitsky, ICCV 2015). At unit length it is the average, and is offered
  because people look for it under this name;
- ``gem``, the generalised mean (Radenovic et al., TPAMI 2018): the p-th root of the mean p-th power. Its p is learned
  with the network and kept with its weights; 1 is the average, infinity the maximum, 3 where nothing was learned;
- ``rmac``, the sum of the maxima of square regions at three sizes, each at unit length (Tolias et al., ICLR 2016).
  Their whitening of every region is left out: a projection whitens the sum.
"""

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from imagefinder.domain.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn

GEM_POWER = 3.0
GEM_LEAST = 1e-6
"""Features below count as this much: powers are for what a ReLU lets through."""
RMAC_LEVELS = 3


def build_pooling(name: str) -> "nn.Module":
    """The pooling of that name, a key of MAP_POOLINGS or "gem". Raises ModelError for any other."""
    import torch
    from torch import nn

    class GeneralisedMean(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.p = nn.Parameter(torch.tensor([GEM_POWER]))

        def forward(self, features: "Tensor") -> "Tensor":
            return generalised_mean(features, self.p)

    class Pooling(nn.Module):
        def forward(self, features: "Tensor") -> "Tensor":
            return pool(features)

    if name == "gem":
        return GeneralisedMean()
    try:
        pool = MAP_POOLINGS[name]
    except KeyError:
        known = ", ".join(sorted(["gem", *MAP_POOLINGS]))
        raise ModelError(f"Feature maps cannot be pooled by {name!r}.", f"Known: {known}.") from None
    return Pooling()


def average(features: "Tensor") -> "Tensor":
    return features.float().mean((2, 3))


def maximum(features: "Tensor") -> "Tensor":
    return features.float().amax((2, 3))


def total(features: "Tensor") -> "Tensor":
    return features.float().sum((2, 3))


def generalised_mean(features: "Tensor", power: "Tensor") -> "Tensor":
    """Always in float32, and taken relative to the largest feature, so that no power overflows."""
    positive = features.float().clamp_min(GEM_LEAST)
    # The scale cancels out, so its own gradient is not needed.
    scale = positive.detach().amax((2, 3), keepdim=True)
    mean: Tensor = (positive / scale).pow(power).mean((2, 3)).pow(1 / power)
    return mean * scale.flatten(1)


def regional_maxima(features: "Tensor") -> "Tensor":
    """On level l there are l x l regions, spread evenly, their sides 2 / (l + 1) of the map's."""
    from torch.nn.functional import normalize

    rows = [normalize(maximum(region)) for region in regions(features)]
    summed: Tensor = sum(rows[1:], start=rows[0])
    return summed


def regions(features: "Tensor") -> "Iterator[Tensor]":
    """The squares of a map at three sizes, the largest first, row by row."""
    height, width = features.shape[2:]
    for level in range(1, RMAC_LEVELS + 1):
        side = max(1, 2 * min(height, width) // (level + 1))
        for top in _starts(height, side, level):
            for left in _starts(width, side, level):
                yield features[:, :, top : top + side, left : left + side]


def _starts(length: int, side: int, count: int) -> list[int]:
    return [math.floor(i * (length - side) / max(count - 1, 1)) for i in range(count)]


MAP_POOLINGS: "dict[str, Callable[[Tensor], Tensor]]" = {
    "average": average,
    "max": maximum,
    "mac": maximum,
    "spoc": total,
    "rmac": regional_maxima,
}


def as_map(output: "Tensor", prefixes: int | None) -> "Tensor":
    """What a layer gave, as a map (n, c, h, w).

    Of tokens (n, t, c) the first ``prefixes`` (class token, registers) are dropped and the others laid out as a
    square; None means those that are over when the largest square is taken. Rows (n, c) count as maps of one pixel.
    Maps with their channels last are recognised by their equal sides: pictures are square. Raises ModelError.
    """
    if output.ndim == 2:
        return output[:, :, None, None]
    if output.ndim == 3:
        tokens = output.shape[1]
        if prefixes is None:
            prefixes = tokens - math.isqrt(tokens) ** 2
        elif math.isqrt(tokens) ** 2 == tokens and math.isqrt(tokens - prefixes) ** 2 != tokens - prefixes:
            prefixes = 0  # a layer before the class token joins
        patches = output[:, prefixes:].transpose(1, 2)
        side = math.isqrt(patches.shape[2])
        rows = side if side * side == patches.shape[2] else 1
        return patches.reshape(*patches.shape[:2], rows, -1)
    if output.ndim == 4:
        _, first, second, third = output.shape
        return output.permute(0, 3, 1, 2) if first == second != third else output
    raise ModelError("This layer gives no map of features.", "Choose another layer.")
