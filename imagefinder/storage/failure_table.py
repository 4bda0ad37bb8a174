"""Files that could not be read, or not to their end: SQL in functions that take a connection.

Transactions are the caller's.
"""

import os
import sqlite3
from collections.abc import Iterable

from imagefinder.domain.images import Failure, FileStamp


def record(
    connection: sqlite3.Connection, folder_id: int, items: Iterable[tuple[str, FileStamp, str]], shown: bool = False
) -> None:
    connection.executemany(
        "INSERT INTO failure VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (folder_id, relpath) DO UPDATE SET "
        "size = excluded.size, mtime_ns = excluded.mtime_ns, reason = excluded.reason, shown = excluded.shown",
        [(folder_id, os.fsencode(path), *stamp[:2], as_text(reason), int(shown)) for path, stamp, reason in items],
    )


def listed(connection: sqlite3.Connection, folder_id: int | None) -> list[Failure]:
    rows = connection.execute(
        "SELECT f.id, f.path, x.relpath, x.size, x.mtime_ns, x.reason, x.shown "
        "FROM failure x JOIN folder f ON f.id = x.folder_id WHERE ?1 IS NULL OR f.id = ?1 ORDER BY f.id, x.relpath",
        (folder_id,),
    )
    return [
        Failure(id_, os.fsdecode(root), os.fsdecode(path), FileStamp(size, mtime), reason, bool(shown))
        for id_, root, path, size, mtime, reason, shown in rows
    ]


def forget(connection: sqlite3.Connection, paths: Iterable[str] | None) -> None:
    """Of those that could not be read at all; None: all of them."""
    if paths is None:
        connection.execute("DELETE FROM failure WHERE NOT shown")
        return
    wanted = set(paths)
    connection.executemany(
        "DELETE FROM failure WHERE folder_id = ? AND relpath = ? AND NOT shown",
        [(f.folder_id, os.fsencode(f.relpath)) for f in listed(connection, None) if f.path in wanted],
    )


def drop(connection: sqlite3.Connection, folder_id: int, relpaths: Iterable[str]) -> None:
    connection.executemany(
        "DELETE FROM failure WHERE folder_id = ? AND relpath = ?",
        [(folder_id, os.fsencode(path)) for path in relpaths],
    )


def as_text(text: str) -> str:
    """Text from outside as SQLite can keep it: a reason may quote a path that is not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()
