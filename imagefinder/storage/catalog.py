"""Folders, photos and failures: SQL in functions that take a connection. Transactions are the caller's."""

import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from imagefinder.domain.changes import KnownFile, Lost
from imagefinder.domain.errors import FolderError
from imagefinder.domain.images import Failure, FileStamp, Folder, FolderState, ImageInfo, Photo, ReadImage

PATH_ENCODING = sys.getfilesystemencoding()
PATH_ERRORS = sys.getfilesystemencodeerrors()

PHOTO_COLUMNS = (
    "p.id, p.folder_id, f.path, p.relpath, p.size, p.mtime_ns, p.content_key, p.width, p.height, p.format, "
    "p.taken_at, p.camera, p.colour, f.state = 'offline' FROM photo p JOIN folder f ON f.id = p.folder_id"
)


# Folders


def folders(connection: sqlite3.Connection) -> list[Folder]:
    photos = dict(connection.execute("SELECT folder_id, count(*) FROM photo GROUP BY folder_id").fetchall())
    failed = dict(connection.execute("SELECT folder_id, count(*) FROM failure GROUP BY folder_id").fetchall())
    rows = connection.execute("SELECT id, path, state, excludes, labelled FROM folder ORDER BY id").fetchall()
    return [
        Folder(
            id_,
            os.fsdecode(path),
            FolderState(state),
            photos.get(id_, 0),
            tuple(json.loads(excludes)),
            failed.get(id_, 0),
            bool(labelled),
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


def find_root(path: str, roots: Iterable[Folder]) -> Folder | None:
    """The root that is ``path``, by whatever name. Raises FolderError where one lies within the other."""
    real = _real(path)
    for folder in roots:
        root = _real(folder.path)
        if real == root:
            return folder
        if real.startswith(os.path.join(root, "")):
            raise FolderError(
                f"{path} lies in {folder.path}, which is already in the library.", "Nothing needs to be added."
            )
        if root.startswith(os.path.join(real, "")):
            raise FolderError(
                f"{path} contains {folder.path}, which is already in the library.", "Remove that folder first."
            )
    return None


def _real(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))


# Photos


def known_files(connection: sqlite3.Connection, folder_id: int, model_id: int) -> dict[str, KnownFile]:
    rows = connection.execute(
        "SELECT p.relpath, p.id, p.size, p.mtime_ns, v.seq IS NOT NULL FROM photo p INDEXED BY photo_by_folder "
        "LEFT JOIN vector v ON v.photo_id = p.id AND v.model_id = ? WHERE p.folder_id = ?",
        (model_id, folder_id),
    )
    # os.fsdecode and the constructor, without their overhead on each of many.
    encoding, errors, new = PATH_ENCODING, PATH_ERRORS, tuple.__new__
    known = {
        path.decode(encoding, errors): new(KnownFile, (id_, size, mtime, done == 1))
        for path, id_, size, mtime, done in rows
    }
    # A photo that can no longer be read stays, with its vector, until its file is gone or can be read again.
    failed = connection.execute("SELECT relpath, size, mtime_ns FROM failure WHERE folder_id = ?", (folder_id,))
    for path, size, mtime in failed:
        name = path.decode(encoding, errors)
        before = known.get(name)
        known[name] = KnownFile(before.photo_id if before else None, size, mtime, True)
    return known


def lost(connection: sqlite3.Connection, folder_id: int, relpaths: Iterable[str]) -> list[Lost]:
    query = "SELECT id, size, content_key FROM photo WHERE folder_id = ? AND relpath = ?"
    found = ((path, connection.execute(query, (folder_id, os.fsencode(path))).fetchone()) for path in relpaths)
    return [Lost(row[0], path, row[1], row[2]) for path, row in found if row is not None]


def put_photo(connection: sqlite3.Connection, folder_id: int, relpath: str, read: ReadImage) -> tuple[int, bool]:
    """Add or update a photo and clear its failure. Its id, and whether it is the file that was there before."""
    key = (folder_id, os.fsencode(relpath))
    before = connection.execute(
        "SELECT size, mtime_ns, content_key FROM photo WHERE folder_id = ? AND relpath = ?", key
    ).fetchone()
    info = read.info
    cursor = connection.execute(
        "INSERT INTO photo (folder_id, relpath, size, mtime_ns, content_key, width, height, format, taken_at, camera, "
        "colour, moment) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (folder_id, relpath) DO UPDATE SET "
        "size = excluded.size, mtime_ns = excluded.mtime_ns, content_key = excluded.content_key, "
        "width = excluded.width, height = excluded.height, format = excluded.format, taken_at = excluded.taken_at, "
        "camera = excluded.camera, colour = excluded.colour, moment = excluded.moment RETURNING id",
        (
            *key,
            *read.stamp,
            read.content_key,
            info.width,
            info.height,
            _text(info.format),
            _text(info.taken_at),
            _text(info.camera),
            read.colour,
            _text(info.taken_at) or _moment(read.stamp.mtime_ns),
        ),
    )
    photo_id = int(cursor.fetchone()[0])
    connection.execute("DELETE FROM failure WHERE folder_id = ? AND relpath = ?", key)
    return photo_id, before is None or before == (*read.stamp, read.content_key)


def move_photos(
    connection: sqlite3.Connection, folder_id: int, moves: Sequence[tuple[str, FileStamp, int]]
) -> list[int]:
    """Give photos new places, (relpath, stamp, photo_id) each. The vectors that went with photos overwritten there.

    All leave their old places first, so that photos can change places with each other.
    """
    # No relative path begins with a slash, so nothing else has these names.
    connection.executemany("UPDATE photo SET relpath = CAST('/' || id AS BLOB) WHERE id = ?", [(m[2],) for m in moves])
    dropped: list[int] = []
    for relpath, stamp, id_ in moves:
        key = (folder_id, os.fsencode(relpath))
        connection.execute("DELETE FROM failure WHERE folder_id = ? AND relpath = ?", key)
        overwritten = connection.execute("SELECT id FROM photo WHERE folder_id = ? AND relpath = ?", key).fetchone()
        if overwritten is not None:
            dropped += remove_photos(connection, overwritten)
        connection.execute(
            "UPDATE photo SET folder_id = ?, relpath = ?, size = ?, mtime_ns = ?, "
            "moment = CASE taken_at WHEN '' THEN ? ELSE taken_at END WHERE id = ?",
            (*key, *stamp, _moment(stamp.mtime_ns), id_),
        )
    return dropped


def remove_photos(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> list[int]:
    """Forget photos, and failures noted at their paths. The seqs of the vectors that went with them."""
    dropped: list[int] = []
    for id_ in photo_ids:
        dropped += [row[0] for row in connection.execute("SELECT seq FROM vector WHERE photo_id = ?", (id_,))]
        connection.execute(
            "DELETE FROM failure WHERE (folder_id, relpath) = (SELECT folder_id, relpath FROM photo WHERE id = ?)",
            (id_,),
        )
        connection.execute("DELETE FROM photo WHERE id = ?", (id_,))
    return dropped


def remove_folder(connection: sqlite3.Connection, folder_id: int) -> list[int]:
    """Forget a folder with all its photos and failures. The seqs of the vectors that went with them."""
    rows = connection.execute(
        "SELECT v.seq FROM vector v JOIN photo p ON p.id = v.photo_id WHERE p.folder_id = ?", (folder_id,)
    ).fetchall()
    connection.execute("DELETE FROM folder WHERE id = ?", (folder_id,))
    return [row[0] for row in rows]


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM photo").fetchone()[0])


def pending(connection: sqlite3.Connection, model_id: int) -> int:
    row = connection.execute(
        "SELECT count(*) FROM photo p "
        "WHERE NOT EXISTS (SELECT 1 FROM vector v WHERE v.photo_id = p.id AND v.model_id = ?) "
        "AND NOT EXISTS (SELECT 1 FROM failure x WHERE x.folder_id = p.folder_id AND x.relpath = p.relpath)",
        (model_id,),
    ).fetchone()
    return int(row[0])


def photos(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, Photo]:
    rows = connection.execute(
        f"SELECT {PHOTO_COLUMNS} WHERE p.id IN (SELECT value FROM json_each(?))", (json.dumps([int(i) for i in ids]),)
    )
    return {row[0]: _photo(row) for row in rows}


def newest(connection: sqlite3.Connection, limit: int) -> list[Photo]:
    rows = connection.execute(f"SELECT {PHOTO_COLUMNS} ORDER BY p.moment DESC, p.id DESC LIMIT ?", (limit,))
    return [_photo(row) for row in rows]


def photo_at(connection: sqlite3.Connection, path: str) -> Photo | None:
    wanted = os.path.abspath(path)
    for folder_id, root in connection.execute("SELECT id, path FROM folder").fetchall():
        below = os.path.join(os.fsdecode(root), "")
        if wanted.startswith(below):
            row = connection.execute(
                f"SELECT {PHOTO_COLUMNS} WHERE p.folder_id = ? AND p.relpath = ?",
                (folder_id, os.fsencode(wanted[len(below) :])),
            ).fetchone()
            return None if row is None else _photo(row)
    return None


def _photo(row: Sequence[Any]) -> Photo:
    id_, folder_id, root, relpath, size, mtime, key, width, height, format_, taken_at, camera, colour, offline = row
    return Photo(
        id=id_,
        folder_id=folder_id,
        root=os.fsdecode(root),
        relpath=os.fsdecode(relpath),
        stamp=FileStamp(size, mtime),
        content_key=key,
        info=ImageInfo(width, height, format_, taken_at, camera),
        colour=colour,
        offline=bool(offline),
    )


# Failures


def record_failures(
    connection: sqlite3.Connection, folder_id: int, items: Iterable[tuple[str, FileStamp, str]]
) -> None:
    connection.executemany(
        "INSERT INTO failure VALUES (?, ?, ?, ?, ?) ON CONFLICT (folder_id, relpath) DO UPDATE SET "
        "size = excluded.size, mtime_ns = excluded.mtime_ns, reason = excluded.reason",
        [(folder_id, os.fsencode(path), *stamp, _text(reason)) for path, stamp, reason in items],
    )


def failures(connection: sqlite3.Connection, folder_id: int | None) -> list[Failure]:
    rows = connection.execute(
        "SELECT f.id, f.path, x.relpath, x.size, x.mtime_ns, x.reason "
        "FROM failure x JOIN folder f ON f.id = x.folder_id WHERE ?1 IS NULL OR f.id = ?1 ORDER BY f.id, x.relpath",
        (folder_id,),
    )
    return [
        Failure(id_, os.fsdecode(root), os.fsdecode(path), FileStamp(size, mtime), reason)
        for id_, root, path, size, mtime, reason in rows
    ]


def forget_failures(connection: sqlite3.Connection, paths: Iterable[str] | None) -> None:
    if paths is None:
        connection.execute("DELETE FROM failure")
        return
    wanted = set(paths)
    connection.executemany(
        "DELETE FROM failure WHERE folder_id = ? AND relpath = ?",
        [(f.folder_id, os.fsencode(f.relpath)) for f in failures(connection, None) if f.path in wanted],
    )


def drop_failures(connection: sqlite3.Connection, folder_id: int, relpaths: Iterable[str]) -> None:
    connection.executemany(
        "DELETE FROM failure WHERE folder_id = ? AND relpath = ?",
        [(folder_id, os.fsencode(path)) for path in relpaths],
    )


def _text(text: str) -> str:
    """Text from outside as SQLite can keep it: a reason may quote a path that is not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _moment(mtime_ns: int) -> str:
    try:
        return datetime.fromtimestamp(mtime_ns / 1e9, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):  # a clock that was never set
        return ""
