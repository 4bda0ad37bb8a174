"""The photos of a training: each read once and looked at by what stays frozen, then split with bursts kept together."""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink
from imagefinder.domain.specs import ModelSpec
from imagefinder.domain.training import MIN_PHOTOS, LabelledPhoto, TrainingError, TrainingSpec
from imagefinder.embedding.blend import Parts
from imagefinder.embedding.embedder import TorchEmbedder
from imagefinder.embedding.widened import own_rows
from imagefinder.evaluation.splits import burst_groups, split
from imagefinder.training.course import Material
from imagefinder.training.inputs import ArrayInputs, Inputs
from imagefinder.training.looking import Collection, Look
from imagefinder.usecases.indexing import is_gone
from imagefinder.usecases.reading import GIVE_UP_AFTER, READER_THREADS, TookTooLong, read_ahead
from imagefinder.usecases.training_views import PhotoInputs, read_views

NOTE_SECONDS = 3.0
"""After so long it is noted on disk what was read: a crash costs no more than that and a batch."""


class Gathered(NamedTuple):
    """What is learned from, the photos in the same order, and the names of their label numbers."""

    material: Material
    photos: list[LabelledPhoto]
    names: list[str]


def collect(
    spec: TrainingSpec,
    embedder: TorchEmbedder,
    parts: Parts,
    width: int,
    place: Path,
    token: CancelToken,
    progress: ProgressSink,
    warn: Callable[[str], None],
) -> Collection:
    """Read every photo and keep, in the folder ``place``, what a head is given of it (``width`` numbers), and in the
    thorough mode what the tuned part of the network is.

    What is there of an interrupted run with the same photos, model and views is gone on from. Raises Cancelled,
    ModelError where the disk refuses, TrainingError where memory is not enough or where a folder of the photos is away
    or goes away: then nothing is held against its photos, and what was read before stays.
    """
    recipe, seen_as = spec.recipe, embedder.spec.input
    paths = [photo.path for photo in spec.photos]
    _check_there(paths)  # first: with other stamps of the photos, what was read would be thrown away
    key = digest(
        data_key(spec, embedder.spec),
        [recipe.mode, recipe.blocks, recipe.layers, recipe.pooling],
        [recipe.views, recipe.smallest_cut, recipe.flip, recipe.jitter, recipe.seed],
    )
    views = 1 + (recipe.views if recipe.mode != "full" else 0)
    collection = Collection(place, key, paths, views, width)
    look = Look(
        parts.front,
        parts.tuned,
        seen_as,
        embedder.device,
        embedder.precision,
        embedder.batch_size,
        recipe.mode == "thorough",
        warn,
    )
    meter = ProgressMeter(progress, token, "reading", len(paths))
    start = collection.noted.done
    waiting = list(enumerate(paths))[start:]
    at_once = -(-embedder.batch_size // views)

    def read(item: tuple[int, str]) -> Any:
        number, path = item
        seeds = [(recipe.seed * 1_000_003 + number) * 64 + view for view in range(1, views)]
        return read_views(path, seen_as, recipe, seeds)

    reading = read_ahead(waiting, read, threads=READER_THREADS, window=4 * at_once, check=token.check)
    group: list[Any] = []
    lost = 0  # of the last photos of the group, because their drive is away or hangs
    noted_at = time.monotonic()

    def keep() -> None:
        if group:
            collection.add(group, look)
        group.clear()

    try:
        for done, (_, outcome) in enumerate(reading, start + 1):
            path = paths[done - 1]
            group.append(str(outcome) if isinstance(outcome, UnreadableImage) else outcome)
            lost = lost + 1 if isinstance(outcome, UnreadableImage) and _is_lost(path, outcome) else 0
            hangs = isinstance(outcome, TookTooLong)  # then asking the drive anything would hang as well
            if lost >= GIVE_UP_AFTER or (lost and not hangs and is_gone(_shared(paths))):
                del group[-lost:]
                keep()
                raise _hangs(path) if hangs else _away(os.path.dirname(path), paths, "went away while it was read")
            if (len(group) >= at_once and not lost) or done == len(paths):
                keep()
                if time.monotonic() - noted_at >= NOTE_SECONDS:
                    collection.note()
                    noted_at = time.monotonic()
            meter.report(done, os.path.dirname(path), len(collection.noted.unreadable))
    finally:
        reading.close()
        collection.note()
    return collection


def _check_there(paths: Sequence[str]) -> None:
    """Raises TrainingError where a folder of several of the photos is away, or what holds them all."""
    folders = Counter(map(os.path.dirname, paths))
    away = [folder for folder in folders if is_gone(folder)]
    if away and (sum(folders[folder] for folder in away) >= GIVE_UP_AFTER or is_gone(_shared(paths))):
        raise _away(away[0], paths, "is not there")


def _is_lost(path: str, reason: UnreadableImage) -> bool:
    """Whether it says nothing about the photo: its drive hangs, or the folder that held it is away."""
    return isinstance(reason, TookTooLong) or (not reason.lasting and is_gone(os.path.dirname(path)))


def _shared(paths: Sequence[str]) -> str:
    """The innermost folder that holds all photos; where they are on several drives, the current one, which is there."""
    try:
        return os.path.commonpath(list(map(os.path.dirname, paths)))
    except ValueError:
        return os.sep


def _away(folder: str, paths: Sequence[str], what: str) -> TrainingError:
    """Names what holds all photos where that is away, else the folder; or the outermost above it that is missing."""
    shared = _shared(paths)
    folder = shared if is_gone(shared) else folder
    above = os.path.dirname(folder)
    while not os.path.isdir(above) and above != folder:
        folder, above = above, os.path.dirname(above)
    return TrainingError(
        f"The folder {folder} {what}.",
        "Connect its drive and continue: teaching goes on where it was. If it is gone for good, choose photos again.",
    )


def _hangs(path: str) -> TrainingError:
    return TrainingError(
        f"The drive of {os.path.dirname(path)} does not answer.",
        "Check it, and continue: teaching goes on where it was.",
    )


def gather(
    spec: TrainingSpec,
    collection: Collection,
    embedder: TorchEmbedder,
    warn: Callable[[str], None],
    token: CancelToken,
) -> Gathered:
    """The readable photos of labels that have at least two of them. Raises TrainingError where these are too few."""
    recipe = spec.recipe
    unreadable = collection.noted.unreadable
    readable = [photo.path not in unreadable for photo in spec.photos]
    counts = Counter(photo.label for photo, good in zip(spec.photos, readable, strict=True) if good)
    if not counts:
        reason = next(iter(unreadable.values()), "")
        raise TrainingError(
            f"None of the photos can be read. {reason}".rstrip(), "Check the folder, and that its drive is there."
        )
    check_labels(counts)
    alone = sorted(label for label in {photo.label for photo in spec.photos} if counts[label] < 2)
    if alone:
        named = ", ".join(alone[:5]) + (f" and {len(alone) - 5} more" if len(alone) > 5 else "")
        warn(f"Left out, as they have fewer than two photos that can be read: {named}.")
    if unreadable:
        some = "1 photo" if len(unreadable) == 1 else f"{len(unreadable):,} photos"
        warn(f"Left out, as they cannot be read: {some}.")
    places = np.array(
        [place for place, photo in enumerate(spec.photos) if readable[place] and counts[photo.label] > 1], np.int64
    )
    kept = [spec.photos[place] for place in places]
    names = sorted({photo.label for photo in kept})
    number = {label: at for at, label in enumerate(names)}
    labels = np.array([number[photo.label] for photo in kept], np.int64)
    dimension = embedder.spec.dimension
    before = own_rows(collection.features[places, 0], dimension)
    groups = burst_groups([collection.noted.times[place] for place in places], labels.tolist(), before)
    learned_from, held = split(labels.tolist(), groups.tolist(), recipe.held_out, recipe.seed)
    if not len(held):
        warn("There are too few photos to test with photos that were not learned from: the numbers flatter.")
        held = learned_from
    later: Inputs | None = None
    if recipe.mode == "thorough":
        later = ArrayInputs(collection.activations, places)
    elif recipe.mode == "full":
        paths = [photo.path for photo in kept]
        later = PhotoInputs(paths, embedder.spec.input, recipe, embedder.device, token.check)
    material = Material(collection.features, dimension, places, labels, learned_from, held, later)
    return Gathered(material, kept, names)


def check_labels(counts: Counter[str]) -> None:
    """Raises TrainingError where there are not two labels with two photos each."""
    usable = [label for label, count in counts.items() if count > 1]
    if len(usable) < 2:
        what = f"only the label {next(iter(counts))}" if len(counts) == 1 else _how_many(len(usable))
        raise TrainingError(
            f"There is nothing to tell apart: {what}.",
            f"Give two or more folders, each named after what its photos show, with {MIN_PHOTOS} or more photos.",
        )


def _how_many(usable: int) -> str:
    return f"{('no label has', 'only one label has')[usable]} more than one photo"


def data_key(spec: TrainingSpec, base: ModelSpec) -> str:
    """64 hex digits for the photos as they are on disk, their labels and the base model."""
    stamps = []
    for photo in spec.photos:
        try:
            status = os.stat(photo.path)
            stamps.append([photo.path, photo.label, status.st_size, status.st_mtime_ns])
        except OSError:
            stamps.append([photo.path, photo.label, -1, -1])
    return digest(base.fingerprint, stamps)


def digest(*things: Any) -> str:
    """64 hex digits for anything that is fit for JSON."""
    return hashlib.sha256(json.dumps(things, sort_keys=True).encode()).hexdigest()


def overlap(spec: TrainingSpec) -> Sequence[str]:
    """The test photos that are trained on as well."""
    trained = {photo.path for photo in spec.photos}
    return [photo.path for photo in spec.test if photo.path in trained]
