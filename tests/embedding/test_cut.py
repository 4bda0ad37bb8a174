"""Networks in two parts that together are the network."""

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.backbones import build
from imagefinder.embedding.cut import split_at, split_network

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn


def spec(source: str, architecture: str, crop: int = 64, **options: Any) -> ModelSpec:
    pooling = options.pop("pooling", "native")
    return ModelSpec("some", source, architecture, InputSpec(crop, crop), 32, pooling=pooling, options=options)


NETWORKS = {
    "mobilenet v2": (spec("timm", "mobilenetv2_035"), 4, 17),
    "mobilenet v3": (spec("timm", "mobilenetv3_small_050"), 4, 12),
    "mobilenet v4": (spec("timm", "mobilenetv4_conv_small_035"), 4, None),
    "efficientnet": (spec("timm", "efficientnet_lite0"), 4, 16),
    "convnext": (spec("timm", "convnext_atto"), 4, 12),
    "resnet": (spec("timm", "resnet18"), 4, 8),
    "vit": (spec("timm", "vit_tiny_patch16_224", img_size=64), 4, 12),
    "pooled by us": (spec("timm", "mobilenetv2_035", pooling="gem"), 4, 17),
    "torchvision resnet": (spec("torchvision", "resnet18"), 4, 8),
    "torchvision mobilenet": (spec("torchvision", "mobilenet_v3_small"), 4, None),
    "compact": (spec("builtin", "compact", widths=(8, 8, 16), depths=(1, 2, 1)), 2, 4),
}


def pictures(count: int = 3, crop: int = 64) -> torch.Tensor:
    return torch.randn(count, 3, crop, crop, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", NETWORKS)
@torch.inference_mode()
def test_front_and_tail_are_the_whole(name: str) -> None:
    made, _, _ = NETWORKS[name]
    network = build(made)
    split = split_network(network, 64)
    for count in (1, 3):
        shown = pictures(count)
        assert torch.allclose(split.tail(split.front(shown)), network(shown), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_weight_is_on_one_side_and_learns_only_there(name: str) -> None:
    made, _, _ = NETWORKS[name]
    network = build(made)
    split = split_network(network, 64)
    tail = copy.deepcopy(split.tail)
    with torch.no_grad():
        activation = split.front(pictures(2))
    tail(activation).square().sum().backward()
    learned = sum(parameter.numel() for parameter in tail.parameters() if parameter.grad is not None)
    front = sum(parameter.numel() for parameter in split.front.parameters())
    whole = sum(parameter.numel() for parameter in network.parameters())
    assert learned + front == whole
    assert 0 < learned < whole
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.parametrize("name", [name for name, (_, _, of) in NETWORKS.items() if of])
def test_the_last_four_blocks_at_most_two_thirds(name: str) -> None:
    made, wanted, of = NETWORKS[name]
    assert of is not None
    network = build(made)
    split = split_network(network, 64)
    names = [part for part, _ in network.named_modules()]
    stem, _, _ = split.cut.rpartition(".")
    assert stem in names
    assert max(1, min(4, of * 2 // 3)) == wanted
    kind = type(network.get_submodule(split.cut))
    blocks = [
        part for part, module in split.tail.named_modules() if isinstance(module, kind) and module is not split.tail
    ]
    assert 1 <= len(blocks) <= wanted


@torch.inference_mode()
def test_a_changed_tail_changes_neither_network_nor_front() -> None:
    network = build(NETWORKS["mobilenet v2"][0])
    before = network(pictures())
    split = split_network(network, 64)
    tail = copy.deepcopy(split.tail)
    for parameter in tail.parameters():
        parameter.add_(0.1)
    assert torch.equal(network(pictures()), before)
    assert not torch.allclose(tail(split.front(pictures())), before)
    assert torch.equal(split.tail(split.front(pictures())), before)


def test_the_power_of_gem_learns_with_the_tail() -> None:
    split = split_network(build(NETWORKS["pooled by us"][0]), 64)
    tail = copy.deepcopy(split.tail)
    with torch.no_grad():
        activation = split.front(pictures(2))
    tail(activation).square().sum().backward()
    (power,) = (parameter for name, parameter in tail.named_parameters() if name.endswith("pool.p"))
    assert power.grad is not None
    assert power.grad.abs().item() > 0
    tail.load_state_dict(tail.state_dict())  # which must not ask for a network that is gone


def test_two_threads_do_not_mix_their_pictures() -> None:
    network = build(NETWORKS["vit"][0])
    split = split_network(network, 64)

    def embed(seed: int) -> torch.Tensor:
        with torch.inference_mode():
            shown = torch.randn(1 + seed % 3, 3, 64, 64, generator=torch.Generator().manual_seed(seed))
            found: torch.Tensor = split.tail(split.front(shown)) - network(shown)
            return found

    with ThreadPoolExecutor(4) as pool:
        assert all(difference.abs().max() < 1e-4 for difference in pool.map(embed, range(24)))


class Twice(nn.Module):
    """Looks at each picture in two sizes."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, shown: torch.Tensor) -> torch.Tensor:
        first: torch.Tensor = self.network(shown)
        second: torch.Tensor = self.network(shown[:, :, ::2, ::2])
        return first + second


def test_what_cannot_be_split_says_so() -> None:
    network = build(NETWORKS["resnet"][0])
    with pytest.raises(ModelError, match="quick or the full mode"):
        split_network(Twice(network), 64)
    with pytest.raises(ModelError, match="cannot be split before layer9"):
        split_at(network, 64, "layer9.0")
    with pytest.raises(ModelError):
        split_network(build(spec("builtin", "colour-layout")), 64)
