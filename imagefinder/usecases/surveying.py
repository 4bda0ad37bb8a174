"""Compare the disk with the catalogue: what is new, changed, moved or gone, and which roots are not there at all."""

import logging
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imagefinder.domain.changes import Changes, Lost, diff, looks_offline, match_moves
from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.excludes import compile_excludes
from imagefinder.domain.images import FileStamp, Folder, FolderState
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink
from imagefinder.imaging.files import content_key_of
from imagefinder.storage.library import Library
from imagefinder.usecases.scanning import Walk, walk

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Survey:
    """One root as it was found. ``moves`` maps new paths to the photos that were recognised there."""

    folder: Folder
    found: dict[str, FileStamp]
    changes: Changes
    lost: list[Lost]
    dropped: set[int]
    """Those of the lost photos that the exclude patterns leave out."""
    known: int
    moves: dict[str, Lost] = field(default_factory=dict)

    def path(self, relpath: str) -> str:
        return os.path.join(self.folder.path, relpath)

    @property
    def to_read(self) -> list[str]:
        """What needs the model: changed, new and not yet embedded files, relative to the root."""
        return self.changes.changed + self.changes.added + self.changes.pending


def survey(
    library: Library,
    model_id: int,
    folder_ids: Collection[int] | None,
    forget_missing: Collection[int],
    token: CancelToken,
    progress: ProgressSink,
) -> tuple[list[Survey], list[Folder]]:
    """Walk the chosen roots (None: all), and the others too where a photo is gone that may have moved there.

    Returns what was found, and the roots that are offline. Nothing is written.
    """
    folders = library.folders()
    chosen = [folder for folder in folders if folder_ids is None or folder.id in folder_ids]
    others = [folder for folder in folders if folder not in chosen]
    meter = ProgressMeter(progress, token, "looking")
    surveys: list[Survey] = []
    offline: list[Folder] = []

    def look(folder: Folder) -> None:
        already = sum(len(each.found) for each in surveys)
        result = walk(folder.path, folder.excludes, lambda files, where: meter.report(already + files, where))
        if result is None and folder.id in forget_missing:
            result = Walk()  # the person said that what is missing is gone for good, and all of it is
        if result is None:
            offline.append(folder)
        else:
            surveys.append(_compare(library, model_id, folder, result))

    for folder in chosen:
        look(folder)
    if any(each.lost for each in surveys):
        for folder in others:
            look(folder)
    _match_moves(surveys)
    moved = {lost.photo_id for each in surveys for lost in each.moves.values()}
    present: list[Survey] = []
    for each in surveys:
        surviving = each.known - sum(lost.photo_id not in moved | each.dropped for lost in each.lost)
        if looks_offline(surviving, each.known) and each.folder.id not in forget_missing:
            offline.append(each.folder)
        else:
            present.append(each)
    return present, offline


def _compare(library: Library, model_id: int, folder: Folder, result: Walk) -> Survey:
    known = library.known_files(folder.id, model_id)
    changes = diff(result.found, known, result.unlisted)
    lost = library.lost(folder.id, changes.gone) if changes.gone else []
    # What the patterns exclude is gone by the person's say, and says nothing about the drive.
    excluded = compile_excludes(folder.excludes)
    dropped = {photo.photo_id for photo in lost if any(map(excluded, Path(photo.relpath).parts))}
    photos = len(known) - len(changes.gone) + len(lost) - len(dropped)  # what is gone besides photos are failures
    return Survey(folder, result.found, changes, lost, dropped, photos)


def _match_moves(surveys: Sequence[Survey]) -> None:
    """Find the new places of lost photos, in their own root first and then in the others."""
    homeless = {each.folder.id: list(each.lost) for each in surveys}
    for own_root in (True, False):
        for each in surveys:
            candidates = [
                lost
                for folder_id, photos in homeless.items()
                if (folder_id == each.folder.id) is own_root
                for lost in photos
            ]
            added = {path: each.found[path] for path in each.changes.added if path not in each.moves}
            if not candidates or not added:
                continue

            def key_of(relpath: str, each: Survey = each) -> bytes | None:
                try:
                    return content_key_of(each.path(relpath))
                except UnreadableImage:
                    return None

            moves = match_moves(candidates, added, key_of)
            each.moves.update(moves)
            taken = {lost.photo_id for lost in moves.values()}
            for folder_id, photos in homeless.items():
                homeless[folder_id] = [lost for lost in photos if lost.photo_id not in taken]


def apply_survey(library: Library, surveys: Sequence[Survey], offline: Sequence[Folder]) -> tuple[int, int]:
    """Write what needs no reading: moves first, then what is gone for good. Returns how many moved and were removed."""
    for folder in offline:
        log.warning("%s is missing or nearly empty; its photos are kept", folder.path)
        library.set_folder_state(folder.id, FolderState.OFFLINE)
    for each in surveys:
        if each.moves:
            arrived = [(relpath, each.found[relpath], lost.photo_id) for relpath, lost in each.moves.items()]
            library.move_many(each.folder.id, arrived)
            each.changes.added = [relpath for relpath in each.changes.added if relpath not in each.moves]
    moved = {lost.photo_id for each in surveys for lost in each.moves.values()}
    removed = 0
    for each in surveys:
        gone = [lost.photo_id for lost in each.lost if lost.photo_id not in moved]
        if each.changes.gone:
            library.remove_photos(gone)
            library.drop_failures(each.folder.id, each.changes.gone)
        removed += len(gone)
    return len(moved), removed
