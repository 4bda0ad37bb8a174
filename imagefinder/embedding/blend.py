"""A tuned network beside the one it came from: each embedding holds what both say, so that nothing is forgotten.

The similarity of two photos is w * tuned / s_t + (1 - w) * frozen / s_f, where s_t and s_f are the standard deviations
of either similarity over random pairs. It is the inner product of rows that hold both parts, each scaled, so any
search by cosine compares in this way. The weight w can be changed later without looking at a photo again.
"""

import copy
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.cut import split_at
from imagefinder.embedding.widened import first_features, widened

if TYPE_CHECKING:
    from torch import Tensor, nn

SOURCE, ARCHITECTURE = "tuned", "blend"
EVERYTHING = "*"
"""As a cut: the whole network has a tuned copy."""
LEAST_WEIGHT, LARGEST_WEIGHT = 0.02, 0.98
"""Neither part ever goes: what is not in a row cannot be weighed again."""


@dataclass(frozen=True, slots=True)
class TunedPart:
    """What of a network has a tuned copy, and what the head on that copy is given."""

    cut: str
    """The block from which on there is a copy: "" for none, so that only a head is tuned, EVERYTHING for all."""
    width: int
    """How many numbers the head is given."""
    blocks: tuple[str, ...] = ()
    """Whose maps are among them, beside the features of the network itself."""
    pooling: str = "average"
    """Of these maps: see ``widened``."""


class Parts(NamedTuple):
    """A network taken apart: ``front`` goes on into both ``frozen``, which gives its own features, and ``tuned``,
    which gives what a head is given, as the network does before anything is tuned."""

    front: "nn.Module"
    frozen: "nn.Module"
    tuned: "nn.Module"


@dataclass(frozen=True, slots=True)
class Blending:
    """How the parts of a row are weighed. The spreads are s_t and s_f."""

    dimension: int
    """Length of the tuned part, which comes first."""
    weight: float
    tuned_spread: float
    frozen_spread: float

    def __post_init__(self) -> None:
        numbers = (self.weight, self.tuned_spread, self.frozen_spread)
        if not all(math.isfinite(number) and number > 0 for number in numbers) or self.weight >= 1:
            raise ModelError(
                f"The tuned and the frozen part cannot be weighed by {numbers}.",
                f"Give a weight from {LEAST_WEIGHT} to {LARGEST_WEIGHT}.",
            )

    @property
    def factors(self) -> tuple[float, float]:
        """What the unit rows of the tuned and the frozen part are multiplied by; their squares add up to 1."""
        tuned, frozen = self.weight / self.tuned_spread, (1 - self.weight) / self.frozen_spread
        return math.sqrt(tuned / (tuned + frozen)), math.sqrt(frozen / (tuned + frozen))

    def join(self, tuned: Embeddings, frozen: Embeddings) -> Embeddings:
        """Unit rows (n, dimension) and (n, d) -> unit rows (n, dimension + d)."""
        first, second = self.factors
        return np.concatenate([tuned * np.float32(first), frozen * np.float32(second)], 1)

    def parts(self, rows: Embeddings) -> tuple[Embeddings, Embeddings]:
        """The two unit parts of each row (n, dimension + d)."""
        first, second = self.factors
        return rows[:, : self.dimension] / np.float32(first), rows[:, self.dimension :] / np.float32(second)


def usable_weight(weight: float) -> float:
    """The nearest weight with which both parts stay in the rows."""
    return min(max(weight, LEAST_WEIGHT), LARGEST_WEIGHT)


def is_blend(spec: ModelSpec) -> bool:
    return spec.source == SOURCE and spec.architecture == ARCHITECTURE


def blending_of(spec: ModelSpec) -> Blending:
    """How the rows of a tuned model are made up. Raises ModelError for any other model, and for one that was given a
    projection since: that mixes the parts."""
    if not is_blend(spec) or spec.projection:
        raise ModelError(f"{spec.name} has no tuned and frozen parts.", "Choose a model that was trained here.")
    return _blending_in(spec)


