"""What a branch is shown: features, activations or pixels of photos, each in several views, the middle one first."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from imagefinder.evaluation.metrics import Ints

if TYPE_CHECKING:
    from torch import Tensor

MIDDLE = 0
"""The view that is measured with."""


class Inputs(Protocol):
    """Photos by number, in views by number."""

    @property
    def views(self) -> int:
        """How many views there are to learn from."""
        ...

    def stream(self, batches: Sequence[tuple[Ints, Ints]]) -> Iterator["Tensor"]:
        """For each batch (photos, views of them) its tensor, on the CPU."""
        ...

    def prepare(self, batch: "Tensor") -> "Tensor":
        """The batch, on its device, as the branch wants it."""
        ...


class ArrayInputs:
    """From an array (places, views, ...) of floats in memory or mapped from disk; photo n is at ``places[n]``."""

    def __init__(self, array: npt.NDArray[Any], places: Ints | None = None) -> None:
        self._array = array
        self._places = np.arange(len(array)) if places is None else places

    @property
    def views(self) -> int:
        return int(self._array.shape[1])

    def stream(self, batches: Sequence[tuple[Ints, Ints]]) -> Iterator["Tensor"]:
        import torch

        for photos, views in batches:
            yield torch.from_numpy(np.ascontiguousarray(self._array[self._places[photos], views]))

    def prepare(self, batch: "Tensor") -> "Tensor":
        import torch

        floats = batch.float()
        return floats.contiguous(memory_format=torch.channels_last) if floats.ndim == 4 else floats


def middles(photos: Ints, size: int) -> list[tuple[Ints, Ints]]:
    """Batches of the middle views of these photos."""
    return [
        (part, np.full(len(part), MIDDLE, np.int64))
        for part in (photos[start : start + size] for start in range(0, len(photos), size))
    ]


def drawn_views(photos: Sequence[int], views: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """A batch with a view of each photo drawn evenly."""
    return np.asarray(photos, np.int64), rng.integers(0, views, len(photos))
