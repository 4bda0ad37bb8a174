"""Any sentence as a query: where the pictures that it describes lie among a model's embeddings.

Rows of texts and of pictures lie in two cones apart (Liang et al., "Mind the gap", NeurIPS 2022). Photos are compared
less the mean of their library, and a text less half the mean of everyday words (Zhou et al., "Test-time distribution
normalization for contrastively learned vision-language models", NeurIPS 2023). A tuned model has the rows of the one
that it came from within its own.
"""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.blend import base_of, blending_of, is_blend
from imagefinder.embedding.text_tower import MIDDLE, TextTower, read_tower, unit

if TYPE_CHECKING:
    from torch import Tensor

MATRIX = "projection.matrix"
SHARE = 0.5
"""Of the mean of everyday words, how much is taken from a text [measured with towers taught on drawn pictures: mAP .394
with the mean of words that they had learned, .389 with none, .380 with that of words that they did not know]."""


class Sentences(Protocol):
    """What some models can do beside: be asked in words of any kind."""

    def sentence(self, text: str) -> Embeddings:
        """A unit row (dimension,), to be compared with centred embeddings. Raises ModelError for a damaged model."""
        ...


class TowerSentences:
    """The sentences of a model with a tower for texts, which is loaded at the first of them. Safe from any thread."""

    def __init__(self, spec: ModelSpec, weights: "Callable[[], Mapping[str, Tensor]]") -> None:
        """``weights`` are those of the model that ``spec`` is, or that it was tuned from."""
        self._spec, self._weights = spec, weights
        self._lock = threading.Lock()
        self._read: Callable[[str], Embeddings] | None = None

    def sentence(self, text: str) -> Embeddings:
        """A unit row (dimension,), to be compared with centred embeddings. Raises ModelError for a damaged model."""
        with self._lock:
            read = self._read = self._read or self._reader()
        return read(text)

    def _reader(self) -> "Callable[[str], Embeddings]":
        before, base = 0, self._spec
        while is_blend(base):
            before += blending_of(base).dimension
            base = base_of(base)
        room = before, self._spec.dimension - before - base.dimension
        state = self._weights()
        tower = read_tower(base.architecture, state)
        assert isinstance(tower, TextTower)  # who made this has looked for MIDDLE, which only such a file has
        middle = (SHARE * state[MIDDLE].float()).numpy()
        matrix: Embeddings | None = state[MATRIX].float().numpy() if base.projection else None
        centred = base.centred

        def read(text: str) -> Embeddings:
            row = tower.row(text)
            if centred or matrix is not None:
                row = unit(row - middle)
            if matrix is not None:
                row = unit(np.asarray(row @ matrix.T, np.float32))
            return np.pad(row, room)

        return read
