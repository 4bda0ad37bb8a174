"""What every index of numbered rows has in common: whose rows are in it, and that nobody searches while it changes."""

import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import IndexSpec

Ids = npt.NDArray[np.int64]
Stored = npt.NDArray[Any]
"""Rows in the form that the index keeps them in: half floats or bytes (n, dimension), or codes (n, bytes)."""


def load_faiss() -> Any:
    # Any, because the stubs that come with Faiss leave out half of what is used here.
    import faiss

    if sys.platform == "darwin":  # torch brings an OpenMP of its own; the setting is the calling thread's
        faiss.omp_set_num_threads(1)
    return faiss


class RowIndex(ABC):
    """Numbered rows and a search for those most similar to a query.

    Searching while adding crashes Faiss, hence ``_lock``. Saving only reads, like searching, so it holds the other
    lock, the one that keeps changes out, and searches go on meanwhile.
    """

    def __init__(self, spec: IndexSpec, parts: Sequence[Any]) -> None:
        """Raises ValueError where the parts, Faiss's own indexes, hold an id twice."""
        self.spec = spec
        self._parts = parts
        self._changing = threading.RLock()
        self._lock = threading.Lock()
        self._ids = np.sort(np.concatenate([ids for ids, _ in self._contents()] or [np.empty(0, np.int64)]))
        self._room = self._ids
        """What ``_ids`` is the beginning of: with room for more, so that a batch does not copy all of them."""
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

    @abstractmethod
    def stored(self, rows: Embeddings) -> Stored:
        """These rows (n, dimension), float32, as the index keeps them; each the same whatever is beside it."""

    def add(self, ids: Ids, rows: Embeddings) -> None:
        """Add ``rows``, (n, dimension), under ``ids``, (n,). Raises ValueError for an id that is there already."""
        ids = np.ascontiguousarray(ids, np.int64)
        rows = np.ascontiguousarray(rows, np.float32)
        if rows.shape != (len(ids), self.spec.dimension):
            raise ValueError(f"rows are {rows.shape}, expected {(len(ids), self.spec.dimension)}")
        if not len(ids):
            return
        with self._changing:
            merged = self._with(np.sort(ids))
            with self._lock:
                self._insert(min(self._parts, key=lambda part: int(part.ntotal)), ids, self.stored(rows))
                self._changed(merged)

    def remove(self, ids: Ids) -> int:
        """Remove those of ``ids`` that are there; how many that was."""
        with self._changing:
            # Looked up one by one: going through all ids would cost a large library more than the removal itself.
            wanted = np.unique(np.asarray(ids, np.int64))
            places = np.searchsorted(self._ids, wanted)
            inside = places < len(self._ids)
            places, wanted = places[inside], wanted[inside]
            places = places[self._ids[places] == wanted]
            there = self._ids[places]
            if len(there):
                with self._lock:
                    for part in self._holding():
                        part.remove_ids(there)
                    self._changed(np.delete(self._ids, places))
            return len(there)

    def search(self, row: Embeddings, k: int) -> tuple[Ids, npt.NDArray[np.float32]]:
        """The ids of the ``k`` rows, or fewer, that are most similar to ``row`` (dimension,), best first; with their
        similarities, -1..1."""
        query = np.asarray(row, np.float32).reshape(1, self.spec.dimension)
        with self._lock:
            k = min(k, len(self._ids))
            if k < 1:
                return np.empty(0, np.int64), np.empty(0, np.float32)
            ids, similarities = self._nearest(query, k)
        found = ids >= 0
        return ids[found], similarities[found]

    def rows(self, ids: Ids) -> dict[int, Stored]:
        """Those of ``ids`` that are there, each in the form of ``stored``."""
        with self._changing:
            return {
                int(held[position]): stored[position].copy()
                for held, stored in self._contents()
                for position in np.flatnonzero(np.isin(held, ids))
            }

    def write(self, write: Callable[[bytes], object]) -> None:
        """Hand everything to ``write``, piece by piece; what that raises comes through."""

        def all_of(piece: bytes) -> int:
            write(piece)
            return len(piece)

        with self._changing:
            for part in self._settle():
                self._write_part(part, load_faiss().PyCallbackIOWriter(all_of))

    def _with(self, new: Ids) -> Ids:
        """All ids and ``new``, which are ascending. Raises ValueError for an id that is there twice then."""
        held = len(self._ids)
        if held and new[0] <= self._ids[-1]:
            merged = np.sort(np.concatenate([self._ids, new]))
            looked_at = merged
        else:  # as row numbers that only grow are
            if held + len(new) > len(self._room) or self._ids.base is not self._room:
                self._room = np.empty(2 * (held + len(new)), np.int64)
                self._room[:held] = self._ids
            self._room[held : held + len(new)] = new
            merged = self._room[: held + len(new)]
            looked_at = new
        if np.any(looked_at[1:] == looked_at[:-1]):
            raise ValueError("an id is in the index already")
        return merged

    def _changed(self, ids: Ids) -> None:
        self._ids = ids

    def _holding(self) -> Sequence[Any]:
        """Faiss's indexes that rows are in."""
        return self._parts

    def _settle(self) -> Sequence[Any]:
        """Faiss's indexes, with all rows in those that ``write`` writes; ``_changing`` is held."""
        return self._parts

    @abstractmethod
    def _insert(self, part: Any, ids: Ids, stored: Stored) -> None: ...

    @abstractmethod
    def _nearest(self, query: Embeddings, k: int) -> tuple[Ids, npt.NDArray[np.float32]]:
        """As ``search``, for a query (1, dimension); an id is -1 where there was nothing more."""

    @abstractmethod
    def _contents(self) -> Iterator[tuple[Ids, Stored]]:
        """Views of Faiss's own memory, good until the next change."""

    @abstractmethod
    def _write_part(self, part: Any, writer: Any) -> None: ...
