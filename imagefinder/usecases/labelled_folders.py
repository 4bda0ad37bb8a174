"""Folders that a person filled by what the photos show: the labels in them, and what is odd about these."""

import itertools
import os
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from imagefinder.domain.errors import FolderError, UnreadableImage
from imagefinder.domain.excludes import DEFAULT_EXCLUDES
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink, ignore_progress
from imagefinder.domain.training import MIN_PHOTOS, LabelledPhoto, Pair
from imagefinder.evaluation.splits import SECONDS
from imagefinder.imaging.decode import decode
from imagefinder.imaging.files import content_key, read_file
from imagefinder.training.pairs import labels_from_pairs
from imagefinder.usecases.label_levels import Nested, Place, label_at, nested
from imagefinder.usecases.reading import READER_THREADS, read_ahead
from imagefinder.usecases.scanning import walk

IMBALANCE = 10
"""A label with so many times the photos of the median label drowns the others."""
GLANCE = 32
"""Pixels to decode of a photo of which only its facts are wanted."""
WINDOW = 32


@dataclass(frozen=True, slots=True)
class LabelSurvey:
    """One label. ``photos`` are paths, in order, without those that cannot be read."""

    label: str
    photos: tuple[str, ...]
    bursts: int = 0
    """How many of them belong to a burst: photos taken within seconds of another one of the label."""


