"""Teach a model what is similar, by labelled photos: read once, learn, measure, put the result on the shelf."""

import json
import logging
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from imagefinder.domain.errors import Cancelled, ModelError
from imagefinder.domain.progress import CancelToken, ProgressSink, ignore_progress
from imagefinder.domain.training import (
    RECIPES,
    Comparison,
    EpochResult,
    Example,
    TrainingOutcome,
    TrainingSpec,
    check_recipe,
)
from imagefinder.embedding.blend import Parts, assemble, blend_spec
from imagefinder.embedding.embedder import TorchEmbedder
from imagefinder.training.checkpoint import Checkpoint
from imagefinder.training.course import Learned, learn, take_apart
from imagefinder.training.losses import build_loss
from imagefinder.training.memory import check_memory
from imagefinder.training.miners import build_miner
from imagefinder.training.trainer import Surroundings
from imagefinder.usecases import training_results
from imagefinder.usecases.models import Models
from imagefinder.usecases.training_material import Gathered, check_labels, collect, data_key, digest, gather, overlap

log = logging.getLogger(__name__)

WORKPLACE = ".training"


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told what while a training runs. All are called on the training's thread."""

    progress: ProgressSink = ignore_progress
    on_epoch: Callable[[EpochResult, Sequence[Example]], None] = lambda result, examples: None
    warn: Callable[[str], None] = log.warning


@dataclass(slots=True)
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)
    last: float = field(default_factory=time.monotonic)

    def lap(self, phase: str) -> None:
        now = time.monotonic()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self.last
        self.last = now


def finetune(
    spec: TrainingSpec,
    models: Models,
    *,
    unlabelled: Sequence[str] = (),
    device: str = "auto",
    token: CancelToken | None = None,
    watcher: Watcher | None = None,
) -> TrainingOutcome:
    """Train as ``spec`` says and put the result on the shelf, where it waits to be used; nothing else changes.

    ``unlabelled`` are other photos of the library: at most 500 of them tell what changed elsewhere. Cancelling keeps
    the best so far as a finished model; where nothing was learned yet, Cancelled is raised. What an interrupted run
    left is used when ``spec.resume`` says so. Raises TrainingError, ModelError and UnknownName with what to do.
    """
    token, watcher = token or CancelToken(), watcher or Watcher()
    warnings: list[str] = []

    def warn(text: str) -> None:
        warnings.append(text)
        watcher.warn(text)

    recipe = spec.recipe
    _check(spec, models)
    place = models.shelf.directory / WORKPLACE / spec.name
    if not spec.resume:
        shutil.rmtree(place, ignore_errors=True)
    clock = _Clock()
    base = _load(models, spec.base, device, place, warn)
    parts, tuned = take_apart(base.network, base.spec.input.crop, base.spec.dimension, recipe)
    clock.lap("loading")
    collection = collect(spec, base, parts, tuned.width, place, token, watcher.progress, warn)
    gathered = gather(spec, collection, base, warn, token)
    clock.lap("reading")
    around = Surroundings(base.device, base.precision, None, token, watcher.progress, warn)
    fingerprint = data_key(spec, base.spec)
    key = digest(fingerprint, asdict(recipe))
    learned = _learn(parts, gathered, spec, around, place, key, watcher)
    clock.lap("learning")
    held_out = training_results.on_held_out(gathered.material, learned, gathered.names, recipe.seed)
    before, after = training_results.side_by_side(gathered.material, learned, gathered.photos)
    network = assemble(parts.front, parts.frozen, learned.tuned, learned.head, learned.blending)
    finished = blend_spec(spec.name, base.spec, tuned, learned.blending, {}, "")
    network.to("cpu")  # where its batch norms are folded; the embedder moves it back
    blend = TorchEmbedder(finished, network, base.device, base.precision, warn, base.batch_size)
    test, forgetting = _elsewhere(spec, gathered, learned, blend, unlabelled, token, watcher.progress, warn)
    clock.lap("measuring")
    outcome = TrainingOutcome(
        name=spec.name,
        base=spec.base,
        weight=learned.blending.weight,
        held_out=held_out,
        test=test,
        epochs=tuple(learned.epochs),
        forgetting=forgetting,
        unreadable=collection.noted.unreadable,
        warnings=tuple(dict.fromkeys(warnings)),
        stopped_early=learned.stopped or token.cancelled,
        seconds=clock.seconds,
        fingerprint=fingerprint,
        examples_before=before,
        examples_after=after,
    )
    training_results.put(models, spec, base.spec, tuned, learned, outcome, network)
    shutil.rmtree(place, ignore_errors=True)
    return outcome


