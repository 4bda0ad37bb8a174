"""A network with its batch norms folded gives the rows that it gave with them, and learns as it was."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build, feature_dimension
from imagefinder.embedding.embedder import TorchEmbedder
from imagefinder.embedding.folding import folded

if TYPE_CHECKING:
    from torch import Tensor, nn

NETWORKS = (
    "timm:tf_efficientnet_lite0",
    "timm:mobilenetv2_100",
    "timm:mobilenetv3_small_050",
    "timm:mobilenetv4_conv_small",
    "timm:resnet18",
    "timm:resnet26d",
    "timm:resnetv2_50",
    "timm:efficientnet_b0",
    "timm:regnetx_002",
    "timm:hardcorenas_a",
    "timm:ghostnet_050",
    "timm:densenet121",
    "timm:repvgg_a0",
    "timm:convnext_atto",
    "timm:levit_128s",
    "torchvision:resnet18",
    "torchvision:mobilenet_v2",
    "torchvision:mobilenet_v3_small",
    "torchvision:shufflenet_v2_x0_5",
    "torchvision:squeezenet1_1",
    "torchvision:mnasnet0_5",
    "torchvision:densenet121",
    "torchvision:googlenet",
)
FOLD_NOTHING = {"timm:convnext_atto", "torchvision:squeezenet1_1"}
"""They have no batch norm."""
KEEP_SOME = {"timm:densenet121", "torchvision:densenet121", "timm:resnetv2_50", "timm:levit_128s", "timm:repvgg_a0"}
"""Some of their norms come before the convolutions, or without one: these stay."""


def drawn(name: str) -> "tuple[nn.Module, int]":
    """A network with random weights, its batch norms with statistics as those of one that has learned."""
    import torch

    torch.manual_seed(5)
    spec = find_architecture(name).spec()
    network = build(spec)
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            assert module.running_mean is not None
            assert module.running_var is not None
            torch.nn.init.normal_(module.running_mean, std=0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.1)
    return network.eval(), spec.input.crop


def norms(network: "nn.Module") -> int:
    import torch

    return sum(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())


def pictures(side: int) -> "Tensor":
    import torch

    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("name", NETWORKS)
def test_folded_rows_are_those_of_the_network(name: str) -> None:
    import torch
    from torch.nn.functional import cosine_similarity

    network, crop = drawn(name)
    shown = pictures(crop)
    with torch.no_grad():
        before = network(shown)
        quick = folded(network, crop)
        rows = quick(shown)
        again = network(shown)
    assert cosine_similarity(before, rows).min() >= 0.9999
    torch.testing.assert_close(again, before)  # it is as it was
    if name in FOLD_NOTHING:
        assert quick is network
    elif name not in KEEP_SOME:
        assert norms(quick) == 0 < norms(network)
    else:
        assert norms(quick) <= norms(network)


def test_a_norm_whose_input_is_read_elsewhere_stays() -> None:
    """Folding would change what the other reader sees; the comparison finds that."""
    import torch
    from torch import nn

    class Forked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3)
            self.norm = nn.BatchNorm2d(8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen = self.conv(x)
            return torch.cat([self.norm(seen).relu().mean((2, 3)), seen.square().mean((2, 3))], 1)

    torch.manual_seed(0)
    network = Forked().eval()
    nn.init.normal_(network.norm.running_mean)  # type: ignore[arg-type]  # it has one
    assert folded(network, 32) is network


def test_a_convolution_that_is_used_twice_stays() -> None:
    import torch
    from torch import nn

    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)
            self.one, self.other = nn.BatchNorm2d(3), nn.BatchNorm2d(3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            once: torch.Tensor = self.one(self.conv(x))
            twice: torch.Tensor = self.other(self.conv(once.relu()))
            return twice.mean((2, 3))

    torch.manual_seed(0)
    network = Shared().eval()
    assert folded(network, 32) is network


def test_an_embedder_learns_with_the_network_as_it_was_and_embeds_with_the_folded_one() -> None:
    import torch

    network, crop = drawn("timm:mobilenetv3_small_050")
    spec = ModelSpec("x", "timm", "mobilenetv3_small_050", InputSpec(crop, crop), feature_dimension(network, crop))
    count = norms(network)
    embedder = TorchEmbedder(spec, network, "cpu", "float32")
    assert embedder.network is network
    assert norms(embedder.network) == count > 0
    assert norms(embedder._quick) == 0
    pixels = np.random.default_rng(0).integers(0, 256, (2, crop, crop, 3), np.uint8)
    with torch.inference_mode():
        rows = network(torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255)
    expected = (rows / rows.norm(dim=1, keepdim=True)).numpy()
    assert (embedder.embed(pixels) * expected).sum(1).min() >= 0.9999
    grown = embedder.network.train()
    grown(torch.rand(2, 3, crop, crop)).sum().backward()
    assert any(parameter.grad is not None for parameter in grown.parameters())
