"""One SQLite file: opening, migrating, transactions, and errors in words."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from imagefinder.domain.errors import LibraryError

APPLICATION_ID = 0x494D4746  # "IMGF": tells our files from other people's SQLite files
BUSY_SECONDS = 30.0


class Database:
    """A connection per thread, and one writer at a time. ``lock`` is held while writing, and may be held around it."""

    def __init__(self, path: Path, read_only: bool = False, may_be_new: bool = True) -> None:
        """Open, or create unless ``read_only``, and bring the tables up to date. Raises LibraryError.

        Without ``may_be_new`` something beside ``path`` says that it was there and had tables: a file that is missing
        or empty is refused then, instead of hiding the loss behind new tables.
        """
        self.path = path
        self.read_only = read_only
        self._may_be_new = may_be_new
        self.lock = threading.RLock()
        self._here = threading.local()
        self._open: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._opening = threading.Condition()
        self._closed = False
        self._users = 0
        try:
            with explained(path):
                if _size(path) == 0 and (not may_be_new or _size(_log_of(path)) > 0):
                    raise _lost(path)  # before SQLite sees it, which deletes the log of an empty file
                if _size(path) == 0 and read_only:
                    raise _none_yet(path)
                self._prepare(self.connection())
        except BaseException:
            self.close()
            raise

    def connection(self) -> sqlite3.Connection:
        """This thread's connection; it is opened on first use. Raises LibraryError once closed."""
        mine: sqlite3.Connection | None = getattr(self._here, "connection", None)
        if mine is not None and not self._closed:
            return mine
        with self._opening:
            if self._closed:
                raise LibraryError("The library is closed.")
            for ended in [entry for entry in self._open if not entry[0].is_alive()]:
                ended[1].close()
                self._open.remove(ended)
            mine = self._connect()
            self._open.append((threading.current_thread(), mine))
        self._here.connection = mine
        return mine

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, with SQLite's errors turned into LibraryError; ``close`` waits for the block."""
        with explained(self.path):
            connection = self.connection()
            with self._opening:
                if self._closed:
                    raise LibraryError("The library is closed.")
                self._users += 1
            try:
                yield connection
            finally:
                with self._opening:
                    self._users -= 1
                    self._opening.notify_all()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """As ``read``, but every statement sees the same moment, whatever other threads and processes commit."""
        with self.read() as connection:
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk when the block ends, undone when it raises. An inner ``write`` joins the outer."""
        if self.read_only:
            raise LibraryError("The library was opened for reading only.")
        with self.lock, self.read() as connection:
            if getattr(self._here, "writing", False):
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            self._here.writing = True
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._here.writing = False

    def compact(self) -> None:
        """Give the room of deleted rows back to the disk. Raises LibraryError, for a full disk for example.

        SQLite writes the whole file anew, first into its log, so this takes the time and, until it is done, about
        twice the room that the file takes when it is done.
        """
        if self.read_only:
            raise LibraryError("The library was opened for reading only.")
        with self.lock, self.read() as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def close(self) -> None:
        """Close the connections of all threads; the last one moves the log into the file.

        What is being read or written is waited for: a connection that is closed under a running statement crashes
        the interpreter.
        """
        with self._opening:
            self._closed = True
            self._opening.wait_for(lambda: self._users == 0)
            for _, connection in self._open:
                connection.close()
            self._open.clear()

    def _connect(self) -> sqlite3.Connection:
        target = reading_uri(self.path) if self.read_only else self.path.absolute().as_uri()
        with explained(self.path):
            # Not tied to its thread, so that close() can close them all; no other thread ever uses it.
            connection = sqlite3.connect(
                target, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA synchronous = FULL")
            except BaseException:
                connection.close()
                raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        version = _pragma(connection, "user_version")
        identity = _pragma(connection, "application_id")
        empty = _pragma(connection, "schema_version") == 0
        if not empty and (version == 0 or identity != APPLICATION_ID):
            raise _not_a_library(self.path)
        if empty and not self._may_be_new:
            raise _lost(self.path)
        migrations = _migrations()
        if version > len(migrations):
            raise LibraryError(
                "This library was made by a newer version of imagefinder.",
                "Update imagefinder, or choose another place with --library. Nothing was changed.",
            )
        if self.read_only:
            if empty:
                raise _none_yet(self.path)
            if version < len(migrations):
                raise LibraryError(
                    "This library was made by an older version of imagefinder.",
                    "Open the window once, or run: imagefinder verify. That brings it up to date.",
                )
            return
        connection.execute("PRAGMA journal_mode = WAL")
        for number, script in enumerate(migrations[version:], start=version + 1):
            try:
                connection.executescript(
                    f"BEGIN IMMEDIATE;\n{script}\nPRAGMA application_id = {APPLICATION_ID};\n"
                    f"PRAGMA user_version = {number};\nCOMMIT;"
                )
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise


def reading_uri(path: Path) -> str:
    """What to connect to for reading only; it works on a disk that cannot be written, too."""
    # Without its log, and in a folder that cannot be written, SQLite reads a file only as an immutable one.
    lone = not _log_of(path).exists() and not os.access(path.parent, os.W_OK)
    return f"{path.absolute().as_uri()}?{'immutable=1' if lone else 'mode=ro'}"


def _log_of(path: Path) -> Path:
    """Where SQLite keeps what was committed and is not yet in the file."""
    return path.with_name(path.name + "-wal")


def _size(path: Path) -> int:
    """In bytes; 0 where there is no file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _migrations() -> list[str]:
    """The scripts in order. Number n brings a database of version n - 1 to version n."""
    folder = resources.files("imagefinder.storage") / "migrations"
    scripts = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name)
    return [script.read_text(encoding="utf-8") for script in scripts]


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say about ``path`` into LibraryError. Mistakes of ours pass unchanged."""
    try:
        yield
    except sqlite3.Error as error:
        known = _in_words(error, path)
        if known is None:
            raise
        raise known from error
    except OSError as error:
        raise LibraryError(
            f"The library in {path.parent} cannot be used: {error.strerror or error}.",
            "Check that the disk is there, has free space and may be written.",
        ) from error


def error_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where the error came from Python's side."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # extended codes keep the primary one in the low byte


def _in_words(error: sqlite3.Error, path: Path) -> LibraryError | None:
    code = error_code(error)
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return _not_a_library(path)
    if code == sqlite3.SQLITE_FULL:
        return LibraryError("The disk is full.", "Free some space and try again. What was saved is safe.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        return LibraryError(
            f"The library in {path.parent} cannot be opened for writing."
            if path.exists()
            else f"There is no library in {path.parent}.",
            "Check the folder and its permissions, or choose another place with --library.",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LibraryError("Another program keeps the library busy.", "Wait for it, or close it, and try again.")
    if code == sqlite3.SQLITE_IOERR:
        return LibraryError(
            f"The disk with the library could not be read or written: {error}.",
            "Check that the disk is there and has free space. What was saved is safe.",
        )
    return None


def _not_a_library(path: Path) -> LibraryError:
    return LibraryError(
        f"{path} is damaged, or is not an imagefinder library. It was left as it is.",
        f"Put back a copy of this file, or move the folder {path.parent} away and add your folders of photos again. "
        "Photos are never touched.",
    )


def _lost(path: Path) -> LibraryError:
    state = "is empty" if path.exists() else "is missing"
    return LibraryError(
        f"{path} {state}, but other files of a library lie beside it. It held your folders and labels. "
        "Nothing was changed.",
        f"Put back a copy of {path.name} from a backup. To begin anew, without the labels, move the folder "
        f"{path.parent} away, and add your folders of photos again. Photos are never touched.",
    )


def _none_yet(path: Path) -> LibraryError:
    return LibraryError(
        f"There is no library in {path.parent} yet.", "Make one with: imagefinder index FOLDER, or check --library."
    )
