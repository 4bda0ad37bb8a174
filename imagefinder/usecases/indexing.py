"""Bring a library in line with the disk: survey the roots, and embed what is new or changed."""

import logging
import os
import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from imagefinder.domain.errors import Cancelled, ImageFinderError, UnreadableImage
from imagefinder.domain.images import Failure, FolderState, IndexSummary, NotLookedAt, ReadImage
from imagefinder.domain.progress import CancelToken, Progress, ProgressMeter, ProgressSink, ignore_progress
from imagefinder.domain.specs import InputSpec
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.probe import find_killers
from imagefinder.imaging.reading import read_image
from imagefinder.storage.library import Library
from imagefinder.usecases.applying import Applied, apply_group
from imagefinder.usecases.intake import Intake, Taken
from imagefinder.usecases.matching import match, missing_elsewhere, read_doubtful
from imagefinder.usecases.reading import GIVE_UP_AFTER, READER_THREADS, TookTooLong, read_ahead
from imagefinder.usecases.scanning import Walk
from imagefinder.usecases.surveying import Group, Survey, compare, judge, survey, walk_folders

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Counts:
    seen: int = 0
    killers: int = 0
    unchanged: int = 0
    taken: Taken = field(default_factory=Taken)
    applied: Applied = field(default_factory=Applied)
    offline: list[str] = field(default_factory=list)
    looked_at: list[int] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    linked: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        return self.killers + self.taken.failed


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
    ``offline``, unless it is in ``forget_missing``; so are folders below a root, in ``away``. When a model other than
    the library's active one has embedded everything, the library switches to it. Raises LibraryError where the disk
    refuses.
    """
    began = time.monotonic()
    token = token or CancelToken()
    counts = _Counts()
    model_id = library.register_model(embedder.spec)
    if library.active_model() is None:
        library.activate(embedder.spec)
    cancelled = False
    try:
        for group in survey(library, model_id, folder_ids, forget_missing, token, progress):
            _look_further(library, group, model_id, token, progress)
            match(library, group, token, progress)
            while judge(group, forget_missing):
                group.surveys = [compare(library, model_id, each.folder, each.walk) for each in group.surveys]
                match(library, group, token, progress)
            read_doubtful(library, group, token, progress)
            apply_group(library, group, model_id, forget_missing, counts.applied, token, progress)
            counts.offline += [folder.path for folder in group.offline]
            counts.unchanged += sum(each.changes.unchanged for each in group.surveys)
            for each in group.surveys:
                counts.looked_at.append(each.folder.id)
                counts.others.update(each.walk.others)
                counts.linked |= {each.path(link): leads for link, leads in each.walk.linked.items()}
            _set_killers_aside(library, group.surveys, counts, token)
            total = counts.seen + sum(len(each.to_read) for each in group.surveys)
            meter = ProgressMeter(progress, token, "reading", total=total)
            for each in group.surveys:
                if _embed(library, embedder, model_id, each, counts, meter, token):
                    library.set_folder_state(each.folder.id, FolderState.INDEXED)
                else:
                    log.warning("%s went away while it was read; its photos are kept", each.folder.path)
                    library.set_folder_state(each.folder.id, FolderState.OFFLINE)
                    counts.offline.append(each.folder.path)
        active = library.active_model()
        if (active is None or active.fingerprint != embedder.spec.fingerprint) and library.pending(model_id) == 0:
            library.activate(embedder.spec, progress, token)
        library.optimise(progress, token)
        library.purge_removed()
    except Cancelled:
        cancelled = True
    progress(Progress("saving"))
    library.save_index()
    summary = _summary(library, counts, time.monotonic() - began, cancelled)
    log.info(
        "indexed in %.1f s: %d added, %d updated, %d moved, %d removed, %d kept, %d unchanged, %d unreadable, "
        "offline %s, away %s%s",
        summary.seconds, summary.added, summary.updated, summary.moved, summary.removed, summary.kept,
        summary.unchanged, len(summary.failed), list(summary.offline), list(summary.away),
        ", cancelled" if cancelled else "",
    )  # fmt: skip
    return summary


def _summary(library: Library, counts: _Counts, seconds: float, cancelled: bool) -> IndexSummary:
    applied = counts.applied
    noted = [failure for folder_id in counts.looked_at for failure in library.failures(folder_id)]
    return IndexSummary(
        added=counts.taken.added + applied.copied,
        updated=counts.taken.updated,
        moved=applied.moved,
        removed=applied.removed,
        unchanged=counts.taken.again + counts.unchanged,
        failed=_those(noted, shown=False),
        offline=tuple(counts.offline),
        seconds=seconds,
        photos_per_second=counts.taken.embedded / seconds if seconds else 0.0,
        cancelled=cancelled,
        damaged=_those(noted, shown=True),
        away=tuple(applied.away),
        kept=applied.kept,
        removed_labelled=applied.removed_labelled + counts.taken.set_aside,
        not_looked_at=NotLookedAt(counts.linked, dict(counts.others)),
    )


def _those(noted: Iterable[Failure], shown: bool) -> tuple[Failure, ...]:
    return tuple(failure for failure in noted if failure.shown is shown)


def _look_further(library: Library, group: Group, model_id: int, token: CancelToken, progress: ProgressSink) -> None:
    """Survey the other roots, too, where a photo is gone that may have moved there, or from where one may have come."""
    surveyed = {each.folder.id for each in group.surveys} | {folder.id for folder in group.offline}
    others = [folder for folder in library.folders() if folder.id not in surveyed]
    if not others:
        return
    if not any(photo for each in group.surveys for photo in each.missing(())):
        wanted = missing_elsewhere(library, group, token)
        others = [folder for folder in others if folder.id in wanted]
    for folder, outcome in walk_folders(others, token, progress):
        if folder is None:
            return  # what is left is slow; its own scan comes, and finds what was removed until then
        if isinstance(outcome, Walk):
            group.surveys.append(compare(library, model_id, folder, outcome))
        else:
            group.offline.append(folder)


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
            library.record_failures(guilty.folder.id, [(relpath, guilty.stamp(relpath), reason)])
            counts.killers += 1
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
    """Read, embed and commit one folder in batches. What was read is committed also when the user cancels.

    False where the folder went away meanwhile: then nothing is held against the files that could not be read.
    """

    def starting(relpaths: Sequence[str]) -> None:
        library.inflight.begin([each.path(relpath) for relpath in relpaths])

    intake = Intake(library, embedder, model_id, each, counts.taken)
    given_up = 0
    meter.report(counts.seen, each.folder.path, counts.failed)
    reading = read_ahead(
        each.to_read,
        lambda relpath: _read(each.path(relpath), embedder.spec.input),
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
                    intake.commit(lasting_only=True)
                    return False
                intake.refuse(relpath, outcome)
            else:
                intake.take(relpath, outcome)
            meter.report(counts.seen, os.path.join(each.folder.path, os.path.dirname(relpath)), counts.failed)
    except Cancelled:
        intake.commit()
        raise
    finally:
        reading.close()
        library.inflight.clear()
    intake.commit()
    return True


def _read(path: str, spec: InputSpec) -> ReadImage:
    """Whatever is wrong with one file costs that file only. Raises UnreadableImage."""
    try:
        return read_image(path, spec)
    except UnreadableImage:
        raise
    except Exception as error:
        log.exception("reading %r", path)
        raise UnreadableImage(f"Reading it failed: {error!r}.", "That is a bug; the log says more.") from error


def is_gone(root: str) -> bool:
    """Whether a folder that had files in it is missing now, cannot be listed, or is empty as a mount point is."""
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is None
    except OSError:
        return True
