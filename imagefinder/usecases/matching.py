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

    def settle_as(self, photo: Lost, copy: bool = False) -> None:
        """The file is where this photo is now, or has a copy."""
        key = self.keys.whole if self.keys is not None else None
        moved = Moved(self.survey.folder.id, self.relpath, self.stamp, photo.photo_id, key)
        (self.survey.copies if copy else self.survey.moves).append(moved)
        self.settled = True


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
    homeless: list[Lost] = []
    unplugged: list[Lost] = []
    for each in surveys:
        gone = library.mounts(each.folder.id) - each.walk.mounts
        for relpath, photo in (each.lost | each.displaced).items():
            (unplugged if _is_unplugged(each, relpath, gone) else homeless).append(photo)
    removed, away = library.out_of_reach({arrival.stamp.size for arrival in arrivals})
    ours = {photo.photo_id for photo in (*homeless, *unplugged)}
    away = [photo for photo in away if photo.photo_id not in ours] + unplugged
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
    _settle_elsewhere(waiting, left, back, copies)
    for each in surveys:
        done = {arrival.relpath for arrival in arrivals if arrival.survey is each and arrival.settled}
        if done:
            each.changes.added = [relpath for relpath in each.changes.added if relpath not in done]
            each.changes.changed = [relpath for relpath in each.changes.changed if relpath not in done]
    moved = {move.photo_id for each in surveys for move in each.moves}
    for each in surveys:  # what took the place of a photo that moved is new
        new = {
            path for path in each.changes.changed if path in each.displaced and each.displaced[path].photo_id in moved
        }
        if new:
            each.changes.added += [path for path in each.changes.changed if path in new]
            each.changes.changed = [path for path in each.changes.changed if path not in new]


def _settle_elsewhere(
    arrivals: Sequence[_Arrival], left: "_Candidates", back: "_Candidates", copies: "_Candidates"
) -> None:
    """Photos that left their places, in their own root first; then what was removed, and what is out of reach."""
    for arrival in arrivals:
        if (found := left.find(arrival, os.path.join(arrival.survey.folder.path, ""))) is not None:
            arrival.settle_as(found)
    for arrival in arrivals:
        if arrival.settled:
            continue
        if (found := left.find(arrival) or back.find(arrival)) is not None:
            arrival.settle_as(found)
        elif (found := copies.find(arrival, keep=True)) is not None:
            arrival.settle_as(found, copy=True)


def _is_unplugged(each: Survey, relpath: str, mounts_gone: Collection[str]) -> bool:
    """Whether a photo is on a drive that is not connected: it is still there, wherever its content is found."""
    if each.known_file(relpath).away == Away.UNPLUGGED:
        return True
    return relpath.startswith(tuple(os.path.join(mount, "") for mount in mounts_gone))


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
            arrival.settle_as(photo)


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

    def find(self, arrival: _Arrival, folder: str = "", keep: bool = False) -> Lost | None:
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
