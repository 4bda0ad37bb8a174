"""A small network that learned nothing, drawn photos of a few things, and what a training with them is asked."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from drawing import draw_photo
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.domain.training import RECIPES, EpochResult, Mode, Recipe, TrainingSpec
from imagefinder.usecases.finetuning import Watcher
from imagefinder.usecases.labelled_folders import labelled_photos

BASE = ModelSpec(
    "small", "builtin", "compact", InputSpec(32, 32), 16, pooling="native",
    options={"widths": [8, 8, 16], "depths": [1, 1, 2]}, weights_sha256="0" * 64, licence="MIT", centred=False,
)  # fmt: skip
LABELS, PHOTOS = 4, 8


def turned(folder: Path, seed: int, numbers: Iterable[int]) -> None:
    """Photos of one thing, turned and lit so differently that none is nearly the same as another."""
    folder.mkdir(parents=True)
    with Image.open(draw_photo(folder.parent / f".{seed}.png", seed, (240, 240))) as image:
        for number in numbers:
            part = np.asarray(image.rotate(47 * number).crop((40, 40, 200, 200))) * (0.5 + 0.5 * (number * 0.37 % 1))
            Image.fromarray(part.astype(np.uint8)).save(folder / f"{number}.png")


def recipe(mode: Mode, **changes: Any) -> Recipe:
    """The mode's own, made small, with ``changes``."""
    small = replace(RECIPES[mode], dimension=8, classes=4, photos=3, head_epochs=3, head_rate=1e-2, blocks=1)
    if mode != "quick":
        small = replace(small, epochs=3, views=min(2, small.views))
    return replace(small, **changes)


def plan(drawn: Path, mode: Mode = "quick", name: str = "taught", **changes: Any) -> TrainingSpec:
    return TrainingSpec(name, "small", tuple(labelled_photos([drawn / "learn"])), recipe(mode, **changes))


def told() -> tuple[list[EpochResult], list[str], Watcher]:
    epochs: list[EpochResult] = []
    said: list[str] = []
    return epochs, said, Watcher(on_epoch=lambda result, examples: epochs.append(result), warn=said.append)
