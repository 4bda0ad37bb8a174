"""The rows of a classifier: for each class the direction in which the features of its pictures lie."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from imagefinder.embedding.checkpoints import HEADS

if TYPE_CHECKING:
    from torch import Tensor


def class_rows(state: "Mapping[str, Tensor]", features: int) -> "Tensor | None":
    """The weight (classes, features) of the last classifier in a file of weights; None where it has none that fits.

    ``features`` is how many numbers the network gives before anything is projected.
    """
    fitting = [
        tensor
        for name, tensor in state.items()
        if name.endswith("weight") and name.partition(".")[0] in HEADS
        and tensor.shape[1:].numel() == features == tensor.numel() // max(1, len(tensor))
    ]  # fmt: skip
    return fitting[-1].flatten(1) if fitting else None


def is_classifier(name: str) -> bool:
    """Whether a tensor of this name belongs to the end of a network that gives class scores."""
    return name.partition(".")[0] in HEADS
