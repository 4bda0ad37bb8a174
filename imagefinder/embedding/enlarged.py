"""A network that is shown larger pictures than its record says.

A small network for small pictures is fast, and told by labels what to look for, it finds more of it in larger ones
(networks see better at somewhat more than they were trained with: Touvron et al., "Fixing the train-test resolution
discrepancy", NeurIPS 2019).
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from imagefinder.embedding.blend import is_blend
from imagefinder.embedding.device import run
from imagefinder.embedding.embedder import TorchEmbedder

log = logging.getLogger(__name__)

STEP = 32
"""Sizes are multiples of it: by so much most networks shrink a picture on its way."""
LARGEST = 224
"""Where pictures have this size already, larger ones cost more than they bring."""


def enlarged(embedder: TorchEmbedder, factor: float, warn: Callable[[str], None] = log.warning) -> TorchEmbedder:
    """The same network, shown pictures ``factor`` times as large, rounded, and at most of ``LARGEST`` pixels.

    The embedder itself where that makes no difference, where the network has no weights or takes one size only, and for
    a model that was tuned: its base was enlarged when that was.
    """
    spec = embedder.spec
    crop = min(round(spec.input.crop * factor / STEP) * STEP, LARGEST)
    has_weights = next(embedder.network.parameters(), None) is not None
    if crop <= spec.input.crop or is_blend(spec) or not has_weights or not _takes(embedder, crop):
        return embedder
    seen = replace(spec.input, crop=crop, resize=round(spec.input.resize * crop / spec.input.crop))
    return TorchEmbedder(
        replace(spec, input=seen), embedder.network, embedder.device, embedder.precision, warn, embedder.batch_size
    )


def _takes(embedder: TorchEmbedder, crop: int) -> bool:
    import torch

    try:
        found = run(embedder.network, torch.zeros(1, 3, crop, crop, device=embedder.device), embedder.precision)
    except (RuntimeError, AssertionError, ValueError) as error:  # how networks of one size say so
        log.info("%s stays at its size: %s", embedder.spec.name, error)
        return False
    return found.shape == (1, embedder.spec.dimension)
