"""The rows of a classifier: for each class the direction in which the features of its pictures lie."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

CLASSIFIERS = ("classifier", "fc", "head", "heads", "last_linear")
"""Parts of a network that give class scores, and not what a text is compared with, or is learned by on the way."""


def class_rows(state: "Mapping[str, Tensor]", features: int) -> "Tensor | None":
    """The weight (classes, features) of the last classifier in a file of weights; None where it has none that fits.

    ``features`` is how many numbers the network gives before anything is projected.
    """
    fitting = [
        tensor
        for name, tensor in state.items()
        if name.endswith("weight") and name.partition(".")[0] in CLASSIFIERS
        and tensor.shape[1:].numel() == features == tensor.numel() // max(1, len(tensor))
    ]  # fmt: skip
    return fitting[-1].flatten(1) if fitting else None