@dataclass(frozen=True, slots=True)
class FolderSurvey:
    """What labelled folders hold."""

    labels: tuple[LabelSurvey, ...]
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Path -> reason."""
    shared: tuple[tuple[str, ...], ...] = ()
    """Paths of the same photo under several labels."""
    repeated: tuple[tuple[str, ...], ...] = ()
    """Paths of the same photo under one label."""
    nested: Nested | None = None
    """Where the labels may be other folders than was meant."""
    outer: "FolderSurvey | None" = None
    """The same photos, labelled as ``nested`` proposes."""

    def chosen(
        self, left_out: Collection[str] = (), merged: Mapping[str, str] | None = None
    ) -> tuple[LabelledPhoto, ...]:
        """The photos to train on: without the labels ``left_out``, and with labels renamed as ``merged`` says
        (from -> to). Of the same photo twice only one is kept; none where it has several labels."""
        merged = merged or {}
        label_of = {path: each.label for each in self.labels if each.label not in left_out for path in each.photos}
        dropped: set[str] = set()
        for paths in (*self.shared, *self.repeated):
            here = [path for path in paths if path in label_of]
            agree = len({merged.get(label_of[path], label_of[path]) for path in here}) == 1
            dropped.update(here[1:] if agree else here)
        return tuple(
            LabelledPhoto(path, merged.get(label, label)) for path, label in label_of.items() if path not in dropped
        )

    def warnings(self) -> tuple[str, ...]:
        """What a person should know before training, a sentence each."""
        found = []
        small = [each.label for each in self.labels if len(each.photos) < MIN_PHOTOS]
        if small:
            found.append(f"{_named(small)} {_has(small)} fewer than {MIN_PHOTOS} photos: add some, or leave it out.")
        if self.shared:
            files = list(itertools.chain(*self.shared))
            found.append(
                f"{_many(files, 'photo is', 'photos are')} left out, as the same photo is under several labels: "
                f"{_example(self.shared)}."
            )
        if self.repeated:
            files = list(itertools.chain(*(paths[1:] for paths in self.repeated)))
            found.append(
                f"{_many(files, 'photo is', 'photos are')} left out, as the same photo is under its label twice."
            )
        bursts = sum(each.bursts for each in self.labels)
        if bursts:
            found.append(
                f"{bursts:,} photos belong to bursts. A burst says little more than one photo; all of it is either "
                "learned from or tested with."
            )
        if self.unreadable:
            found.append(f"{_many(self.unreadable, 'file', 'files')} cannot be read and will be left out.")
        counts = sorted(len(each.photos) for each in self.labels)
        if counts and counts[-1] > IMBALANCE * max(1, counts[len(counts) // 2]):
            largest = max(self.labels, key=lambda each: len(each.photos))
            found.append(
                f"{largest.label} has {counts[-1]:,} photos, the labels in the middle {counts[len(counts) // 2]:,}: "
                "the large label may drown the others."
            )
        return tuple(found)


class _Glance(NamedTuple):
    key: bytes
    taken_at: str


def labelled_photos(folders: Sequence[Path], level: int | None = None) -> list[LabelledPhoto]:
    """All photos in and below the folders, each once; the label is the name of the folder that a photo lies in.

    ``level`` takes one further out: 1 is directly below the given folder. Folders of one name are one label.
    Raises FolderError for a folder that cannot be listed or holds no photos.
    """
    return labelled(photos_below(folders), level)


def survey_folders(
    folders: Sequence[Path],
    level: int | None = None,
    token: CancelToken | None = None,
    progress: ProgressSink = ignore_progress,
) -> FolderSurvey:
    """``survey_photos`` of ``labelled_photos``. Without a level it also says where another one may have been meant."""
    places = photos_below(folders)
    photos = labelled(places, level)
    seen = _looked_at(photos, token or CancelToken(), progress)
    found = nested(places) if level is None else None
    if found is None:
        return _surveyed(photos, seen)
    return replace(_surveyed(photos, seen), nested=found, outer=_surveyed(labelled(places, found.level), seen))


def labelled(places: Sequence[Place], level: int | None) -> list[LabelledPhoto]:
    """With the labels that the folders at this level give them."""
    return [LabelledPhoto(place.path, label_at(place, level)) for place in places]


def photos_below(folders: Sequence[Path]) -> list[Place]:
    """All photos in and below the folders, each once. Raises FolderError as ``labelled_photos`` does."""
    found: list[Place] = []
    for folder in folders:
        root = str(folder.expanduser().absolute())
        result = walk(root, DEFAULT_EXCLUDES, lambda files, where: None)
        if result is None:
            raise FolderError(f"The folder {root} cannot be opened.", "Check its name, and that its drive is there.")
        if not result.found:
            raise FolderError(
                f"There are no photos in {root}.", "Choose a folder with a folder of photos for each label."
            )
        found += [Place(root, os.path.join(root, relpath)) for relpath in sorted(result.found)]
    return list({place.path: place for place in reversed(found)}.values())[::-1]


def labels_of_pairs(pairs: Sequence[Pair]) -> list[LabelledPhoto]:
    """Photos that similar pairs join, under one label each; copies of a photo in several pairs join these, too.

    Raises TrainingError for pairs that contradict each other.
    """
    first: dict[bytes, str] = {}
    copies: list[Pair] = []
    for path in dict.fromkeys(path for pair in pairs for path in (pair.first, pair.second)):
        try:
            key = content_key(read_file(path)[0])
        except UnreadableImage:
            continue  # which the survey says
        if first.setdefault(key, path) != path:
            copies.append(Pair(first[key], path, True))
    return labels_from_pairs([*pairs, *copies])


def survey_photos(
    photos: Sequence[LabelledPhoto],
    token: CancelToken | None = None,
    progress: ProgressSink = ignore_progress,
) -> FolderSurvey:
    """Look at every photo briefly: can it be read, when was it taken, is it there twice. Raises Cancelled."""
    return _surveyed(photos, _looked_at(photos, token or CancelToken(), progress))


def _looked_at(
    photos: Sequence[LabelledPhoto], token: CancelToken, progress: ProgressSink
) -> "dict[str, _Glance | str]":
    """By path; of what cannot be read, the reason."""
    meter = ProgressMeter(progress, token, "looking", len(photos))
    seen: dict[str, _Glance | str] = {}
    failed = 0
    reading = read_ahead(photos, _glance, threads=READER_THREADS, window=WINDOW, check=token.check)
    try:
        for done, (photo, outcome) in enumerate(reading):
            seen[photo.path] = str(outcome) if isinstance(outcome, UnreadableImage) else outcome
            failed += isinstance(outcome, UnreadableImage)
            meter.report(done + 1, os.path.dirname(photo.path), failed)
    finally:
        reading.close()
    return seen


def _surveyed(photos: Sequence[LabelledPhoto], seen: "Mapping[str, _Glance | str]") -> FolderSurvey:
    by_label: dict[str, list[tuple[str, str]]] = {photo.label: [] for photo in photos}
    by_key: dict[bytes, list[LabelledPhoto]] = defaultdict(list)
    unreadable: dict[str, str] = {}
    for photo in photos:
        glance = seen[photo.path]
        if isinstance(glance, str):
            unreadable[photo.path] = glance
        else:
            by_label[photo.label].append((photo.path, glance.taken_at))
            by_key[glance.key].append(photo)
    same = [group for group in by_key.values() if len(group) > 1]
    return FolderSurvey(
        labels=tuple(
            LabelSurvey(label, tuple(path for path, _ in found), _in_bursts([taken for _, taken in found]))
            for label, found in sorted(by_label.items())
        ),
        unreadable=unreadable,
        shared=tuple(tuple(each.path for each in group) for group in same if len({each.label for each in group}) > 1),
        repeated=tuple(
            tuple(each.path for each in group) for group in same if len({each.label for each in group}) == 1
        ),
    )


def _glance(photo: LabelledPhoto) -> _Glance:
    data, _ = read_file(photo.path)
    return _Glance(content_key(data), decode(data, GLANCE).info.taken_at)


def _in_bursts(times: Sequence[str]) -> int:
    """How many of these moments are within seconds of another one."""
    known = sorted(datetime.fromisoformat(time) for time in times if time)
    near = [(after - before).total_seconds() <= SECONDS for before, after in itertools.pairwise(known)]
    return sum(before or after for before, after in zip([False, *near], [*near, False], strict=True)) if known else 0


def _named(labels: Sequence[str]) -> str:
    shown = ", ".join(labels[:3])
    return f"{shown} and {len(labels) - 3} more" if len(labels) > 3 else shown


def _has(labels: Sequence[str]) -> str:
    return "has" if len(labels) == 1 else "have"


def _many(things: Sized, one: str, more: str) -> str:
    return f"1 {one}" if len(things) == 1 else f"{len(things):,} {more}"


def _example(groups: Sequence[Sequence[str]]) -> str:
    return " = ".join(groups[0][:2])
