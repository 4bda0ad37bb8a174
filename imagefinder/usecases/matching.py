"""Recognise photos by their content, wherever their files are now."""

import contextlib
import logging
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from imagefinder.domain.changes import Away, Keys, Lost, best_match, is_below, is_of
from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import FileStamp, Moved
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink
from imagefinder.imaging.files import keys_of
from imagefinder.patience import GaveUp, on_its_own, wait_for
from imagefinder.storage.library import Library
from imagefinder.usecases.reading import GIVE_UP_AFTER, READER_THREADS, TookTooLong, read_ahead
from imagefinder.usecases.surveying import Group, Survey

log = logging.getLogger(__name__)

WINDOW = 32
ANSWER_SECONDS = 5.0


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


def match(library: Library, group: Group, token: CancelToken, progress: ProgressSink) -> None:
    """Find what the surveyed files are: touched, moved, brought back, or copies of photos that are out of reach.

    The outcome is written into the surveys, and nothing into the library. Only files are read that may be one of
    these by their size. What is left in ``added`` and ``changed`` has a content that is nowhere else. Roots whose
    drive hangs while these files are read are offline. Raises Cancelled.
    """
    arrivals = list(_arrivals(group.surveys))
    if not arrivals:
        return
    homeless: list[Lost] = []
    unplugged: list[Lost] = []
    for each in group.surveys:
        for relpath, photo in (each.lost | each.displaced).items():
            (unplugged if _is_unplugged(each, relpath) else homeless).append(photo)
    reach = library.out_of_reach({arrival.stamp.size for arrival in arrivals}, [each.id for each in group.offline])
    ours = {photo.photo_id for photo in (*homeless, *unplugged)}
    homeless += [photo for photo in reach.missing if photo.photo_id not in ours]
    unplugged += [photo for photo in reach.unplugged if photo.photo_id not in ours]
    _settle_by_stamp(arrivals, reach.removed)
    sizes = {photo.stamp.size for photo in (*homeless, *unplugged, *reach.removed)}
    doubtful = [arrival for arrival in arrivals if not arrival.settled and arrival.stamp.size in sizes]
    silent = _read_keys(doubtful, token, progress)
    doubtful = [arrival for arrival in doubtful if arrival.survey not in silent]
    _settle_touched(doubtful)
    waiting = [arrival for arrival in doubtful if not arrival.settled and arrival.keys is not None]
    touched = {arrival.before.photo_id for arrival in doubtful if arrival.settled and arrival.before is not None}
    back = _Candidates(reach.removed)
    back.take(move.photo_id for each in group.surveys for move in each.moves)
    left = [photo for photo in homeless if photo.photo_id not in touched]
    _settle_elsewhere(waiting, left, back, _Candidates(unplugged))
    _keep_backups_apart(arrivals)
    for each in group.surveys:
        _sort_out(each, {arrival.relpath for arrival in arrivals if arrival.survey is each and arrival.settled})
    moved = {move.photo_id for each in group.surveys for move in each.moves}
    for each in group.surveys:
        # What took the place of a photo that moved is new.
        _move_to_added(each, {path for path, photo in each.displaced.items() if photo.photo_id in moved})
    for each in silent:
        group.surveys.remove(each)
        group.offline.append(each.folder)


def _settle_elsewhere(
    arrivals: Sequence[_Arrival], left: Sequence[Lost], back: "_Candidates", copies: "_Candidates"
) -> None:
    """Photos that left their places, in their own root first; then what was removed, and what is out of reach."""
    roots = {arrival.survey.folder.path for arrival in arrivals}
    by_root: dict[str, list[Lost]] = defaultdict(list)
    for photo in left:
        by_root[next((root for root in roots if photo.path.startswith(os.path.join(root, ""))), "")].append(photo)
    own = {root: _Candidates(photos) for root, photos in by_root.items()}
    for arrival in arrivals:
        if (near := own.get(arrival.survey.folder.path)) and (found := near.find(arrival)) is not None:
            arrival.settle_as(found)
    rest = _Candidates(left)
    rest.take(move.photo_id for arrival in arrivals for move in arrival.survey.moves)
    for arrival in arrivals:
        if arrival.settled:
            continue
        if (found := rest.find(arrival) or back.find(arrival)) is not None:
            arrival.settle_as(found)
        elif (found := copies.find(arrival, keep=True)) is not None:
            arrival.settle_as(found, copy=True)


