"""The index of one model in memory, kept equal to the catalogue."""

import logging
import sqlite3
from pathlib import Path

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.domain.progress import CancelToken, ProgressSink, ignore_progress
from imagefinder.domain.specs import IndexSpec, ModelSpec
from imagefinder.storage import centre_table, index_file, model_table, vector_table
from imagefinder.storage.centre_table import Centre
from imagefinder.storage.comparing import Comparing
from imagefinder.storage.database import Database, explained
from imagefinder.storage.row_index import Ids, RowIndex
from imagefinder.storage.serving import Serving, build, holds_rows

log = logging.getLogger(__name__)

NEWEST_TO_COMPARE = 32
STALE_SHARE = 0.2


def index_path(folder: Path, spec: ModelSpec) -> Path:
    """The file of a model's index in a library's folder; it stays while another model is the active one."""
    return folder / f"vectors-{spec.fingerprint[:16]}.faiss"


class IndexKeeper:
    """Loads the index when it is first needed, and follows the catalogue from then on.

    All but ``serving`` and ``comparing`` is called with the database's lock held: the catalogue and the index change
    as one.

    What the rows of the index mean changes in ``optimise`` and ``rebuild`` only. A new index is made beside the one
    that serves; then the new mean, or choice, is committed; then the new index serves; then it is saved. Wherever this
    ends, the file says by its stamp what its rows were made with. If that is not what the catalogue says, the index
    is made again when it is next needed.
    """

    def __init__(self, database: Database, folder: Path, library: str, model_id: int, spec: ModelSpec) -> None:
        self.model_id = model_id
        self.spec = spec
        """With the library's own choice of how it compares, in effect from the next ``optimise`` or start on."""
        self.problem = ""
        """Why the file could not be used, where that was a surprise."""
        self.file = index_path(folder, spec)
        self._database = database
        self._library = library
        self._serving: Serving | None = None
        self._unsaved = False

    def serving(self, progress: ProgressSink = ignore_progress, token: CancelToken | None = None) -> Serving:
        """The index, loaded from its file or rebuilt. Raises LibraryError, and Cancelled while rebuilding."""
        serving = self._serving
        if serving is None:
            with self._database.lock:
                serving = self._serving or self._load(progress, token or CancelToken())
                self._serving = serving
        return serving

    def comparing(self) -> Comparing:
        """How rows are compared by the index that serves, or by the one that will, without loading it."""
        serving = self._serving
        if serving is not None:
            return serving.comparing
        with self._database.read() as connection:
            return self._comparing(connection)

    def apply(self, removed: list[int], ids: list[int], rows: Embeddings | None = None) -> None:
        """Follow a commit; ``rows`` are as they were stored. An index that is not loaded yet catches up when it is."""
        if self._serving is None or not (removed or ids):
            return
        gone, new = np.array(removed, np.int64), np.array(ids, np.int64)
        index, comparing = self._serving.index, self._serving.comparing
        try:
            index.remove(gone)
            if rows is not None:
                stayed = np.isin(new, gone, invert=True)  # a path that came twice left its first row behind at once
                index.add(new[stayed], comparing.to_index(rows[stayed]))
        except BaseException:
            self.forget()  # it may have stopped halfway; from its file it catches up with what was committed
            raise
        self._unsaved = True

    def forget(self) -> None:
        """Load it anew when it is next needed."""
        self._serving = None

    def kind(self) -> str:
        """The kind of the index; the one it will be, while it is not loaded."""
        if self._serving is not None:
            return self._serving.index.spec.kind
        return self._suitable(self.count()).kind

    def count(self) -> int:
        """How many vectors there are; without asking the catalogue where the index is loaded."""
        serving = self._serving
        if serving is not None and not self._database.read_only:  # another process may have gone on since
            return len(serving.index)
        with self._database.read() as connection:
            return vector_table.count(connection, self.model_id)

    def optimise(self, progress: ProgressSink = ignore_progress, token: CancelToken | None = None) -> bool:
        """Load the index, and rebuild it where its kind does not suit the number of photos any more, where it compares
        or keeps rows in another way than ``spec`` says, or where the mean has drifted. Returns whether it did. Raises
        Cancelled; then nothing changed."""
        with self._database.snapshot() as connection:
            stays = self._is_up_to_date(connection)
        if stays:  # or the index would be made, with a mean that is about to go
            serving = self.serving(progress, token)
            if self._fits(serving.index) and self.is_as_chosen():
                return False
        self.rebuild(progress, token)
        return True

    def is_as_chosen(self) -> bool:
        """Whether photos are compared as ``spec`` and the catalogue say, now or once the index is loaded."""
        with self._database.read() as connection:
            return self.comparing().is_as(self._comparing(connection))

    def rebuild(
        self,
        progress: ProgressSink = ignore_progress,
        token: CancelToken | None = None,
        choice: ModelSpec | None = None,
    ) -> None:
        """Make the index from the catalogue, with a new mean where that has drifted; the old one serves until then.

        ``choice`` is ``spec`` with another ``compare`` or ``centred``, which the library makes its own with this.
        Raises Cancelled.
        """
        spec, token = choice or self.spec, token or CancelToken()
        with self._database.snapshot() as connection:
            fresh = None if self._is_up_to_date(connection, spec) else self._measure(connection, token)
            comparing = self._comparing(connection, spec, fresh)
            index = build(connection, self.model_id, spec, comparing, progress, token)
        if fresh is not None or choice is not None:
            with self._database.write() as connection:
                if fresh is not None:
                    centre_table.pin(connection, self.model_id, fresh)
                if choice is not None:
                    model_table.choose(connection, self.model_id, choice.compare, choice.centred)
        self.spec, self._serving, self._unsaved = spec, Serving(index, comparing), True

    def save(self) -> None:
        """Write the file unless nothing changed since. Raises LibraryError, for a full disk for example."""
        if self._serving is not None and self._unsaved:
            index, digest = self._serving.index, self._serving.comparing.digest
            with explained(self.file):
                index_file.save(self.file, index, self._library, self.spec.fingerprint, digest)
            self._unsaved = False

    # The mean

    def _comparing(
        self, connection: sqlite3.Connection, spec: ModelSpec | None = None, fresh: Centre | None = None
    ) -> Comparing:
        spec = spec or self.spec
        pinned = fresh or centre_table.pinned(connection, self.model_id, spec.dimension)
        return Comparing(spec.compare, spec.centred, pinned)

    def _is_up_to_date(self, connection: sqlite3.Connection, spec: ModelSpec | None = None) -> bool:
        """Whether the pinned mean may stay, or none is needed."""
        spec = spec or self.spec
        if not (spec.centred or spec.compare != "cosine"):
            return True
        pinned = centre_table.pinned(connection, self.model_id, spec.dimension)
        if pinned is None:
            return vector_table.count(connection, self.model_id) == 0
        return not centre_table.has_drifted(connection, self.model_id, pinned)

    def _measure(self, connection: sqlite3.Connection, token: CancelToken) -> Centre | None:
        return centre_table.measure(connection, self.model_id, self.spec.dimension, token)

    # The index

    def _suitable(self, count: int) -> IndexSpec:
        return IndexSpec.choose(count, self.spec.dimension, self.spec.compare, self.spec.stored)

    def _fits(self, index: RowIndex) -> bool:
        """Whether the kind is the one that suits the number of photos, enough lists were made, and rows are kept in the
        form that the record says."""
        best = self._suitable(len(index))
        alike = (index.spec.kind, index.spec.stored) == (best.kind, best.stored)
        return alike and best.lists <= 2 * index.spec.lists

    def _load(self, progress: ProgressSink, token: CancelToken) -> Serving:
        # The file first, the catalogue second: another process may be ahead with the catalogue, never with the file.
        index, digest, reason = self._read_file()
        with self._database.snapshot() as connection:
            comparing = self._comparing(connection)
            if index is not None and not self._was_made_by(comparing, index, digest):
                log.info("%s: photos are kept or compared in another way than it was made for. Rebuilding.", self.file)
                index = None
            if index is not None and not (reason := self._mismatch(connection, comparing, index)):
                stored = vector_table.seqs(connection, self.model_id)
                stale = np.setdiff1d(index.ids, stored, assume_unique=True)
                missing = np.setdiff1d(stored, index.ids, assume_unique=True)
                if len(stale) + len(missing) <= STALE_SHARE * len(stored):
                    self._catch_up(connection, Serving(index, comparing), stale, missing)
                    return Serving(index, comparing)
            if reason:
                self.problem = f"The index file could not be used ({reason})."
                log.warning("%s: %s. Rebuilding.", self.file, reason)
            made = build(connection, self.model_id, self.spec, comparing, progress, token)
            self._unsaved = len(made) > 0
            return Serving(made, comparing)

    def _read_file(self) -> tuple[RowIndex | None, str, str]:
        """The index with the digest of its centre; or why there is none, "" where there is no file."""
        try:
            index, stamp = index_file.load(self.file)
        except FileNotFoundError:
            return None, "", ""
        except (OSError, index_file.IndexFileError) as error:
            return None, "", str(error)
        if (stamp.library, stamp.model) != (self._library, self.spec.fingerprint):
            return None, "", "it belongs to another library or model"
        return index, stamp.centre, ""

    def _was_made_by(self, comparing: Comparing, index: RowIndex, digest: str) -> bool:
        stored = self._suitable(len(index)).stored
        kept_so = (index.spec.kind == "hash", index.spec.stored) == (comparing.hashed, stored)
        return digest == comparing.digest and kept_so

    def _mismatch(self, connection: sqlite3.Connection, comparing: Comparing, index: RowIndex) -> str:
        """What shows that the file is not of this catalogue's past: it is ahead, or its newest rows are other ones.

        The catalogue may have been put back from a copy; numbers given since then would mean other photos.
        """
        held = index.ids
        if len(held) and held[-1] > vector_table.last_seq(connection):
            return "it is ahead of the catalogue"
        newest = held[-NEWEST_TO_COMPARE:]
        if not holds_rows(Serving(index, comparing), vector_table.at(connection, newest, self.spec.dimension)):
            return "its rows are not the catalogue's"
        return ""

    def _catch_up(self, connection: sqlite3.Connection, serving: Serving, stale: Ids, missing: Ids) -> None:
        serving.index.remove(stale)
        if len(missing):
            for ids, rows in vector_table.rows(connection, self.model_id, self.spec.dimension, int(missing[0])):
                new = np.isin(ids, missing, assume_unique=True)
                serving.index.add(ids[new], serving.comparing.to_index(rows[new]))
        self._unsaved = bool(len(stale) or len(missing))
