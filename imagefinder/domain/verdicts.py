"""What a similarity means in words."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Verdict = Literal["same", "similar", "related", "different"]


class Scale(NamedTuple):
    """The lowest similarity that each word stands for, highest first. It belongs to a model and a library: 0.7 means
    little to one, a lot to another."""

    same: float
    very_alike: float
    alike: float
    related: float


def verdict(similarity: float, scale: Scale) -> Verdict:
    """One word for how alike two pictures are."""
    if similarity >= scale.same:
        return "same"
    if similarity >= scale.alike:
        return "similar"
    return "related" if similarity >= scale.related else "different"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How alike two pictures are."""

    similarity: float
    """The cosine as the library compares, -1..1: without what its photos have in common, where the model is centred."""
    cosine: float
    """The cosine of the two embeddings as they are, -1..1."""
    l2: float
    """The distance of the two embeddings as unit vectors, sqrt(2 - 2 cosine), 0..2."""
    verdict: Verdict
    identical: bool
    """Whether the pictures are the same beyond doubt, and not only to the model."""
    explanation: str
    """What the verdict rests on, in a sentence or two."""
    scale: Scale
    calibrated_on: int
    """How many photos of the library the scale was measured on; 0 for fixed limits."""
    model: str
