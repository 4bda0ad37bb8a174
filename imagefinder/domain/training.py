"""What is trained, how, and what came of it: values that the window, the command line and the engine share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.evaluation import Interval
from imagefinder.domain.registry import Registry

Mode = Literal["quick", "thorough", "full"]
TrainingPhase = Literal["head", "tail", "full"]
"""What learns: the linear head alone, the last blocks with it, or everything."""

MIN_PHOTOS = 4
"""Fewer photos of a label teach little: they are used, with a warning."""
POOLINGS = ("average", "max", "gem", "average+max")
"""Of the maps that a head is given."""
MEASURES = ("hit@1", "hit@5", "precision@10", "mAP", "MAP@R")
"""What is told of a training. hit@k is what metric learning papers call Recall@k."""


class LabelledPhoto(NamedTuple):
    """A photo and what a person says it shows."""

    path: str
    label: str


class Pair(NamedTuple):
    """Two photos that a person says are similar, or are not."""

    first: str
    second: str
    similar: bool


class TrainingError(ImageFinderError):
    """Training cannot start or go on: too few labels or photos, loss that is no number, memory, no space."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that can be chosen about the training itself. The defaults are those of the quick mode.

    Rates are those of AdamW at the start of a cosine schedule. ``classes`` x ``photos`` is a batch (P x K).
    """

    mode: Mode = "quick"
    loss: str = "multi-similarity"
    loss_options: Mapping[str, float] = field(default_factory=dict)
    miner: str = "multi-similarity"
    dimension: int = 256
    """Length of the tuned part of an embedding; cut to what the head is given where that is shorter."""
    layers: int = 6
    """From so many of the last blocks the head is given their maps, beside the base model's own features."""
    pooling: str = "average+max"
    """Of these maps."""
    dropout: float = 0.2
    classes: int = 16
    photos: int = 8
    head_epochs: int = 20
    """With the network frozen."""
    head_rate: float = 4e-3
    epochs: int = 0
    """With the last blocks (thorough) or everything (full) learning."""
    tuned_head_rate: float = 1e-3
    network_rate: float = 5e-4
    loss_rate: float = 1e-2
    """For the parameters that some losses own (a proxy for each label)."""
    weight_decay: float = 1e-4
    clip: float = 1.0
    blocks: int = 4
    """How many of the last blocks learn in the thorough mode, at most two thirds of all."""
    views: int = 0
    """How many differently cut views of each photo are kept besides the middle one."""
    smallest_cut: float = 0.35
    """The least share of a photo's area that a view shows."""
    flip: bool = True
    jitter: float = 0.25
    """By how much of itself the light, contrast and saturation of a view may change."""
    memory: int = 0
    """Embeddings of earlier batches that are compared too (cross-batch memory); 0: none."""
    chunk: int = 0
    """How many photos go through the network at once, gradients added up; 0: the whole batch."""
    held_out: float = 0.2
    patience: int = 5
    refit: bool = True
    """Whether the quick head goes on with the held-out photos, once they have said how good it is."""
    weight: float | None = None
    """Of the tuned part in the blend; None: chosen on held-out photos."""
    seed: int = 0


def check_recipe(recipe: Recipe) -> None:
    """Raises TrainingError for a number in it that makes no sense, and says which would."""
    bounds = {
        "dimension": (1, 65536), "dropout": (0, 0.95), "classes": (2, 4096), "photos": (1, 4096),
        "head_epochs": (1, 10_000), "epochs": (0 if recipe.mode == "quick" else 1, 10_000),
        "head_rate": (0, 1e6), "tuned_head_rate": (0, 1e6), "network_rate": (0, 1e6), "loss_rate": (0, 1e6),
        "weight_decay": (0, 1e6), "clip": (0, 1e6), "blocks": (1, 4096), "views": (0, 63), "smallest_cut": (0.01, 1),
        "memory": (0, 10_000_000), "chunk": (0, 65536), "held_out": (0, 0.9), "patience": (1, 10_000),
        "layers": (0, 64), "jitter": (0, 1), "weight": (0, 1), "seed": (0, 2**31 - 1),
    }  # fmt: skip
    for name, (least, most) in bounds.items():
        value = getattr(recipe, name)
        if value is not None and not least <= value <= most:
            what = name.replace("_", " ")
            raise TrainingError(f"{value} is no {what} to train with.", f"Give a number from {least:,} to {most:,}.")
    if recipe.pooling not in POOLINGS:
        raise TrainingError(f"There is no pooling named {recipe.pooling!r}.", f"Known: {', '.join(POOLINGS)}.")


