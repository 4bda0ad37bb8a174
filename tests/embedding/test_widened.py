"""A network's own features beside what its last blocks saw."""

import copy
from typing import TYPE_CHECKING

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.backbones import build
from imagefinder.embedding.blend import EVERYTHING, TunedPart, parts_of
from imagefinder.embedding.blocks import last_blocks
from imagefinder.embedding.cut import split_network
from imagefinder.embedding.widened import first_features, own_rows, widened

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")

SMALL = ModelSpec(
    "small", "builtin", "compact", InputSpec(32, 32), 16, pooling="native",
    options={"widths": [8, 12, 20], "depths": [1, 2, 1]},
)  # fmt: skip


def unit(rows: "torch.Tensor") -> "torch.Tensor":
    return torch.nn.functional.normalize(rows)


def test_the_parts_are_the_features_and_the_pooled_maps_each_of_one_length() -> None:
    torch.manual_seed(0)
    network = build(SMALL)
    shown = torch.rand(3, 3, 32, 32)
    found = widened(copy.deepcopy(network), ("blocks.2", "blocks.3"), "average+max")(shown)
    stem, blocks = network.get_submodule("stem"), network.get_submodule("blocks")
    maps = [stem(shown)]
    for block in blocks.children():
        maps.append(block(maps[-1]))
    parts = [network(shown)]
    for seen in maps[-2:]:
        parts += [seen.mean((2, 3)), seen.amax((2, 3))]
    assert torch.allclose(found, torch.cat([unit(part) for part in parts], 1) / 5**0.5, atol=1e-6)
    assert torch.allclose(torch.linalg.norm(found, dim=1), torch.ones(3), atol=1e-6)
    own = own_rows(found.detach().numpy(), 16)
    assert np.allclose(own, unit(network(shown)).detach().numpy(), atol=1e-6)
    assert torch.allclose(unit(first_features(16)(found)), unit(network(shown)), atol=1e-6)


@pytest.mark.parametrize("cut", ["", "blocks.2", EVERYTHING])
def test_the_same_is_seen_wherever_the_network_is_cut(cut: str) -> None:
    torch.manual_seed(0)
    network = build(SMALL)
    shown = torch.rand(2, 3, 32, 32)
    part = TunedPart(cut, 0, ("blocks.2", "blocks.3"), "max")
    parts = parts_of(copy.deepcopy(network), 32, 16, part)
    reached = parts.front(shown)
    whole = widened(copy.deepcopy(network), part.blocks, part.pooling)(shown)
    assert torch.allclose(unit(parts.tuned(reached)), whole, atol=1e-6)
    assert torch.allclose(unit(parts.frozen(reached)), unit(network(shown)), atol=1e-6)


def test_a_copy_sees_what_it_looks_at_itself() -> None:
    network = widened(build(SMALL), ("blocks.3",), "average")
    shown = torch.rand(2, 3, 32, 32)
    before = network(shown)
    twin = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert torch.equal(network(shown), before)
    assert not twin(shown).any()


def test_the_power_of_a_generalised_mean_learns() -> None:
    network = widened(build(SMALL), ("blocks.3",), "gem")
    network(torch.rand(2, 3, 32, 32))[:, 16:].sum().backward()
    powers = [parameter for name, parameter in network.named_parameters() if name.endswith(".p")]
    assert len(powers) == 1
    assert powers[0].grad is not None
    assert powers[0].grad.any()


def test_the_last_blocks_that_give_a_map() -> None:
    network = build(SMALL)
    assert last_blocks(network, 32, 0) == ()
    assert last_blocks(network, 32, 2) == ("blocks.2", "blocks.3")
    assert last_blocks(network, 32, 9) == tuple(f"blocks.{number}" for number in range(4))
    cut = split_network(network, 32, 1).cut
    assert last_blocks(network, 32, 9, cut) == ("blocks.3",)
    assert last_blocks(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 4)), 32, 3) == ()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ModelError, match="cannot be pooled by 'middle'"):
        widened(build(SMALL), ("blocks.3",), "average+middle")
    with pytest.raises(ModelError, match="no block to read"):
        parts_of(build(SMALL), 32, 16, TunedPart("", 0, ("blocks.7",), "max"))
