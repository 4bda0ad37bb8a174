"""What can be asked of a library. Nothing here changes one."""

import contextlib
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from imagefinder.domain.changes import KnownRow, Lost
from imagefinder.domain.errors import FolderError
from imagefinder.domain.images import Embeddings, Failure, FileStamp, Folder, HeldModel, LibraryStatus, Photo, Removal
from imagefinder.domain.specs import ModelSpec
from imagefinder.storage import (
    catalog,
    content_table,
    failure_table,
    folder_table,
    model_table,
    removal_table,
    vector_table,
)
from imagefinder.storage.index_keeper import index_path
from imagefinder.storage.label_view import LabelView
from imagefinder.storage.row_blobs import row_bytes
from imagefinder.storage.search_view import SearchView
from imagefinder.storage.text_view import TextView


class OutOfReach(NamedTuple):
    """Photos whose files are in none of their places."""

    removed: list[Lost]
    """They left the library, and can be brought back."""
    missing: list[Lost]
    """They are kept although their files were not where they should be."""
    unplugged: list[Lost]
    """So was the folder around them, or their root; they are still in it."""


class LibraryView(SearchView, LabelView, TextView):
    """The questions. Safe to ask from any thread; all raise LibraryError where the disk fails."""

    # Folders

    def folders(self) -> list[Folder]:
        """All roots, in the order in which they were added."""
        with self._database.snapshot() as connection:
            return folder_table.folders(connection)

    def folder(self, folder_id: int) -> Folder:
        """Raises FolderError for one that is not there."""
        for folder in self.folders():
            if folder.id == folder_id:
                return folder
        raise FolderError("This folder is no longer in the library.", "Add it again.")

    # Models

    def models(self) -> list[ModelSpec]:
        """Every model that this library has, or had, embeddings of, each with the library's own way of comparing."""
        return list(self._models.values())

    def models_held(self) -> list[HeldModel]:
        """The same models, in the order in which they came, with what they cost and what they have yet to see."""
        keeper = self._keeper
        held: list[HeldModel] = []
        with self._database.snapshot() as connection:
            for model_id, spec in list(self._models.items()):
                photos = vector_table.count(connection, model_id)
                held.append(
                    HeldModel(
                        spec=spec,
                        photos=photos,
                        pending=catalog.pending(connection, model_id),
                        # Where rows are of both forms, as if all were as new ones: to look at each would take long.
                        bytes=photos * row_bytes(spec.dimension, spec.stored)
                        + _file_bytes(index_path(self.directory, spec)),
                        active=keeper is not None and keeper.model_id == model_id,
                    )
                )
        return held

    def active_model(self) -> ModelSpec | None:
        """The one that searches go by."""
        keeper = self._keeper
        return keeper.spec if keeper else None

    def wanted_model(self) -> ModelSpec | None:
        """The one that searches are to go by once it has seen every photo; None where they go by whom they should."""
        with self._database.read() as connection:
            wanted = model_table.setting(connection, model_table.WANTED_MODEL)
        return self._models.get(int(wanted)) if wanted else None

    def model(self, model_id: int) -> ModelSpec:
        """By its id in this library, which must be there."""
        return self._models[model_id]

    def without_embedding(self, model_id: int, photo_ids: Iterable[int]) -> list[int]:
        """Those of these photos that a model has yet to embed."""
        with self._database.read() as connection:
            return vector_table.missing(connection, model_id, photo_ids)

    def rows_of(self, model_id: int, photo_ids: Iterable[int]) -> dict[int, Embeddings]:
        """The raw unit rows (dimension,), float32, that any model of the library has of these photos, by photo."""
        dimension = self._models[model_id].dimension
        with self._database.read() as connection:
            chunks = vector_table.of_photos(connection, model_id, dimension, photo_ids)
            return {id_: row for ids, rows in chunks for id_, row in zip(ids, rows, strict=True)}

    def precision(self, spec: ModelSpec) -> str | None:
        """What the self-test chose for this model on this computer, if it ran."""
        with self._database.read() as connection:
            return model_table.precision(connection, spec)

    # Photos

    def known_files(self, folder_id: int, model_id: int) -> dict[str, KnownRow]:
        """Every path of a root that was looked at, relative to it: photos and failures."""
        with self._database.snapshot() as connection:
            return catalog.known_files(connection, folder_id, model_id)

    def lost(self, folder_id: int, relpaths: Iterable[str]) -> dict[str, Lost]:
        """What is known of the photos at these paths; paths without a photo are left out."""
        with self._database.snapshot() as connection:
            return content_table.lost(connection, folder_id, relpaths)

    def away_photos(self, folder_id: int) -> dict[str, int]:
        """The photos of a root that are kept although their files were not there: relative path -> photo id."""
        with self._database.read() as connection:
            return content_table.away(connection, folder_id)

    def mounts(self, folder_id: int) -> dict[str, bool]:
        """Folders below a root that are away if they are not there as they were, relative to it.

        True where another file system was mounted when they were last seen, False for one that was a root before.
        """
        with self._database.read() as connection:
            return folder_table.mounts(connection, folder_id)

    def out_of_reach(self, sizes: Collection[int], offline: Collection[int]) -> OutOfReach:
        """Photos with files of these sizes, in bytes, that are not where a scan could find them.

        ``offline`` are ids of roots that are not there, whatever was noted of them.
        """
        with self._database.snapshot() as connection:
            return OutOfReach(
                removed=removal_table.of_sizes(connection, sizes),
                missing=content_table.missing(connection, sizes, offline),
                unplugged=content_table.unplugged(connection, sizes, offline),
            )

    def photos_of_sizes(self, sizes: Collection[int], besides: Collection[int]) -> list[tuple[int, str, FileStamp]]:
        """Root id, path and stamp of photos with files of these sizes in roots that are there, but for ``besides``."""
        with self._database.read() as connection:
            return content_table.of_sizes(connection, sizes, besides)

    def doubtful_keys(self, folder_id: int) -> list[str]:
        """Paths below a root of which only reading tells the content: libraries of older versions knew less of it."""
        with self._database.read() as connection:
            return content_table.doubtful_keys(connection, folder_id)

    def removals(self) -> list[Removal]:
        """What left the library in the last 30 days, the latest first."""
        with self._database.read() as connection:
            return removal_table.removals(connection)

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

    def newest_of(self, ids: Iterable[int], limit: int) -> list[Photo]:
        """Of these photos the ones taken last, the newest first."""
        with self._database.read() as connection:
            return catalog.newest_of(connection, ids, limit)

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
            return failure_table.listed(connection, folder_id)

    # The whole

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


def _file_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _folder_bytes(folder: Path) -> int:
    total = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # logs and unfinished files come and go
                total += entry.stat().st_size
    return total
