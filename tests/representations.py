"""Small networks in every representation, with random weights, and what tests ask of them."""

from dataclasses import replace
from typing import TYPE_CHECKING

from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.backbones import build

if TYPE_CHECKING:
    from torch import Tensor, nn

RESNET = ModelSpec("test", "timm", "resnet10t", InputSpec(64, 64), dimension=512, pooling="average")
MOBILE = replace(RESNET, architecture="mobilenetv3_small_050", dimension=1024)
VIT = ModelSpec(
    "test", "timm", "vit_tiny_patch16_224", InputSpec(64, 64), dimension=192, pooling="token", options={"img_size": 64}
)
VISION = ModelSpec("test", "torchvision", "resnet18", InputSpec(64, 64), dimension=512, pooling="native")
REPRESENTATIONS = {
    "plain": RESNET,
    "gem": replace(RESNET, pooling="gem"),
    "rmac": replace(RESNET, pooling="rmac"),
    "layers": replace(RESNET, layers=("layer2", "layer4"), dimension=640),
    "scales": replace(RESNET, scales=(1.0, 0.5**0.5, 0.5)),
    "probabilities": replace(RESNET, output="probabilities", dimension=1000),
    "tokens": replace(VIT, pooling="gem"),
    "token layers": replace(VIT, layers=("blocks.5", "blocks.11"), dimension=384),
    "token scales": replace(VIT, scales=(1.0, 0.5)),
    "hidden layer": replace(MOBILE, pooling="mac"),
    "torchvision": replace(VISION, pooling="gem"),
    "torchvision layers": replace(VISION, pooling="max", layers=("layer1", "layer3"), dimension=320),
    "everything": replace(RESNET, pooling="gem", layers=("layer3", "layer4"), scales=(1.0, 0.5), dimension=768),
}


def built(spec: ModelSpec) -> "nn.Module":
    import torch

    torch.manual_seed(0)
    return build(spec)


def pictures(count: int = 2, side: int = 64) -> "Tensor":
    import torch

    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(1))


def rows_of(network: "nn.Module", given: "Tensor") -> "Tensor":
    import torch

    with torch.inference_mode():
        rows = network(given)
    assert isinstance(rows, torch.Tensor)
    return rows


def unit(rows: "Tensor") -> "Tensor":
    from torch.nn.functional import normalize

    return normalize(rows)


def maps_of(network: "nn.Module", names: list[str], given: "Tensor") -> "list[Tensor]":
    """What the named layers of a bare network give."""
    seen: dict[str, Tensor] = {}
    for name in names:
        network.get_submodule(name).register_forward_hook(
            lambda layer, given, output, name=name: seen.__setitem__(name, output.clone())
        )
    rows_of(network, given)
    return [seen[name] for name in names]
