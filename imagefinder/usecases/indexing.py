"""Bring a library in line with the disk: survey the roots, and embed what is new or changed."""

import logging
import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from imagefinder.domain.errors import Cancelled, ImageFinderError, UnreadableImage
from imagefinder.domain.images import FileStamp, FolderState, IndexSummary, ReadImage
from imagefinder.domain.progress import CancelToken, Progress, ProgressMeter, ProgressSink, ignore_progress
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.probe import find_killers
from imagefinder.imaging.reading import read_image
from imagefinder.storage.library import Library
from imagefinder.usecases.reading import TookTooLong, read_ahead
from imagefinder.usecases.surveying import Survey, apply_survey, survey

log = logging.getLogger(__name__)

# A crash replays what was embedded since the last save from the catalogue: 50,000 vectors take about a second.
SAVE_EVERY = 50_000
# Reads in a row that took too long: the drive hangs, and every further file would cost a minute.
GIVE_UP_AFTER = 3
NO_TIME = -1
READER_THREADS = max(2, os.cpu_count() or 2)


@dataclass(slots=True)
class _Counts:
    added: int = 0
    updated: int = 0
    again: int = 0
    """Unchanged on disk, and embedded by this model for the first time."""
    embedded: int = 0
    seen: int = 0
    newly_failed: int = 0
    since_save: int = 0


def index(
    library: Library,
    embedder: Embedder,
    folder_ids: Collection[int] | None = None,
    *,
    forget_missing: Collection[int] = (),
    token: CancelToken | None = None,
    progress: ProgressSink = ignore_progress,
) -> IndexSummary:
    """Scan these folders (all by default) and embed what has no embedding by this model.

    Every batch is committed before the next begins, so cancelling, crashing or unplugging keeps what was done, and
    the next run goes on from there. A root that is missing or suddenly nearly empty is left as it is and reported in
    ``offline``, unless it is in ``forget_missing``. When a model other than the library's active one has embedded
    everything, the library switches to it. Raises LibraryError where the disk refuses.
    """
    began = time.monotonic()
    token = token or CancelToken()
    counts = _Counts()
    model_id = library.register_model(embedder.spec)
    if library.active_model() is None:
        library.activate(embedder.spec)
    surveys: list[Survey] = []
    moved = removed = 0
    offline: list[str] = []
    cancelled = False
    try:
        surveys, away = survey(library, model_id, folder_ids, forget_missing, token, progress)
        offline = [folder.path for folder in away]
        moved, removed = apply_survey(library, surveys, away)
        _set_killers_aside(library, surveys, counts, token)
        meter = ProgressMeter(progress, token, "reading", total=sum(len(each.to_read) for each in surveys))
        for each in surveys:
            if _embed(library, embedder, model_id, each, counts, meter, token):
                library.set_folder_state(each.folder.id, FolderState.INDEXED)
            else:
                log.warning("%s went away while it was read; its photos are kept", each.folder.path)
                library.set_folder_state(each.folder.id, FolderState.OFFLINE)
                offline.append(each.folder.path)
        active = library.active_model()
        if (active is None or active.fingerprint != embedder.spec.fingerprint) and library.pending(model_id) == 0:
            library.activate(embedder.spec, progress, token)
        library.optimise(progress, token)
    except Cancelled:
        cancelled = True
    progress(Progress("saving"))
    library.save_index()
    seconds = time.monotonic() - began
    summary = IndexSummary(
        added=counts.added,
        updated=counts.updated,
        moved=moved,
        removed=removed,
        unchanged=counts.again + sum(each.changes.unchanged for each in surveys),
        failed=tuple(failure for each in surveys for failure in library.failures(each.folder.id)),
        offline=tuple(offline),
        seconds=seconds,
        photos_per_second=counts.embedded / seconds if seconds else 0.0,
        cancelled=cancelled,
    )
    log.info(
        "indexed in %.1f s: %d added, %d updated, %d moved, %d removed, %d unchanged, %d unreadable, offline %s%s",
        seconds, summary.added, summary.updated, moved, removed, summary.unchanged, len(summary.failed),
        list(offline), ", cancelled" if cancelled else "",
    )  # fmt: skip
    return summary


