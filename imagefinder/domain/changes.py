"""The pure difference between what is on disk and what the catalogue knows."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from imagefinder.domain.images import FileStamp

FEW = 0.1
ENOUGH_TO_JUDGE = 10


class KnownFile(NamedTuple):
    """What the catalogue remembers of a path.

    ``photo_id`` is None for a file that could not be read. ``done`` says that nothing is left to do while the
    stamp stays: its embedding is there, or its failure has been noted.
    """

    photo_id: int | None
    size: int
    mtime_ns: int
    done: bool


@dataclass(slots=True)
class Changes:
    """Paths are relative to the root. ``pending`` files are unchanged but have no embedding by this model yet;
    ``failing`` ones are unchanged too, and could not be read before.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    unchanged: int = 0
    failing: int = 0


def diff(found: Mapping[str, FileStamp], known: Mapping[str, KnownFile], unlisted: Iterable[str] = ()) -> Changes:
    """Compare a walk with the catalogue. What lies below an ``unlisted`` folder (one that could not be read) stays."""
    changes = Changes()
    for relpath, stamp in found.items():
        before = known.get(relpath)
        if before is None:
            changes.added.append(relpath)
        elif (before.size, before.mtime_ns) != stamp:
            # A file that could not be read before, and is another one now, is new to the library.
            (changes.added if before.photo_id is None else changes.changed).append(relpath)
        elif not before.done:
            changes.pending.append(relpath)
        elif before.photo_id is None:
            changes.failing += 1
        else:
            changes.unchanged += 1
    if len(known) > len(found) - len(changes.added):
        shielded = tuple(os.path.join(folder, "") for folder in unlisted)
        changes.gone = [path for path in known if path not in found and not path.startswith(shielded)]
    return changes


def looks_offline(surviving: int, known: int) -> bool:
    """Whether a root that is there has lost so much at once that a drive is the likelier cause than a person.

    ``surviving`` counts the known photos that are still in place or were found moved. A mount point whose drive is
    away is empty; one with another drive in it has files, but none of these. Few photos may well have been deleted
    on purpose, but not all of them: that needs the person's say.
    """
    return surviving < known * FEW and (known >= ENOUGH_TO_JUDGE or surviving == 0)


class Lost(NamedTuple):
    """A photo of the catalogue whose file is gone."""

    photo_id: int
    relpath: str
    size: int
    content_key: bytes


def match_moves(
    lost: Iterable[Lost], added: Mapping[str, FileStamp], key_of: Callable[[str], bytes | None]
) -> dict[str, Lost]:
    """Recognise moved and renamed photos: new path -> what it was. ``key_of`` reads a candidate's content key.

    Files are read only where the size fits; of several equal ones, the one that kept its name wins.
    """
    by_size: dict[int, list[Lost]] = {}
    for photo in lost:
        by_size.setdefault(photo.size, []).append(photo)
    moves: dict[str, Lost] = {}
    for path, stamp in added.items():
        candidates = by_size.get(stamp.size)
        if not candidates:
            continue
        key = key_of(path)
        same = [photo for photo in candidates if photo.content_key == key]
        if same:
            name = os.path.basename(path)
            moved = next((photo for photo in same if os.path.basename(photo.relpath) == name), same[0])
            candidates.remove(moved)
            moves[path] = moved
    return moves