def _blending_in(spec: ModelSpec) -> Blending:
    try:
        given = spec.options["blending"]
        return Blending(
            int(given["dimension"]),
            float(given["weight"]),
            float(given["tuned_spread"]),
            float(given["frozen_spread"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(spec, error) from error


def base_of(spec: ModelSpec) -> ModelSpec:
    """The record of the model that a tuned one came from. Raises ModelError."""
    try:
        return ModelSpec.from_json(json.dumps(spec.options["base"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(spec, error) from error


def origin_of(spec: ModelSpec) -> ModelSpec:
    """The record of the model that was not tuned and that this one came from, however often; itself if it was not."""
    while is_blend(spec):
        spec = base_of(spec)
    return spec


def blend_spec(
    name: str, base: ModelSpec, part: TunedPart, blending: Blending, training: Mapping[str, Any], weights_sha256: str
) -> ModelSpec:
    """The record of a tuned model. ``training`` says how and with what success, and must be fit for JSON.

    Its rows are stored as the base's are: in bytes they lose nothing either, weighed again or not [measured].
    """
    return ModelSpec(
        name=name,
        source=SOURCE,
        architecture=ARCHITECTURE,
        input=base.input,
        dimension=blending.dimension + base.dimension,
        pooling="native",
        options={
            "base": asdict(base),
            **asdict(part),
            "blocks": list(part.blocks),
            "blending": asdict(blending),
            "training": dict(training),
        },
        weights_sha256=weights_sha256,
        provenance=f"Trained here, from {base.name}.",
        licence=base.licence,
        description=f"{base.name}, taught by labelled photos.",
        centred=base.centred,
        stored=base.stored,
    )


def with_weight(spec: ModelSpec, weight: float) -> ModelSpec:
    """The record with another weight of the tuned part. The rows that a library has are changed by ``reweight``."""
    changed = replace(blending_of(spec), weight=usable_weight(weight))
    return replace(spec, options={**spec.options, "blending": asdict(changed)})


def reweight(rows: Embeddings, before: Blending, weight: float) -> Embeddings:
    """Unit rows (n, d) as they would be with another weight. One multiplication each: 100,000 rows take about half a
    second, and the search index has to be filled again; no photo is read."""
    after = replace(before, weight=usable_weight(weight))
    first, second = (new / old for new, old in zip(after.factors, before.factors, strict=True))
    scale = np.full(rows.shape[1], second, np.float32)
    scale[: before.dimension] = first
    scaled = rows * scale
    unit: Embeddings = scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), np.float32(1e-12))
    return unit


def query_scale(spec: ModelSpec, weight: float) -> Embeddings:
    """(dimension,) what the row of a query is multiplied by, so that its inner products with the rows as they are kept
    are similarities with another weight, and 1 with itself. No stored row has to change. Raises ModelError."""
    before = blending_of(spec)
    after = replace(before, weight=usable_weight(weight))
    first, second = ((new / old) ** 2 for new, old in zip(after.factors, before.factors, strict=True))
    scale = np.full(spec.dimension, second, np.float32)
    scale[: before.dimension] = first
    return scale


def build_blend(spec: ModelSpec, build: "Callable[[ModelSpec], nn.Module]") -> "nn.Module":
    """The network of a tuned model: (n, 3, crop, crop) normalised -> unit rows (n, dimension). Raises ModelError.

    ``build`` makes the network of the model that it came from.
    """
    base, blending, part = base_of(spec), _blending_in(spec), _part_in(spec)
    parts = parts_of(build(base), base.input.crop, base.dimension, part)
    return assemble(parts.front, parts.frozen, parts.tuned, build_head(part.width, blending.dimension), blending)


def _part_in(spec: ModelSpec) -> TunedPart:
    known = spec.options
    try:
        cut, blocks, pooling = known["cut"], known["blocks"], known["pooling"]
        if not isinstance(cut, str) or not isinstance(pooling, str):
            raise TypeError("it does not say what was tuned")
        return TunedPart(cut, int(known["width"]), tuple(map(str, blocks)), pooling)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(spec, error) from error


def parts_of(network: "nn.Module", crop: int, dimension: int, part: TunedPart) -> Parts:
    """Take apart a network that gives ``dimension`` features. Raises ModelError for a block that is not there."""
    from torch import nn

    if part.cut == "":
        if not part.blocks:
            return Parts(network, nn.Identity(), nn.Identity())
        return Parts(_widened(network, part), first_features(dimension), nn.Identity())
    if part.cut == EVERYTHING:
        return Parts(nn.Identity(), network, _widened(copy.deepcopy(network), part))
    split = split_at(network, crop, part.cut)
    return Parts(split.front, split.tail, _widened(copy.deepcopy(split.tail), part, "network."))


def _widened(network: "nn.Module", part: TunedPart, prefix: str = "") -> "nn.Module":
    if not part.blocks:
        return network
    try:
        return widened(network, [prefix + block for block in part.blocks], part.pooling)
    except AttributeError as error:
        raise ModelError(
            f"The network has no block to read: {error}.",
            "The model's record is damaged: remove the model and add it again.",
        ) from error


def build_head(given: int, dimension: int) -> "nn.Module":
    from torch import nn

    return nn.Linear(given, dimension)


def assemble(
    front: "nn.Module", frozen: "nn.Module", tuned: "nn.Module", head: "nn.Module", blending: Blending
) -> "nn.Module":
    """One network of the parts, in evaluation mode. Its tensors are named after them."""
    import torch
    from torch import nn
    from torch.nn.functional import normalize

    class Blend(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.front = front
            self.frozen = frozen
            self.tuned = tuned
            self.head = head

        def forward(self, pictures: "Tensor") -> "Tensor":
            reached = self.front(pictures)
            known = normalize(self.frozen(reached).float())
            learned = normalize(self.tuned(reached).float())
            with torch.autocast(pictures.device.type, enabled=False):
                learned = normalize(self.head(learned))
            first, second = blending.factors
            return torch.cat([learned * first, known * second], 1)

    return Blend().eval()


def _damaged(spec: ModelSpec, error: Exception) -> ModelError:
    return ModelError(f"The record of {spec.name} is damaged: {error}", "Remove the model and add it again.")
