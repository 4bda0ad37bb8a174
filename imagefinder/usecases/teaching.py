"""Teaching in the window: where labels come from, what can be chosen, and a training that survives the app's end."""

import json
import logging
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imagefinder.domain.errors import Cancelled, ImageFinderError
from imagefinder.domain.labels import clean_label
from imagefinder.domain.progress import CancelToken, Progress, ProgressSink, ignore_progress
from imagefinder.domain.teaching import Choices, Interrupted, LossChoice, Source
from imagefinder.domain.training import (
    Estimate,
    LabelledPhoto,
    Pair,
    Recipe,
    TrainingError,
    TrainingOutcome,
    TrainingSpec,
)
from imagefinder.embedding.shelf import NEW_NAME
from imagefinder.storage.library import Library
from imagefinder.training.losses import LOSSES
from imagefinder.training.miners import MINERS
from imagefinder.training.pair_tables import read_pairs, write_pairs, write_triplets
from imagefinder.training.pairs import pairs_from_folders, pairs_from_labels, triplets_from_labels
from imagefinder.usecases.finetuning import WORKPLACE, Watcher, discard, finetune, unfinished
from imagefinder.usecases.labelled_folders import (
    FolderSurvey,
    LabelSurvey,
    labels_of_pairs,
    survey_folders,
    survey_photos,
)
from imagefinder.usecases.models import Models
from imagefinder.usecases.training_time import estimate

if TYPE_CHECKING:
    from imagefinder.domain.images import Photo

log = logging.getLogger(__name__)

UNLABELLED = 2000
"""So many unlabelled photos are handed over at most, to tell what changed elsewhere."""
PAIRS_A_PHOTO = 4
FORMER_CHOICES = ("enlarged",)
"""What a recipe of an earlier version may say, and this one leaves out."""


class _AppCloses(Exception):
    """Ends a training at once, and leaves what it has reached on the disk."""


def choices(library: Library, models: Models) -> Choices:
    """What the dialog offers. Loads no network. Raises LibraryError."""
    ready = [entry for entry in models.catalogue(library) if entry.state == "ready"]
    return Choices(
        labelled=len(library.labelled_photos()),
        photos=library.count(),
        bases=tuple(entry.name for entry in ready),
        base=models.spec(library).name,
        losses=tuple(LossChoice(name, kind.description, kind.options, kind.mined) for name, kind in LOSSES.items()),
        miners=tuple(MINERS),
        taken=frozenset(name.casefold() for name in models.shelf.names()),
        name_pattern=NEW_NAME.pattern,
    )


def look(
    source: Source,
    library: Library,
    token: CancelToken | None = None,
    progress: ProgressSink = ignore_progress,
) -> FolderSurvey:
    """Find the labelled photos and glance at each. Raises Cancelled, and FolderError or TrainingError with what to do
    where there are none."""
    paths = [Path(path) for path in source.paths]
    if source.kind == "folders":
        return survey_folders(paths, None, token, progress)
    if source.kind == "library":
        photos = _of_library(library)
    else:
        photos = labels_of_pairs(read_pairs(paths[0]) if source.kind == "pair list" else pairs_of_folders(paths))
    return survey_photos(photos, token, progress)


def pairs_of_folders(paths: Sequence[Path]) -> list[Pair]:
    """Of two folders, or of one with both kinds of files in it. Raises TrainingError."""
    return pairs_from_folders(paths[0], paths[-1])


def considered(survey: FolderSurvey, left_out: Collection[str], merged: Mapping[str, str]) -> FolderSurvey:
    """The survey of what was chosen, so that its warnings speak of nothing else."""
    labels: dict[str, LabelSurvey] = {}
    known: dict[str, str] = {}
    for each in survey.labels:
        if each.label in left_out:
            continue
        name = merged.get(each.label, each.label)
        before = labels.get(name, LabelSurvey(name, ()))
        labels[name] = LabelSurvey(name, before.photos + each.photos, before.bursts + each.bursts)
        known.update(dict.fromkeys(each.photos, name))
    shared: list[tuple[str, ...]] = []
    repeated: list[tuple[str, ...]] = []
    for paths in (*survey.shared, *survey.repeated):
        here = tuple(path for path in paths if path in known)
        if len(here) > 1:
            (shared if len({known[path] for path in here}) > 1 else repeated).append(here)
    return replace(
        survey, labels=tuple(labels.values()), shared=tuple(shared), repeated=tuple(repeated), nested=None, outer=None
    )


