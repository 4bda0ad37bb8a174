"""The roots of a library: SQL in functions that take a connection. Transactions are the caller's."""

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from imagefinder.domain.changes import Away
from imagefinder.domain.errors import FolderError
from imagefinder.domain.excludes import DEFAULT_EXCLUDES, compile_excludes
from imagefinder.domain.images import Folder, FolderState


def folders(connection: sqlite3.Connection) -> list[Folder]:
    photos = dict(connection.execute("SELECT folder_id, count(*) FROM photo GROUP BY folder_id").fetchall())
    failed = dict(connection.execute("SELECT folder_id, count(*) FROM failure GROUP BY folder_id").fetchall())
    away = dict(connection.execute("SELECT folder_id, count(*) FROM photo WHERE away GROUP BY folder_id").fetchall())
    rows = connection.execute(
        "SELECT id, path, state, excludes, EXISTS (SELECT 1 FROM mark WHERE folder_id = id AND prefix = x'') "
        "FROM folder ORDER BY id"
    ).fetchall()
    return [
        Folder(
            id_,
            os.fsdecode(path),
            FolderState(state),
            photos.get(id_, 0),
            tuple(json.loads(excludes)),
            failed.get(id_, 0),
            bool(labelled),
            away.get(id_, 0),
        )
        for id_, path, state, excludes, labelled in rows
    ]


def folder_path(connection: sqlite3.Connection, folder_id: int) -> str:
    """Raises FolderError for a folder that is not, or no longer, there."""
    row = connection.execute("SELECT path FROM folder WHERE id = ?", (folder_id,)).fetchone()
    if row is None:
        raise FolderError("This folder is no longer in the library.", "Add it again.")
    return os.fsdecode(row[0])


def add_folder(connection: sqlite3.Connection, path: str, excludes: Iterable[str]) -> int:
    cursor = connection.execute(
        "INSERT INTO folder (path, state, excludes) VALUES (?, 'new', ?) RETURNING id",
        (os.fsencode(path), json.dumps(list(excludes))),
    )
    return int(cursor.fetchone()[0])


def set_folder_state(connection: sqlite3.Connection, folder_id: int, state: FolderState) -> None:
    connection.execute("UPDATE folder SET state = ? WHERE id = ?", (state.value, folder_id))


def set_excludes(connection: sqlite3.Connection, folder_id: int, patterns: Iterable[str]) -> None:
    connection.execute("UPDATE folder SET excludes = ? WHERE id = ?", (json.dumps(list(patterns)), folder_id))


def _excludes(connection: sqlite3.Connection, folder_id: int) -> list[str]:
    row = connection.execute("SELECT excludes FROM folder WHERE id = ?", (folder_id,)).fetchone()
    return list(json.loads(row[0]))


def real_paths(paths: Iterable[str]) -> dict[str, str]:
    """Where paths really lie, links followed. That asks the disk, and a drive that hangs never answers."""
    return {path: os.path.realpath(path) for path in paths}


class Overlap(NamedTuple):
    """The roots that have to do with a path."""

    same: Folder | None
    """The root that it is, by whatever name."""
    around: Folder | None
    """A root that it lies in."""
    inside: list[Folder]
    """The roots that lie in it."""


def overlap(path: str, roots: Iterable[Folder], real: Mapping[str, str]) -> Overlap:
    """``real`` says where paths really lie; one that is not in it lies where its name says."""
    place = _place(path, real)
    around: Folder | None = None
    inside: list[Folder] = []
    for folder in roots:
        root = _place(folder.path, real)
        if place == root:
            return Overlap(folder, None, [])
        if place.startswith(os.path.join(root, "")):
            around = folder
        elif root.startswith(os.path.join(place, "")):
            inside.append(folder)
    return Overlap(None, around, inside)


def take_in(
    connection: sqlite3.Connection, folder_id: int, inner: Folder, excludes: Sequence[str], real: Mapping[str, str]
) -> None:
    """Make a root that lies in another one a part of it; its photos keep their ids, labels and vectors.

    ``real`` is as in ``overlap``. Raises FolderError where ``excludes``, the patterns of the outer one, leave it out.
    """
    outer = folder_path(connection, folder_id)
    inside = os.path.relpath(_place(inner.path, real), _place(outer, real))
    if any(map(compile_excludes(excludes), Path(inside).parts)):
        raise FolderError(
            f"{outer} contains {inner.path}, which is already in the library and which its exclude patterns leave out.",
            "Remove that folder first, or rename it.",
        )
    prefix = os.fsencode(os.path.join(inside, ""))
    own = [pattern for pattern in inner.excludes if pattern not in excludes and pattern not in DEFAULT_EXCLUDES]
    if own:  # what the user left out there stays out
        set_excludes(connection, folder_id, [*_excludes(connection, folder_id), *own])
    if inner.state is FolderState.OFFLINE:
        connection.execute("UPDATE photo SET away = ? WHERE folder_id = ?", (int(Away.UNPLUGGED), inner.id))
    for table, column in (("photo", "relpath"), ("failure", "relpath"), ("mount", "relpath"), ("mark", "prefix")):
        connection.execute(
            f"UPDATE {table} SET folder_id = ?, {column} = CAST(? || {column} AS BLOB) WHERE folder_id = ?",
            (folder_id, prefix, inner.id),
        )
    # If it is not there at the next scan, it is away as a root is, and not deleted.
    connection.execute("INSERT OR IGNORE INTO mount VALUES (?, ?, 0)", (folder_id, os.fsencode(inside)))
    connection.execute("DELETE FROM folder WHERE id = ?", (inner.id,))


def mounts(connection: sqlite3.Connection, folder_id: int) -> dict[str, bool]:
    """Folders below a root, relative to it: True where another file system was mounted, False for a former root."""
    rows = connection.execute("SELECT relpath, device FROM mount WHERE folder_id = ?", (folder_id,))
    return {os.fsdecode(relpath): bool(device) for relpath, device in rows}


def set_mounts(connection: sqlite3.Connection, folder_id: int, found: Mapping[str, bool]) -> None:
    connection.execute("DELETE FROM mount WHERE folder_id = ?", (folder_id,))
    connection.executemany(
        "INSERT INTO mount VALUES (?, ?, ?)", [(folder_id, os.fsencode(path), int(dev)) for path, dev in found.items()]
    )


def _place(path: str, real: Mapping[str, str]) -> str:
    return os.path.normcase(real.get(path, path))
