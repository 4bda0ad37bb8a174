"""Files into bytes: regular files only, read once, never opened for writing, however long their paths are."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import xxhash

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import FileStamp

MAX_FILE_BYTES = 10**9
KEY_BYTES = 16
PIECE = 64 * 1024
READ_AT_ONCE = 1024 * 1024

# Non-blocking in case a pipe takes the file's place after it was looked at.
READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_TO_PASS = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)  # a folder that is merely gone through
_STRETCH = 900  # bytes of a path that every system takes at once; macOS takes 1,024 in all, Linux 4,096


def read_file(path: str) -> tuple[bytes, FileStamp]:
    """The whole content of a regular file, and the stamp it had while it was read.

    Raises UnreadableImage with the reason: empty, missing, no permission, not a regular file, larger than 1 GB, or
    changed while it was read.
    """
    with _regular_file(path) as (file, stamp):
        if stamp.size == 0:
            raise UnreadableImage("The file is empty.")
        _check_size(stamp)
        return file.read(stamp.size), stamp


def content_key(data: bytes) -> bytes:
    """16 bytes that stand for the content: XXH3 over all of it."""
    return xxhash.xxh3_128(data).digest()


def content_key_of(path: str) -> bytes:
    """The same key from a file, all of which is read. Raises UnreadableImage."""
    with _regular_file(path) as (file, stamp):
        _check_size(stamp)
        return _whole_key(file)


def partial_key(data: bytes) -> bytes:
    """The key of libraries before format 3: BLAKE2b over the length and the first, middle and last 64 KiB.

    Uncompressed pictures that differ elsewhere share it.
    """
    view = memoryview(data)
    return _partial_key(len(data), (view[start : start + PIECE] for start in _starts(len(data))))


def partial_key_of(path: str) -> bytes:
    """The same key from a file, of which only those parts are read. Raises UnreadableImage."""
    with _regular_file(path) as (file, stamp):
        return _partial_key(stamp.size, _pieces(file, stamp.size))


def keys_of(path: str) -> tuple[FileStamp, bytes, bytes]:
    """The stamp of a file and both its keys, the content key first. Raises UnreadableImage."""
    with _regular_file(path) as (file, stamp):
        _check_size(stamp)
        return stamp, _whole_key(file), _partial_key(stamp.size, _pieces(file, stamp.size))


def open_path(path: str, flags: int) -> int:
    """A descriptor as from ``os.open``, also where the path is longer than the system takes. Raises OSError."""
    try:
        return os.open(path, flags)
    except OSError as error:
        if not _too_long(error):
            raise
    with _folder_near(path) as (folder, rest):
        return os.open(rest, flags, dir_fd=folder)


def stat_path(path: str, *, follow_symlinks: bool = True) -> os.stat_result:
    """What ``os.stat`` says, also where the path is longer than the system takes. Raises OSError."""
    try:
        return os.stat(path, follow_symlinks=follow_symlinks)
    except OSError as error:
        if not _too_long(error):
            raise
    with _folder_near(path) as (folder, rest):
        return os.stat(rest, dir_fd=folder, follow_symlinks=follow_symlinks)


def _too_long(error: OSError) -> bool:
    return error.errno == errno.ENAMETOOLONG and os.open in os.supports_dir_fd


@contextmanager
def _folder_near(path: str) -> Iterator[tuple[int, str]]:
    """The handle of a folder on the way to ``path``, and the rest of the way from there, which is short."""
    folder = os.open(os.sep if os.path.isabs(path) else os.curdir, _TO_PASS)
    try:
        rest = os.fsencode(path).strip(os.fsencode(os.sep))
        while len(rest) > _STRETCH:
            end = rest.rfind(os.fsencode(os.sep), 0, _STRETCH)
            if end < 0:
                break  # a single name that is too long, which the system will say
            following = os.open(rest[:end], _TO_PASS, dir_fd=folder)
            os.close(folder)
            folder, rest = following, rest[end:].lstrip(os.fsencode(os.sep))
        yield folder, os.fsdecode(rest)
    finally:
        os.close(folder)


def _check_size(stamp: FileStamp) -> None:
    if stamp.size > MAX_FILE_BYTES:
        raise UnreadableImage("The file is larger than 1 GB.")


def _whole_key(file: BinaryIO) -> bytes:
    digest = xxhash.xxh3_128()
    while data := file.read(READ_AT_ONCE):
        digest.update(data)
    return digest.digest()


def _starts(size: int) -> tuple[int, ...]:
    if size <= 3 * PIECE:
        return tuple(range(0, size, PIECE))
    return (0, (size - PIECE) // 2, size - PIECE)


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    for start in _starts(size):
        file.seek(start)
        yield file.read(PIECE)


def _partial_key(size: int, pieces: Iterable[bytes | memoryview]) -> bytes:
    digest = hashlib.blake2b(size.to_bytes(8, "little"), digest_size=KEY_BYTES)
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


@contextmanager
def _regular_file(path: str) -> Iterator[tuple[BinaryIO, FileStamp]]:
    """An open file that has the same size and time after the block as before. Raises UnreadableImage."""
    try:
        _check_regular(stat_path(path))  # before opening: opening a pipe may wait, opening a device may do anything
        with open(open_path(path, READING), "rb") as file:
            status = os.fstat(file.fileno())
            _check_regular(status)
            stamp = FileStamp.of(status)
            yield file, stamp
            # Not ctime: a file that is renamed, chmodded or deleted meanwhile keeps its content.
            if not stamp.same_time(FileStamp.of(os.fstat(file.fileno()))):
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
        return "The link leads to a file that is missing." if _is_link(path) else "The file is missing."
    if error.errno == errno.ELOOP:
        return "The link leads back to itself."
    if error.errno in (errno.EACCES, errno.EPERM):
        return "There is no permission to read the file."
    return f"The file could not be read: {error.strerror or error}."


def _is_link(path: str) -> bool:
    try:
        return stat.S_ISLNK(stat_path(path, follow_symlinks=False).st_mode)
    except OSError:
        return False
