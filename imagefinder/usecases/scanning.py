"""Walk a root and say what is there. The hot path of every rescan: one stat per photo and little else."""

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from stat import S_ISDIR

from imagefinder.domain.excludes import compile_excludes
from imagefinder.domain.images import LARGEST_NUMBER, FileStamp, StampRow
from imagefinder.imaging.files import READING, open_path
from imagefinder.imaging.formats import looks_like_image
from imagefinder.imaging.names import EXTENSIONS, OTHERS, extension_of, kind_of

SIGN_EVERY = 256
"""Entries of a folder between two signs of life: on a slow network, a large folder takes minutes."""
FIRST_BYTES = 16
_BY_HANDLE = os.scandir in os.supports_fd  # which is faster, and knows no limit of the path's length
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(slots=True)
class Walk:
    """What there is below a root. All paths are relative to it; "" is the root itself."""

    found: dict[str, StampRow] = field(default_factory=dict)
    """What may be a photo, and its stamp."""
    unlisted: dict[str, str] = field(default_factory=dict)
    """Folders that could not be listed, or not to the end, and why."""
    folders: set[str] = field(default_factory=set)
    """Every folder that was listed."""
    empty: set[str] = field(default_factory=set)
    """Those of them that hold nothing at all, as a mount point without its drive does."""
    mounts: set[str] = field(default_factory=set)
    """Those of them that lie on another device than the folder around them."""
    linked: dict[str, str] = field(default_factory=dict)
    """Symbolic links to folders, which are not followed, and where they lead."""
    others: dict[str, int] = field(default_factory=dict)
    """How many files of other kinds were passed over, by extension in lower case; "" for none."""


def walk(root: str, excludes: Sequence[str], visit: Callable[[int, str], None]) -> Walk | None:
    """List what may be a photo below ``root``; None where the root itself cannot be listed.

    ``visit`` is called with the number of files so far and a folder's path, before the folder is listed and again
    after every 256 of its entries; it may raise to stop. Folders that are symbolic links are not followed: they would
    lead out of the root, or round in circles. Whatever merely has the name of a photo (a pipe, a dangling link, a
    folder named x.jpg) is listed too, so that the reader can say what is wrong with it. What is excluded is in no
    list and no count.
    """
    excluded = compile_excludes(excludes)
    result = Walk()
    waiting: list[tuple[str, int]] = [("", 0)]
    while waiting:
        folder, device_around = waiting.pop()
        path = os.path.join(root, folder) if folder else root
        visit(len(result.found), path)
        try:
            handle: int | str = open_path(path, _FOLDER) if _BY_HANDLE else path
            try:
                device = os.stat(handle).st_dev
                if folder and device != device_around:
                    result.mounts.add(folder)
                _list(handle, path, folder, device, excluded, visit, result, waiting)
            finally:
                if isinstance(handle, int):
                    os.close(handle)
        except OSError as error:
            if not folder:
                return None
            result.unlisted[folder] = _reason(error)
        else:
            result.folders.add(folder)
    result.mounts &= result.folders
    return result


def _list(
    handle: int | str,
    path: str,
    folder: str,
    device: int,
    excluded: Callable[[str], bool],
    visit: Callable[[int, str], None],
    result: Walk,
    waiting: list[tuple[str, int]],
) -> None:
    """Note what is in one folder; the folders in it join those that wait."""
    found, others = result.found, result.others
    prefix = folder + os.sep if folder else ""
    farthest = LARGEST_NUMBER
    entry = None
    with os.scandir(handle) as entries:
        while batch := list(islice(entries, SIGN_EVERY)):
            for entry in batch:
                name = entry.name
                if excluded(name):
                    continue
                extension = extension_of(name)
                if extension not in EXTENSIONS:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((prefix + name, device))
                        continue
                    if extension in OTHERS and entry.is_file(follow_symlinks=False):
                        others[extension] = others.get(extension, 0) + 1
                        continue
                    if not _is_photo(entry, handle, path, prefix, result):
                        continue
                try:
                    status = entry.stat()
                except OSError:
                    found[prefix + name] = _stamp_of_link(entry)
                    if entry.is_dir(follow_symlinks=False):  # named x.jpg, and shut: opening it will say so
                        waiting.append((prefix + name, device))
                    continue
                if S_ISDIR(status.st_mode):
                    if entry.is_symlink():
                        result.linked[prefix + name] = os.path.realpath(os.path.join(path, name))
                        continue
                    waiting.append((prefix + name, device))
                modified, changed, inode = status.st_mtime_ns, status.st_ctime_ns, status.st_ino
                if 0 <= modified | changed | inode <= farthest:
                    found[prefix + name] = (status.st_size, modified, changed, inode)
                else:
                    found[prefix + name] = FileStamp.of(status)
            if len(batch) == SIGN_EVERY:
                visit(len(found), path)
    if entry is None:
        result.empty.add(folder)


def _is_photo(entry: "os.DirEntry[str]", handle: int | str, path: str, prefix: str, result: Walk) -> bool:
    """Whether something without a picture's extension begins like one; notes what else it is."""
    name = entry.name
    try:
        if entry.is_symlink() and entry.is_dir():
            result.linked[prefix + name] = os.path.realpath(os.path.join(path, name))
            return False
        if not entry.is_file():
            return False  # a pipe, a socket or a dangling link, which nobody misses
    except OSError:
        return False  # a loop of links, or a link that leads where nobody may look
    if extension_of(name) not in OTHERS and _begins_like_image(entry, handle):
        return True
    kind = kind_of(name)
    result.others[kind] = result.others.get(kind, 0) + 1
    return False


def _begins_like_image(entry: "os.DirEntry[str]", handle: int | str) -> bool:
    """What cannot be read is no picture either."""
    try:
        file = os.open(entry.name, READING, dir_fd=handle) if isinstance(handle, int) else os.open(entry.path, READING)
        try:
            return looks_like_image(os.read(file, FIRST_BYTES))
        finally:
            os.close(file)
    except OSError:
        return False


def _stamp_of_link(entry: "os.DirEntry[str]") -> FileStamp:
    """Of a dangling link or a loop of links; zeros for what vanished just now. Reading it will say which."""
    try:
        return FileStamp.of(entry.stat(follow_symlinks=False))
    except OSError:
        return FileStamp(0, 0)


def _reason(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "There is no permission to open this folder."
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "The folder went away while it was looked at."
    return f"The folder could not be listed: {error.strerror or error}."