def unfinished(models: Models) -> list[str]:
    """The names of trainings that were interrupted and can be continued."""
    try:
        return sorted(place.name for place in (models.shelf.directory / WORKPLACE).iterdir() if place.is_dir())
    except OSError:
        return []


def discard(models: Models, name: str) -> None:
    """Forget an interrupted training."""
    shutil.rmtree(models.shelf.directory / WORKPLACE / name, ignore_errors=True)


def _check(spec: TrainingSpec, models: Models) -> None:
    """What can be known before anything is read."""
    models.shelf.free_name(spec.name, "Choose another name, or remove that one.")
    if spec.name in models.shelf.names():
        raise ModelError(f"{spec.name} is the name of a model to download.", "Choose another name.")
    models.shelf.spec(spec.base)
    recipe = spec.recipe
    RECIPES[recipe.mode]
    check_recipe(recipe)
    build_miner(recipe.miner)
    check_memory(build_loss(recipe.loss, 2, 2, recipe.loss_options), recipe)
    check_labels(Counter(photo.label for photo in spec.photos))


def _load(models: Models, base: str, device: str, place: Path, warn: Callable[[str], None]) -> TorchEmbedder:
    """A network of our own: the one that serves searches stays untouched.

    Its arithmetic is that of earlier trainings from it: another one, chosen by another self-test, would give other
    numbers. Raises UnknownName and ModelError.
    """
    file = place.parent / "precisions"
    fingerprint = models.shelf.spec(base).fingerprint
    remembered = _read_precisions(file)
    known = remembered.get(f"{fingerprint} {device}")
    embedder = models.shelf.load(base, device, known, warn)
    try:
        place.mkdir(parents=True, exist_ok=True)
        if embedder.precision != known:
            file.write_text(json.dumps({**remembered, f"{fingerprint} {device}": embedder.precision}), "ascii")
    except OSError as error:
        raise ModelError(
            f"Nothing can be saved in {place.parent}: {error.strerror or error}.",
            "Make space or check its permissions.",
        ) from error
    return embedder


def _read_precisions(file: Path) -> dict[str, str]:
    try:
        return {str(of): str(precision) for of, precision in json.loads(file.read_text("ascii")).items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _learn(
    parts: Parts,
    gathered: Gathered,
    spec: TrainingSpec,
    around: Surroundings,
    place: Path,
    key: str,
    watcher: Watcher,
) -> Learned:
    def checkpoint_of(phase: str) -> Checkpoint:
        checkpoint = Checkpoint(place / f"{phase}.checkpoint", key)
        try:
            checkpoint.load()
        except ModelError as error:
            around.warn(str(error))
            checkpoint.remove()
        return checkpoint

    course = learn(parts, gathered.material, spec.recipe, around, checkpoint_of)
    photos = gathered.photos
    while True:
        try:
            result = next(course)
        except StopIteration as end:
            learned: Learned = end.value
            return learned
        shown = [Example(photos[query], tuple(photos[at] for at in nearest)) for query, *nearest in result.examples]
        watcher.on_epoch(result, shown)


def _elsewhere(
    spec: TrainingSpec,
    gathered: Gathered,
    learned: Learned,
    blend: TorchEmbedder,
    unlabelled: Sequence[str],
    token: CancelToken,
    progress: ProgressSink,
    warn: Callable[[str], None],
) -> tuple[Comparison | None, float | None]:
    """On the test photos, and on unlabelled ones; None where there are none, or where the person wants no more."""
    test, forgetting = None, None
    both = overlap(spec)
    if both:
        warn(f"{len(both):,} test photos were learned from as well: the numbers of the test flatter.")
    try:
        token.check()
        if spec.test:
            test = training_results.on_test(spec, gathered.material, learned, blend, gathered.names, token, progress)
        if len(unlabelled) > 1:
            forgetting = training_results.forgotten(unlabelled, learned, blend, spec.recipe.seed, token, progress)
    except Cancelled:
        log.info("stopped before everything was measured")
    return test, forgetting
