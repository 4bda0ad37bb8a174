"""Representations at work: threads, reduced precision, copies, training, and memory that runs out."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from imagefinder.embedding.backbones import build
from imagefinder.embedding.embedder import TorchEmbedder
from representations import REPRESENTATIONS, built, pictures, rows_of


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_reduced_precision_stays_close(name: str) -> None:
    spec = REPRESENTATIONS[name]
    pixels = np.random.default_rng(2).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    embedder = TorchEmbedder(spec, built(spec), "cpu", "float32")
    full = embedder.embed(pixels)
    assert np.array_equal(embedder.embed(pixels), full), "the same picture has the same row"
    embedder.precision = "bfloat16"
    reduced = embedder.embed(pixels)
    assert embedder.precision == "bfloat16", "finite, so there was no way back to float32"
    assert (full * reduced).sum(1).min() > 0.99


@pytest.mark.parametrize("name", ["layers", "torchvision", "token layers"])
def test_threads_do_not_see_each_others_layers(name: str) -> None:
    spec = REPRESENTATIONS[name]
    embedder = TorchEmbedder(spec, built(spec), "cpu", "float32")
    random = np.random.default_rng(3)
    many = [random.integers(0, 256, (1 + i % 3, 64, 64, 3), dtype=np.uint8) for i in range(12)]
    alone = [embedder.embed(pixels) for pixels in many]
    with ThreadPoolExecutor(4) as pool:
        for rows, expected in zip(pool.map(embedder.embed, many), alone, strict=True):
            np.testing.assert_allclose(rows, expected, atol=1e-5)


def test_copies_are_independent() -> None:
    import torch

    network = built(REPRESENTATIONS["everything"])
    twin = copy.deepcopy(network)
    expected = rows_of(network, pictures())
    with torch.no_grad():
        for tensor in twin.parameters():
            tensor.mul_(0.5)
    assert not torch.allclose(rows_of(twin, pictures()), expected)
    torch.testing.assert_close(rows_of(network, pictures()), expected)
    assert list(twin.state_dict()) == list(network.state_dict())
    twin.load_state_dict(network.state_dict())
    torch.testing.assert_close(rows_of(twin, pictures()), expected)


def test_names_stay_inside_a_larger_network() -> None:
    import torch
    from torch import nn

    spec = REPRESENTATIONS["gem"]
    whole = nn.Sequential(built(spec), nn.Linear(512, 4))
    state = whole.state_dict()
    assert {"0.pool.p", "0.layer4.0.conv1.weight", "1.weight"} <= set(state)
    other = nn.Sequential(build(spec), nn.Linear(512, 4))
    other.load_state_dict(state)
    torch.testing.assert_close(rows_of(other, pictures()), rows_of(whole, pictures()))


def test_training_reaches_the_network_and_the_power() -> None:
    network = built(REPRESENTATIONS["everything"]).train()
    network(pictures())[:, 0].sum().backward()
    gradients = {name: tensor.grad for name, tensor in network.named_parameters()}
    for name in ("pool.p", "backbone.conv1.0.weight", "backbone.layer4.0.conv1.weight"):
        gradient = gradients[name]
        assert gradient is not None
        assert gradient.isfinite().all()
    assert gradients["pool.p"] is not None
    assert gradients["pool.p"].abs().item() > 0


def test_what_memory_ran_out_for_is_let_go() -> None:
    import torch

    network = built(REPRESENTATIONS["layers"])

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    handle = network.get_submodule("backbone.layer3").register_forward_pre_hook(full)
    with pytest.raises(torch.OutOfMemoryError):
        rows_of(network, pictures())
    taps = network.taps
    assert isinstance(taps, list)
    assert all(tap.read() is None for tap in taps)
    handle.remove()
    assert rows_of(network, pictures()).shape == (2, 640)
