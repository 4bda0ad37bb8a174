"""Searching, and reading embeddings as they are compared."""

from collections.abc import Collection, Iterable

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.storage import vector_table
from imagefinder.storage.index_keeper import IndexKeeper
from imagefinder.storage.library_parts import LibraryParts
from imagefinder.storage.row_index import Ids
from imagefinder.storage.serving import Serving

RERANKED_PER_ANSWER = 10
RERANKED_AT_LEAST = 200
BEYOND_SHARE = 0.25
BEYOND_AT_LEAST = 50


class SearchView(LibraryParts):
    """Questions about the active model's embeddings.

    Stored embeddings and queries are raw unit rows. They are compared as centred unit rows, with the library's pinned
    mean subtracted, where the model is centred (see centre_table.py): ``centred`` makes the one from the other.
    """

    def embedding(self, photo_id: int) -> Embeddings | None:
        """The active model's raw unit row (dimension,) of a photo, float32; None where there is none."""
        keeper = self._keeper
        if keeper is None:
            return None
        with self._database.read() as connection:
            return vector_table.of_photo(connection, photo_id, keeper.model_id, keeper.spec.dimension)

    def centred(self, row: Embeddings) -> Embeddings:
        """The raw unit ``row`` (dimension,) as it is compared; the same row where nothing is centred."""
        keeper = self._keeper
        return row if keeper is None else keeper.comparing().centre(row)

    def search(self, row: Embeddings, k: int, *, centred: bool = False) -> list[tuple[int, float]]:
        """(photo id, similarity) of the ``k`` photos nearest to the unit ``row`` (dimension,), best first.

        ``row`` is raw, or ``centred`` says that it is as ``centred()`` returns it. Similarities, -1..1, are cosines of
        centred rows; where the model compares by "hash", 1 - 2 Hamming distance / bits.
        """
        keeper = self._keeper
        if keeper is None:
            return []
        serving = keeper.serving()
        if _candidates(serving, k):
            photo_ids, _, similarities, _ = self._nearest(keeper, row, k, centred)
            return list(zip(photo_ids, similarities.tolist(), strict=True))
        seqs, similarities = serving.index.search(serving.comparing.index_query(row, centred), k)
        with self._database.read() as connection:
            photo_of = vector_table.photo_ids(connection, seqs)
        found = zip(seqs.tolist(), similarities.tolist(), strict=True)
        # A row removed since, or a photo that another process removed, is in the index but not in the catalogue.
        return [(photo_of[seq], similarity) for seq, similarity in found if seq in photo_of]

    def neighbourhood(
        self, row: Embeddings, n: int, *, centred: bool = False, among: Collection[int] | None = None
    ) -> tuple[list[int], Embeddings, Embeddings]:
        """The ``n`` photos, or fewer, nearest to ``row``, which is as for ``search``: their ids, most similar first;
        their centred unit rows (n, dimension), float32, in this order; and the centred query (dimension,).

        Only photos ``among`` these, if given: there may be fewer than ``n`` then although there are more of them, as
        they are looked for among so many of all that ``n`` would be, were they spread evenly.
        """
        keeper = self._keeper
        if keeper is None:
            return [], np.empty((0, row.shape[-1]), np.float32), row
        photo_ids, rows, _, query = self._nearest(keeper, row, n, centred, among)
        return photo_ids, rows, query

    def random_rows(self, n: int, seed: int) -> tuple[list[int], Embeddings]:
        """``n`` photos, or all where there are fewer, chosen by chance: their ids and centred unit rows (n, dimension).

        The same ones for the same ``seed`` while the library stays as it is. Only these rows are read from the disk.
        """
        keeper = self._keeper
        if keeper is None:
            return [], np.empty((0, 0), np.float32)
        serving = keeper.serving()
        ids = serving.index.ids
        chosen = np.random.default_rng(seed).choice(ids, min(n, len(ids)), replace=False, shuffle=False)
        with self._database.read() as connection:
            _, photo_ids, rows = vector_table.with_photos(connection, np.sort(chosen), keeper.spec.dimension)
        return photo_ids, serving.comparing.centre(rows)

    def all_rows(self, photo_ids: Iterable[int] | None = None) -> tuple[list[int], Embeddings]:
        """The ids, ascending, and the centred unit rows (n, dimension), float32, of these photos or of all.

        Photos without an embedding are left out. All rows take 4 x n x dimension bytes of memory.
        """
        keeper = self._keeper
        if keeper is None:
            return [], np.empty((0, 0), np.float32)
        comparing, dimension = keeper.comparing(), keeper.spec.dimension
        wanted = None if photo_ids is None else list(dict.fromkeys(photo_ids))
        with self._database.snapshot() as connection:
            room = vector_table.count(connection, keeper.model_id) if wanted is None else len(wanted)
            found: list[int] = []
            rows = np.empty((room, dimension), np.float32)
            for ids, chunk in vector_table.of_photos(connection, keeper.model_id, dimension, wanted):
                rows[len(found) : len(found) + len(ids)] = comparing.centre(chunk)
                found += ids
        return found, rows[: len(found)]

    def export(self) -> tuple[list[str], Embeddings, str]:
        """The paths of all embedded photos, their raw unit rows (n, dimension), and the active model's name."""
        keeper = self._keeper
        if keeper is None:
            return [], np.empty((0, 0), np.float32), ""
        with self._database.snapshot() as connection:
            paths, rows = vector_table.export(connection, keeper.model_id, keeper.spec.dimension)
        return paths, rows, keeper.spec.name

    def _nearest(
        self, keeper: IndexKeeper, row: Embeddings, k: int, centred: bool, among: Collection[int] | None = None
    ) -> tuple[list[int], Embeddings, npt.NDArray[np.float32], Embeddings]:
        """Photo ids, centred rows, similarities and the centred query; candidates are looked at again."""
        serving = keeper.serving()
        comparing, again = serving.comparing, _candidates(serving, k)
        wanted = again or k
        spread = 1.0 if among is None else max(1.0, len(serving.index.ids) / max(1, len(among)))
        seqs, similarities = serving.index.search(comparing.index_query(row, centred), round(spread * wanted))
        with self._database.read() as connection:
            if among is not None:
                photo_of = vector_table.photo_ids(connection, seqs)
                inside = np.fromiter((photo_of.get(seq) in among for seq in seqs.tolist()), np.bool_, len(seqs))
                seqs, similarities = seqs[inside][:wanted], similarities[inside][:wanted]
            there, photo_ids, raw = vector_table.with_photos(connection, seqs, keeper.spec.dimension)
        rows, query = comparing.centre(raw), comparing.centred_query(row, centred)
        if not again:
            return photo_ids, rows, _at(seqs, similarities, there), query
        cosines = np.asarray(rows @ query, np.float32)
        best = np.argsort(-cosines, kind="stable")[:k]
        return [photo_ids[place] for place in best.tolist()], rows[best], cosines[best], query


def _candidates(serving: Serving, k: int) -> int:
    """How many answers of the index are compared again, by their stored rows, to find ``k``; 0 where its own hold.

    Of bytes they hold to two digits: enough to say who comes near the first ``k``, not in which order, nor how alike
    two photos are. Reading the stored rows costs little, as the numbers of their photos are read beside them anyway.
    """
    if k < 1:
        return 0
    if serving.comparing.compare == "hash-rerank":
        return max(RERANKED_PER_ANSWER * k, RERANKED_AT_LEAST)
    return k + max(int(BEYOND_SHARE * k), BEYOND_AT_LEAST) if serving.index.spec.stored == "int8" else 0


def _at(seqs: Ids, similarities: npt.NDArray[np.float32], there: Ids) -> npt.NDArray[np.float32]:
    """The similarities of those that were still there."""
    return similarities[np.isin(seqs, there)]
