"""The loop over epochs: learn, measure on held-out photos, keep the best, save, and stop when it gets no better."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imagefinder.domain.errors import Cancelled
from imagefinder.domain.images import Embeddings
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink, ignore_progress
from imagefinder.domain.training import EpochResult, Recipe, TrainingError, TrainingPhase
from imagefinder.embedding.device import Precision
from imagefinder.evaluation.metrics import Ints
from imagefinder.training.checkpoint import Checkpoint
from imagefinder.training.inputs import Inputs, drawn_views, middles
from imagefinder.training.losses import LOSSES, build_loss
from imagefinder.training.measuring import Quick, quick_measure, unit
from imagefinder.training.memory import with_memory
from imagefinder.training.miners import WHOLE_SET, build_miner, hardest_negatives
from imagefinder.training.sampling import Batch, class_batches, hard_batches
from imagefinder.training.stepping import LossIsNoNumber, Stepper, arithmetic

if TYPE_CHECKING:
    from torch import nn

MEASURING_BATCH = 64
TOO_LARGE = 1e15
"""The square of a number beyond it, summed over an embedding, may be none in float32."""
EXAMPLES = 6
EXAMPLE_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one phase learns from. ``labels`` (n,) numbers of all photos of ``inputs``; ``learn`` and ``held`` are
    positions in it: what is learned from, and what is searched with to see how well."""

    phase: TrainingPhase
    inputs: Inputs
    labels: Ints
    learn: Ints
    held: Ints
    epochs: int
    head_rate: float
    until: int | None = None
    """The epoch that is the last one and is kept, without measuring. None: stop when it gets no better on the held-out
    photos, and keep the best."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a phase runs, and who is told what."""

    device: str = "cpu"
    precision: Precision = "float32"
    checkpoint: Checkpoint | None = None
    token: CancelToken | None = None
    progress: ProgressSink = ignore_progress
    warn: Callable[[str], None] = lambda text: None


def train(
    branch: "nn.Module", lesson: Lesson, recipe: Recipe, around: Surroundings
) -> Generator[EpochResult, None, bool]:
    """Teach ``branch`` in place, and leave it as it was at its best on the held-out photos.

    Yields a result for each epoch, the first (number 0) before anything is learned. Returns whether the person
    stopped it; Cancelled is raised only in the first phase, where nothing was learned yet. Goes on after the
    checkpoint's last epoch, to the same numbers as without the interruption (on a CPU). Raises TrainingError where the
    loss is no number from the start or memory is not enough, ModelError where a checkpoint cannot be written or read.
    """
    run = _Run(branch, lesson, recipe, around)
    saved = around.checkpoint.load() if around.checkpoint else None
    if saved is not None and saved["phase"] == lesson.phase:
        run.restore(saved)
        yield from run.history
    try:
        yield from run.epochs()
    except Cancelled:
        if run.best_epoch == 0 and lesson.phase == "head":
            raise
        run.take_best()
        return True
    run.take_best()
    return False


