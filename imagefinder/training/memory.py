"""Embeddings of earlier batches as further examples: many comparisons where memory allows only small batches."""

from typing import TYPE_CHECKING, Any

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.training import Recipe
from imagefinder.training.miners import Miner, build_miner

if TYPE_CHECKING:
    from torch import nn


def with_memory(loss: "nn.Module", miner: Miner, recipe: Recipe, dimension: int) -> "tuple[nn.Module, Miner]":
    """The loss with a memory of ``recipe.memory`` embeddings (Wang et al., "Cross-batch memory for embedding
    learning", CVPR 2020), and the miner that remains outside of it. Without one, both as they are.

    Raises ImageFinderError as ``check_memory`` does.
    """
    check_memory(loss, recipe)
    if not recipe.memory:
        return loss, miner
    from pytorch_metric_learning.losses import CrossBatchMemory

    inner: Any = miner if hasattr(miner, "forward") else None  # ours look at one batch alone
    wrapped: nn.Module = CrossBatchMemory(loss, dimension, recipe.memory, inner)
    return wrapped, build_miner("all")


def check_memory(loss: "nn.Module", recipe: Recipe) -> None:
    """Raises ImageFinderError for a loss that compares with learned proxies instead of photos, and for a memory that
    is smaller than a batch."""
    if not recipe.memory:
        return
    from pytorch_metric_learning.losses import CrossBatchMemory

    if type(loss).__name__ not in CrossBatchMemory.supported_losses():
        raise ImageFinderError(
            f"The loss {recipe.loss} cannot use a memory of earlier batches.", "Choose another loss, or no memory."
        )
    if recipe.memory < recipe.classes * recipe.photos:
        raise ImageFinderError(
            f"A memory of {recipe.memory} is smaller than a batch of {recipe.classes} x {recipe.photos}.",
            "Make it at least as large.",
        )