def unlabelled(library: Library, chosen: Collection[str] = ()) -> list[str]:
    """Paths of photos without a label that are there now, spread over the library, none of them ``chosen``."""
    ids = library.unlabelled_photos(library.count())
    ids = ids[:: max(1, len(ids) // UNLABELLED)][:UNLABELLED]
    return [path for path in _paths(library.photos(ids).values()) if path not in chosen]


def expected(spec: TrainingSpec, models: Models, device: str = "auto") -> Estimate:
    """``training_time.estimate``, from a batch of eight: with a slow computer and the whole network a batch of the
    recipe's own size would take longer to measure than anybody waits. Raises as that does."""
    small = replace(spec.recipe, classes=min(spec.recipe.classes, 4), photos=min(spec.recipe.photos, 2))
    return estimate(replace(spec, recipe=small), models, device=device)


def teach(
    spec: TrainingSpec,
    library: Library,
    models: Models,
    *,
    device: str = "auto",
    token: CancelToken,
    closing: CancelToken,
    watcher: Watcher,
) -> TrainingOutcome:
    """``finetune``, remembered so that it can go on after the app has ended, in whichever way.

    ``token`` pauses it, or ends it with the best so far. ``closing`` ends it at once and raises Cancelled; what was
    reached stays for the next start. Raises as ``finetune`` does; what it has kept then stays, too.
    """

    def progress(said: Progress) -> None:
        if closing.cancelled:
            raise _AppCloses
        watcher.progress(said)

    remember(models, spec)
    others = unlabelled(library, {photo.path for photo in spec.photos})
    try:
        # What is there of another training of this name does not fit and is not used.
        outcome = finetune(
            replace(spec, resume=True),
            models,
            unlabelled=others,
            device=device,
            token=token,
            watcher=replace(watcher, progress=progress),
        )
    except _AppCloses:
        raise Cancelled from None
    except (Cancelled, ImageFinderError):
        if spec.name in unfinished(models):
            remember(models, spec, running=False)
        else:
            forget(models, spec.name)
        raise
    _file(models, spec.name).unlink(missing_ok=True)
    return outcome


def remember(models: Models, spec: TrainingSpec, running: bool = True) -> None:
    """Keep what is being trained, and how. A disk that refuses costs only the continuing."""
    record = {"running": running, **asdict(spec), "photos": list(spec.photos), "test": list(spec.test)}
    file = _file(models, spec.name)
    partial = file.with_suffix(".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(record), "ascii")  # which keeps names that are not UTF-8
        partial.replace(file)
    except OSError as error:
        log.warning("the training of %s cannot be remembered: %s", spec.name, error)


def remembered(models: Models) -> list[Interrupted]:
    """The trainings that can go on. What is damaged is passed over."""
    found = []
    for file in sorted((models.shelf.directory / WORKPLACE).glob("*.json")):
        try:
            record = json.loads(file.read_text("ascii"))
            found.append(Interrupted(_spec(record), bool(record["running"])))
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s is no record of a training: %s", file, error)
    return found


def forget(models: Models, name: str) -> None:
    """Give up a training that could go on."""
    discard(models, name)
    _file(models, name).unlink(missing_ok=True)


def export_pairs(photos: Sequence[LabelledPhoto], file: Path, triplets: bool = False, seed: int = 0) -> int:
    """Write similar and dissimilar pairs of these photos as a table, or triplets; some for each photo. How many.

    Raises TrainingError.
    """
    count = PAIRS_A_PHOTO * len(photos)
    if triplets:
        threes = list(dict.fromkeys(triplets_from_labels(photos, count, seed)))
        write_triplets(file, threes)
        return len(threes)
    pairs = list(dict.fromkeys(pairs_from_labels(photos, count, seed)))
    write_pairs(file, pairs)
    return len(pairs)


def _spec(record: dict[str, Any]) -> TrainingSpec:
    recipe = {name: value for name, value in record["recipe"].items() if name not in FORMER_CHOICES}
    return TrainingSpec(
        name=str(record["name"]),
        base=str(record["base"]),
        photos=tuple(LabelledPhoto(*photo) for photo in record["photos"]),
        recipe=Recipe(**recipe),
        test=tuple(LabelledPhoto(*photo) for photo in record["test"]),
    )


def _file(models: Models, name: str) -> Path:
    return models.shelf.directory / WORKPLACE / f"{name}.json"


def _of_library(library: Library) -> list[LabelledPhoto]:
    labels = library.labelled_photos()
    photos = library.photos(labels)
    here = {photo_id: photo for photo_id, photo in photos.items() if not photo.offline}
    if not here:
        away = "The drives of all labelled photos are away." if photos else "No photo of this library has a label yet."
        raise TrainingError(
            away,
            "Connect them."
            if photos
            else "Right-click a folder and choose “Use folder names as labels”, or label photos with Ctrl+T.",
        )
    return [LabelledPhoto(here[photo_id].path, clean_label(labels[photo_id])) for photo_id in here]


def _paths(photos: "Collection[Photo]") -> list[str]:
    return [photo.path for photo in photos if not photo.offline and os.path.exists(photo.path)]
