"""Files of weights as people have them: networks of any name with classes of their own."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from imagefinder.domain.images import Pixels
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.embedding.seeing import AS_USUAL, Seeing

CLASSES = 12
NAMES = tuple(f"kind {number}" for number in range(CLASSES))


def save_classifier(file: Path, name: str, classes: int = CLASSES, seeing: Seeing = AS_USUAL) -> Path:
    """Weights drawn at random for a network with a classifier of its own, as a training script saves them."""
    import torch

    torch.manual_seed(3)
    network = build(replace(find_architecture(name, seeing).spec(), output="logits", dimension=classes))
    torch.save({"state_dict": network.state_dict(), "epoch": 3}, file)
    return file


def random_pixels(side: int, count: int = 2) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), np.uint8)
