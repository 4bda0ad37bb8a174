"""What a classifier sees in a picture, in words: the names in its record, or those of ImageNet's classes, which timm
ships."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.torchvision_compat import import_timm

SUBSETS = {1000: "imagenet-1k", 11821: "imagenet-12k", 21841: "imagenet-22k", 21843: "imagenet-21k-goog"}
"""How many classes -> which of ImageNet's lists. Other numbers are somebody's own classes, without names here."""


def names_classes(spec: ModelSpec) -> bool:
    """Whether rows of this model are probabilities of classes whose names are known."""
    known = len(spec.classes) == spec.dimension if spec.classes else spec.dimension in SUBSETS
    return spec.output == "probabilities" and not spec.projection and known


def top_classes(row: npt.NDArray[np.float32], k: int = 5, names: Sequence[str] = ()) -> list[tuple[str, float]]:
    """The ``k`` likeliest classes of a picture with their probabilities, the likeliest first.

    ``row`` is (classes,) square roots of probabilities, as a model with the output "probabilities" gives them; a row
    of zeros has no classes. ``names`` are those of the model's record; without them the classes are ImageNet's. Raises
    ValueError where the row has not as many numbers as there are names, or as one of ImageNet's lists has.
    """
    if row.ndim != 1 or len(row) not in ((len(names),) if names else SUBSETS):
        wanted = len(names) or ", ".join(map(str, SUBSETS))
        raise ValueError(f"expected a row of {wanted} numbers, got {row.shape}")
    probabilities = np.square(row.astype(np.float64))
    if not probabilities.any():
        return []
    best = np.argsort(-probabilities, kind="stable")[:k]
    names = names or _names(SUBSETS[len(row)])
    return [(names[i], float(probabilities[i])) for i in best]


@cache
def _names(subset: str) -> tuple[str, ...]:
    """Of "tabby, tabby cat" the first: the others are other words for the same."""
    import_timm()
    from timm.data.imagenet_info import ImageNetInfo

    return tuple(str(words).partition(",")[0] for words in ImageNetInfo(subset).label_descriptions())
