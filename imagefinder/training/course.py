"""A whole fine-tuning, in order: a linear head on the frozen network, then what else the mode lets learn."""

import copy
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.domain.training import EpochResult, Recipe, TrainingPhase
from imagefinder.embedding.blend import EVERYTHING, Blending, Parts, TunedPart, parts_of, usable_weight
from imagefinder.embedding.blocks import last_blocks
from imagefinder.embedding.cut import split_network
from imagefinder.embedding.widened import own_rows
from imagefinder.evaluation.metrics import Ints
from imagefinder.training.branch import build_branch
from imagefinder.training.checkpoint import Checkpoint
from imagefinder.training.components import Components
from imagefinder.training.inputs import MIDDLE, ArrayInputs, Inputs
from imagefinder.training.measuring import choose_weight, spread, unit
from imagefinder.training.stepping import LossIsNoNumber
from imagefinder.training.trainer import Lesson, Surroundings, apply, train

if TYPE_CHECKING:
    from torch import nn


REFIT = 0.5
"""For so many of the best number of epochs, and at so much of its rate, a head goes on with the held-out photos."""


class Apart(NamedTuple):
    """A base network taken apart for a recipe, and what is tuned of it."""

    parts: Parts
    tuned: TunedPart


def take_apart(network: "nn.Module", crop: int, dimension: int, recipe: Recipe) -> Apart:
    """What the mode leaves as it is, what learns, and what the head is given.

    Raises ModelError for a network that cannot be split.
    """
    if recipe.mode == "thorough":
        cut = split_network(network, crop, recipe.blocks).cut
    else:
        cut = "" if recipe.mode == "quick" else EVERYTHING
    blocks = last_blocks(network, crop, recipe.layers, cut)
    tuned = TunedPart(cut, dimension, blocks, recipe.pooling)
    parts = parts_of(network, crop, dimension, tuned)
    return Apart(parts, replace(tuned, width=_width(parts, crop)))


def _width(parts: Parts, crop: int) -> int:
    import torch

    some = next((module for part in parts for module in part.parameters()), torch.zeros(1))
    with torch.inference_mode():
        return int(parts.tuned(parts.front(some.new_zeros(1, 3, crop, crop))).shape[1])


@dataclass(frozen=True, slots=True)
class Material:
    """All readable photos, n of them, and which of them are held out."""

    features: npt.NDArray[np.float32]
    """(places, views, w): unit rows of what the head is given before anything is tuned; photo k is at ``places[k]``."""
    dimension: int
    """How many features of the frozen network stand first in these."""
    places: Ints
    labels: Ints
    """(n,) numbers from 0 on, none left out."""
    learn: Ints
    held: Ints
    later: Inputs | None = None
    """What the last blocks, or the whole network, are shown; None in the quick mode."""

    @property
    def frozen(self) -> Embeddings:
        """(n, dimension) unit rows of the frozen network, which is the base model, for the middle views."""
        return own_rows(self.features[self.places, MIDDLE], self.dimension)


@dataclass(slots=True)
class Learned:
    """What came of it. ``rows`` (n, dimension) are the unit rows of the branch that never saw the held-out photos;
    ``tuned`` and ``head`` are what is kept."""

    tuned: "nn.Module"
    head: "nn.Module"
    rows: Embeddings
    kept_rows: Embeddings
    """The same of what is kept."""
    held_out: Blending
    """With which the held-out photos are measured."""
    blending: Blending
    """Of what is kept."""
    stopped: bool = False
    epochs: list[EpochResult] = field(default_factory=list)


def learn(
    parts: Parts,
    material: Material,
    recipe: Recipe,
    around: Surroundings,
    checkpoint_of: Callable[[str], Checkpoint | None] = lambda phase: None,
) -> Generator[EpochResult, None, Learned]:
    """Go through the phases of the recipe's mode, yielding every epoch.

    Cancelled is raised where nothing was learned yet; later, what was best is kept and ``stopped`` says so.
    ``checkpoint_of`` gives the file in which a phase is kept. Raises TrainingError and ModelError as ``train`` does.
    """
    from torch import nn

    frozen = material.frozen
    epochs: list[EpochResult] = []
    components = Components.fit(material.features, material.places[material.learn])
    inputs: Inputs = ArrayInputs(components(material.features), material.places)
    dimension = min(recipe.dimension, material.features.shape[2])
    branch = build_branch(nn.Identity(), components.start(dimension), recipe.dropout, unit=False)
    lesson = Lesson(
        "head", inputs, material.labels, material.learn, material.held, recipe.head_epochs, recipe.head_rate
    )
    stopped = yield from _collected(train(branch, lesson, recipe, _with(around, checkpoint_of("head"))), epochs)
    tuned, head = copy.deepcopy(parts.tuned), components.unfolded(branch.get_submodule("head"))
    if material.later is not None and not stopped:
        inputs = material.later
        phase: TrainingPhase = "full" if recipe.mode == "full" else "tail"
        branch = build_branch(tuned, head, recipe.dropout)
        lesson = replace(lesson, phase=phase, inputs=inputs, epochs=recipe.epochs, head_rate=recipe.tuned_head_rate)
        stopped = yield from _collected(train(branch, lesson, recipe, _with(around, checkpoint_of(phase))), epochs)
    quiet = replace(around, token=None)
    rows = unit(apply(branch, inputs, len(material.labels), quiet))
    blending = _blending(rows, frozen, material, recipe)
    learned = Learned(tuned, head, rows, rows, blending, blending, stopped, epochs)
    best = max((result.epoch for result in epochs if result.best), default=0)
    if recipe.refit and material.later is None and not stopped and best:
        again = replace(lesson, learn=np.arange(len(material.labels)), head_rate=recipe.head_rate * REFIT)
        _refit(learned, components, branch, replace(again, epochs=max(1, round(best * REFIT))), recipe, quiet)
    return learned


def _refit(
    learned: Learned, components: Components, branch: "nn.Module", lesson: Lesson, recipe: Recipe, around: Surroundings
) -> None:
    """Go on with all photos, those that were held out among them, and measure no more."""
    for _ in train(branch, replace(lesson, until=lesson.epochs), recipe, around):
        pass
    try:
        rows = unit(apply(branch, lesson.inputs, len(lesson.labels), around))
    except LossIsNoNumber:  # what was learned without the held-out photos stays
        return
    learned.head = components.unfolded(branch.get_submodule("head"))
    learned.kept_rows = rows
    learned.blending = replace(learned.blending, tuned_spread=spread(learned.kept_rows, recipe.seed))


def _blending(rows: Embeddings, frozen: Embeddings, material: Material, recipe: Recipe) -> Blending:
    even = Blending(rows.shape[1], 0.5, spread(rows, recipe.seed), spread(frozen, recipe.seed))
    if recipe.weight is not None:
        return replace(even, weight=usable_weight(recipe.weight))
    return replace(even, weight=choose_weight(rows, frozen, material.labels, material.held, even))


def _with(around: Surroundings, checkpoint: Checkpoint | None) -> Surroundings:
    return replace(around, checkpoint=checkpoint)


def _collected(
    results: Generator[EpochResult, None, bool], into: list[EpochResult]
) -> Generator[EpochResult, None, bool]:
    while True:
        try:
            result = next(results)
        except StopIteration as end:
            return bool(end.value)
        into.append(result)
        yield result
