"""What is written about photos: names of folders and files, cameras, moments."""

import os
import threading
from collections.abc import Iterator
from typing import NamedTuple

from imagefinder.storage.library_parts import LibraryParts


class PhotoText(NamedTuple):
    """What one photo's file says in words."""

    photo_id: int
    folder: str
    """The whole path of the folder that it lies in."""
    root: str
    """The root that this is, or is below."""
    name: str
    camera: str
    moment: str
    """When it was taken or else last changed, local time, "YYYY-MM-DD..."."""


class TextView(LibraryParts):
    """Questions about what is written about photos."""

    def photo_texts(self) -> Iterator[PhotoText]:
        """Those of all photos, ascending by id."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT p.id, f.path, p.relpath, p.camera, p.moment FROM photo p JOIN folder f ON f.id = p.folder_id "
                "ORDER BY p.id"
            ).fetchall()
        folders: dict[tuple[bytes, bytes], tuple[str, str]] = {}  # decoded once: many photos lie in each
        for photo_id, root, relpath, camera, moment in rows:
            below, name = os.path.split(relpath)
            decoded = folders.get((root, below))
            if decoded is None:
                decoded = os.fsdecode(os.path.join(root, below) if below else root), os.fsdecode(root)
                folders[root, below] = decoded
            yield PhotoText(photo_id, *decoded, os.fsdecode(name), camera, moment)

    def text_stamp(self) -> tuple[int, ...]:
        """Changes whenever anything in the library does; to be compared on one thread."""
        with self._database.read() as connection:
            others = connection.execute("PRAGMA data_version").fetchone()[0]
            return threading.get_ident(), others, connection.total_changes
