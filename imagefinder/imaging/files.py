"""Files into bytes: regular files only, read once, never opened for writing."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import FileStamp

MAX_FILE_BYTES = 10**9
KEY_BYTES = 16
PIECE = 64 * 1024

# Non-blocking in case a pipe takes the file's place after it was looked at.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_file(path: str) -> tuple[bytes, FileStamp]:
    """The whole content of a regular file, and the stamp it had while it was read.

    Raises UnreadableImage with the reason: empty, missing, no permission, not a regular file, larger than 1 GB, or
    changed while it was read.
    """
    with _regular_file(path) as (file, stamp):
        if stamp.size == 0:
            raise UnreadableImage("The file is empty.")
        if stamp.size > MAX_FILE_BYTES:
            raise UnreadableImage("The file is larger than 1 GB.")
        return file.read(stamp.size), stamp


def content_key(data: bytes) -> bytes:
    """16 bytes that stand for the content: BLAKE2b over its length and its first, middle and last 64 KiB."""
    view = memoryview(data)
    return _key(len(data), (view[start : start + PIECE] for start in _starts(len(data))))


def content_key_of(path: str) -> bytes:
    """The same key from a file, of which only those parts are read. Raises UnreadableImage."""
    with _regular_file(path) as (file, stamp):
        return _key(stamp.size, _pieces(file, stamp.size))


def _starts(size: int) -> tuple[int, ...]:
    if size <= 3 * PIECE:
        return tuple(range(0, size, PIECE))
    return (0, (size - PIECE) // 2, size - PIECE)


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    for start in _starts(size):
        file.seek(start)
        yield file.read(PIECE)


def _key(size: int, pieces: Iterable[bytes | memoryview]) -> bytes:
    digest = hashlib.blake2b(size.to_bytes(8, "little"), digest_size=KEY_BYTES)
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


@contextmanager
def _regular_file(path: str) -> Iterator[tuple[BinaryIO, FileStamp]]:
    """An open file that has the same stamp after the block as before. Raises UnreadableImage."""
    try:
        _check_regular(os.stat(path))  # before opening: opening a pipe may wait, opening a device may do anything
        with open(os.open(path, _FLAGS), "rb") as file:
            status = os.fstat(file.fileno())
            _check_regular(status)
            stamp = FileStamp(status.st_size, status.st_mtime_ns)
            yield file, stamp
            after = os.fstat(file.fileno())
            if (after.st_size, after.st_mtime_ns) != stamp:
                text = "The file changed while it was read."
                raise UnreadableImage(text, "It is tried again at the next scan.", lasting=False)
    except (OSError, ValueError) as error:
        # A drive that was away may be back, and permissions change: only a name stays what it is.
        raise UnreadableImage(_reason(path, error), lasting=isinstance(error, ValueError)) from error


def _check_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableImage("This is a folder, not a file.")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableImage("This is not a file but a pipe, a socket or a device.")


def _reason(path: str, error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):
        return "No file can have this name."  # it holds a NUL, or what this system cannot write
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "The link leads to a file that is missing." if os.path.islink(path) else "The file is missing."
    if error.errno == errno.ELOOP:
        return "The link leads back to itself."
    if error.errno in (errno.EACCES, errno.EPERM):
        return "There is no permission to read the file."
    return f"The file could not be read: {error.strerror or error}."