def _keep_backups_apart(arrivals: Iterable[_Arrival]) -> None:
    """A photo with a label, or with something else that the user said of it, whose file was edited beside a backup.

    Its content is at a new path, and its old path has a content that is nowhere else: the backup is a copy, and whether
    the photo was edited is seen when it is read.
    """
    unsettled = {
        arrival.before.photo_id: arrival
        for arrival in arrivals
        if arrival.before is not None and arrival.before.labelled and not arrival.settled
    }
    if not unsettled:
        return
    for each in {id(arrival.survey): arrival.survey for arrival in arrivals}.values():
        added = set(each.changes.added)
        backups = [move for move in each.moves if move.photo_id in unsettled and move.relpath in added]
        each.copies += backups
        each.moves = [move for move in each.moves if move not in backups]


def _sort_out(each: Survey, settled: set[str]) -> None:
    if settled:
        each.changes.added = [relpath for relpath in each.changes.added if relpath not in settled]
        each.changes.changed = [relpath for relpath in each.changes.changed if relpath not in settled]


def _move_to_added(each: Survey, paths: set[str]) -> None:
    if paths:
        each.changes.added += [path for path in each.changes.changed if path in paths]
        each.changes.changed = [path for path in each.changes.changed if path not in paths]


def _is_unplugged(each: Survey, relpath: str) -> bool:
    """Whether a photo is on a drive that is not connected: it is still there, wherever its content is found."""
    if relpath not in each.lost:
        return False
    if is_below(relpath, each.unplugged):
        return True
    # It was away with its folder; if that is back, the photo has left it.
    return each.known_file(relpath).away == Away.UNPLUGGED and os.path.dirname(relpath) not in each.walk.folders


def missing_elsewhere(library: Library, group: Group, token: CancelToken) -> set[int]:
    """The roots that were not surveyed, and from which files may have moved into these: their ids.

    A file of the same size as one that arrived is not there any more. Asks the disk of these files alone; a root that
    does not answer soon is passed over. Raises Cancelled.
    """
    sizes = {
        each.stamp(relpath).size for each in group.surveys for relpath in (*each.changes.added, *each.changes.changed)
    }
    besides = [each.folder.id for each in group.surveys] + [folder.id for folder in group.offline]
    paths: dict[int, list[str]] = defaultdict(list)
    for folder_id, path, _ in library.photos_of_sizes(sizes, besides) if sizes else []:
        paths[folder_id].append(path)
    asked = {id_: on_its_own(partial(_misses_one, files), "missing") for id_, files in paths.items()}
    found: set[int] = set()
    for folder_id, answer in asked.items():
        with contextlib.suppress(GaveUp):
            if wait_for(answer, ANSWER_SECONDS, token.check):
                found.add(folder_id)
    return found


def _misses_one(paths: Sequence[str]) -> bool:
    return not all(map(os.path.lexists, paths))


def read_doubtful(library: Library, group: Group, token: CancelToken, progress: ProgressSink) -> None:
    """Give photos of older libraries the key of their whole content, if their older key says too little.

    Raises Cancelled.
    """
    arrivals = [
        _Arrival(each, relpath, each.stamp(relpath), None)
        for each in group.surveys
        for relpath in library.doubtful_keys(each.folder.id)
        if relpath in each.walk.found and relpath not in each.displaced
    ]
    _read_keys(arrivals, token, progress)
    for arrival in arrivals:
        if arrival.keys is not None:
            arrival.survey.touched.append((arrival.relpath, arrival.stamp, arrival.keys.whole))


