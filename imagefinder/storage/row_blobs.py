"""How the row of a photo becomes a BLOB, and back.

There are two forms, half floats and signed bytes, and a BLOB's length tells which it is. So a model whose record came
to say another form (``ModelSpec.stored``) keeps the rows that it has; only new ones follow the record.
"""

from collections.abc import Iterable, Sequence
from itertools import compress

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import STORED_BYTES, Stored

HALVES = np.dtype("<f2")
LARGEST = 127
"""The byte of a row's largest number. There is no -128, so that a row and its negative are kept alike."""
UNIT_TOLERANCE = 0.01


def row_bytes(dimension: int, stored: Stored) -> int:
    """The length of the BLOB of one row."""
    return dimension * STORED_BYTES[stored]


def row_sizes(dimension: int) -> tuple[int, int]:
    """The lengths that the BLOB of one row may have: of half floats, and of bytes."""
    return row_bytes(dimension, "float16"), row_bytes(dimension, "int8")


def encode(embedding: Embeddings, stored: Stored) -> bytes:
    """The BLOB of one unit row. Raises ValueError for what could never be found again: not finite, or not a unit."""
    if not _unit_or_zero(embedding):
        raise ValueError("an embedding is a finite row of unit length")
    if stored == "float16":
        return bytes(embedding.astype(HALVES))
    # Each row by its own largest number, so that no bit is left unused. Decoding makes it a unit again, hence the
    # factor need not be kept.
    largest = float(np.abs(embedding).max()) or 1.0
    return bytes(np.rint(embedding / largest * LARGEST).astype(np.int8))


def decode(blobs: Iterable[bytes], dimension: int) -> Embeddings:
    """Rows as they were stored, float32 (n, dimension), from BLOBs of either form, in any order.

    Each the same to the last bit whatever is beside it. Rows of bytes are of unit length, or zero; half floats are as
    near to it as they were. Raises ValueError for a BLOB of another length.
    """
    given = list(blobs)
    bytewise = _bytewise(given, dimension)
    found = np.empty((len(given), dimension), np.float32)
    found[~bytewise] = _halves(compress(given, ~bytewise), dimension)
    found[bytewise] = steps = _steps(compress(given, bytewise), dimension)
    norms = np.ones(len(given), np.float32)
    squares = np.einsum("ij,ij->i", steps, steps, dtype=np.int32)  # whole numbers, so exact in any order
    norms[bytewise] = np.sqrt(np.maximum(squares, 1))
    found /= norms[:, None]
    return found


def sound(blobs: Sequence[bytes], dimension: int) -> npt.NDArray[np.bool_]:
    """Whether each of these BLOBs, of either length, can be what ``encode`` made, (n,): finite, and unit or zero, or
    scaled as it scales. Not every damage shows."""
    bytewise = _bytewise(blobs, dimension)
    found = np.empty(len(blobs), np.bool_)
    found[~bytewise] = _unit_or_zero(_halves(compress(blobs, ~bytewise), dimension))
    steps = _steps(compress(blobs, bytewise), dimension).astype(np.int16)
    found[bytewise] = np.isin(np.abs(steps).max(axis=1, initial=0), (0, LARGEST))
    return found


def unit(found: Embeddings) -> Embeddings:
    """Rows at exactly unit length again, which half floats keep to three digits. Zero rows stay."""
    norms = np.linalg.norm(found, axis=1, keepdims=True)
    norms[norms == 0] = 1
    return np.asarray(found / norms, np.float32)


def _unit_or_zero(rows: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Whether each row is of unit length, or zero (what a picture without any feature gives)."""
    norms = np.linalg.norm(np.asarray(rows, np.float32), axis=-1)
    return np.asarray((np.abs(norms - 1) <= UNIT_TOLERANCE) | (norms == 0))  # a norm that is NaN is neither


def _bytewise(blobs: Sequence[bytes], dimension: int) -> npt.NDArray[np.bool_]:
    length = row_bytes(dimension, "int8")
    return np.fromiter((len(blob) == length for blob in blobs), np.bool_, len(blobs))


def _halves(blobs: Iterable[bytes], dimension: int) -> npt.NDArray[np.float16]:
    return np.frombuffer(b"".join(blobs), HALVES).reshape(-1, dimension)


def _steps(blobs: Iterable[bytes], dimension: int) -> npt.NDArray[np.int8]:
    return np.frombuffer(b"".join(blobs), np.int8).reshape(-1, dimension)
