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
    plain = np.ascontiguousarray(similarities, np.float32) + np.float32(0)  # -0.0 ties with 0.0
    if plain.size and np.isnan(plain.max()):
        raise ValueError("a similarity is not a number")
    bits = plain.view(np.int32)
    # The bits of positive floats grow with them; those of negative ones grow the other way, so all but the sign turn.
    np.bitwise_xor(bits, (bits >> 31) & np.int32(0x7FFFFFFF), out=bits)
    np.invert(bits, out=bits)  # high to low
    words = bits.astype(np.int64)
    words <<= 32
    words |= np.arange(similarities.shape[1], dtype=np.int64)
    words.sort(axis=1)
    return words.astype(np.uint32)  # the lower half
