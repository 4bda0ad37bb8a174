"""Which stored rows are nearest, by cosine."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import IndexSpec
from imagefinder.storage.row_index import Ids, RowIndex, Stored, load_faiss

SAMPLES_PER_LIST = 64
STRIDE = 16
FRESH_ROWS = 4096
STEPS = 127
"""Of rounding between zero and one, where rows are kept as bytes."""
ZERO = 128
"""The byte that Faiss keeps a zero as."""


def _flat_parts() -> int:
    # Faiss compares one query on one core. Parts, each with a thread of its own, let it use the others.
    return 1 if sys.platform == "darwin" else max(1, min(4, (os.cpu_count() or 1)))


def _width(dimension: int) -> int:
    """Faiss's fast loops take rows in strides: one value more than fits them, and a search is four times slower."""
    return -(-dimension // STRIDE) * STRIDE


def _padded(rows: Embeddings | Stored) -> Embeddings:
    """With zeros up to the width, which changes no inner product."""
    missing = _width(rows.shape[1]) - rows.shape[1]
    return np.ascontiguousarray(np.pad(rows, ((0, 0), (0, missing))) if missing else rows, np.float32)


class VectorIndex(RowIndex):
    """Numbered unit rows and a search by inner product, which is their cosine.

    Both kinds hold half floats, whose similarities are as good as exact; or bytes, 127 to the unit, whose similarities
    are off by 0.0024 (a step of rounding / sqrt(12), whatever the dimension): whoever wants them exact compares the
    first of them again. The steps are the same for every row, so that none depends on those beside it, and reach as far
    as any number of a unit row: finer ones would cut off the largest numbers of a row that has little else.

    What "ivf" may miss is a neighbour in a list that it did not look into.
    """

    def __init__(self, spec: IndexSpec, sample: Embeddings | None = None, parts: Sequence[Any] | None = None) -> None:
        """An empty index. Inverted lists are trained on ``sample``, float32 (n, dimension), which "ivf" must have.

        ``parts`` are indexes of Faiss with what they hold, and left to ``read``.
        """
        if parts is None and spec.kind == "ivf":
            if sample is None or not len(sample):
                raise ValueError("inverted lists need a sample to be trained on")
            parts = [_new_ivf(spec, sample)]
        elif parts is None:
            parts = [_new_flat(spec) for _ in range(_flat_parts())]
        # What is to be added to inverted lists: each list that grows is copied, and each batch is compared with the
        # centres of all lists, so that in a large library many rows at once cost little more than few.
        self._fresh = _new_flat(spec) if spec.kind == "ivf" else None
        super().__init__(spec, parts)
        self._whole = parts[0]
        if len(parts) > 1:
            self._whole = load_faiss().IndexShards(_width(spec.dimension), True, False)
            for part in parts:
                self._whole.add_shard(part)
        if spec.kind == "ivf":
            parts[0].nprobe = max(16, parts[0].nlist // 8)

    @classmethod
    def read(cls, spec: IndexSpec, parts: int, read: Callable[[int], bytes]) -> "VectorIndex":
        """What ``write`` wrote. ``read(n)`` gives the next n bytes. Raises ValueError where they make no such index."""
        faiss = load_faiss()
        try:
            loaded = [faiss.read_index(faiss.PyCallbackIOReader(read)) for _ in range(parts)]
        except RuntimeError as error:
            raise ValueError(f"not an index: {error}") from error
        if not loaded or not all(_is_of(spec, part) for part in loaded):
            raise ValueError("not an index of the expected kind")
        return cls(spec, parts=loaded)

    def stored(self, rows: Embeddings) -> Stored:
        # Rounded here and not by Faiss, whose rounding differs from one processor to another.
        if self.spec.stored == "float16":
            return np.asarray(rows, np.float16)
        steps = np.clip(np.rint(np.asarray(rows, np.float32) * STEPS), -STEPS, STEPS)
        return (steps + ZERO).astype(np.uint8)

    def _for_faiss(self, stored: Stored) -> Embeddings:
        """Rows that Faiss keeps as ``stored``, with nothing left for it to round."""
        return _padded(stored if self.spec.stored == "float16" else stored.astype(np.float32) - ZERO)

    def _asked(self, query: Embeddings) -> tuple[Embeddings, np.float32]:
        """A query as Faiss takes it, and what its similarities are multiplied by."""
        if self.spec.stored == "float16":
            return _padded(query), np.float32(1)
        # Faiss compares bytes as whole numbers where rows fit its strides, and would cut off what follows the point.
        largest = np.abs(query).max() or np.float32(1)
        return _padded(np.rint(query / largest * STEPS)), np.float32(largest / STEPS**2)

    def _insert(self, part: Any, ids: Ids, stored: Stored) -> None:
        if self._fresh is None:
            part.add_with_ids(self._for_faiss(stored), ids)
            return
        self._fresh.add_with_ids(self._for_faiss(stored), ids)
        if self._fresh.ntotal >= FRESH_ROWS:
            self._empty_fresh()

    def _nearest(self, query: Embeddings, k: int) -> tuple[Ids, npt.NDArray[np.float32]]:
        query, unit = self._asked(query)
        similarities, ids = self._whole.search(query, k)
        if self._fresh is not None and self._fresh.ntotal:
            more, more_ids = self._fresh.search(query, k)
            similarities, ids = np.hstack([similarities, more]), np.hstack([ids, more_ids])
            similarities[ids < 0] = -np.inf
            best = np.argsort(-similarities[0], kind="stable")[:k]
            similarities, ids = similarities[:, best], ids[:, best]
        return ids[0], similarities[0] * unit

    def _holding(self) -> Sequence[Any]:
        return self._parts if self._fresh is None else [*self._parts, self._fresh]

    def _settle(self) -> Sequence[Any]:
        with self._lock:
            self._empty_fresh()
        return self._parts

    def _empty_fresh(self) -> None:
        if self._fresh is not None and self._fresh.ntotal:
            for ids, rows in self._rows_of(self._fresh, "flat"):
                self._parts[0].add_with_ids(self._for_faiss(rows), ids.copy())
            self._fresh = _new_flat(self.spec)

    def _changed(self, ids: Ids) -> None:
        super()._changed(ids)
        if self._whole is not self._parts[0]:
            self._whole.syncWithSubIndexes()

    def _write_part(self, part: Any, writer: Any) -> None:
        load_faiss().write_index(part, writer)

    def _contents(self) -> Iterator[tuple[Ids, Stored]]:
        for part in self._parts:
            yield from self._rows_of(part, self.spec.kind)
        if self._fresh is not None:
            yield from self._rows_of(self._fresh, "flat")

    def _rows_of(self, part: Any, kind: str) -> Iterator[tuple[Ids, Stored]]:
        faiss = load_faiss()
        width = _width(self.spec.dimension)
        number = np.dtype(np.float16 if self.spec.stored == "float16" else np.uint8)
        if kind == "flat":
            codes = faiss.downcast_index(part.index).codes
            places = [(part.id_map.data(), codes.data(), int(part.ntotal))]
        else:
            lists = part.invlists
            places = [(lists.get_ids(i), lists.get_codes(i), int(lists.list_size(i))) for i in range(part.nlist)]
        for ids, held, count in places:
            if count:
                raw = faiss.rev_swig_ptr(held, count * width * number.itemsize)
                rows = raw.view(number).reshape(count, width)[:, : self.spec.dimension]
                yield faiss.rev_swig_ptr(ids, count), rows


def _form(spec: IndexSpec) -> Any:
    quantizer = load_faiss().ScalarQuantizer
    # Signed bytes as they come: Faiss's other eight-bit forms learn their range from a sample, and were slower.
    return quantizer.QT_fp16 if spec.stored == "float16" else quantizer.QT_8bit_direct_signed


def _is_of(spec: IndexSpec, part: Any) -> bool:
    faiss = load_faiss()
    if spec.kind == "flat":
        inner = faiss.downcast_index(part.index) if isinstance(part, faiss.IndexIDMap) else None
        expected = faiss.IndexScalarQuantizer
    else:
        inner, expected = part, faiss.IndexIVFScalarQuantizer
    return isinstance(inner, expected) and inner.d == _width(spec.dimension) and inner.sq.qtype == _form(spec)


def _new_flat(spec: IndexSpec) -> Any:
    faiss = load_faiss()
    return faiss.IndexIDMap(faiss.IndexScalarQuantizer(_width(spec.dimension), _form(spec), faiss.METRIC_INNER_PRODUCT))


def _new_ivf(spec: IndexSpec, sample: Embeddings) -> Any:
    faiss = load_faiss()
    lists = max(1, min(spec.lists, len(sample)))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(_width(spec.dimension)),
        _width(spec.dimension),
        lists,
        _form(spec),
        faiss.METRIC_INNER_PRODUCT,
        False,  # the rows themselves, not their distance from a list's centre
    )
    index.cp.spherical = True
    index.cp.niter = 10
    index.cp.min_points_per_centroid = 1  # or Faiss writes a warning to the terminal
    index.cp.max_points_per_centroid = SAMPLES_PER_LIST
    index.train(_padded(sample))  # of any length: only their directions count for the centres
    return index