def _set_killers_aside(library: Library, surveys: Sequence[Survey], counts: _Counts, token: CancelToken) -> None:
    """If the last run died, read what was in flight then in a child process, and list what kills that too."""
    places = {each.path(relpath): (each, relpath) for each in surveys for relpath in each.to_read}
    suspects = [path for path in library.inflight.suspects() if path in places]
    if suspects:
        log.warning("the last run ended while reading %d files; reading them apart first", len(suspects))
        try:
            killers = find_killers(suspects, token=token)
        except ImageFinderError as error:  # no child process here; reading them is a risk that was taken before
            log.warning("%s", error)
            killers = {}
        for path, reason in killers.items():
            guilty, relpath = places[path]
            library.record_failures(guilty.folder.id, [(relpath, guilty.found[relpath], reason)])
            counts.newly_failed += 1
            for todo in (guilty.changes.added, guilty.changes.changed, guilty.changes.pending):
                if relpath in todo:
                    todo.remove(relpath)
    library.inflight.clear()


def _embed(
    library: Library,
    embedder: Embedder,
    model_id: int,
    each: Survey,
    counts: _Counts,
    meter: ProgressMeter,
    token: CancelToken,
) -> bool:
    """Read, embed and commit one folder in batches. What was read is committed also when the person cancels.

    False where the folder went away meanwhile: then nothing is held against the files that could not be read.
    """

    def read(relpath: str) -> ReadImage:
        return read_image(each.path(relpath), embedder.spec.input)

    def starting(relpaths: Sequence[str]) -> None:
        library.inflight.begin([each.path(relpath) for relpath in relpaths])

    changed, added = set(each.changes.changed), set(each.changes.added)
    batch: list[tuple[str, ReadImage]] = []
    unreadable: list[tuple[str, UnreadableImage]] = []

    def commit() -> None:
        if batch:
            rows = embedder.embed(np.stack([image.pixels for _, image in batch]))
            entries = [(relpath, image, row) for (relpath, image), row in zip(batch, rows, strict=True)]
            library.add(each.folder.id, model_id, entries)
            counts.added += sum(relpath in added for relpath, _ in batch)
            counts.updated += sum(relpath in changed for relpath, _ in batch)
            counts.again += sum(relpath not in added and relpath not in changed for relpath, _ in batch)
            counts.embedded += len(batch)
            counts.since_save += len(batch)
        if unreadable:
            noted = [(path, _stamp_to_note(each.found[path], reason), str(reason)) for path, reason in unreadable]
            library.record_failures(each.folder.id, noted)
        batch.clear()
        unreadable.clear()
        if counts.since_save >= SAVE_EVERY:
            library.save_index()
            counts.since_save = 0

    given_up = 0
    meter.report(counts.seen, each.folder.path, counts.newly_failed)
    reading = read_ahead(
        each.to_read,
        read,
        threads=READER_THREADS,
        window=4 * embedder.batch_size,
        starting=starting,
        check=token.check,
    )
    try:
        for relpath, outcome in reading:
            counts.seen += 1
            given_up = given_up + 1 if isinstance(outcome, TookTooLong) else 0
            if isinstance(outcome, UnreadableImage):
                if given_up >= GIVE_UP_AFTER or (given_up == 0 and not outcome.lasting and is_gone(each.folder.path)):
                    unreadable[:] = [entry for entry in unreadable if entry[1].lasting]
                    commit()
                    return False
                unreadable.append((relpath, outcome))
                counts.newly_failed += 1
            else:
                batch.append((relpath, outcome))
            if len(batch) >= embedder.batch_size or len(unreadable) >= embedder.batch_size:
                commit()
            meter.report(counts.seen, os.path.join(each.folder.path, os.path.dirname(relpath)), counts.newly_failed)
    except Cancelled:
        commit()
        raise
    finally:
        reading.close()
        library.inflight.clear()
    commit()
    return True


def is_gone(root: str) -> bool:
    """Whether a folder that had files in it is missing now, cannot be listed, or is empty as a mount point is."""
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is None
    except OSError:
        return True


def _stamp_to_note(found: FileStamp, reason: UnreadableImage) -> FileStamp:
    """The file's own stamp, so that it is left alone until it changes; or one that no file has, to try it again."""
    return found if reason.lasting else FileStamp(found.size, NO_TIME)
