"""Hash codes: a bit for each value of an embedding, compared by counting the bits that differ.

A bit says on which side of a threshold a value lies. With the mean of each value as its threshold about half of the
bits are set, which is when they tell most (Gong and Lazebnik, "Iterative quantization", CVPR 2011, without the
rotation). A code takes 1/32 of the memory of a float32 embedding.
"""

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings

Codes = npt.NDArray[np.uint8]
"""Packed bits, (n, code_bytes(d)); one code is (code_bytes(d),)."""


def code_bytes(dimension: int) -> int:
    """How many bytes hold a bit for each of ``dimension`` values."""
    return -(-dimension // 8)


def codes(rows: Embeddings, threshold: Embeddings | None = None) -> Codes:
    """The packed bits x > ``threshold`` of rows (n, d), or of one row (d,); ``threshold`` is (d,), zero by default.

    The last byte is filled up with zeros. A row that is all zero, a picture without any feature, has no bit set.
    """
    given = np.asarray(rows, np.float32)
    bits = given > (0 if threshold is None else np.asarray(threshold, np.float32))
    return np.packbits(bits & np.any(given, axis=-1, keepdims=True), axis=-1)


def hamming(left: Codes, right: Codes) -> npt.NDArray[np.int64]:
    """How many bits differ between codes, (..., bytes) each; broadcast over all but the last axis."""
    return np.asarray(np.bitwise_count(left ^ right).sum(axis=-1, dtype=np.int64))


def hamming_similarity(distances: npt.NDArray[np.integer], bits: int) -> npt.NDArray[np.float32]:
    """1 - 2 distance / bits: 1 for equal codes, -1 for opposite ones, about 0 for unrelated ones, as a cosine is."""
    return np.asarray(1 - 2 * np.asarray(distances, np.float64) / bits, np.float32)
