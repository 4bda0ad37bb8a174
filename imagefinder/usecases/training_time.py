"""How long a training would take on this machine, from a short measurement."""

import copy
import time
from typing import TYPE_CHECKING

import numpy as np

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.training import Estimate, TrainingError, TrainingSpec
from imagefinder.embedding.blend import build_head
from imagefinder.embedding.embedder import TorchEmbedder
from imagefinder.training.branch import build_branch
from imagefinder.training.components import MOST
from imagefinder.training.course import take_apart
from imagefinder.training.looking import Look, normalised
from imagefinder.training.losses import build_loss
from imagefinder.training.miners import build_miner
from imagefinder.training.stepping import Stepper
from imagefinder.usecases.models import Models
from imagefinder.usecases.training_views import read_views

if TYPE_CHECKING:
    from torch import Tensor, nn

SAMPLE = 8
"""Photos that are read and shown to the network twice; the second time counts."""


def estimate(spec: TrainingSpec, models: Models, *, device: str = "auto") -> Estimate:
    """Seconds for reading and for learning, if it does not stop early. Takes a few seconds itself.

    Raises TrainingError where none of the first photos can be read, ModelError for a base model that is not there.
    """
    import torch
    from torch import nn

    recipe = spec.recipe
    embedder = models.shelf.load(spec.base, device)
    parts, tuned = take_apart(embedder.network, embedder.spec.input.crop, embedder.spec.dimension, recipe)
    views = recipe.views if recipe.mode != "full" else 0
    sample = []
    began = time.perf_counter()
    for photo in spec.photos[:: max(1, len(spec.photos) // SAMPLE)][:SAMPLE]:
        try:
            sample.append(read_views(photo.path, embedder.spec.input, recipe, range(views)))
        except UnreadableImage:
            continue
    if not sample:
        raise TrainingError("None of the photos can be read.", "Check the folder, and that its drive is there.")
    reading = (time.perf_counter() - began) / len(sample)
    look = Look(
        parts.front,
        parts.tuned,
        embedder.spec.input,
        embedder.device,
        embedder.precision,
        embedder.batch_size,
        recipe.mode == "thorough",
    )
    pixels = np.concatenate([seen.pixels for seen in sample])
    look.at(pixels[: embedder.batch_size])
    began = time.perf_counter()
    between, _ = look.at(pixels)
    looking = (time.perf_counter() - began) / len(sample)
    count = len(spec.photos)
    dimension, seen = min(recipe.dimension, tuned.width), min(count, tuned.width, MOST)
    rows = torch.randn(SAMPLE, seen)
    learning = _seconds(nn.Identity(), build_head(seen, dimension), rows, spec, embedder) * recipe.head_epochs
    if recipe.mode != "quick":
        shown = (
            normalised(pixels[:SAMPLE], embedder.spec.input, embedder.device)
            if between is None
            else torch.from_numpy(between)
        )
        head = build_head(tuned.width, dimension)
        learning += _seconds(parts.tuned, head, shown.float(), spec, embedder) * recipe.epochs
        if recipe.mode == "full":
            learning += count * recipe.epochs * reading / 4  # most of the decoding runs beside the training
    return Estimate(count * (reading / 2 + looking), learning)


def _seconds(
    tuned: "nn.Module", head: "nn.Module", shown: "Tensor", spec: TrainingSpec, embedder: TorchEmbedder
) -> float:
    """One epoch: a step for each batch and a measurement of all photos, from one of each, each tried once before."""
    import torch

    recipe, device = spec.recipe, embedder.device
    branch = build_branch(copy.deepcopy(tuned), head, recipe.dropout).to(device)
    size = recipe.classes * recipe.photos
    batch = shown[torch.arange(size) % len(shown)].to(device)
    labels = torch.arange(size, device=device) // recipe.photos
    loss = build_loss(recipe.loss, recipe.classes, int(head.get_parameter("weight").shape[0]), recipe.loss_options)
    stepper = Stepper(
        branch,
        loss.to(device),
        build_miner("all"),
        recipe,
        recipe.head_rate,
        device,
        embedder.precision,
        lambda text: None,
    )
    taken = 0.0
    for _ in range(2):
        began = time.perf_counter()
        stepper.step(batch, labels, 0.0)
        stepper.rows(batch)
        taken = time.perf_counter() - began
    return taken * len(spec.photos) / size
