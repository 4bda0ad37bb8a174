"""Which similarities are high for a library: measured on pairs of its own photos.

What a cosine is worth depends on the model and on the photos. Of two photos taken by chance few pairs show the same
thing, so their similarities say what "different" looks like, and what is rare among them is worth a word.
"""

from typing import NamedTuple

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import ModelSpec
from imagefinder.domain.verdicts import Scale

SAMPLE = 2000
"""As many photos, chosen by chance, are two million pairs: enough to know one in a thousand, within a second."""
FEWEST = 50
"""With fewer photos, one pair in a thousand is no pair at all."""

RELATED_PERCENTILE = 99.0
ALIKE_PERCENTILE = 99.9
LONELY_PERCENTILE = 10.0
"""Nine of ten photos have a neighbour that is related to them. In a library of ten kinds of things every tenth pair is
of one kind, and what one pair in a hundred gets to would leave a third of the neighbours "different". Measured on ten
kinds of objects, 299 photos: a vote of labels is sure of 89 of 98 other photos of theirs (86 of these right) instead of
47, and of 21 of 73 photos of other kinds of objects."""
COPY = 0.95
"""Neighbours from here on are taken for copies of one photo. They do not show how alike different photos are."""
SAME_AT_LEAST = 0.9
"""Half of the photos that were cropped by a tenth, or saved again at two thirds of their size, stay above it."""


class Calibration(NamedTuple):
    """What pairs of photos say about similarities."""

    scale: Scale
    pairs: Embeddings
    """(101,) the percentiles of their similarities, from 0 to 100."""

    def percent_below(self, similarity: float) -> int:
        """How many of 100 pairs are less alike than that: 0 to 99, as no measurement knows of all pairs."""
        return int(np.clip(np.searchsorted(self.pairs, similarity, "right") - 1, 0, 99))


def measured(rows: Embeddings) -> Calibration | None:
    """What unit rows (n, d), chosen by chance and as the library compares them, say; None for too few.

    related: one pair in a hundred gets there, or nine photos in ten with their nearest neighbour, whichever is less.
    alike: halfway between what one pair in a thousand gets to and the median similarity of the photos to their nearest
    neighbours. Both say "stands out" but err in opposite directions: the first rises in a library of few subjects, the
    second where photos come in series. same: halfway from alike to 1, and at least 0.9. very alike: halfway between
    alike and same.
    """
    rows = rows[np.any(rows, axis=1)][:SAMPLE]
    if len(rows) < FEWEST:
        return None
    cosines = rows @ rows.T
    every = cosines[np.triu_indices(len(rows), 1)]
    related, rare = np.percentile(every, [RELATED_PERCENTILE, ALIKE_PERCENTILE])
    np.fill_diagonal(cosines, -1)
    nearest = np.where(cosines < COPY, cosines, -1).max(axis=1)
    if len(others := nearest[nearest > -1]):  # none where all photos are copies of one
        related = min(related, np.percentile(others, LONELY_PERCENTILE))
        rare = (rare + np.median(others)) / 2
    return Calibration(_scale(float(related), float(rare)), np.percentile(every, np.arange(101)).astype(np.float32))


def _scale(related: float, alike: float) -> Scale:
    related = min(max(related, 0.05), 0.85)
    alike = min(max(alike, related + 0.02), 0.95)
    same = max(SAME_AT_LEAST, (alike + 1) / 2)
    return Scale(same, (alike + same) / 2, alike, related)


def fixed(spec: ModelSpec) -> Scale:
    """The scale for a library that is too small to measure, by the kind of the model.

    These are what libraries of groceries and of everyday objects measured, rounded. A small library subtracts only a
    part of its mean, so the values for a plain network lie between those with and those without centring.
    """
    if spec.source == "builtin" and spec.architecture == "colour-layout":
        return Scale(same=0.9, very_alike=0.75, alike=0.55, related=0.42)
    if spec.projection:  # it subtracts a mean itself
        return Scale(same=0.9, very_alike=0.78, alike=0.65, related=0.45)
    return Scale(same=0.92, very_alike=0.84, alike=0.75, related=0.6)


def hashed(scale: Scale) -> Scale:
    """The scale for similarities of hash codes, 1 - 2 Hamming distance / bits.

    A bit of two rows differs with probability angle / pi (Charikar, STOC 2002: exact for random hyperplanes, and close
    for the signs of many values).
    """
    return Scale(*(float(1 - 2 * np.arccos(cosine) / np.pi) for cosine in scale))
