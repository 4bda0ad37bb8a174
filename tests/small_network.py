"""A network small enough for a test to look at every weight of it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


def small() -> "nn.Module":
    from torch import nn

    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))


def weights_of(network: "nn.Module") -> dict[str, "Tensor"]:
    return {name: tensor + 1 for name, tensor in network.state_dict().items()}
