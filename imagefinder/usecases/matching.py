"""Recognise photos by their content, wherever their files are now."""

import logging
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from imagefinder.domain.changes import Away, Keys, Lost, best_match, is_of
from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import FileStamp, Moved
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink
from imagefinder.imaging.files import keys_of
from imagefinder.storage.library import Library
from imagefinder.usecases.reading import READER_THREADS, read_ahead
from imagefinder.usecases.surveying import Survey

log = logging.getLogger(__name__)

WINDOW = 32


@dataclass(slots=True, eq=False)
class _Arrival:
    """A file with a content that the catalogue does not have there."""

    survey: Survey
    relpath: str
    stamp: FileStamp
    before: Lost | None
    """The photo whose file was at this path."""
    keys: Keys | None = None
    """Of its content, once that was read."""
    settled: bool = False

    @property
    def path(self) -> str:
        return self.survey.path(self.relpath)

    def as_moved(self, photo: Lost) -> Moved:
        key = self.keys.whole if self.keys is not None else None
        return Moved(self.survey.folder.id, self.relpath, self.stamp, photo.photo_id, key)


def match(library: Library, surveys: Sequence[Survey], token: CancelToken, progress: ProgressSink) -> None:
    """Find what the surveyed files are: touched, moved, brought back, or copies of photos that are out of reach.

    The outcome is written into the surveys, and nothing into the library. Only files are read that may be one of
    these by their size. What is left in ``added`` and ``changed`` has a content that is nowhere else. Raises
    Cancelled.
    """
    arrivals = list(_arrivals(surveys))
    if not arrivals:
        return
    # Photos that left their places, and those that are in none.
    homeless = [
        photo
        for each in surveys
        for relpath, photo in (each.lost | each.displaced).items()
        if each.known_file(relpath).away != Away.UNPLUGGED
    ]
    removed, away = library.out_of_reach({arrival.stamp.size for arrival in arrivals})
    ours = {photo.photo_id for photo in homeless}
    away = [photo for photo in away if photo.photo_id not in ours]
    _settle_by_stamp(arrivals, removed)
    sizes = {photo.stamp.size for photo in (*homeless, *removed, *away)}
    doubtful = [arrival for arrival in arrivals if not arrival.settled and arrival.stamp.size in sizes]
    _read_keys(doubtful, token, progress)
    _settle_touched(doubtful)
    touched = {arrival.before.photo_id for arrival in doubtful if arrival.settled and arrival.before is not None}
    left = _Candidates([photo for photo in homeless if photo.photo_id not in touched])
    back, copies = _Candidates(removed), _Candidates(away)
    back.take(move.photo_id for each in surveys for move in each.moves)
    waiting = [arrival for arrival in doubtful if not arrival.settled and arrival.keys is not None]
    for own_root in (True, False):
        for arrival in waiting:
            if arrival.settled:
                continue
            folder = os.path.join(arrival.survey.folder.path, "") if own_root else ""
            if (photo := left.find(arrival, folder)) is not None or (
                not own_root and (photo := back.find(arrival, "")) is not None
            ):
                arrival.survey.moves.append(arrival.as_moved(photo))
                arrival.settled = True
            elif not own_root and (photo := copies.find(arrival, "", keep=True)) is not None:
                arrival.survey.copies.append(arrival.as_moved(photo))
                arrival.settled = True
    for each in surveys:
        done = {arrival.relpath for arrival in arrivals if arrival.survey is each and arrival.settled}
        if done:
            each.changes.added = [relpath for relpath in each.changes.added if relpath not in done]
            each.changes.changed = [relpath for relpath in each.changes.changed if relpath not in done]


def missing_elsewhere(library: Library, surveys: Sequence[Survey]) -> set[int]:
    """The roots that were not surveyed, and from which files may have moved into these: their ids.

    A file of the same size as one that arrived is not there any more. Asks the disk of these files alone.
    """
    sizes = {each.found[relpath].size for each in surveys for relpath in (*each.changes.added, *each.changes.changed)}
    known = library.photos_of_sizes(sizes, [each.folder.id for each in surveys]) if sizes else []
    return {folder_id for folder_id, path, _ in known if not os.path.lexists(path)}


