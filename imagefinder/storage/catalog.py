"""The photos of a library, by id and by path: SQL in functions that take a connection.

Transactions are the caller's.
"""

import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from imagefinder.domain.changes import FAILED, Away, KnownFile, KnownRow
from imagefinder.domain.images import FileStamp, ImageInfo, Photo, ReadImage
from imagefinder.storage import failure_table, vector_table

PATH_ENCODING = sys.getfilesystemencoding()
PATH_ERRORS = sys.getfilesystemencodeerrors()

PHOTO_COLUMNS = (
    "p.id, p.folder_id, f.path, p.relpath, p.size, p.mtime_ns, p.ctime_ns, p.inode, p.content_key, p.whole_key, "
    "p.width, p.height, p.format, p.taken_at, p.camera, p.colour, p.away OR f.state = 'offline' "
    "FROM photo p JOIN folder f ON f.id = p.folder_id"
)


def known_files(connection: sqlite3.Connection, folder_id: int, model_id: int) -> dict[str, KnownRow]:
    total = count(connection)
    (mine,) = connection.execute("SELECT count(*) FROM photo WHERE folder_id = ?", (folder_id,)).fetchone()
    # Through all photos in their own order, rather than to each by the index, where most are of this root.
    how = "NOT INDEXED" if 2 * mine >= total else "INDEXED BY photo_by_folder"
    seen, join = "1", ""
    if total != vector_table.count(connection, model_id):  # or the model has seen all there is
        seen, join = "v.seq IS NOT NULL", "LEFT JOIN vector v ON v.photo_id = p.id AND v.model_id = :model "
    rows = connection.execute(
        f"SELECT p.size, p.mtime_ns, p.ctime_ns, p.inode, p.id, {seen}, p.away, p.relpath "
        f"FROM photo p {how} {join}WHERE p.folder_id = :folder",
        {"folder": folder_id, "model": model_id},
    )
    encoding, errors = PATH_ENCODING, PATH_ERRORS  # os.fsdecode, without its overhead on each of many
    known: dict[str, KnownRow] = {row[7].decode(encoding, errors): row for row in rows}
    # A photo that can no longer be read stays, with its vector, until its file is gone or can be read again.
    failed = connection.execute(
        "SELECT relpath, size, mtime_ns FROM failure WHERE folder_id = ? AND NOT shown", (folder_id,)
    )
    for path, size, mtime in failed:
        name = path.decode(encoding, errors)
        before = known.get(name)
        photo_id, away = (before[4], before[6]) if before else (None, 0)
        known[name] = KnownFile(size, mtime, 0, 0, photo_id, FAILED, away, path)
    return known


def put_photo(connection: sqlite3.Connection, folder_id: int, relpath: str, read: ReadImage) -> tuple[int, bool]:
    """Add or update a photo and clear its failure. Its id, and whether it has the content that was there before."""
    key = (folder_id, os.fsencode(relpath))
    before = connection.execute(
        "SELECT size, mtime_ns, content_key, whole_key FROM photo WHERE folder_id = ? AND relpath = ?", key
    ).fetchone()
    info = read.info
    cursor = connection.execute(
        "INSERT INTO photo (folder_id, relpath, size, mtime_ns, ctime_ns, inode, content_key, whole_key, width, "
        "height, format, taken_at, camera, colour, moment) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (folder_id, relpath) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, "
        "ctime_ns = excluded.ctime_ns, inode = excluded.inode, content_key = excluded.content_key, whole_key = 1, "
        "width = excluded.width, height = excluded.height, format = excluded.format, taken_at = excluded.taken_at, "
        "camera = excluded.camera, colour = excluded.colour, moment = excluded.moment, away = 0 RETURNING id",
        (
            *key,
            *read.stamp,
            read.content_key,
            info.width,
            info.height,
            failure_table.as_text(info.format),
            failure_table.as_text(info.taken_at),
            failure_table.as_text(info.camera),
            read.colour,
            failure_table.as_text(info.taken_at) or moment_of(read.stamp.mtime_ns),
        ),
    )
    photo_id = int(cursor.fetchone()[0])
    connection.execute("DELETE FROM failure WHERE folder_id = ? AND relpath = ?", key)
    if read.damage:
        failure_table.record(connection, folder_id, [(relpath, read.stamp, read.damage)], shown=True)
    if before is None:
        return photo_id, True
    size, mtime, content_key, whole = before
    return photo_id, content_key == read.content_key if whole else (size, mtime) == read.stamp[:2]


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM photo").fetchone()[0])


def pending(connection: sqlite3.Connection, model_id: int) -> int:
    row = connection.execute(
        "SELECT count(*) FROM photo p "
        "WHERE p.away <> ? AND NOT EXISTS (SELECT 1 FROM vector v WHERE v.photo_id = p.id AND v.model_id = ?) "
        "AND NOT EXISTS (SELECT 1 FROM failure x WHERE x.folder_id = p.folder_id AND x.relpath = p.relpath "
        "AND NOT x.shown)",
        (int(Away.MISSING), model_id),  # a file that is missing by itself may never come back
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


def newest_of(connection: sqlite3.Connection, ids: Iterable[int], limit: int) -> list[Photo]:
    rows = connection.execute(
        f"SELECT {PHOTO_COLUMNS} WHERE p.id IN (SELECT value FROM json_each(?)) "
        "ORDER BY p.moment DESC, p.id DESC LIMIT ?",
        (json.dumps(list(ids)), limit),
    )
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


def moment_of(mtime_ns: int) -> str:
    """Local time of a file's stamp, ``YYYY-MM-DD HH:MM:SS``; empty where no calendar has it."""
    try:
        return datetime.fromtimestamp(mtime_ns / 1e9, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):  # a clock that was never set
        return ""


def _photo(row: Sequence[Any]) -> Photo:
    id_, folder_id, root, relpath, size, mtime, ctime, inode, key, whole = row[:10]
    width, height, format_, taken_at, camera, colour, offline = row[10:]
    return Photo(
        id=id_,
        folder_id=folder_id,
        root=os.fsdecode(root),
        relpath=os.fsdecode(relpath),
        stamp=FileStamp(size, mtime, ctime, inode),
        content_key=key,
        info=ImageInfo(width, height, format_, taken_at, camera),
        colour=colour,
        offline=bool(offline),
        whole_key=bool(whole),
    )
