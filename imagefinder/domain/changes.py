"""The pure difference between what is on disk and what the catalogue knows."""

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple, TypeAlias

from imagefinder.domain.images import FileStamp, StampRow

FEW = 0.1
ENOUGH_TO_JUDGE = 10
FEW_DOUBTS = 100
FEW_DOUBTS_SHARE = 0.05


FAILED = 2


class Away(IntEnum):
    """Whether a photo's file was there at the last scan."""

    THERE = 0
    MISSING = 1
    UNPLUGGED = 2
    """Nor was the folder around it, as that of an unplugged drive."""


class KnownFile(NamedTuple):
    """What the catalogue remembers of a path.

    ``photo_id`` is None for a file that could not be read. ``done`` says that nothing is left to do while the
    stamp stays: its embedding is there (1), or its failure was noted (FAILED), with the stamp of that time and no
    ctime. ``away`` is an Away.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    photo_id: int | None
    done: int
    away: int = 0
    name: bytes = b""

    @property
    def stamp(self) -> FileStamp:
        return FileStamp(*self[:4])


KnownRow: TypeAlias = tuple[int, int, int, int, int | None, int, int, bytes]
"""The values of a KnownFile as SQLite gives them: naming those of 20,000 photos takes a tenth of a rescan's time."""


@dataclass(slots=True)
class Changes:
    """Paths are relative to the root. ``changed`` files may have the content that they had, which only reading tells.

    ``pending`` files are unchanged but have no embedding by this model yet; ``failing`` ones are unchanged too, and
    could not be read before. ``noted`` ones, unchanged as well, are back, or have a stamp that is more exact than the
    one that was written down.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    spoilt: list[str] = field(default_factory=list)
    """Failing files that could be read once; the photos that they were are in the library."""
    doubtful: list[str] = field(default_factory=list)
    """Empty once all files were compared."""
    unchanged: int = 0
    failing: int = 0


def diff(found: Mapping[str, StampRow], known: Mapping[str, KnownRow], unlisted: Iterable[str] = ()) -> Changes:
    """Compare a walk with the catalogue. What lies below an ``unlisted`` folder (one that could not be read) stays."""
    changes = Changes()
    unchanged, get = 0, known.get
    for relpath, stamp in found.items():
        row = get(relpath)
        if row is None:
            changes.added.append(relpath)
        elif row[:4] == stamp and row[5] == 1 and not row[6]:  # nearly all of a rescan
            unchanged += 1
        else:
            _compare(changes, relpath, FileStamp(*stamp), KnownFile(*row))
    changes.unchanged += unchanged
    if changes.doubtful:
        _judge(changes, found, known)
    if len(known) > len(found) - len(changes.added):
        shielded = tuple(os.path.join(folder, "") for folder in unlisted)
        changes.gone = [path for path in known if path not in found and not path.startswith(shielded)]
    return changes


def _compare(changes: Changes, relpath: str, stamp: FileStamp, before: KnownFile) -> None:
    was = before.stamp
    if not was.same_time(stamp):
        # A file that could not be read before, and is another one now, is new to the library.
        (changes.added if before.photo_id is None else changes.changed).append(relpath)
    elif before.done == FAILED:
        changes.failing += 1
        if before.photo_id is not None:
            changes.spoilt.append(relpath)
    elif (was.ctime_ns and was.ctime_ns != stamp.ctime_ns) or (was.inode and stamp.inode and was.inode != stamp.inode):
        changes.doubtful.append(relpath)
    elif was == stamp and not before.away:
        changes.pending.append(relpath)
    else:
        _stays(changes, relpath, before)


def _stays(changes: Changes, relpath: str, before: KnownFile) -> None:
    """Its stamp is more exact than the one that was written down, or it is back, or it waits for the model."""
    changes.noted.append(relpath)
    if before.done:
        changes.unchanged += 1
    else:
        changes.pending.append(relpath)


def _judge(changes: Changes, found: Mapping[str, StampRow], known: Mapping[str, KnownRow]) -> None:
    """Files of one size and time, of which only ctime or inode is another one.

    Some of these are read. Of many at once (permissions were changed, a backup linked them, a drive counts inodes anew
    each time it is connected) only those that may have changed places: where another file has the same size and time.
    """
    few = len(changes.doubtful) <= max(FEW_DOUBTS, FEW_DOUBTS_SHARE * len(found))
    twins = Counter(stamp[:2] for stamp in found.values())
    for relpath in changes.doubtful:
        before, stamp = KnownFile(*known[relpath]), FileStamp(*found[relpath])
        another_ctime = before.ctime_ns and before.ctime_ns != stamp.ctime_ns
        if twins[stamp[:2]] > 1 or (few and another_ctime):
            changes.changed.append(relpath)
        else:
            _stays(changes, relpath, before)
    changes.doubtful.clear()


def looks_offline(surviving: int, known: int) -> bool:
    """Whether a root that is there has lost so much at once that a drive is the likelier cause than the user.

    ``surviving`` counts the known photos that are still in place or were found moved. A mount point whose drive is
    away is empty; one with another drive in it has files, but none of these. Few photos may well have been deleted
    on purpose, but not all of them: that needs the user's say.
    """
    return surviving < known * FEW and (known >= ENOUGH_TO_JUDGE or surviving == 0)


class Listing(NamedTuple):
    """The folders that a walk met, relative to its root: ``empty`` ones hold nothing at all, as a mount point without
    its drive, and another file system is mounted on ``mounts``."""

    folders: Collection[str]
    empty: Collection[str] = ()
    mounts: Collection[str] = ()

    def unplugged(self, before: Mapping[str, bool]) -> set[str]:
        """Those of the folders that mattered ``before`` (whether another file system was mounted there, or else a root
        of its own lay there) that are not there now as they were."""
        return {
            folder
            for folder, device in before.items()
            if (folder not in self.mounts if device else folder not in self.folders or folder in self.empty)
        }


def is_below(relpath: str, folders: Collection[str]) -> bool:
    """Whether a file lies in one of these folders, or below it; "" is the root."""
    return bool(folders) and any(folder in folders for folder in _folders_around(relpath))


def away_folders(
    photos: Iterable[str], missing: Collection[str], empty: Collection[str], unplugged: Collection[str] = ()
) -> set[str]:
    """The folders, relative to the root, whose ``missing`` photos are more likely away than deleted; "" is the root.

    ``photos`` are the paths of all photos that were there at the last scan, those found moved among them, and
    ``missing`` those of which nothing was found. A folder is away that is ``unplugged``, or that is ``empty``, or that
    lost nearly all of ten photos or more at once. A small folder that was deleted as a whole is not.
    """
    away: set[str] = set()
    left: set[str] = set()
    for path in missing:
        sure = next((each for each in _folders_around(path) if each in empty or each in unplugged), None)
        if sure is None:
            left.add(path)
        else:
            away.add(sure)
    if not left:
        return away
    counts = Counter(os.path.dirname(path) for path in photos if not is_below(path, away))
    lost = Counter(os.path.dirname(path) for path in left)
    known, gone = _summed(counts, lost), _summed(lost, lost)
    for path in left:
        for folder in _folders_around(path):
            survivors = known[folder] - gone[folder]
            if (known[folder] >= ENOUGH_TO_JUDGE or not folder) and looks_offline(survivors, known[folder]):
                away.add(folder)
                break
    return away


def _folders_around(relpath: str) -> list[str]:
    """From the root, "", down to the folder that the file lies in."""
    around = [""]
    for position, character in enumerate(relpath):
        if character == os.sep:
            around.append(relpath[:position])
    return around


def _summed(counts: Mapping[str, int], wanted: Iterable[str]) -> Counter[str]:
    """Photos in and below each folder that is, or is around, one of ``wanted``."""
    folders = {each for folder in wanted for each in _folders_around(os.path.join(folder, "x"))}
    total: Counter[str] = Counter()
    for folder, count in counts.items():
        for each in _folders_around(os.path.join(folder, "x")):
            if each in folders:
                total[each] += count
    return total


class Lost(NamedTuple):
    """A photo of the catalogue, or of what was removed from it, whose file may be found elsewhere."""

    photo_id: int
    path: str
    """Where it was: root and relative path."""
    stamp: FileStamp
    content_key: bytes
    whole_key: bool
    """Whether the key is one of the whole content; libraries of older versions have keys of three pieces of it."""
    format: str
    labelled: bool
    """Whether the user gave it a label, or said what it is not."""


class Keys(NamedTuple):
    """What identifies the content of a file: the key of all of it, and the older one, of three pieces of it."""

    whole: bytes
    partial: bytes


PIECES = 3 * 64 * 1024
"""How much of a file an older key is made of, in bytes."""
UNCOMPRESSED = ("BMP", "TIFF", "RAW")
"""Formats in which different pictures can share an older key: drawings on the same white page, for example."""


def trusts_older_key(format_: str, size: int) -> bool:
    """Whether an older key stands for the content of a file of ``size`` bytes."""
    return format_ not in UNCOMPRESSED or size <= PIECES


def is_of(photo: Lost, stamp: FileStamp, keys: Keys) -> bool:
    """Whether a file has the content of ``photo``.

    Where an older key does not say so, the time must agree as well.
    """
    if photo.stamp.size != stamp.size:
        return False
    if photo.whole_key:
        return photo.content_key == keys.whole
    if photo.content_key != keys.partial:
        return False
    return trusts_older_key(photo.format, stamp.size) or photo.stamp.same_time(stamp)


def best_match(candidates: Iterable[Lost], path: str, matches: Callable[[Lost], bool]) -> Lost | None:
    """Of the candidates that match, the one that was at ``path``, else that kept its name, else that has a label."""
    same = [photo for photo in candidates if matches(photo)]
    name = os.path.basename(path)
    return min(
        same,
        key=lambda photo: (
            photo.path != path,
            os.path.basename(photo.path) != name,
            not photo.labelled,
            photo.photo_id,
        ),
        default=None,
    )
