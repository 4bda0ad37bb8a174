"""Photos that move, go away, leave the library and come back."""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from imagefinder.domain.changes import Away
from imagefinder.domain.errors import LibraryError
from imagefinder.domain.excludes import DEFAULT_EXCLUDES
from imagefinder.domain.images import FileStamp, Moved, RemovalReason
from imagefinder.storage import content_table, folder_table, label_table, removal_table, vector_table
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

    def relocate(self, moves: Sequence[Moved]) -> None:
        """As ``move``, for many at once, which may change places; those that were removed come back with this.

        A photo whose place is taken by another, and that is not found elsewhere, is removed. Raises FolderError.
        """
        with self._database.lock:
            with self._database.write() as connection:
                for folder_id in {move.folder_id for move in moves}:
                    folder_table.folder_path(connection, folder_id)
                done = content_table.move_photos(connection, moves, _now())
            self._apply(done)

    def copy_photos(self, copies: Sequence[Moved]) -> None:
        """Files have the content of photos that are out of reach: as much is known of them, vectors and labels."""
        with self._database.lock:
            with self._database.write() as connection:
                for folder_id in {copy.folder_id for copy in copies}:
                    folder_table.folder_path(connection, folder_id)
                done = content_table.copy_photos(connection, copies, _now())
            self._apply(done)

    def restamp(self, folder_id: int, items: Sequence[tuple[str, FileStamp, bytes | None]]) -> None:
        """Files have the content that they had: (relpath, stamp, key of the whole content, if it was read) each.

        Whatever was away among them is back.
        """
        with self._database.write() as connection:
            renamed = content_table.restamp(connection, folder_id, items)
        self._rename_thumbnails(renamed)

    def set_mounts(self, folder_id: int, relpaths: Iterable[str]) -> None:
        """The folders below a root on which another file system is mounted, or was and is away."""
        with self._database.write() as connection:
            folder_table.set_mounts(connection, folder_id, relpaths)

    def set_away(self, photo_ids: Iterable[int], how: Away) -> None:
        """The files of these photos are not there; they are kept until the user says that they are gone."""
        with self._database.write() as connection:
            content_table.set_away(connection, photo_ids, how)

    def lose(self, photo_ids: Sequence[int]) -> Losses:
        """Nothing was found of these photos' files, in places that are there.

        Those that the user said something of, such as a label, are kept as away: only the user lets go of that. But if
        another photo has the same content, it takes that over, and they go with the others. See ``removals``.
        """
        losses = Losses()
        with self._database.lock:
            with self._database.write() as connection:
                said = label_table.explicit(connection, photo_ids)
                refused = label_table.rejected(connection, photo_ids)
                handed_over = removal_table.with_heirs(connection, photo_ids)
                for photo_id, label in said.items():
                    keep = (label is not None or photo_id in refused) and photo_id not in handed_over
                    (losses.kept if keep else losses.removed).append(photo_id)
                content_table.set_away(connection, losses.kept)
                dropped = removal_table.remove(connection, losses.removed, "deleted", _now())
            self._follow(dropped)
        return losses

    def remove_photos(self, photo_ids: Iterable[int], why: RemovalReason = "deleted") -> int:
        """Take photos out of the library, with whatever was said of them; see ``removals``.

        Returns how many of them the user had given a label.
        """
        ids = list(photo_ids)
        with self._database.lock:
            with self._database.write() as connection:
                labels = label_table.explicit(connection, ids).values()
                dropped = removal_table.remove(connection, ids, why, _now())
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
                roots = {folder.path: folder.id for folder in folder_table.folders(connection)}
                folder_id = roots.get(removal.root)
                if folder_id is None:
                    folder_id = _add_again(connection, removal.root)
                moves = [
                    Moved(folder_id, relpath, stamp, photo_id)
                    for photo_id, relpath, stamp in removal_table.photos_of(connection, removal_id)
                    if not content_table.lost(connection, folder_id, [relpath])
                ]
                done = content_table.move_photos(connection, moves, _now())
                content_table.set_away(connection, [move.photo_id for move in moves], Away.UNPLUGGED)
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
            blobs = [row.embedding for row in mine]
            rows = vector_table.decode(blobs, keeper.spec.dimension) if mine else None
            keeper.apply(done.dropped, [row.seq for row in mine], rows)
        self._rename_thumbnails(done.renamed)

    def _follow(self, dropped: list[int]) -> None:
        if self._keeper is not None:
            self._keeper.apply(dropped, [])

    def _rename_thumbnails(self, renamed: Iterable[tuple[bytes, bytes]]) -> None:
        """Thumbnails of older keys, under the keys that took their place."""
        found = [(new, self._thumbnails.get(old)) for old, new in renamed]
        self._thumbnails.put((new, jpeg) for new, jpeg in found if jpeg is not None)


def _add_again(connection: sqlite3.Connection, root: str) -> int:
    """A root as it was when it was removed; whether it is there will be seen at the next scan."""
    excludes, marked = removal_table.folder_of(connection, root) or (DEFAULT_EXCLUDES, False)
    folder_id = folder_table.add_folder(connection, root, excludes)
    if marked:
        label_table.set_labelled(connection, folder_id, True)
    return folder_id


def _now() -> int:
    return int(time.time())