def read_doubtful(library: Library, each: Survey) -> None:
    """Give photos of older libraries the key of their whole content, if their older key says too little."""
    for relpath in library.doubtful_keys(each.folder.id):
        if relpath not in each.found or relpath in each.displaced:
            continue
        try:
            stamp, whole, _ = keys_of(each.path(relpath))
        except UnreadableImage:
            continue
        if stamp.same_time(each.found[relpath]):
            each.touched.append((relpath, stamp, whole))


def _arrivals(surveys: Iterable[Survey]) -> Iterator[_Arrival]:
    for each in surveys:
        for relpath in each.changes.changed:
            yield _Arrival(each, relpath, each.found[relpath], each.displaced.get(relpath))
        for relpath in each.changes.added:
            yield _Arrival(each, relpath, each.found[relpath], None)


def _settle_by_stamp(arrivals: Iterable[_Arrival], removed: Collection[Lost]) -> None:
    """A root that was removed and added again: what lies where it was, with the stamp it had, is what it was."""
    by_path = {photo.path: photo for photo in removed}
    for arrival in arrivals:
        photo = by_path.get(arrival.path)
        if photo is not None and arrival.before is None and photo.stamp == arrival.stamp and photo.stamp.ctime_ns:
            arrival.survey.moves.append(arrival.as_moved(photo))
            arrival.settled = True


def _read_keys(arrivals: Sequence[_Arrival], token: CancelToken, progress: ProgressSink) -> None:
    if not arrivals:
        return
    meter = ProgressMeter(progress, token, "looking", len(arrivals))
    reading = read_ahead(
        arrivals, lambda arrival: keys_of(arrival.path), threads=READER_THREADS, window=WINDOW, check=token.check
    )
    try:
        for done, (arrival, outcome) in enumerate(reading):
            # One that cannot be read, or that changed since it was found, is left to the reader, who says why.
            if not isinstance(outcome, UnreadableImage) and outcome[0].same_time(arrival.stamp):
                arrival.keys = Keys(*outcome[1:])
            meter.report(done + 1, os.path.dirname(arrival.path))
    finally:
        reading.close()


def _settle_touched(arrivals: Iterable[_Arrival]) -> None:
    for arrival in arrivals:
        before, keys = arrival.before, arrival.keys
        if before is None or keys is None or not is_of(before, arrival.stamp, keys):
            continue
        each = arrival.survey
        each.touched.append((arrival.relpath, arrival.stamp, keys.whole))
        arrival.settled = True
        if each.known_file(arrival.relpath).done:
            each.changes.unchanged += 1
        else:
            each.changes.pending.append(arrival.relpath)


class _Candidates:
    """Photos to be recognised, each once."""

    def __init__(self, photos: Iterable[Lost]) -> None:
        self._by_key: dict[bytes, list[Lost]] = defaultdict(list)
        for photo in photos:
            self._by_key[photo.content_key].append(photo)
        self._taken: set[int] = set()

    def find(self, arrival: _Arrival, folder: str, keep: bool = False) -> Lost | None:
        """The photo with the arrival's content, of those that were below ``folder``; it goes, unless ``keep``."""
        keys = arrival.keys
        if keys is None:
            return None
        same = [photo for key in keys for photo in self._by_key.get(key, ()) if photo.photo_id not in self._taken]
        found = best_match(
            same, arrival.path, lambda photo: photo.path.startswith(folder) and is_of(photo, arrival.stamp, keys)
        )
        if found is not None and not keep:
            self._taken.add(found.photo_id)
        return found

    def take(self, photo_ids: Iterable[int]) -> None:
        """Leave these out."""
        self._taken.update(photo_ids)
