"""From queries to similarities with every photo of a gallery: by cosine, by hash, or by a search lever."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.domain.search_options import SearchOptions
from imagefinder.evaluation.metrics import Ints
from imagefinder.evaluation.ordering import LEFT_OUT
from imagefinder.ranking.levers import LEVERS
from imagefinder.ranking.nearest import nearest

Rescore: TypeAlias = Callable[[Embeddings, Embeddings], Embeddings]
"""A search lever: a query (d,) and a gallery (n, d) -> similarities (n,)."""

Compare: TypeAlias = Callable[[slice], Embeddings]
"""Which of the queries -> their similarities (c, n), greater is nearer; the caller may write into them."""


def by_cosine(queries: Embeddings, gallery: Embeddings) -> Compare:
    """Inner products of unit rows, (q, d) and (n, d)."""

    def compare(part: slice) -> Embeddings:
        similarities: Embeddings = queries[part] @ gallery.T
        return similarities

    return compare


def by_hash(queries: Embeddings, gallery: Embeddings, threshold: Embeddings) -> Compare:
    """1 - 2 h / d for the Hamming distance h of the codes x > ``threshold`` (d,): as ranking.hashing compares them.

    That is the cosine of rows of signs, and a matrix product counts it exactly (whole numbers below 2**24), faster
    than numpy counts bits.
    """
    left, right = _signs(queries, threshold), _signs(gallery, threshold)

    def compare(part: slice) -> Embeddings:
        similarities: Embeddings = (left[part] @ right.T) / np.float32(gallery.shape[1])
        return similarities

    return compare


def by_hash_then_cosine(hashed: Compare, queries: Embeddings, gallery: Embeddings, again: int) -> Compare:
    """The best ``again`` by hash come first, in the order of their cosine, to which 4 is added. The others follow."""

    def compare(part: slice) -> Embeddings:
        similarities = hashed(part)
        # Stable: what ties at the border is taken in the gallery's order, as everywhere.
        best = np.argsort(-similarities, axis=1, kind="stable")[:, :again]
        for row, (query, columns) in enumerate(zip(queries[part], best, strict=True)):
            similarities[row, columns] = gallery[columns] @ query + np.float32(4)
        return similarities

    return compare


def by_lever(
    queries: Embeddings, gallery: Embeddings, rescore: Rescore, left_out: Sequence[Ints] | None = None
) -> Compare:
    """What a search lever says. It sees the gallery without what is left out for its query, such as the query."""

    def compare(part: slice) -> Embeddings:
        table = np.full((len(queries[part]), len(gallery)), LEFT_OUT, np.float32)
        for row, number in enumerate(range(*part.indices(len(queries)))):
            kept = np.ones(len(gallery), bool)
            if left_out is not None:
                kept[left_out[number]] = False
            table[row, kept] = rescore(queries[number], gallery if kept.all() else gallery[kept])
        return table

    return compare


def find_lever(name: str, candidates: int) -> Rescore | None:
    """A registered search lever as the app applies it, with its numbers at rest; None for "" and "none".

    Raises UnknownName. A lever that makes a better query asks the whole gallery with it. The others order the nearest
    ``candidates`` anew, which stay before the rest.
    """
    if name in ("", "none"):
        return None
    lever, numbers = LEVERS[name], SearchOptions(lever=name)
    if (expand := lever.expand) is not None:

        def ask_again(query: Embeddings, gallery: Embeddings) -> Embeddings:
            similarities: Embeddings = gallery @ expand(query, gallery, numbers)
            return similarities

        return ask_again

    def rescore(query: Embeddings, gallery: Embeddings) -> Embeddings:
        cosines: Embeddings = gallery @ query
        if candidates >= len(gallery):
            everything: Embeddings = lever.rank(query, gallery, numbers)
            return everything
        best = np.sort(nearest(cosines[None], candidates)[0])
        again = lever.rank(query, gallery[best], numbers)
        similarities: Embeddings = cosines - np.float32(3) + again.min()  # below all that is ordered anew
        similarities[best] = again
        return similarities

    return rescore


def _signs(rows: Embeddings, threshold: Embeddings) -> Embeddings:
    """1 for a set bit, -1 for another; a row of zeros has none set."""
    bits = (rows > threshold) & np.any(rows, axis=1, keepdims=True)
    return np.where(bits, np.float32(1), np.float32(-1))
