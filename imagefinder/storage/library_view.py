"""What can be asked of a library. Nothing here changes one."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from imagefinder.domain.changes import KnownFile, Lost
from imagefinder.domain.errors import FolderError
from imagefinder.domain.images import Embeddings, Failure, Folder, LibraryStatus, Photo
from imagefinder.domain.specs import ModelSpec
from imagefinder.storage import catalog, vector_table
from imagefinder.storage.database import Database
from imagefinder.storage.index_keeper import IndexKeeper
from imagefinder.storage.thumbnails import ThumbnailCache


class LibraryView:
    """The questions. Safe to ask from any thread; all raise LibraryError where the disk fails."""

    directory: Path
    id: str
    read_only: bool
    _database: Database
    _thumbnails: ThumbnailCache
    _keeper: IndexKeeper | None
    _models: dict[int, ModelSpec]

    # Folders

    def folders(self) -> list[Folder]:
        """All roots, in the order in which they were added."""
        with self._database.snapshot() as connection:
            return catalog.folders(connection)

    def folder(self, folder_id: int) -> Folder:
        """Raises FolderError for one that is not there."""
        for folder in self.folders():
            if folder.id == folder_id:
                return folder
        raise FolderError("This folder is no longer in the library.", "Add it again.")

    # Models

    def models(self) -> list[ModelSpec]:
        """Every model that this library has, or had, embeddings of."""
        return list(self._models.values())

    def active_model(self) -> ModelSpec | None:
        """The one that searches go by."""
        keeper = self._keeper
        return keeper.spec if keeper else None

    def precision(self, spec: ModelSpec) -> str | None:
        """What the self-test chose for this model on this computer, if it ran."""
        with self._database.read() as connection:
            return vector_table.precision(connection, spec)

    # Photos

    def known_files(self, folder_id: int, model_id: int) -> dict[str, KnownFile]:
        """Every path of a root that was looked at, relative to it: photos and failures."""
        with self._database.snapshot() as connection:
            return catalog.known_files(connection, folder_id, model_id)

    def lost(self, folder_id: int, relpaths: Iterable[str]) -> list[Lost]:
        """What is known of the photos at these paths; paths without a photo are left out."""
        with self._database.snapshot() as connection:
            return catalog.lost(connection, folder_id, relpaths)

    def count(self) -> int:
        """How many photos there are."""
        with self._database.read() as connection:
            return catalog.count(connection)

    def count_embedded(self) -> int:
        """How many of them the active model can find."""
        keeper = self._keeper
        return keeper.count() if keeper else 0

    def pending(self, model_id: int) -> int:
        """How many photos this model has yet to embed. Those that could not be read the last time do not count."""
        with self._database.read() as connection:
            return catalog.pending(connection, model_id)

    def photo(self, photo_id: int) -> Photo | None:
        """None for one that is not, or no longer, there."""
        return self.photos([photo_id]).get(photo_id)

    def photos(self, ids: Iterable[int]) -> dict[int, Photo]:
        """By id; ids that are not there are left out."""
        with self._database.read() as connection:
            return catalog.photos(connection, ids)

    def newest(self, limit: int) -> list[Photo]:
        """The latest first: by when they were taken, or else last changed."""
        with self._database.read() as connection:
            return catalog.newest(connection, limit)

    def photo_at(self, path: str) -> Photo | None:
        """The photo with this file, if it is in the library."""
        with self._database.snapshot() as connection:
            return catalog.photo_at(connection, path)

    def thumbnail(self, content_key: bytes) -> bytes | None:
        """A small JPEG, if it is still in the cache."""
        return self._thumbnails.get(content_key)

    # Failures

    def failures(self, folder_id: int | None = None) -> list[Failure]:
        """Of one root or of all."""
        with self._database.read() as connection:
            return catalog.failures(connection, folder_id)

    # Searching

    def embedding(self, photo_id: int) -> Embeddings | None:
        """The active model's unit row (dimension,) of a photo, float32; None where there is none."""
        keeper = self._keeper
        if keeper is None:
            return None
        with self._database.read() as connection:
            return vector_table.of_photo(connection, photo_id, keeper.model_id, keeper.spec.dimension)

    def search(self, row: Embeddings, k: int) -> list[tuple[int, float]]:
        """(photo id, cosine) of the ``k`` photos nearest to the unit ``row`` (dimension,), best first."""
        keeper = self._keeper
        if keeper is None:
            return []
        seqs, similarities = keeper.get().search(row, k)
        with self._database.read() as connection:
            photo_of = vector_table.photo_ids(connection, seqs)
        found = zip(seqs.tolist(), similarities.tolist(), strict=True)
        # A row removed since, or a photo that another process removed, is in the index but not in the catalogue.
        return [(photo_of[seq], similarity) for seq, similarity in found if seq in photo_of]

    # The whole

    def export(self) -> tuple[list[str], Embeddings, str]:
        """The paths of all embedded photos, their unit rows (n, dimension), and the active model's name."""
        keeper = self._keeper
        if keeper is None:
            return [], np.empty((0, 0), np.float32), ""
        with self._database.snapshot() as connection:
            paths, rows = vector_table.export(connection, keeper.model_id, keeper.spec.dimension)
        return paths, rows, keeper.spec.name

    def status(self) -> LibraryStatus:
        """Counts, the active model's name ("" before there is one), and the bytes on disk, caches included."""
        folders = self.folders()
        keeper = self._keeper
        return LibraryStatus(
            photos=sum(folder.photos for folder in folders),
            folders=tuple(folders),
            model=keeper.spec.name if keeper else "",
            index=keeper.kind() if keeper else "",
            bytes=_folder_bytes(self.directory),
            failures=sum(folder.failures for folder in folders),
        )


def _folder_bytes(folder: Path) -> int:
    total = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # logs and unfinished files come and go
                total += entry.stat().st_size
    return total
