"""Write down what a survey found and what needs no model: moves, copies, what is away, and what is gone."""

import logging
import os
from collections.abc import Collection
from dataclasses import dataclass, field

from imagefinder.domain.changes import Away
from imagefinder.domain.images import FileStamp, FolderState, RemovalReason
from imagefinder.storage.library import Library
from imagefinder.usecases.surveying import Group, Survey

log = logging.getLogger(__name__)

NO_STAMP = FileStamp(0, 0)


@dataclass(slots=True)
class Applied:
    """How many photos, over all roots of a run; ``away`` are paths of folders."""

    moved: int = 0
    copied: int = 0
    removed: int = 0
    removed_labelled: int = 0
    kept: int = 0
    away: list[str] = field(default_factory=list)


def apply_group(
    library: Library, group: Group, model_id: int, forget_missing: Collection[int], applied: Applied
) -> None:
    """Moves first, then what is away or gone for good. Each step is committed, and a crash between two loses nothing.

    Moved photos that this model has not seen join those that are to be read.
    """
    for folder in group.offline:
        log.warning("%s is missing, nearly empty or does not answer; its photos are kept", folder.path)
        library.set_folder_state(folder.id, FolderState.OFFLINE)
    for each in group.surveys:
        restamped = [(relpath, each.found[relpath], None) for relpath in each.changes.noted]
        if restamped or each.touched:
            library.restamp(each.folder.id, [*restamped, *each.touched])
    moves = [move for each in group.surveys for move in each.moves]
    found = {move.photo_id for move in moves}
    overwritten = _overwritten(group, found)
    applied.removed += len(overwritten)
    if moves:
        library.relocate(moves)
        unseen = set(library.without_embedding(model_id, found))
        for each in group.surveys:
            each.changes.pending += [move.relpath for move in each.moves if move.photo_id in unseen]
    applied.moved += len(moves)
    for each in group.surveys:
        if each.copies:
            library.copy_photos(each.copies)
            applied.copied += len(each.copies)
        _let_go(library, each, found, each.folder.id in forget_missing, applied)
        _note_folders(library, each)


def _overwritten(group: Group, found: Collection[int]) -> list[int]:
    """Photos whose place another photo, or a copy of one, takes, and which were found nowhere else."""
    return [
        each.displaced[arrival.relpath].photo_id
        for each in group.surveys
        for arrival in (*each.moves, *each.copies)
        if arrival.relpath in each.displaced and each.displaced[arrival.relpath].photo_id not in found
    ]


def _let_go(library: Library, each: Survey, found: Collection[int], forget: bool, applied: Applied) -> None:
    """Keep what is away, and take out of the library what is gone."""
    missing = each.missing(found)
    if forget:
        gone = [photo.photo_id for photo in each.lost.values() if photo.photo_id not in found]
        _remove(library, gone, "forgotten", applied)
        missing = {}
    else:
        dropped = [photo_id for photo_id in each.dropped if photo_id not in found]
        _remove(library, dropped, "excluded", applied)
    below = tuple(os.path.join(folder, "") for folder in each.away)
    away = [photo.photo_id for relpath, photo in missing.items() if relpath.startswith(below)]
    library.set_away(away, Away.UNPLUGGED)
    lost = library.lose([photo.photo_id for relpath, photo in missing.items() if not relpath.startswith(below)])
    applied.away += [each.path(folder) for folder in sorted(each.away)]
    applied.kept += len(away) + len(lost.kept)
    applied.removed += len(lost.removed)


def _remove(library: Library, photo_ids: Collection[int], why: RemovalReason, applied: Applied) -> None:
    if photo_ids:
        applied.removed_labelled += library.remove_photos(photo_ids, why)
        applied.removed += len(photo_ids)


def _note_folders(library: Library, each: Survey) -> None:
    """What could not be listed, as failures; and where drives are mounted, to miss them when they are not."""
    library.drop_failures(each.folder.id, each.changes.gone)
    if each.walk.unlisted:
        listed = [(folder, NO_STAMP, reason) for folder, reason in each.walk.unlisted.items()]
        library.record_failures(each.folder.id, listed)
    before = library.mounts(each.folder.id)
    still = {mount for mount in before if mount in each.away or mount not in each.walk.folders or _is_away(each, mount)}
    now = each.walk.mounts | still
    if now != before:
        library.set_mounts(each.folder.id, now)


def _is_away(each: Survey, folder: str) -> bool:
    """Whether a photo in a folder was not there at the last scan, and is not there now."""
    below = os.path.join(folder, "")
    return any(relpath.startswith(below) and each.known_file(relpath).away for relpath in each.lost)