def _arrivals(surveys: Iterable[Survey]) -> Iterator[_Arrival]:
    for each in surveys:
        for relpath in each.changes.changed:
            yield _Arrival(each, relpath, each.stamp(relpath), each.displaced.get(relpath))
        for relpath in each.changes.added:
            yield _Arrival(each, relpath, each.stamp(relpath), None)


def _settle_by_stamp(arrivals: Iterable[_Arrival], removed: Collection[Lost]) -> None:
    """A root that was removed and added again: what lies where it was, with the stamp it had, is what it was."""
    by_path = {photo.path: photo for photo in removed}
    for arrival in arrivals:
        photo = by_path.get(arrival.path)
        if photo is not None and arrival.before is None and photo.stamp == arrival.stamp and photo.stamp.ctime_ns:
            arrival.settle_as(photo)


def _read_keys(arrivals: Sequence[_Arrival], token: CancelToken, progress: ProgressSink) -> list[Survey]:
    """Read the contents of files. Returns the roots whose drive hangs, which are left at that. Raises Cancelled."""
    silent: list[Survey] = []
    meter = ProgressMeter(progress, token, "looking", len(arrivals))
    done = 0
    for each in {id(arrival.survey): arrival.survey for arrival in arrivals}.values():
        mine = [arrival for arrival in arrivals if arrival.survey is each]
        given_up = 0
        reading = read_ahead(
            mine, lambda arrival: keys_of(arrival.path), threads=READER_THREADS, window=WINDOW, check=token.check
        )
        try:
            for arrival, outcome in reading:
                done += 1
                given_up = given_up + 1 if isinstance(outcome, TookTooLong) else 0
                if given_up >= GIVE_UP_AFTER:
                    log.warning("%s does not answer", each.folder.path)
                    silent.append(each)
                    break
                # One that cannot be read, or that changed since it was found, is left to the reader, who says why.
                if not isinstance(outcome, UnreadableImage) and outcome[0].same_time(arrival.stamp):
                    arrival.keys = Keys(*outcome[1:])
                meter.report(done, os.path.dirname(arrival.path))
        finally:
            reading.close()
    return silent


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
        self._by_key: dict[bytes, dict[int, Lost]] = defaultdict(dict)
        self._at: dict[tuple[bytes, str], dict[int, Lost]] = defaultdict(dict)
        """By key and path, and by key and name."""
        for photo in photos:
            for same in self._places(photo):
                same[photo.photo_id] = photo
        self._keys = {photo.photo_id: photo for same in self._by_key.values() for photo in same.values()}

    def find(self, arrival: _Arrival, keep: bool = False) -> Lost | None:
        """The photo with the arrival's content; it is taken, unless ``keep``.

        Of several that which was there, else that which kept its name, else one with a label.
        """
        keys = arrival.keys
        if keys is None:
            return None
        for key in keys:
            for same in (
                self._at.get((key, arrival.path)),
                self._at.get((key, os.path.basename(arrival.path))),
                self._by_key.get(key),
            ):
                found = best_match((same or {}).values(), arrival.path, lambda photo: is_of(photo, arrival.stamp, keys))
                if found is not None:
                    if not keep:
                        self.take([found.photo_id])
                    return found
        return None

    def take(self, photo_ids: Iterable[int]) -> None:
        """Leave these out."""
        for photo_id in photo_ids:
            photo = self._keys.pop(photo_id, None)
            if photo is not None:
                for same in self._places(photo):
                    same.pop(photo_id, None)

    def _places(self, photo: Lost) -> tuple[dict[int, Lost], ...]:
        key, path = photo.content_key, photo.path
        return self._by_key[key], self._at[key, path], self._at[key, os.path.basename(path)]
