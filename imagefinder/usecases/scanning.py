"""Walk a root and say what is there. The hot path of every rescan: one stat per photo and little else."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from imagefinder.domain.excludes import compile_excludes
from imagefinder.domain.images import FileStamp
from imagefinder.imaging.formats import is_candidate, looks_like_image


@dataclass(slots=True)
class Walk:
    """``found`` maps paths relative to the root to stamps; ``unlisted`` are folders below it that refused."""

    found: dict[str, FileStamp] = field(default_factory=dict)
    unlisted: list[str] = field(default_factory=list)


def walk(root: str, excludes: Sequence[str], visit: Callable[[int, str], None]) -> Walk | None:
    """List what may be a photo below ``root``; None where the root itself cannot be listed.

    ``visit`` is called once a folder with the number of files so far and the folder's path; it may raise to stop.
    Folders that are symbolic links are not followed: they would lead out of the root, or round in circles.
    Whatever merely looks like a photo (a pipe, a dangling link, a folder named x.jpg) is listed too, so that the
    reader can say what is wrong with it.
    """
    excluded = compile_excludes(excludes)
    result = Walk()
    found = result.found
    new_stamp = tuple.__new__  # half the price of the constructor, once for every photo
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        visit(len(found), os.path.join(root, folder) if folder else root)
        prefix = folder + os.sep if folder else ""
        try:
            with os.scandir(os.path.join(root, folder)) as entries:
                for entry in entries:
                    name = entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if excluded(name):
                            continue
                        waiting.append(prefix + name)
                        if "." not in name or not is_candidate(name):
                            continue
                    elif (
                        not is_candidate(name) or excluded(name) or ("." not in name and not _begins_like_image(entry))
                    ):
                        continue
                    try:
                        status = entry.stat()
                    except OSError:
                        found[prefix + name] = _stamp_of_link(entry)
                    else:
                        found[prefix + name] = new_stamp(FileStamp, (status.st_size, status.st_mtime_ns))
        except OSError:
            if not folder:
                return None
            result.unlisted.append(folder)
    return result


def _begins_like_image(entry: "os.DirEntry[str]") -> bool:
    """For names without an extension, of which most are no pictures; what cannot be read is no picture either."""
    try:
        if not entry.is_file():
            return False
        with open(entry.path, "rb", buffering=0) as file:
            return looks_like_image(file.read(16))
    except OSError:
        return False


def _stamp_of_link(entry: "os.DirEntry[str]") -> FileStamp:
    """Of a dangling link or a loop of links; zeros for what vanished just now. Reading it will say which."""
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return FileStamp(0, 0)
    return FileStamp(status.st_size, status.st_mtime_ns)