RECIPES: Registry[Recipe] = Registry("mode")
RECIPES.register("quick", Recipe())
_DEEP = Recipe(classes=8, photos=4, head_epochs=8, head_rate=1e-3, refit=False)
RECIPES.register("thorough", replace(_DEEP, mode="thorough", epochs=16, views=4, network_rate=1e-3))
RECIPES.register("full", replace(_DEEP, mode="full", epochs=12, network_rate=1e-4))


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """One fine-tuning: which photos, from which model, under which name, and how."""

    name: str
    base: str
    photos: tuple[LabelledPhoto, ...]
    recipe: Recipe = field(default_factory=Recipe)
    test: tuple[LabelledPhoto, ...] = ()
    """Photos for a last measurement: each is searched among all of ``photos``."""
    resume: bool = False
    """Whether to go on from what an interrupted run left."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How well searches with labelled photos went. ``overall`` and each label: measure -> its value."""

    queries: int
    overall: Mapping[str, Interval]
    labels: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same searches with the base model and with the tuned one."""

    before: Scores
    after: Scores

    def gain(self, measure: str = "MAP@R") -> float:
        return self.after.overall[measure].value - self.before.overall[measure].value

    @property
    def better(self) -> bool:
        return self.gain() > 0


@dataclass(frozen=True, slots=True)
class EpochResult:
    """One round over the photos. ``epoch`` counts from 1; round 0 is the measurement before anything was learned.

    ``map_at_r`` and ``recall_at_1`` are those of held-out photos searched among all; ``best`` says whether this round
    is the one kept so far.
    """

    phase: TrainingPhase
    epoch: int
    epochs: int
    loss: float
    map_at_r: float
    recall_at_1: float
    seconds: float
    seconds_left: float
    best: bool = False
    examples: tuple[tuple[int, ...], ...] = ()
    """For a few held-out photos: its number, then the numbers of the nearest others. Numbers count the photos that
    could be read."""


@dataclass(frozen=True, slots=True)
class Example:
    """A held-out photo and what a search with it finds, nearest first."""

    query: LabelledPhoto
    nearest: tuple[LabelledPhoto, ...]


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """A finished fine-tuning: ``spec_json`` is the record of the model that lies on the shelf."""

    name: str
    base: str
    weight: float
    held_out: Comparison
    test: Comparison | None
    epochs: tuple[EpochResult, ...]
    forgetting: float | None
    """The share of the ten nearest that stayed the same for unlabelled photos; None where none were given."""
    unreadable: Mapping[str, str]
    """Path -> reason."""
    warnings: tuple[str, ...]
    stopped_early: bool
    """Whether the person stopped it; what was learned until then is kept."""
    seconds: Mapping[str, float]
    """Phase -> how long it took."""
    fingerprint: str
    """Of the photos and labels trained on."""
    examples_before: tuple[Example, ...] = ()
    """A few held-out photos and what the base model finds for them."""
    examples_after: tuple[Example, ...] = ()
    """The same photos with the model that ``held_out`` measured."""

    @property
    def advised(self) -> bool:
        """Whether the numbers speak for using it."""
        return self.held_out.better

    def record(self) -> dict[str, Any]:
        """For JSON and for the model's own record."""
        return {
            "name": self.name,
            "base": self.base,
            "weight": self.weight,
            "held_out": comparison_record(self.held_out),
            "test": comparison_record(self.test) if self.test else None,
            "epochs": [
                {
                    "phase": e.phase,
                    "epoch": e.epoch,
                    "loss": e.loss if math.isfinite(e.loss) else None,
                    "map_at_r": e.map_at_r,
                    "r_at_1": e.recall_at_1,
                }
                for e in self.epochs
            ],
            "forgetting": self.forgetting,
            "unreadable": dict(self.unreadable),
            "warnings": list(self.warnings),
            "stopped_early": self.stopped_early,
            "seconds": {phase: round(seconds, 2) for phase, seconds in self.seconds.items()},
            "fingerprint": self.fingerprint,
        }


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    return {side: scores_record(getattr(comparison, side)) for side in ("before", "after")}


def scores_record(scores: Scores) -> dict[str, Any]:
    return {
        "queries": scores.queries,
        "overall": {
            name: [round(number, 4) for number in (value.value, value.low, value.high)]
            for name, value in scores.overall.items()
        },
        "labels": {
            label: {name: round(number, 4) for name, number in values.items()}
            for label, values in scores.labels.items()
        },
    }


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a mode should take on this machine, in seconds: reading all photos, and learning."""

    reading: float
    learning: float

    @property
    def seconds(self) -> float:
        return self.reading + self.learning
