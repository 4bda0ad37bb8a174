"""Which stored rows are nearest, by the Hamming distance of their hash codes."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import IndexSpec
from imagefinder.ranking.hashing import code_bytes, codes, hamming_similarity
from imagefinder.storage.row_index import Ids, RowIndex, Stored, load_faiss


class HashIndex(RowIndex):
    """Numbered codes of a bit for each value, and a search that compares a query's code with all of them.

    A bit says whether a value is above zero, so rows are to be given with their thresholds subtracted. Similarities
    are 1 - 2 distance / dimension, -1..1.
    """

    def __init__(self, spec: IndexSpec, parts: Sequence[Any] | None = None) -> None:
        """An empty index. ``parts`` are indexes of Faiss with what they hold, and left to ``read``."""
        super().__init__(spec, parts if parts is not None else [_new(spec.dimension)])

    @classmethod
    def read(cls, spec: IndexSpec, parts: int, read: Callable[[int], bytes]) -> "HashIndex":
        """What ``write`` wrote. ``read(n)`` gives the next n bytes. Raises ValueError where they make no such index."""
        faiss = load_faiss()
        try:
            loaded = [faiss.read_index_binary(faiss.PyCallbackIOReader(read)) for _ in range(parts)]
        except RuntimeError as error:
            raise ValueError(f"not an index: {error}") from error
        if len(loaded) != 1 or not isinstance(loaded[0], faiss.IndexBinaryIDMap):
            raise ValueError("not an index of the expected kind")
        if loaded[0].d != 8 * code_bytes(spec.dimension):
            raise ValueError("not an index of the expected width")
        return cls(spec, loaded)

    def stored(self, rows: Embeddings) -> Stored:
        return codes(rows)

    def _insert(self, part: Any, ids: Ids, stored: Stored) -> None:
        part.add_with_ids(stored, ids)

    def _nearest(self, query: Embeddings, k: int) -> tuple[Ids, npt.NDArray[np.float32]]:
        distances, ids = self._parts[0].search(codes(query), k)
        return ids[0], hamming_similarity(distances[0], self.spec.dimension)

    def _write_part(self, part: Any, writer: Any) -> None:
        load_faiss().write_index_binary(part, writer)

    def _contents(self) -> Iterator[tuple[Ids, Stored]]:
        faiss = load_faiss()
        width = code_bytes(self.spec.dimension)
        for part in self._parts:
            if count := int(part.ntotal):
                held = faiss.rev_swig_ptr(faiss.downcast_IndexBinary(part.index).xb.data(), count * width)
                yield faiss.rev_swig_ptr(part.id_map.data(), count), held.reshape(count, width)


def _new(dimension: int) -> Any:
    faiss = load_faiss()
    return faiss.IndexBinaryIDMap(faiss.IndexBinaryFlat(8 * code_bytes(dimension)))
