"""What came of a training: measured before and after on photos that it never saw, and put on the shelf."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

import imagefinder
from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import Embeddings
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink
from imagefinder.domain.specs import ModelSpec
from imagefinder.domain.training import (
    RECIPES,
    Comparison,
    Example,
    LabelledPhoto,
    TrainingOutcome,
    TrainingSpec,
)
from imagefinder.embedding.blend import TunedPart, blend_spec
from imagefinder.embedding.checkpoints import write_model
from imagefinder.embedding.embedder import TorchEmbedder
from imagefinder.embedding.shelf import SUFFIX
from imagefinder.training.course import Learned, Material
from imagefinder.training.looking import Seen
from imagefinder.training.measuring import between, compare, leave_one_out, same_neighbours
from imagefinder.training.trainer import examples
from imagefinder.usecases.models import Models
from imagefinder.usecases.reading import READER_THREADS, read_ahead
from imagefinder.usecases.training_views import read_views

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger(__name__)

MOST_LABELS = 500
"""The numbers of more labels would make the record too large to be taken by others."""
GUARDED = 500
"""Unlabelled photos by which is told what the tuning changed elsewhere."""


def on_held_out(material: Material, learned: Learned, names: Sequence[str], seed: int) -> Comparison:
    """Search with each held-out photo among all others, by the branch that never saw the held-out ones."""
    before = leave_one_out(material.frozen, material.labels, material.held)
    joined = learned.held_out.join(learned.rows, material.frozen)
    after = leave_one_out(joined, material.labels, material.held)
    return compare(before, after, material.labels[material.held], names, seed)


def side_by_side(
    material: Material, learned: Learned, photos: Sequence[LabelledPhoto]
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """A few held-out photos with what is nearest to them, as ``on_held_out`` measures it: before, and after."""
    joined = learned.held_out.join(learned.rows, material.frozen)
    before, after = (
        tuple(
            Example(photos[query], tuple(photos[place] for place in nearest))
            for query, *nearest in examples(rows, material.held)
        )
        for rows in (material.frozen, joined)
    )
    return before, after


def on_test(
    spec: TrainingSpec,
    material: Material,
    learned: Learned,
    blend: TorchEmbedder,
    names: Sequence[str],
    token: CancelToken,
    progress: ProgressSink,
) -> Comparison | None:
    """Search with the test photos among all others, with the model as it is kept; None where none can be read.

    Raises Cancelled.
    """
    old, rows, found = _both([photo.path for photo in spec.test], blend, learned, token, progress)
    if not found:
        return None
    more = {spec.test[at].label for at in found} - set(names)
    wider = [*names, *sorted(more)]
    number = {label: at for at, label in enumerate(wider)}
    labels = np.array([number[spec.test[at].label] for at in found], np.int64)
    gallery = learned.blending.join(learned.kept_rows, material.frozen)
    before = between(old, labels, material.frozen, material.labels)
    after = between(rows, labels, gallery, material.labels)
    return compare(before, after, labels, wider, spec.recipe.seed)


def forgotten(
    unlabelled: Sequence[str],
    learned: Learned,
    blend: TorchEmbedder,
    seed: int,
    token: CancelToken,
    progress: ProgressSink,
) -> float | None:
    """The share of the nearest ten that stayed, for photos that nobody labelled. Raises Cancelled."""
    chosen = np.random.default_rng(seed).permutation(len(unlabelled))[:GUARDED]
    old, rows, found = _both([unlabelled[at] for at in sorted(chosen)], blend, learned, token, progress)
    return same_neighbours(old, rows) if len(found) > 1 else None


def _both(
    paths: Sequence[str],
    blend: TorchEmbedder,
    learned: Learned,
    token: CancelToken,
    progress: ProgressSink,
) -> tuple[Embeddings, Embeddings, list[int]]:
    """Unit rows of the photos that can be read, by the base model and by the tuned one, and which these are.

    The base's are within the others.
    """
    recipe = RECIPES["quick"]

    def read(path: str) -> Any:
        return read_views(path, blend.spec.input, recipe, [])

    meter = ProgressMeter(progress, token, "measuring", len(paths))
    found: list[int] = []
    rows: list[Embeddings] = [np.zeros((0, blend.spec.dimension), np.float32)]
    group: list[Seen] = []

    def embed() -> None:
        rows.append(blend.embed(np.concatenate([seen.pixels for seen in group])))
        group.clear()

    window = 4 * blend.batch_size
    reading = read_ahead(paths, read, threads=READER_THREADS, window=window, check=token.check)
    try:
        for place, (_, outcome) in enumerate(reading):
            if not isinstance(outcome, UnreadableImage):
                found.append(place)
                group.append(outcome)
            if len(group) == blend.batch_size:
                embed()
            meter.report(place + 1)
    finally:
        reading.close()
    if group:
        embed()
    new = np.concatenate(rows)
    return learned.blending.parts(new)[1], new, found


def put(
    models: Models,
    spec: TrainingSpec,
    base: ModelSpec,
    tuned: TunedPart,
    learned: Learned,
    outcome: TrainingOutcome,
    network: "nn.Module",
) -> None:
    """Write the finished model onto the shelf, with all that is known about how it came to be. Raises ModelError."""
    state = {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
    weights = hashlib.sha256()
    for name in sorted(state):
        weights.update(name.encode())
        weights.update(state[name].contiguous().numpy().tobytes())
    training = {**outcome.record(), "recipe": asdict(spec.recipe), "versions": _versions()}
    training["unreadable"] = len(outcome.unreadable)  # the model may be shared: no paths of somebody's files
    for known in ("name", "seconds"):  # these say nothing about what the network does
        del training[known]
    if len(outcome.held_out.after.labels) > MOST_LABELS:
        for measured in (training["held_out"], training["test"]):
            for side in (measured or {}).values():
                del side["labels"]
    record = blend_spec(spec.name, base, tuned, learned.blending, training, weights.hexdigest())
    write_model(models.shelf.directory / f"{spec.name}{SUFFIX}", state, record)
    after = json.dumps(outcome.record()["held_out"]["after"]["overall"])
    log.info("trained %s from %s: %s", spec.name, spec.base, after)


def _versions() -> dict[str, str]:
    return {
        "imagefinder": imagefinder.__version__,
        **{name: metadata.version(name) for name in ("torch", "timm", "pytorch-metric-learning", "numpy")},
    }
