"""A record and a file of weights become a network, or an explanation of why not."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import Pixels
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.backbones import build, feature_dimension
from imagefinder.embedding.checkpoints import load_into
from imagefinder.embedding.embedder import TorchEmbedder

if TYPE_CHECKING:
    from torch import Tensor, nn


def fitted(spec: ModelSpec, state: Mapping[str, "Tensor"]) -> "nn.Module":
    """The network of ``spec`` with these weights, on the CPU, after it was shown two pictures.

    Raises UnknownName for a network that nobody knows and ModelError for weights that do not fit, for rows that are
    not ``spec.dimension`` numbers, and for a network that sees nothing in a picture.
    """
    try:
        network = build(spec)
        load_into(network, state)
        length = feature_dimension(network, spec.input.crop)
    except MemoryError as error:
        raise ModelError(
            f"The network {spec.architecture} does not fit into memory.", "Choose a smaller one."
        ) from error
    if length != spec.dimension:
        raise ModelError(
            f"The network {spec.architecture} should give {spec.dimension} numbers per picture and gives {length}.",
            "If timm or torchvision made it, update them and imagefinder together.",
        )
    rows = TorchEmbedder(spec, network, "cpu", "float32", batch_size=2).embed(_pictures(spec.input.crop))
    if not rows.any(axis=1).all():
        raise ModelError(
            f"With these weights the network {spec.architecture} sees nothing in a picture.",
            "Choose the architecture that the weights were trained with.",
        )
    return network


def _pictures(side: int) -> Pixels:
    """Two pictures of smooth colours, uint8 (2, side, side, 3)."""
    coarse = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    places = np.arange(side) * 8 // side
    pictures: Pixels = coarse[:, places][:, :, places]
    return pictures
