"""A total order of a gallery for each query: nearest first, and of equally near ones in the order of the gallery."""

import itertools

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.evaluation.metrics import Ints

LEFT_OUT = np.float32(-np.inf)
"""The similarity of a photo that is not to be ranked: it comes after all others."""


def nearest_first(similarities: Embeddings) -> npt.NDArray[np.uint32]:
    """(c, n) similarities -> (c, n) columns, most similar first. Equal ones stay in the gallery's order.

    A float's bits, turned so that they sort like the number from high to low, stand before the column in one 64-bit
    word: sorting these is several times faster than a stable argsort, and just as stable. Raises ValueError for nan.
    """
    _check(similarities)
    plain = np.ascontiguousarray(similarities, np.float32) + np.float32(0)  # -0.0 ties with 0.0
    bits = plain.view(np.int32)
    # The bits of positive floats grow with them; those of negative ones grow the other way, so all but the sign turn.
    np.bitwise_xor(bits, (bits >> 31) & np.int32(0x7FFFFFFF), out=bits)
    np.invert(bits, out=bits)  # high to low
    words = bits.astype(np.int64)
    words <<= 32
    words |= np.arange(similarities.shape[1], dtype=np.int64)
    words.sort(axis=1)
    return words.astype(np.uint32)  # the lower half


def places(similarities: Embeddings, owner: Ints, column: Ints, nearest: int) -> tuple[Ints, Ints]:
    """Where some columns come in the order of their rows, and the first columns of each row: what an evaluation needs.

    ``owner`` (h,), ascending, and ``column`` (h,) say which of the ``similarities`` (c, n). Returns their 0-based
    places (h,), and (c, min(nearest, n)) columns, nearest first. Nothing but plain numbers is sorted, in about 0.6 of
    the time of ``nearest_first``: a place is how many numbers are greater. Where that leaves a tie, the row is ordered
    in full. Raises ValueError for nan.
    """
    _check(similarities)
    rows, length = similarities.shape
    ascending = np.sort(similarities, axis=1)
    wanted = similarities[owner, column]
    starts = np.searchsorted(owner, np.arange(rows + 1))
    up_to = np.empty(len(owner), np.int64)
    for row, (start, end) in enumerate(itertools.pairwise(starts.tolist())):
        up_to[start:end] = ascending[row].searchsorted(wanted[start:end], "right")
    place = length - up_to
    tied = np.unique(owner[(up_to > 1) & (ascending[owner, np.maximum(up_to - 2, 0)] == wanted)])
    if len(tied):
        whole = nearest_first(similarities[tied])
        turned = np.empty(whole.shape, np.int64)
        np.put_along_axis(turned, whole, np.arange(length)[None], axis=1)
        at = np.searchsorted(tied, owner)
        among = at < len(tied)
        among[among] = tied[at[among]] == owner[among]
        place[among] = turned[at[among], column[among]]
    return place, _first(similarities, ascending, min(nearest, length))


def _first(similarities: Embeddings, ascending: Embeddings, count: int) -> Ints:
    """(c, count) columns of the greatest numbers of each row, of which ``ascending`` has them sorted."""
    rows, length = similarities.shape
    if not count:
        return np.zeros((rows, 0), np.int64)
    near = np.flatnonzero(similarities >= ascending[:, length - count, None])  # in the gallery's order; more on ties
    owner, column = np.divmod(near, length)
    order = np.lexsort((-similarities[owner, column], owner))
    starts = np.searchsorted(owner, np.arange(rows))
    return np.asarray(column[order][starts[:, None] + np.arange(count)], np.int64)


def _check(similarities: Embeddings) -> None:
    if similarities.size and np.isnan(similarities.max()):
        raise ValueError("a similarity is not a number")
