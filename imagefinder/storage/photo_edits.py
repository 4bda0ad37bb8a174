"""Photos that move, go away, leave the library and come back."""

import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from imagefinder.domain.changes import Away
from imagefinder.domain.errors import LibraryError
from imagefinder.domain.excludes import DEFAULT_EXCLUDES
from imagefinder.domain.images import FileStamp, Moved, RemovalReason
from imagefinder.storage import content_table, folder_table, label_table, removal_table, row_blobs
from imagefinder.storage.content_table import Relocated
from imagefinder.storage.library_parts import LibraryParts


@dataclass(slots=True)
class Losses:
    """What ``lose`` did with photos whose files were not found."""

    removed: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)


class PhotoEdits(LibraryParts):
    """Changes of where photos are, each one transaction. No file is touched.

    A photo is its content: wherever that is found, its id, vectors, labels and thumbnail go with it.
    """

    def move(self, folder_id: int, relpath: str, stamp: FileStamp, photo_id: int) -> None:
        """A photo is now found at ``relpath`` of this root; it keeps its vector and its thumbnail."""
        self.relocate([Moved(folder_id, relpath, stamp, photo_id)])

    def relocate(self, moves: Sequence[Moved], copies: Sequence[Moved] = (), changing: Collection[int] = ()) -> None:
        """As ``move``, for many at once, which may change places; those that were removed come back with this.

        Of ``copies``, files with the content of photos that are out of reach, as much is known as of these. A photo
        whose place is taken by another, and that is not found elsewhere, is removed. The files of ``changing`` have
        another content than their photos, as the caller knows: nothing is handed over to these. Raises FolderError.
        """
        with self._database.lock:
            with self._database.write() as connection:
                for folder_id in {move.folder_id for move in (*moves, *copies)}:
                    folder_table.folder_path(connection, folder_id)
                made = content_table.copy_photos(connection, copies)
                rows = content_table.copy_vectors(connection, [(source, new.photo_id) for source, new in made])
                places = [*moves, *(new for _, new in made)]
                done = content_table.move_photos(connection, places, _now(), changing)
                done.rows.extend(rows)
            self._apply(done)

    def restamp(self, folder_id: int, items: Sequence[tuple[str, FileStamp, bytes | None]]) -> None:
        """Files have the content that they had: (relpath, stamp, key of the whole content, if it was read) each.

        Whatever was away among them is back.
        """
        with self._database.write() as connection:
            renamed = content_table.restamp(connection, folder_id, items)
        self._thumbnails.rename(renamed)

    def set_mounts(self, folder_id: int, found: Mapping[str, bool]) -> None:
        """The folders below a root that are to be missed; see ``mounts``."""
        with self._database.write() as connection:
            folder_table.set_mounts(connection, folder_id, found)

    def set_away(self, photo_ids: Iterable[int], how: Away) -> None:
        """The files of these photos are not there; they are kept until the user says that they are gone."""
        with self._database.write() as connection:
            content_table.set_away(connection, photo_ids, how)

    def lose(self, photo_ids: Sequence[int], changing: Collection[int] = ()) -> Losses:
        """Nothing was found of these photos' files, in places that are there; ``changing`` is as for ``relocate``.

        Those that the user said something of, such as a label, are kept as away: only the user lets go of that. But if
        another photo has the same content, it takes that over, and they go with the others. See ``removals``.
        """
        losses = Losses()
        with self._database.lock:
            with self._database.write() as connection:
                said = label_table.explicit(connection, photo_ids)
                refused = label_table.rejected(connection, photo_ids)
                handed_over = removal_table.with_heirs(connection, photo_ids, changing)
                for photo_id, label in said.items():
                    keep = (label is not None or photo_id in refused) and photo_id not in handed_over
                    (losses.kept if keep else losses.removed).append(photo_id)
                content_table.set_away(connection, losses.kept)
                dropped = removal_table.remove(connection, losses.removed, "deleted", _now(), changing)
            self._follow(dropped)
        return losses

    def remove_photos(
        self, photo_ids: Iterable[int], why: RemovalReason = "deleted", changing: Collection[int] = ()
    ) -> int:
        """Take photos out of the library, with whatever was said of them; see ``removals``.

        ``changing`` is as for ``relocate``. Returns how many of them the user had given a label.
        """
        ids = list(photo_ids)
        with self._database.lock:
            with self._database.write() as connection:
                labels = label_table.explicit(connection, ids).values()
                dropped = removal_table.remove(connection, ids, why, _now(), changing)
            self._follow(dropped)
        return sum(label is not None for label in labels)

    def bring_back(self, removal_id: int) -> int:
        """Undo a removal; how many photos came back. Until a scan finds their files, they are away.

        A root that was removed is added again. Photos whose place another one has by now stay removed. Raises
        LibraryError for a removal that is not, or no longer, there.
        """
        with self._database.lock:
            with self._database.write() as connection:
                removal = next((each for each in removal_table.removals(connection) if each.id == removal_id), None)
                if removal is None:
                    raise LibraryError("What was removed then is no longer kept.", "Add its folder again.")
                folder_id, prefix = _root_again(connection, removal.root)
                places = [
                    (photo_id, os.path.join(prefix, relpath), stamp)
                    for photo_id, relpath, stamp in removal_table.photos_of(connection, removal_id)
                ]
                taken = content_table.lost(connection, folder_id, [relpath for _, relpath, _ in places])
                moves = [
                    Moved(folder_id, relpath, stamp, photo_id)
                    for photo_id, relpath, stamp in places
                    if relpath not in taken
                ]
                done = content_table.move_photos(connection, moves, _now())
                content_table.set_away(connection, [move.photo_id for move in moves])
            self._apply(done)
        return len(moves)

    def purge_removed(self) -> int:
        """Forget for good what was removed more than 30 days ago; how many photos that was."""
        with self._database.write() as connection:
            return removal_table.purge(connection, _now())

    def _apply(self, done: Relocated) -> None:
        keeper = self._keeper
        if keeper is not None:
            mine = [row for row in done.rows if row.model_id == keeper.model_id]
            rows = row_blobs.decode([row.embedding for row in mine], keeper.spec.dimension)
            keeper.apply(done.dropped, [row.seq for row in mine], rows)
        self._thumbnails.rename(done.renamed)

    def _follow(self, dropped: list[int]) -> None:
        if self._keeper is not None:
            self._keeper.apply(dropped, [])


def _root_again(connection: sqlite3.Connection, path: str) -> tuple[int, str]:
    """The root that a removed photo belongs to now, and where in it its old root lies; added again if there is none."""
    same, around, inside = folder_table.overlap(path, folder_table.folders(connection), {})
    if same is not None:
        return same.id, ""
    if around is not None:
        return around.id, os.path.relpath(path, around.path)
    excludes, marks = removal_table.folder_of(connection, path) or (DEFAULT_EXCLUDES, [])
    folder_id = folder_table.add_folder(connection, path, excludes)
    label_table.mark(connection, folder_id, marks)
    for each in inside:
        folder_table.take_in(connection, folder_id, each, (), {})
    return folder_id, ""


def _now() -> int:
    return int(time.time())
