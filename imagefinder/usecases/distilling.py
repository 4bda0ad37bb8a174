"""Make a small, fast model that sees like a large one, on pictures that need no labels."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from imagefinder.domain.errors import ImageFinderError, UnreadableImage
from imagefinder.domain.excludes import DEFAULT_EXCLUDES
from imagefinder.domain.images import Pixels
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink, ignore_progress
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.backbones import build
from imagefinder.embedding.checkpoints import tensors_sha256, write_model
from imagefinder.embedding.device import choose_device, fastest_precision
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.reading import fit
from imagefinder.training.distillation import MEAN, STAGES, STD, Distillation, Learned, Stage
from imagefinder.training.views import MIXED_SHARE, ViewCache, mixed, random_view
from imagefinder.usecases.reading import read_ahead
from imagefinder.usecases.scanning import walk

LARGEST_SIDE = 512
TEACHER_BATCH = 32
READER_THREADS = max(2, os.cpu_count() or 2)


@dataclass(frozen=True, slots=True)
class DistillationPlan:
    """``rounds`` of ``per_picture`` views each, of which the student sees ``samples``, again and again."""

    rounds: int = 4
    per_picture: int = 2
    samples: int = 3_600_000
    side: int = 160
    """Of the views that are kept, in pixels."""
    shown: int = 160
    """Of what the finished model is shown. Networks see better at somewhat more than they were trained with (Touvron
    et al., Fixing the train-test resolution discrepancy, NeurIPS 2019)."""
    dimension: int = 384
    stages: tuple[Stage, ...] = STAGES
    seed: int = 0
    scales: tuple[float, ...] = (1.0,)
    """At which the finished model looks at a photo; a student of several sizes can sum what it sees at each."""
    name: str = ""
    """Of the finished model; "": as its file."""
    licence: str = ""
    description: str = ""


def distil(
    teacher: Embedder,
    folders: Sequence[Path],
    work: Path,
    target: Path,
    plan: DistillationPlan,
    *,
    held_out: Callable[[int], bool] = lambda number: number % 10 == 9,
    device: str = "auto",
    token: CancelToken | None = None,
    progress: ProgressSink = ignore_progress,
    learned: Callable[[Learned], None] = lambda _: None,
) -> ModelSpec:
    """Train a compact network to embed as ``teacher`` does, and write it to ``target`` with its record.

    Pictures are those below ``folders``, each folder in the order of its paths; those whose number there is
    ``held_out`` are never looked at, so that what is learned can be measured on them. Everything in ``work`` is kept:
    run again with the same arguments, an interrupted run goes on where it was. Raises ImageFinderError, Cancelled.
    """
    token = token or CancelToken()
    pictures = [path for folder in folders for path in _pictures(folder, held_out)]
    if len(pictures) < 2:
        raise ImageFinderError("There are no pictures to learn from.", "Name folders with photos in them.")
    cache = ViewCache(work / "views", plan.side, teacher.spec.fingerprint)
    for number in range(plan.rounds):
        if number not in cache.rounds():
            meter = ProgressMeter(progress, token, "embedding", plan.per_picture * len(pictures))
            batches = _views(pictures, plan, number, teacher.spec.input.crop, meter)
            cache.write(number, plan.per_picture * len(pictures), batches, teacher.embed)
    spec = ModelSpec(
        name=plan.name or target.stem,
        source="builtin",
        architecture="compact",
        input=InputSpec(plan.shown, plan.shown * 11 // 10, mean=(MEAN,) * 3, std=(STD,) * 3),
        dimension=plan.dimension,
        scales=plan.scales,
        licence=plan.licence,
        description=plan.description,
        provenance=f"Learned from {teacher.spec.name} on {len(pictures):,} pictures.",
    )
    network = build(spec).to(choose_device(device))
    precision = fastest_precision(network, spec.input, next(network.parameters()).device.type)
    training = Distillation(network, cache, plan.dimension, work, precision, plan.seed)
    meter = ProgressMeter(progress, token, "training", plan.samples)
    for news in training.run(plan.samples, token, plan.stages):
        learned(news)
        meter.report(min(news.samples, plan.samples))
    spec = replace(spec, provenance=f"{spec.provenance} {training.samples:,} views seen, seed {plan.seed}.")
    halves = {
        name: value.half() if value.is_floating_point() else value
        for name, value in training.averaged.state_dict().items()
    }
    spec = replace(spec, weights_sha256=tensors_sha256(halves))
    write_model(target, halves, spec)
    return spec


def _pictures(folder: Path, held_out: Callable[[int], bool]) -> list[str]:
    found = walk(str(folder), DEFAULT_EXCLUDES, lambda count, where: None)
    if found is None:
        raise ImageFinderError(f"{folder} cannot be listed.", "Check that it is there.")
    return [str(folder / relpath) for number, relpath in enumerate(sorted(found.found)) if not held_out(number)]


def _views(
    pictures: Sequence[str], plan: DistillationPlan, number: int, side: int, meter: ProgressMeter
) -> Iterator[Pixels]:
    """Every picture ``per_picture`` times in random order, in batches for the teacher. What cannot be read is
    replaced by another view of what can, so that a round has the size it was announced with."""
    rng = np.random.default_rng([plan.seed, number])
    jobs = rng.permutation(np.repeat(np.arange(len(pictures)), plan.per_picture))

    def read(job: int) -> Pixels:
        return fit(pictures[job], LARGEST_SIDE, LARGEST_SIDE)

    reading = read_ahead(
        [int(job) for job in jobs],
        read,
        threads=READER_THREADS,
        window=2 * TEACHER_BATCH,
        starting=lambda _: None,
        check=lambda: None,
    )
    batch: list[Pixels] = []
    earlier: Pixels | None = None
    done = 0
    try:
        for _, outcome in reading:
            picture = earlier if isinstance(outcome, UnreadableImage) else outcome
            if picture is None:
                raise ImageFinderError("The first pictures cannot be read.", "Check the folders.")
            view = random_view(picture, side, rng)
            if earlier is not None and rng.random() < MIXED_SHARE:
                view = mixed(view, random_view(earlier, side, rng), rng.random())
            earlier = picture
            batch.append(view)
            done += 1
            if len(batch) == TEACHER_BATCH or done == len(jobs):
                yield np.stack(batch)
                batch = []
                meter.report(done)
    finally:
        reading.close()
