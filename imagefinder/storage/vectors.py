"""Which stored vectors are nearest. The only home of Faiss."""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import IndexSpec

Ids = npt.NDArray[np.int64]
Halves = npt.NDArray[np.float16]

SAMPLES_PER_LIST = 64
STRIDE = 16


def _faiss() -> Any:
    # Any, because the stubs that come with Faiss leave out half of what is used here.
    import faiss

    if sys.platform == "darwin":  # torch brings an OpenMP of its own; the setting is the calling thread's
        faiss.omp_set_num_threads(1)
    return faiss


def _flat_parts() -> int:
    # Faiss compares one query on one core. Parts, each with a thread of its own, let it use the others.
    return 1 if sys.platform == "darwin" else max(1, min(4, (os.cpu_count() or 1)))


def _width(dimension: int) -> int:
    """Faiss's fast loops take rows in strides: one value more than fits them, and a search is four times slower."""
    return -(-dimension // STRIDE) * STRIDE


def _padded(rows: Embeddings) -> Embeddings:
    """With zeros up to the width, which changes no inner product."""
    missing = _width(rows.shape[1]) - rows.shape[1]
    return np.ascontiguousarray(np.pad(rows, ((0, 0), (0, missing))) if missing else rows, np.float32)


class VectorIndex:
    """Numbered unit rows and a search by inner product, which is their cosine.

    Both kinds hold half floats, bit for bit what the catalogue holds. So a similarity is never approximate and no
    answer needs ranking again; what "ivf" may miss is a neighbour in a list that it did not look into.

    Searching while adding crashes Faiss, hence ``_lock``. Saving only reads, like searching, so it holds the other
    lock, the one that keeps changes out, and searches go on meanwhile.
    """

    def __init__(self, spec: IndexSpec, sample: Embeddings | None = None) -> None:
        """An empty index. Inverted lists are trained on ``sample``, float32 (n, dimension), which "ivf" must have."""
        parts = [_new_flat(_width(spec.dimension)) for _ in range(_flat_parts())] if spec.kind == "flat" else []
        if spec.kind == "ivf":
            if sample is None or not len(sample):
                raise ValueError("inverted lists need a sample to be trained on")
            parts = [_new_ivf(spec, sample)]
        self._set_up(spec, parts)

    @classmethod
    def read(cls, spec: IndexSpec, parts: int, read: Callable[[int], bytes]) -> "VectorIndex":
        """What ``write`` wrote. ``read(n)`` gives the next n bytes. Raises ValueError where they make no such index."""
        faiss = _faiss()
        try:
            loaded = [faiss.read_index(faiss.PyCallbackIOReader(read)) for _ in range(parts)]
        except RuntimeError as error:
            raise ValueError(f"not an index: {error}") from error
        expected = faiss.IndexIDMap if spec.kind == "flat" else faiss.IndexIVFScalarQuantizer
        if not loaded or any(not isinstance(part, expected) or part.d != _width(spec.dimension) for part in loaded):
            raise ValueError("not an index of the expected kind")
        index = cls.__new__(cls)
        index._set_up(spec, loaded)
        return index

    def _set_up(self, spec: IndexSpec, parts: Sequence[Any]) -> None:
        self.spec = spec
        self._parts = parts
        self._changing = threading.RLock()
        self._lock = threading.Lock()
        self._whole = parts[0]
        if len(parts) > 1:
            self._whole = _faiss().IndexShards(_width(spec.dimension), True, False)
            for part in parts:
                self._whole.add_shard(part)
        if spec.kind == "ivf":
            parts[0].nprobe = max(16, parts[0].nlist // 8)
        self._ids = np.sort(np.concatenate([ids for ids, _ in self._contents()] or [np.empty(0, np.int64)]))
        if np.any(self._ids[1:] == self._ids[:-1]):
            raise ValueError("an id is in the index twice")

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> Ids:
        """All ids, ascending."""
        return self._ids.copy()

    @property
    def parts(self) -> int:
        return len(self._parts)

    def add(self, ids: Ids, rows: Embeddings) -> None:
        """Add ``rows``, (n, dimension), under ``ids``, (n,). Raises ValueError for an id that is there already."""
        ids = np.ascontiguousarray(ids, np.int64)
        rows = np.ascontiguousarray(rows, np.float32)
        if rows.shape != (len(ids), self.spec.dimension):
            raise ValueError(f"rows are {rows.shape}, expected {(len(ids), self.spec.dimension)}")
        if not len(ids):
            return
        with self._changing:
            merged = np.sort(np.concatenate([self._ids, ids]))
            if np.any(merged[1:] == merged[:-1]):
                raise ValueError("an id is in the index already")
            with self._lock:
                min(self._parts, key=lambda part: int(part.ntotal)).add_with_ids(_padded(rows), ids)
                self._changed(merged)

    def remove(self, ids: Ids) -> int:
        """Remove those of ``ids`` that are there; how many that was."""
        with self._changing:
            there = np.intersect1d(self._ids, np.asarray(ids, np.int64))
            if len(there):
                with self._lock:
                    for part in self._parts:
                        part.remove_ids(there)
                    self._changed(np.setdiff1d(self._ids, there, assume_unique=True))
            return len(there)

    def search(self, row: Embeddings, k: int) -> tuple[Ids, npt.NDArray[np.float32]]:
        """The ids of the ``k`` rows, or fewer, that are most similar to the unit ``row``, best first; their cosines."""
        query = _padded(np.asarray(row, np.float32).reshape(1, self.spec.dimension))
        with self._lock:
            k = min(k, len(self._ids))
            if k < 1:
                return np.empty(0, np.int64), np.empty(0, np.float32)
            similarities, ids = self._whole.search(query, k)
        found = ids[0] >= 0
        return ids[0][found], similarities[0][found]

    def rows(self, ids: Ids) -> dict[int, Halves]:
        """The stored rows of those of ``ids`` that are there, as half floats (dimension,)."""
        with self._changing:
            return {
                int(held[position]): halves[position].copy()
                for held, halves in self._contents()
                for position in np.flatnonzero(np.isin(held, ids))
            }

    def write(self, write: Callable[[bytes], object]) -> None:
        """Hand everything to ``write``, piece by piece; what that raises comes through."""
        faiss = _faiss()

        def all_of(piece: bytes) -> int:
            write(piece)
            return len(piece)

        with self._changing:
            for part in self._parts:
                faiss.write_index(part, faiss.PyCallbackIOWriter(all_of))

    def _changed(self, ids: Ids) -> None:
        self._ids = ids
        if self._whole is not self._parts[0]:
            self._whole.syncWithSubIndexes()

    def _contents(self) -> Iterator[tuple[Ids, Halves]]:
        """Views of Faiss's own memory, good until the next change."""
        faiss = _faiss()
        width = _width(self.spec.dimension)
        for part in self._parts:
            if self.spec.kind == "flat":
                codes = faiss.downcast_index(part.index).codes
                places = [(part.id_map.data(), codes.data(), int(part.ntotal))]
            else:
                lists = part.invlists
                places = [(lists.get_ids(i), lists.get_codes(i), int(lists.list_size(i))) for i in range(part.nlist)]
            for ids, halves, count in places:
                if count:
                    raw = faiss.rev_swig_ptr(halves, count * width * 2)
                    rows = raw.view(np.float16).reshape(count, width)[:, : self.spec.dimension]
                    yield faiss.rev_swig_ptr(ids, count), rows


def _new_flat(dimension: int) -> Any:
    faiss = _faiss()
    return faiss.IndexIDMap(
        faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    )


def _new_ivf(spec: IndexSpec, sample: Embeddings) -> Any:
    faiss = _faiss()
    lists = max(1, min(spec.lists, len(sample)))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(_width(spec.dimension)),
        _width(spec.dimension),
        lists,
        faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
        False,  # the rows themselves, not their distance from a list's centre
    )
    index.cp.spherical = True
    index.cp.niter = 10
    index.cp.min_points_per_centroid = 1  # or Faiss writes a warning to the terminal
    index.cp.max_points_per_centroid = SAMPLES_PER_LIST
    index.train(_padded(sample))
    return index
