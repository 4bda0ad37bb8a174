"""The library: everything the app remembers. The one door to what is on disk."""

import logging
import os
import time
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from imagefinder.domain.errors import FolderError, LibraryError, LibraryInUse
from imagefinder.domain.excludes import DEFAULT_EXCLUDES
from imagefinder.domain.images import (
    Embeddings,
    FileStamp,
    Folder,
    FolderState,
    ReadImage,
)
from imagefinder.domain.progress import CancelToken, ProgressSink, ignore_progress
from imagefinder.storage import (
    catalog,
    content_table,
    failure_table,
    folder_table,
    label_table,
    model_table,
    removal_table,
    row_blobs,
    vector_table,
)
from imagefinder.storage.database import Database, explained
from imagefinder.storage.inflight import InFlight
from imagefinder.storage.label_edits import LabelEdits
from imagefinder.storage.library_view import LibraryView
from imagefinder.storage.model_edits import ModelEdits
from imagefinder.storage.photo_edits import PhotoEdits
from imagefinder.storage.thumbnails import ThumbnailCache
from imagefinder.storage.verify import VerifyReport, verify

log = logging.getLogger(__name__)

DATABASE = "library.db"
INDEX_FILES = "vectors-*.faiss"


class Library(PhotoEdits, ModelEdits, LabelEdits, LibraryView):
    """One folder on disk: the catalogue (the truth) and its caches. Safe to use from any thread.

    A change is on disk when its method returns, and undone when it raises. One process writes; others may read,
    and see what was committed, while their search index stays as it was when they first searched.
    """

    inflight: InFlight

    def __init__(self, directory: Path, read_only: bool, lock: FileLock | None) -> None:
        """Use ``Library.open``."""
        self.directory = directory
        self.read_only = read_only
        self._lock = lock
        self._closed = False
        # An index is written only once the catalogue has photos. The thumbnail cache says nothing: an opened library
        # has one before it has a folder.
        indexed = any(directory.glob(INDEX_FILES))
        self._database = Database(directory / DATABASE, read_only, may_be_new=not indexed)
        try:
            if not read_only:
                with self._database.write() as connection:
                    if model_table.setting(connection, "library_id") is None:
                        model_table.set_setting(connection, "library_id", uuid.uuid4().hex)
            with self._database.read() as connection:
                self.id = model_table.setting(connection, "library_id") or ""
                active = model_table.setting(connection, "active_model")
                self._models = model_table.models(connection)
            self._keeper = self._keep(int(active)) if active else None
            self.inflight = InFlight(directory / "in-flight", read_only)
        except BaseException:
            self._database.close()
            raise
        self._thumbnails = ThumbnailCache(directory / "thumbnails.db", read_only)

    @classmethod
    def open(cls, directory: Path, read_only: bool = False) -> Self:
        """Open the library, or make it. Raises LibraryInUse where another process writes to it, and LibraryError.

        A catalogue that is missing or empty beside an index of it is not made anew: that would hide what was lost.
        """
        if read_only:
            return cls(directory, read_only, None)
        lock = FileLock(directory / "library.lock", timeout=0, thread_local=False)
        with explained(directory / DATABASE):
            directory.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire()
            except Timeout:
                raise LibraryInUse(
                    f"The library in {directory} is in use by another imagefinder.",
                    "Close that one first, or choose another place with --library.",
                ) from None
        try:
            return cls(directory, read_only, lock)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Save the index and let go of everything. Closing twice is fine; close only once no other thread uses it."""
        if self._closed:
            return
        self._closed = True
        try:
            if not self.read_only:
                self.save_index()
        except LibraryError as error:  # it is a cache: the next start makes it again
            log.warning("The index was not saved: %s", error)
        finally:
            self._thumbnails.close()
            self.inflight.close()
            self._database.close()
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Folders

    def add_folder(
        self, path: str, excludes: Sequence[str] | None = None, real: Mapping[str, str] | None = None
    ) -> Folder:
        """Add a root; one that is there already is given back as it is, and roots that lie in it become parts of it.

        A root that was removed before has its patterns again, unless ``excludes`` are given, and its photos are
        brought back as the scan finds them. ``real`` says where this path and the roots really lie, links followed;
        one that is not in it lies where its name says. Without it the disk is asked, which may hang. Raises FolderError
        for a path that is no folder, cannot be read, lies inside another root, or holds a root that the patterns would
        leave out.
        """
        path = os.path.abspath(path)
        if real is None:
            real = folder_table.real_paths([path, *(folder.path for folder in self.folders())])
        with self._database.lock:
            same, around, inside = folder_table.overlap(path, self.folders(), real)
            if same is not None:
                return same
            try:
                os.scandir(path).close()
            except NotADirectoryError:
                raise FolderError(f"{path} is not a folder.", "Choose a folder of photos.") from None
            except OSError as error:
                raise FolderError(f"{path} cannot be read: {error.strerror}.", "Check that it is there.") from error
            if around is not None:
                text = f"{path} lies in {around.path}, which is already in the library."
                raise FolderError(text, "Nothing needs to be added.")
            with self._database.write() as connection:
                before = removal_table.folder_of(connection, path)
                chosen = excludes if excludes is not None else before[0] if before else DEFAULT_EXCLUDES
                folder_id = folder_table.add_folder(connection, path, chosen)
                label_table.mark(connection, folder_id, before[1] if before else ())
                for each in inside:
                    folder_table.take_in(connection, folder_id, each, chosen, real)
            return self.folder(folder_id)

    def remove_folder(self, folder_id: int) -> None:
        """Take a root and its photos out of the library. No file of it is touched; see ``removals``."""
        with self._database.lock:
            with self._database.write() as connection:
                folder_table.folder_path(connection, folder_id)
                dropped = removal_table.remove_folder(connection, folder_id, int(time.time()))
            self._follow(dropped)

    def set_folder_state(self, folder_id: int, state: FolderState) -> None:
        """Raises ValueError for SCANNING: who scans knows it, and on disk a crash would leave it behind."""
        if state is FolderState.SCANNING:
            raise ValueError("that a folder is being scanned is not written down")
        with self._database.write() as connection:
            folder_table.set_folder_state(connection, folder_id, state)

    def set_excludes(self, folder_id: int, patterns: Sequence[str]) -> None:
        """Shell patterns of names to pass over; they count from the next scan on."""
        with self._database.write() as connection:
            folder_table.set_excludes(connection, folder_id, patterns)

    # Photos

    def add(
        self,
        folder_id: int,
        model_id: int,
        items: Sequence[tuple[str, ReadImage, Embeddings]],
        replaced: Collection[str] = (),
    ) -> None:
        """Add or update photos with their embeddings, float32 unit rows (dimension,), in one transaction.

        At the paths in ``replaced`` there is another picture now: the photo that was there is removed, and what is
        added is a photo of its own. Raises FolderError where the folder was removed, ValueError for an embedding that
        is not a unit row of the model's dimension, and LibraryError.
        """
        spec = self._models[model_id]
        expected = (spec.dimension,)
        if any(embedding.shape != expected for _, _, embedding in items):
            raise ValueError(f"an embedding has not the shape {expected}")
        blobs = [row_blobs.encode(embedding, spec.stored) for _, _, embedding in items]
        with self._database.lock:
            ids: list[int] = []
            dropped: list[int] = []
            with self._database.write() as connection:
                folder_table.folder_path(connection, folder_id)
                if replaced:
                    before = content_table.lost(connection, folder_id, [relpath for relpath, _, _ in items])
                    old = [photo.photo_id for relpath, photo in before.items() if relpath in replaced]
                    changing = [photo.photo_id for photo in before.values()]
                    dropped += removal_table.remove(connection, old, "replaced", int(time.time()), changing)
                for (relpath, read, _), blob in zip(items, blobs, strict=True):
                    photo_id, same_file = catalog.put_photo(connection, folder_id, relpath, read)
                    seq, gone = vector_table.put(connection, photo_id, model_id, blob, same_file)
                    ids.append(seq)
                    dropped += gone
            if self._keeper is not None and self._keeper.model_id == model_id:
                self._keeper.apply(dropped, ids, row_blobs.decode(blobs, spec.dimension))
            else:
                self._follow(dropped)
        self._thumbnails.put((read.content_key, read.thumbnail) for _, read, _ in items if read.thumbnail)

    # Failures

    def record_failures(self, folder_id: int, items: Sequence[tuple[str, FileStamp, str]]) -> None:
        """Note files that could not be read: (relpath, stamp, reason) each. A photo that was there before stays."""
        with self._database.write() as connection:
            folder_table.folder_path(connection, folder_id)
            failure_table.record(connection, folder_id, items)

    def forget_failures(self, paths: Iterable[str] | None = None) -> None:
        """Let the next scan try these files again, or all of them."""
        with self._database.write() as connection:
            failure_table.forget(connection, paths)

    def drop_failures(self, folder_id: int, relpaths: Iterable[str]) -> None:
        """Forget what was noted at these paths of a root, such as files that are gone."""
        with self._database.write() as connection:
            failure_table.drop(connection, folder_id, relpaths)

    # The whole

    def put_thumbnail(self, content_key: bytes, jpeg: bytes) -> None:
        """Keep a small JPEG for as long as there is room."""
        self._thumbnails.put([(content_key, jpeg)])

    def verify(
        self, repair: bool = True, progress: ProgressSink = ignore_progress, token: CancelToken | None = None
    ) -> VerifyReport:
        """Check everything against everything. With ``repair``, rebuild a wrong index and drop damaged vectors.

        Raises Cancelled. A library opened for reading only is checked, never repaired.
        """
        with self._database.lock:
            if self.read_only and self._keeper is not None:
                self._keeper.forget()  # another process may have gone on since
            return verify(self._database, self._keeper, repair and not self.read_only, progress, token or CancelToken())
