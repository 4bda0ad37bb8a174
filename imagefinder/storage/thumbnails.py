"""Small pictures by content key. A cache: it may lose everything, and never raises."""

import contextlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from imagefinder.storage.database import error_code, reading_uri

log = logging.getLogger(__name__)

T = TypeVar("T")

FORMAT = 1
LIMIT_BYTES = 4 * 2**30
TOUCHES_TO_KEEP = 512
BROKEN = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR)  # the last: not our tables

SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE thumbnail (key BLOB NOT NULL UNIQUE, jpeg BLOB NOT NULL, used INTEGER NOT NULL) STRICT;
CREATE INDEX thumbnail_by_use ON thumbnail (used);
PRAGMA user_version = {FORMAT};
COMMIT;
"""


class ThumbnailCache:
    """One SQLite file of its own, so that the catalogue stays small. Past its limit the longest unused ones go.

    Safe to use from any thread. ``limit`` is in bytes. A damaged file is thrown away and made anew.
    """

    def __init__(self, path: Path, read_only: bool = False, limit: int = LIMIT_BYTES) -> None:
        self._path = path
        self._read_only = read_only
        self._limit = limit
        self._lock = threading.Lock()
        self._touched: set[bytes] = set()
        self._connection: sqlite3.Connection | None = None
        with self._lock:
            try:
                self._open()
            except sqlite3.Error as error:
                self._recover(error)

    def get(self, key: bytes) -> bytes | None:
        """The JPEG, or None where there is none."""

        def find(connection: sqlite3.Connection) -> bytes | None:
            row = connection.execute("SELECT jpeg FROM thumbnail WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            self._touched.add(key)
            if len(self._touched) >= TOUCHES_TO_KEEP:
                self._write(connection, ())
            return bytes(row[0])

        return self._use(find, None)

    def put(self, thumbnails: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep (content key, JPEG) pairs, in one transaction."""
        wanted = list(thumbnails)
        if not self._read_only and wanted:
            self._use(lambda connection: self._write(connection, wanted), None)

    def rename(self, keys: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep what was under one key under another: (old, new) each."""
        wanted = list(keys)

        def change(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("UPDATE OR IGNORE thumbnail SET key = ?2 WHERE key = ?1", wanted)
            connection.execute("COMMIT")

        if not self._read_only and wanted:
            self._use(change, None)

    def size(self) -> int:
        """What the kept thumbnails take on disk, in bytes."""
        return self._use(_used_bytes, 0)

    def close(self) -> None:
        """Remember what was used, and close the file."""
        self._use(lambda connection: self._write(connection, ()), None)
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _use(self, action: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        with self._lock:
            if self._connection is None:
                return otherwise
            try:
                return action(self._connection)
            except sqlite3.Error as error:
                self._recover(error)
                return otherwise

    def _write(self, connection: sqlite3.Connection, thumbnails: Iterable[tuple[bytes, bytes]]) -> None:
        touched, self._touched = self._touched, set()
        if self._read_only:
            return
        now = int(time.time())
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("UPDATE thumbnail SET used = ? WHERE key = ?", [(now, key) for key in touched])
        connection.executemany(
            "INSERT INTO thumbnail VALUES (?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET jpeg = excluded.jpeg, used = excluded.used",
            [(key, jpeg, now) for key, jpeg in thumbnails],
        )
        while _used_bytes(connection) > self._limit:
            count = int(connection.execute("SELECT count(*) FROM thumbnail").fetchone()[0])
            if count == 0:
                break
            connection.execute(
                "DELETE FROM thumbnail WHERE rowid IN (SELECT rowid FROM thumbnail ORDER BY used, rowid LIMIT ?)",
                (count // 10 + 1,),
            )
        connection.execute("COMMIT")

    def _open(self) -> None:
        target = reading_uri(self._path) if self._read_only else self._path.absolute().as_uri()
        connection = sqlite3.connect(target, uri=True, isolation_level=None, check_same_thread=False)
        try:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if not self._read_only:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")  # sound after a power cut, if not complete
                if version == 0:
                    connection.executescript(SCHEMA)
                    version = FORMAT
            if version != FORMAT:
                raise _OtherFormat(f"format {version}")
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _recover(self, error: sqlite3.Error) -> None:
        """Start afresh after damage; after anything else (a full disk, a busy file) just go on without."""
        log.warning("Thumbnail cache %s: %s", self._path, error)
        if self._connection is not None and self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
        if self._read_only or not (isinstance(error, _OtherFormat) or error_code(error) in BROKEN):
            return
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        try:
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{self._path}{suffix}")
            self._open()
        except (sqlite3.Error, OSError) as again:
            log.warning("Thumbnail cache %s could not be made anew: %s", self._path, again)


class _OtherFormat(sqlite3.DatabaseError):
    """The file is a cache of another version."""


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size
