"""The index of one model in memory, kept equal to the catalogue."""

import logging
import sqlite3
from pathlib import Path

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink, ignore_progress
from imagefinder.domain.specs import IndexSpec, ModelSpec
from imagefinder.storage import index_file, vector_table
from imagefinder.storage.database import Database, explained
from imagefinder.storage.vectors import SAMPLES_PER_LIST, Ids, VectorIndex

log = logging.getLogger(__name__)

NEWEST_TO_COMPARE = 32
STALE_SHARE = 0.2


class IndexKeeper:
    """Loads the index when it is first needed, and follows the catalogue from then on.

    All but ``get`` is called with the database's lock held: the catalogue and the index change as one.
    """

    def __init__(self, database: Database, folder: Path, library: str, model_id: int, spec: ModelSpec) -> None:
        self.model_id = model_id
        self.spec = spec
        self.problem = ""
        """Why the file could not be used, where that was a surprise."""
        self._database = database
        self._library = library
        self._file = folder / f"vectors-{spec.fingerprint[:16]}.faiss"
        self._index: VectorIndex | None = None
        self._unsaved = False

    def get(self, progress: ProgressSink = ignore_progress, token: CancelToken | None = None) -> VectorIndex:
        """The index, loaded from its file or rebuilt. Raises LibraryError, and Cancelled while rebuilding."""
        index = self._index
        if index is None:
            with self._database.lock:
                index = self._index or self._load(progress, token or CancelToken())
                self._index = index
        return index

    def apply(self, removed: list[int], ids: list[int], rows: Embeddings | None = None) -> None:
        """Follow a commit. An index that is not loaded yet catches up when it is."""
        if self._index is None or not (removed or ids):
            return
        gone, new = np.array(removed, np.int64), np.array(ids, np.int64)
        try:
            self._index.remove(gone)
            if rows is not None:
                stayed = np.isin(new, gone, invert=True)  # a path that came twice left its first row behind at once
                self._index.add(new[stayed], rows[stayed])
        except BaseException:
            self.forget()  # it may have stopped halfway; from its file it catches up with what was committed
            raise
        self._unsaved = True

    def forget(self) -> None:
        """Load it anew when it is next needed."""
        self._index = None

    def kind(self) -> str:
        """The kind of the index; the one it will be, while it is not loaded."""
        if self._index is not None:
            return self._index.spec.kind
        return IndexSpec.choose(self.count(), self.spec.dimension).kind

    def count(self) -> int:
        """How many vectors there are; without asking the catalogue where the index is loaded."""
        index = self._index
        if index is not None and not self._database.read_only:  # another process may have gone on since
            return len(index)
        with self._database.read() as connection:
            return vector_table.count(connection, self.model_id)

    def fits(self) -> bool:
        """Whether the kind is the one that suits the number of photos, and enough lists were made."""
        index = self.get()
        best = IndexSpec.choose(len(index), self.spec.dimension)
        return index.spec.kind == best.kind and best.lists <= 2 * index.spec.lists

    def rebuild(self, progress: ProgressSink = ignore_progress, token: CancelToken | None = None) -> None:
        """Make the index from the catalogue; the old one serves until then. Raises Cancelled."""
        with self._database.snapshot() as connection:
            self._index = self._build(connection, progress, token or CancelToken())

    def save(self) -> None:
        """Write the file unless nothing changed since. Raises LibraryError, for a full disk for example."""
        if self._index is not None and self._unsaved:
            with explained(self._file):
                index_file.save(self._file, self._index, self._library, self.spec.fingerprint)
            self._unsaved = False

    def _load(self, progress: ProgressSink, token: CancelToken) -> VectorIndex:
        # The file first, the catalogue second: another process may be ahead with the catalogue, never with the file.
        index, reason = self._read_file()
        with self._database.snapshot() as connection:
            if index is not None and not (reason := self._mismatch(connection, index)):
                stored = vector_table.seqs(connection, self.model_id)
                stale = np.setdiff1d(index.ids, stored, assume_unique=True)
                missing = np.setdiff1d(stored, index.ids, assume_unique=True)
                if len(stale) + len(missing) <= STALE_SHARE * len(stored):
                    self._catch_up(connection, index, stale, missing)
                    return index
            if reason:
                self.problem = f"The index file could not be used ({reason})."
                log.warning("%s: %s. Rebuilding.", self._file, reason)
            return self._build(connection, progress, token)

    def _read_file(self) -> tuple[VectorIndex | None, str]:
        try:
            index, stamp = index_file.load(self._file)
        except FileNotFoundError:
            return None, ""
        except (OSError, index_file.IndexFileError) as error:
            return None, str(error)
        if (stamp.library, stamp.model) != (self._library, self.spec.fingerprint):
            return None, "it belongs to another library or model"
        return index, ""

    def _mismatch(self, connection: sqlite3.Connection, index: VectorIndex) -> str:
        """What shows that the file is not of this catalogue's past: it is ahead, or its newest rows are other ones.

        The catalogue may have been put back from a copy; numbers given since then would mean other photos.
        """
        held = index.ids
        if len(held) and held[-1] > vector_table.last_seq(connection):
            return "it is ahead of the catalogue"
        for seq, row in vector_table.at(connection, held[-NEWEST_TO_COMPARE:], self.spec.dimension).items():
            if not np.array_equal(index.rows(np.array([seq], np.int64))[seq].astype(np.float32), row):
                return "its rows are not the catalogue's"
        return ""

    def _catch_up(self, connection: sqlite3.Connection, index: VectorIndex, stale: Ids, missing: Ids) -> None:
        index.remove(stale)
        if len(missing):
            for ids, rows in vector_table.rows(connection, self.model_id, self.spec.dimension, int(missing[0])):
                new = np.isin(ids, missing, assume_unique=True)
                index.add(ids[new], rows[new])
        self._unsaved = bool(len(stale) or len(missing))

    def _build(self, connection: sqlite3.Connection, progress: ProgressSink, token: CancelToken) -> VectorIndex:
        total = vector_table.count(connection, self.model_id)
        chosen = IndexSpec.choose(total, self.spec.dimension)
        sample = None
        if chosen.kind == "ivf":
            step = max(1, total // (chosen.lists * SAMPLES_PER_LIST))
            chunks = vector_table.rows(connection, self.model_id, self.spec.dimension)
            sample = np.concatenate([rows[::step] for _, rows in chunks])
        index = VectorIndex(chosen, sample)
        meter = ProgressMeter(progress, token, "rebuilding", total)
        for ids, rows in vector_table.rows(connection, self.model_id, self.spec.dimension):
            index.add(ids, rows)
            meter.report(len(index))
        self._unsaved = total > 0
        return index
