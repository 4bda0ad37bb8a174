"""Write down what a survey found and what needs no model: moves, copies, what is away, and what is gone."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from imagefinder.domain.changes import Away, Lost, is_below
from imagefinder.domain.images import FileStamp, FolderState, RemovalReason
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink
from imagefinder.storage.library import Library
from imagefinder.usecases.surveying import Group, Survey

log = logging.getLogger(__name__)

NO_STAMP = FileStamp(0, 0)
AT_ONCE = 5000


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
    library: Library,
    group: Group,
    model_id: int,
    forget_missing: Collection[int],
    applied: Applied,
    token: CancelToken,
    progress: ProgressSink,
) -> None:
    """Copies and moves first, then what is away or gone for good. Each step is committed; a crash loses nothing.

    What this model has not seen joins what is to be read. Raises Cancelled between two steps.
    """
    for folder in group.offline:
        log.warning("%s is missing, nearly empty or does not answer; its photos are kept", folder.path)
        library.set_folder_state(folder.id, FolderState.OFFLINE)
    for each in group.surveys:
        _restamp(library, each, token, progress)
    moves = [move for each in group.surveys for move in each.moves]
    copies = [copy for each in group.surveys for copy in each.copies]
    found = {move.photo_id for move in moves}
    # Nothing is to be handed over to photos whose files have another content by now.
    touched = {(each.folder.id, relpath) for each in group.surveys for relpath, _, _ in each.touched}
    changing = {
        photo.photo_id
        for each in group.surveys
        for relpath, photo in each.displaced.items()
        if (each.folder.id, relpath) not in touched
    } - found
    overwritten = _overwritten(group, found)
    applied.removed += len(overwritten)
    applied.removed_labelled += sum(photo.labelled for photo in overwritten)
    if moves or copies:
        library.relocate(moves, copies, changing)
    applied.moved += len(moves)
    applied.copied += len(copies)
    for each in group.surveys:
        settled = library.lost(each.folder.id, [arrival.relpath for arrival in (*each.moves, *each.copies)])
        unseen = set(library.without_embedding(model_id, [photo.photo_id for photo in settled.values()]))
        each.changes.pending += [relpath for relpath, photo in settled.items() if photo.photo_id in unseen]
        _let_go(library, each, found, each.folder.id in forget_missing, applied, changing)
        _note_folders(library, each)


def _restamp(library: Library, each: Survey, token: CancelToken, progress: ProgressSink) -> None:
    """In steps: all photos of a library of an older version are noted once."""
    noted = [(relpath, each.stamp(relpath), None) for relpath in each.changes.noted]
    items = [*noted, *each.touched]
    meter = ProgressMeter(progress, token, "looking", len(items))
    for start in range(0, len(items), AT_ONCE):
        library.restamp(each.folder.id, items[start : start + AT_ONCE])
        meter.report(start, each.folder.path)


def _overwritten(group: Group, found: Collection[int]) -> list[Lost]:
    """Photos whose place another photo, or a copy of one, takes, and which were found nowhere else."""
    return [
        each.displaced[arrival.relpath]
        for each in group.surveys
        for arrival in (*each.moves, *each.copies)
        if arrival.relpath in each.displaced and each.displaced[arrival.relpath].photo_id not in found
    ]


def _let_go(
    library: Library, each: Survey, found: Collection[int], forget: bool, applied: Applied, changing: Collection[int]
) -> None:
    """Keep what is away, and take out of the library what is gone."""
    missing = each.missing(found)
    if forget:
        gone = [photo.photo_id for photo in each.lost.values() if photo.photo_id not in found]
        _remove(library, gone, "forgotten", applied, changing)
        missing = {}
    else:
        dropped = [photo_id for photo_id in each.dropped if photo_id not in found]
        _remove(library, dropped, "excluded", applied, changing)
    sure = each.unplugged | each.walk.empty
    away = {
        photo.photo_id: Away.UNPLUGGED if is_below(relpath, sure) else Away.MISSING
        for relpath, photo in missing.items()
        if is_below(relpath, each.away)
    }
    for how in (Away.UNPLUGGED, Away.MISSING):  # an album that is not there may turn up in another root
        library.set_away([photo_id for photo_id, is_so in away.items() if is_so is how], how)
    gone = [photo.photo_id for photo in missing.values() if photo.photo_id not in away]
    if gone:
        lost = library.lose(gone, changing)
        applied.kept += len(lost.kept)
        applied.removed += len(lost.removed)
    applied.away += [each.path(folder) for folder in sorted(each.away)]
    applied.kept += len(away)


def _remove(
    library: Library, photo_ids: Collection[int], why: RemovalReason, applied: Applied, changing: Collection[int]
) -> None:
    if photo_ids:
        applied.removed_labelled += library.remove_photos(photo_ids, why, changing)
        applied.removed += len(photo_ids)


def _note_folders(library: Library, each: Survey) -> None:
    """What could not be listed, as failures; and where drives are mounted, to miss them when they are not."""
    library.drop_failures(each.folder.id, each.changes.gone)
    if each.walk.unlisted:
        listed = [(folder, NO_STAMP, reason) for folder, reason in each.walk.unlisted.items()]
        library.record_failures(each.folder.id, listed)
    before = library.mounts(each.folder.id)
    away = [relpath for relpath in each.lost if each.known_file(relpath).away == Away.UNPLUGGED]
    still = {
        mount: device
        for mount, device in before.items()
        if mount in each.away
        or mount not in each.walk.folders
        or mount in each.walk.empty
        or (device and any(is_below(relpath, {mount}) for relpath in away))
    }
    now = still | dict.fromkeys(each.walk.mounts, True)
    if now != before:
        library.set_mounts(each.folder.id, now)
