"""Training: what reading photographs costs beside it, what the quick mode costs beside reading, and memory."""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imagefinder.domain.images import Pixels
from imagefinder.domain.specs import InputSpec
from imagefinder.domain.training import RECIPES, LabelledPhoto, TrainingSpec
from imagefinder.embedding.blend import build_head
from imagefinder.evaluation.metrics import Ints
from imagefinder.training.branch import build_branch
from imagefinder.training.inputs import Inputs
from imagefinder.training.looking import normalised
from imagefinder.training.trainer import Lesson, Surroundings, train
from imagefinder.usecases.finetuning import finetune
from imagefinder.usecases.models import Models
from imagefinder.usecases.training_views import PhotoInputs, read_view
from measuring import in_turns, say, some_photos

if TYPE_CHECKING:
    from torch import Tensor

EPOCH_PHOTOS, QUICK_PHOTOS, LABELS = 64, 1200, 12
WEIGHTS = Path(__file__).parents[3] / "shared" / "weights" / "mobilenetv2_100_same.safetensors"


class InMemory:
    """Views that were read before."""

    views = 1

    def __init__(self, pixels: Pixels, spec: InputSpec) -> None:
        self._pixels, self._spec = pixels, spec

    def stream(self, batches: Sequence[tuple[Ints, Ints]]) -> "Iterator[Tensor]":
        import torch

        for photos, _ in batches:
            yield torch.from_numpy(self._pixels[photos])

    def prepare(self, batch: "Tensor") -> "Tensor":
        return normalised(batch, self._spec, "cpu")


def main() -> None:
    """With a real network where its weights are here."""
    if not WEIGHTS.exists():
        print("(left out: the development weights are not here)")
        return
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        models = Models(base / "models", "cpu")
        name = models.shelf.add(WEIGHTS, "mobilenetv2_100_same", None).name
        _quick(models, name, [str(path) for path in some_photos(QUICK_PHOTOS, base / "drawn")])
        _epoch(models, name, [str(path) for path in some_photos(EPOCH_PHOTOS, base / "drawn")])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(f"peak memory: {peak / 2**20:.0f} MiB")


def _labelled(paths: Sequence[str]) -> tuple[LabelledPhoto, ...]:
    """By the folder where there are folders, else in turn."""
    real = len({Path(path).parent for path in paths}) > 1
    return tuple(
        LabelledPhoto(path, Path(path).parent.name if real else str(number % LABELS))
        for number, path in enumerate(paths)
    )


def _quick(models: Models, base: str, paths: Sequence[str]) -> None:
    """A quick training, and one pass of the same photos through the same network, which it needs as well."""
    import pytorch_metric_learning.losses as warm_up

    assert warm_up  # loading libraries is no part of a training
    seconds = finetune(TrainingSpec("quick", base, _labelled(paths)), models, device="cpu").seconds
    beyond = seconds["learning"] + seconds["measuring"]
    say(
        f"quick training of {len(paths):,} photos beyond one embedding pass / that pass",
        beyond / seconds["reading"],
        "<= 0.5",
        f"[{beyond:.1f} s, {seconds['reading']:.1f} s]",
    )


def _epoch(models: Models, base: str, paths: Sequence[str]) -> None:
    """Everything learns: photographs are decoded and cut while the network works, or were before."""
    embedder = models.shelf.load(base, "cpu")
    spec = embedder.spec.input
    recipe = replace(RECIPES["full"], classes=4, photos=4, refit=False)
    labels = np.arange(len(paths)) % LABELS
    pixels = np.stack([read_view(path, spec, recipe, 1) for path in paths])
    photographs = PhotoInputs(paths, spec, recipe, "cpu", lambda: None)

    def epoch(inputs: Inputs) -> None:
        branch = build_branch(embedder.network, build_head(embedder.spec.dimension, 64), recipe.dropout)
        everything = np.arange(len(paths))
        # Until an epoch: nothing is measured, which would cost the same in both.
        lesson = Lesson("full", inputs, labels, everything, everything, 1, 0.0, until=1)
        for _ in train(branch, lesson, replace(recipe, network_rate=0.0), Surroundings(precision=embedder.precision)):
            pass

    began = time.perf_counter()
    real, memory = in_turns(lambda: epoch(photographs), lambda: epoch(InMemory(pixels, spec)), rounds=3)
    say(
        f"an epoch on {len(paths)} real photographs / the same in memory",
        real / memory,
        "<= 1.15",
        f"[{len(paths) / real:.1f} and {len(paths) / memory:.1f} photos/s, {embedder.precision}; "
        f"{time.perf_counter() - began:.0f} s]",
    )
