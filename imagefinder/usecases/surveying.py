"""Compare the disk with the catalogue: what is new, changed, moved, away or gone, and which roots are not there."""

import logging
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imagefinder.domain.changes import Changes, KnownFile, KnownRow, Listing, Lost, away_folders, diff
from imagefinder.domain.excludes import compile_excludes
from imagefinder.domain.images import FileStamp, Folder, Moved
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink
from imagefinder.storage.library import Library
from imagefinder.usecases.scanning import Walk
from imagefinder.usecases.walking import Silent, walk_roots

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Survey:
    """One root as it was found. Paths are relative to it."""

    folder: Folder
    walk: Walk
    known: Mapping[str, KnownRow]
    changes: Changes
    lost: dict[str, Lost]
    """Photos where there is no file now; those among them that were away before."""
    displaced: dict[str, Lost]
    """Photos where there is another file now, or the same one with another time."""
    dropped: set[int]
    """Those of the lost photos that the exclude patterns leave out."""
    touched: list[tuple[str, FileStamp, bytes | None]] = field(default_factory=list)
    """Files with the content that they had: path, stamp and key."""
    moves: list[Moved] = field(default_factory=list)
    copies: list[Moved] = field(default_factory=list)
    """Files with the content of photos that are out of reach."""
    away: set[str] = field(default_factory=set)
    """Folders that are not there, as an unplugged drive is not."""
    unplugged: set[str] = field(default_factory=set)
    """Those of them of which that is sure: a drive was mounted on them, or they were roots of their own."""

    def stamp(self, relpath: str) -> FileStamp:
        """Of a file that was found."""
        return FileStamp(*self.walk.found[relpath])

    def path(self, relpath: str) -> str:
        return os.path.join(self.folder.path, relpath)

    @property
    def listing(self) -> Listing:
        return Listing(self.walk.folders, self.walk.empty, self.walk.mounts)

    @property
    def to_read(self) -> list[str]:
        """What needs the model: changed, new and not yet embedded files."""
        return self.changes.changed + self.changes.added + self.changes.pending

    def missing(self, found_elsewhere: Collection[int]) -> dict[str, Lost]:
        """The photos that were there at the last scan and of which nothing was found."""
        return {
            relpath: photo
            for relpath, photo in self.lost.items()
            if photo.photo_id not in found_elsewhere
            and photo.photo_id not in self.dropped
            and not self.known_file(relpath).away
        }

    def known_file(self, relpath: str) -> KnownFile:
        return KnownFile(*self.known[relpath])


@dataclass(slots=True)
class Group:
    """Roots that were surveyed together, and those that are not there."""

    surveys: list[Survey] = field(default_factory=list)
    offline: list[Folder] = field(default_factory=list)


def survey(
    library: Library,
    model_id: int,
    folder_ids: Collection[int] | None,
    forget_missing: Collection[int],
    token: CancelToken,
    progress: ProgressSink,
) -> Iterator[Group]:
    """Walk the chosen roots (None: all), each on a thread of its own. Nothing is written.

    What was walked comes in groups: a drive that is slow to answer comes later, in a group of its own, and one that
    does not answer at all is offline.
    """
    chosen = [folder for folder in library.folders() if folder_ids is None or folder.id in folder_ids]
    group = Group()
    for folder, outcome in walk_folders(chosen, token, progress):
        if folder is None:  # what is left is slow: go on with what is there
            if group.surveys or group.offline:
                yield group
                group = Group()
        elif isinstance(outcome, Walk):
            group.surveys.append(compare(library, model_id, folder, outcome))
        elif outcome is None and folder.id in forget_missing:
            group.surveys.append(compare(library, model_id, folder, Walk()))  # the user said that all of it is gone
        else:
            group.offline.append(folder)
    yield group


def walk_folders(
    folders: Collection[Folder], token: CancelToken, progress: ProgressSink
) -> Iterator[tuple[Folder | None, Walk | Silent | None]]:
    """As ``walk_roots`` for roots of the library; None for a folder says that the others are slow to answer."""
    meter = ProgressMeter(progress, token, "looking")
    roots = [(folder, folder.path, folder.excludes) for folder in folders]
    yield from walk_roots(roots, meter.report, token.check)


def compare(library: Library, model_id: int, folder: Folder, walk: Walk) -> Survey:
    """What a walk found, beside what the catalogue knows of the root."""
    known = library.known_files(folder.id, model_id)
    changes = diff(walk.found, known, walk.unlisted)
    lost = library.lost(folder.id, changes.gone) if changes.gone else {}
    displaced = library.lost(folder.id, changes.changed + changes.spoilt) if changes.changed or changes.spoilt else {}
    # What the patterns exclude is gone by the user's say, and says nothing about the drive.
    excluded = compile_excludes(folder.excludes)
    dropped = {photo.photo_id for path, photo in lost.items() if any(map(excluded, Path(path).parts))}
    each = Survey(folder, walk, known, changes, lost, displaced, dropped)
    if lost:
        each.unplugged = each.listing.unplugged(library.mounts(folder.id))
    return each


def judge(group: Group, forget_missing: Collection[int]) -> bool:
    """Say which roots and folders are away, after photos were recognised in their new places.

    A root that is away leaves the group: what is in its place is another drive's. True if photos were recognised in it,
    which are then to be looked for once more.
    """
    found = {move.photo_id for each in group.surveys for move in each.moves}
    again = False
    for each in list(group.surveys):
        if each.folder.id in forget_missing:
            continue
        missing = each.missing(found)
        if missing:
            photos = [
                path
                for path, (*_, photo_id, _, away, _) in each.known.items()
                if photo_id is not None and photo_id not in each.dropped and not away
            ]
            each.away = away_folders(photos, missing, each.walk.empty, each.unplugged)
        if "" in each.away:
            group.surveys.remove(each)
            group.offline.append(each.folder)
            again = again or bool(each.moves or each.copies)
    return again