class _Run:
    """The state of one phase."""

    def __init__(self, branch: "nn.Module", lesson: Lesson, recipe: Recipe, around: Surroundings) -> None:
        import torch

        self._lesson, self._recipe, self._around = lesson, recipe, around
        self._branch = branch.to(around.device)
        kind = LOSSES[recipe.loss]
        classes = int(lesson.labels.max()) + 1
        dimension = int(branch.get_submodule("head").get_parameter("weight").shape[0])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)  # proxies start at random
            loss = build_loss(recipe.loss, classes, dimension, recipe.loss_options)
        miner = build_miner(recipe.miner, recipe.seed)
        if not kind.mined:
            miner = build_miner("all")
        self._loss, self._miner = with_memory(loss, miner, recipe, dimension)
        self._stepper = Stepper(
            branch,
            self._loss.to(around.device),
            self._miner,
            recipe,
            lesson.head_rate,
            around.device,
            around.precision,
            around.warn,
        )
        self.history: list[EpochResult] = []
        self.best_epoch = 0
        self._best_score = -1.0
        self._best = self._state()
        self._rows: Embeddings | None = None

    def epochs(self) -> Generator[EpochResult, None, None]:
        lesson = self._lesson
        if not self.history:
            yield self._measured(0, float("nan"), time.monotonic())
        first = self.history[-1].epoch + 1
        last = lesson.epochs if lesson.until is None else lesson.until
        for epoch in range(first, last + 1):
            if self._is_enough():
                break
            began = time.monotonic()
            try:
                result = self._measured(epoch, self._learn(epoch), began)
            except LossIsNoNumber:
                text = "The loss is no number any more"
                hint = "Lower the learning rates, or choose another loss."
                if self.best_epoch == 0 and lesson.phase == "head":
                    raise TrainingError(f"{text}.", hint) from None
                self._around.warn(f"{text}. What was best until then is kept. {hint}")
                return
            if self._around.checkpoint:
                self._around.checkpoint.save(self._saved())
            yield result

    def take_best(self) -> None:
        self._branch.load_state_dict(self._best)

    def restore(self, saved: dict[str, Any]) -> None:
        self._branch.load_state_dict(saved["branch"])
        self._loss.load_state_dict(saved["loss"])
        self._stepper.optimiser.load_state_dict(saved["optimiser"])
        self._stepper.scaler.load_state_dict(saved["scaler"])
        self._stepper.chunk = saved["chunk"]
        self.history = [
            EpochResult(**{**each, "examples": tuple(map(tuple, each["examples"]))}) for each in saved["history"]
        ]
        self.best_epoch, self._best_score, self._best = saved["best_epoch"], saved["best_score"], saved["best"]

    def _saved(self) -> dict[str, Any]:
        return {
            "phase": self._lesson.phase,
            "branch": self._state(),
            "loss": self._loss.state_dict(),
            "optimiser": self._stepper.optimiser.state_dict(),
            "scaler": self._stepper.scaler.state_dict(),
            "chunk": self._stepper.chunk,
            "history": [_plain(result) for result in self.history],
            "best_epoch": self.best_epoch,
            "best_score": self._best_score,
            "best": self._best,
        }

    def _is_enough(self) -> bool:
        return self._lesson.until is None and self.history[-1].epoch - self.best_epoch >= self._recipe.patience

    def _learn(self, epoch: int) -> float:
        import torch

        lesson, recipe, around = self._lesson, self._recipe, self._around
        rng = np.random.default_rng([recipe.seed, epoch, len(lesson.phase)])
        batches = self._batches(int(rng.integers(2**31)))
        requests = [drawn_views(lesson.learn[batch].tolist(), lesson.inputs.views, rng) for batch in batches]
        meter = ProgressMeter(around.progress, around.token or CancelToken(), "training", len(batches))
        reset = getattr(self._loss, "reset_queue", None)
        if reset is not None:
            reset()  # so that an epoch does not depend on whether there was an interruption before it
        total = 0.0
        devices = [around.device] if around.device.startswith("cuda") else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(int(rng.integers(2**31)))
            stream = lesson.inputs.stream(requests)
            for number, ((photos, _), batch) in enumerate(zip(requests, stream, strict=True)):
                meter.report(number)
                shown = lesson.inputs.prepare(batch.to(around.device))
                labels = torch.from_numpy(lesson.labels[photos]).to(around.device)
                share = (epoch - 1 + number / len(batches)) / lesson.epochs
                total += self._stepper.step(shown, labels, share)
        meter.report(len(batches))
        return total / max(1, len(batches))

    def _batches(self, seed: int) -> list[Batch]:
        lesson, recipe = self._lesson, self._recipe
        labels = lesson.labels[lesson.learn]
        if recipe.miner == WHOLE_SET:
            if self._rows is None:
                self._rows = self._all_rows()
            hardest = hardest_negatives(self._rows[lesson.learn], labels, recipe.classes - 1)
            return hard_batches(labels.tolist(), hardest, recipe.classes, recipe.photos, seed)
        return class_batches(labels.tolist(), recipe.classes, recipe.photos, seed)

    def _measured(self, epoch: int, loss: float, began: float) -> EpochResult:
        lesson = self._lesson
        if lesson.until is None:
            self._rows = self._all_rows()
            found = quick_measure(self._rows, lesson.labels, lesson.held)
        else:
            self._rows, found = None, Quick(float("nan"), float("nan"))
        best = not found.map_at_r <= self._best_score
        if best:
            self.best_epoch, self._best_score = epoch, found.map_at_r
            self._best = self._state()
        seconds = time.monotonic() - began
        result = EpochResult(
            lesson.phase,
            epoch,
            lesson.epochs,
            loss,
            found.map_at_r,
            found.recall_at_1,
            seconds,
            seconds * (lesson.epochs - epoch) if epoch else 0.0,
            best,
            () if self._rows is None else examples(self._rows, lesson.held),
        )
        self.history.append(result)
        return result

    def _all_rows(self) -> Embeddings:
        return unit(apply(self._branch, self._lesson.inputs, len(self._lesson.labels), self._around))

    def _state(self) -> dict[str, Any]:
        return {name: tensor.detach().cpu().clone() for name, tensor in self._branch.state_dict().items()}


def apply(branch: "nn.Module", inputs: Inputs, count: int, around: Surroundings) -> Embeddings:
    """What the branch gives for the middle view of every photo, (count, dimension).

    Raises LossIsNoNumber where that cannot be compared any more: what was learned has run away.
    """
    import torch

    branch.eval()
    meter = ProgressMeter(around.progress, around.token or CancelToken(), "measuring", count)
    found = []
    for number, batch in enumerate(inputs.stream(middles(np.arange(count), MEASURING_BATCH))):
        meter.report(number * MEASURING_BATCH)
        with torch.no_grad(), arithmetic(around.device, around.precision):
            found.append(branch(inputs.prepare(batch.to(around.device))).float().cpu().numpy())
    meter.report(count)
    rows: Embeddings = np.concatenate(found)
    if not np.all(np.abs(rows) < TOO_LARGE):  # nor is nan
        raise LossIsNoNumber
    return rows


def examples(rows: Embeddings, held: Ints) -> tuple[tuple[int, ...], ...]:
    """A few held-out photos, always the same ones, each with its nearest others."""
    chosen = held[np.unique(np.linspace(0, len(held) - 1, EXAMPLES).round().astype(int))] if len(held) else held
    similarity = rows[chosen] @ rows.T
    similarity[np.arange(len(chosen)), chosen] = -np.inf
    order = np.argsort(-similarity, axis=1, kind="stable")[:, : min(EXAMPLE_NEIGHBOURS, len(rows) - 1)]
    return tuple((int(query), *map(int, nearest)) for query, nearest in zip(chosen, order, strict=True))


def _plain(result: EpochResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in EpochResult.__dataclass_fields__}
