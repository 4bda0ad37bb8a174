"""Words as directions: where in the space of a model's embeddings the pictures of a class lie.

The row of a classifier for a class points to where the features of its pictures do, so the cosine between it and a
mean-centred embedding says how much a photo looks like that class. No further model is needed, and nothing is embedded
to search.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.blend import base_of, blending_of, is_blend
from imagefinder.embedding.class_names import SUBSETS
from imagefinder.embedding.class_rows import class_rows
from imagefinder.embedding.class_words import ClassWords
from imagefinder.embedding.torchvision_compat import import_timm

if TYPE_CHECKING:
    from torch import Tensor

MATRIX = "projection.matrix"


class ClassDirections:
    """The directions of a model's classes, and the words for these classes."""

    def __init__(self, rows: Embeddings, matrix: Embeddings | None, room: tuple[int, int], words: ClassWords) -> None:
        """``rows`` (classes, features) are the classifier's, ``matrix`` (d, features) is what projects features, and
        ``room`` says how many numbers stand before and behind these d in an embedding."""
        self.words = words
        self._rows, self._matrix, self._room = rows, matrix, room

    def rows(self, classes: Sequence[int]) -> Embeddings:
        """Unit rows (n, dimension) of these classes, to be compared with centred embeddings."""
        return np.pad(self._all[list(classes)], ((0, 0), self._room))

    @cached_property
    def _all(self) -> Embeddings:
        rows = _unit(self._rows)
        return rows if self._matrix is None else _unit(rows @ self._matrix.T)


def directions(spec: ModelSpec, state: "Mapping[str, Tensor]") -> ClassDirections | None:
    """The directions of a model with these weights; None for a network without a classifier, or without its names.

    Of a tuned model ``state`` is that of the model that it came from: its rows hold what that one says, unchanged.
    """
    before, base = 0, spec
    while is_blend(base):
        before += blending_of(base).dimension
        base = base_of(base)
    after = spec.dimension - before - base.dimension
    if base.output != "features":
        words = _words(base, base.dimension)
        one_each = np.eye(base.dimension, dtype=np.float32)
        return ClassDirections(one_each, None, (before, after), words) if words is not None else None
    matrix = state[MATRIX].float().numpy() if base.projection else None
    found = class_rows(state, base.dimension if matrix is None else matrix.shape[1])
    words = _words(base, len(found)) if found is not None else None
    if found is None or words is None or base.layers:
        return None
    return ClassDirections(found.float().numpy(), matrix, (before, after), words)


def _words(spec: ModelSpec, count: int) -> ClassWords | None:
    if spec.classes:
        return ClassWords.of_names(spec.classes) if len(spec.classes) == count else None
    if count == 1000:
        return ClassWords.imagenet()
    return ClassWords.of_names(_published_names(SUBSETS[count])) if count in SUBSETS else None


def _published_names(subset: str) -> list[str]:
    """With all their synonyms: "tabby, tabby cat"."""
    import_timm()
    from timm.data.imagenet_info import ImageNetInfo

    return [str(words) for words in ImageNetInfo(subset).label_descriptions()]


def _unit(rows: Embeddings) -> Embeddings:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12)), np.float32)
