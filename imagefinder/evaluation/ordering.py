"""A total order of a gallery for each query."""

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings

LEFT_OUT = np.float32(-np.inf)
"""The similarity of a photo that is not to be ranked: it comes after all others."""


def nearest_first(similarities: Embeddings) -> npt.NDArray[np.uint32]:
    """(c, n) similarities -> (c, n) columns, most similar first. Equal ones stay in the gallery's order.

    A float's bits, turned so that they sort like the number from high to low, stand before the column in one 64-bit
    word: sorting these is several times faster than a stable argsort, and just as stable. Raises ValueError for nan.
    """
    rows, columns = similarities.shape
    plain = np.ascontiguousarray(similarities, np.float32) + np.float32(0)  # -0.0 ties with 0.0
    if np.isnan(plain).any():
        raise ValueError("a similarity is not a number")
    bits = plain.view(np.int32)
    # Negative floats grow towards zero while their bits shrink, positive ones the other way round.
    descending = np.where(bits < 0, bits.view(np.uint32), ~bits.view(np.uint32) & np.uint32(0x7FFFFFFF))
    words = np.empty((rows, columns), np.uint64)
    np.left_shift(descending, np.uint64(32), out=words, dtype=np.uint64)
    words |= np.arange(columns, dtype=np.uint64)
    words.sort(axis=1)
    return words.astype(np.uint32)  # the lower half
