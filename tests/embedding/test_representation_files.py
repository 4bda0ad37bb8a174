"""Every representation goes into a file and comes back; the files that are there already keep their meaning."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.embedding.architectures import ARCHITECTURES
from imagefinder.embedding.backbones import build, feature_dimension
from imagefinder.embedding.checkpoints import load_into, read_record, read_weights, write_model
from imagefinder.embedding.embedder import TorchEmbedder
from imagefinder.embedding.projection import derive, fit_pca
from imagefinder.embedding.torchvision_compat import import_timm
from representations import REPRESENTATIONS, RESNET, VISION, built, pictures, rows_of


@pytest.mark.parametrize("name", [name for name, preset in ARCHITECTURES.items() if preset.source == "timm"])
def test_a_representation_at_rest_is_the_bare_network(name: str) -> None:
    """Model files that are there already keep their names and their meaning."""
    import torch

    preset = ARCHITECTURES[name]
    with torch.device("meta"):
        pooling = {"average": "avg", "token": "token", "attention": "map"}[preset.pooling]
        plain = import_timm().create_model(preset.network, num_classes=0, global_pool=pooling, **preset.options)
        ours = build(preset.spec())
    assert type(ours) is type(plain)
    assert list(ours.state_dict()) == list(plain.state_dict())


def test_torchvisions_at_rest_are_bare_too() -> None:
    assert type(build(VISION)).__name__ == "ResNet"
    assert list(build(VISION).state_dict()) == list(build(replace(VISION, pooling="average")).state_dict())


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_the_names_of_the_tensors_stay(name: str) -> None:
    spec = REPRESENTATIONS[name]
    bare = build(replace(spec, layers=(), scales=(1.0,), pooling="native", dimension=0)).state_dict()
    ours = list(built(spec).state_dict())
    assert [tensor for tensor in ours if tensor != "pool.p"] == list(bare)
    assert ("pool.p" in ours) == (spec.pooling == "gem")


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_file_and_back(tmp_path: Path, name: str) -> None:
    import torch

    spec = REPRESENTATIONS[name]
    network = built(spec)
    assert not network.training
    assert feature_dimension(network, 64) == spec.dimension
    state = {name: tensor + 0.5 if name == "pool.p" else tensor for name, tensor in network.state_dict().items()}
    load_into(network, state)
    write_model(tmp_path / "model.safetensors", network.state_dict(), spec)
    record = read_record(tmp_path / "model.safetensors")
    assert record == spec
    torch.manual_seed(99)
    again = build(record)
    load_into(again, read_weights(tmp_path / "model.safetensors"))
    assert torch.equal(rows_of(again, pictures()), rows_of(network, pictures()))
    if "pool.p" in state:
        assert again.state_dict()["pool.p"].item() == 3.5


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_the_official_weights_serve_all(name: str) -> None:
    """A file with a classifier, without a learned power, fits every representation of its network."""
    import torch

    spec = REPRESENTATIONS[name]
    official = built(replace(spec, layers=(), scales=(1.0,), pooling="native", output="probabilities", dimension=0))
    state = official.state_dict()
    network = build(spec)
    load_into(network, state)
    loaded = network.state_dict()
    assert all(torch.equal(loaded[tensor], state[tensor]) for tensor in loaded if tensor != "pool.p")


def test_a_projection_is_learned_and_travels_with_the_file(tmp_path: Path) -> None:
    spec = replace(RESNET, pooling="gem", layers=("layer3", "layer4"), scales=(1.0, 0.5), dimension=768)
    network = built(spec)
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (12, 64, 64, 3), dtype=np.uint8)
    rows = TorchEmbedder(spec, network, "cpu", "float32").embed(pixels)
    mean, matrix = fit_pca(rows, 6, 0.25)
    derived, tensors = derive(spec, "pca", mean, matrix)
    write_model(tmp_path / "derived.safetensors", {**network.state_dict(), **tensors}, derived)

    record = read_record(tmp_path / "derived.safetensors")
    assert record == derived
    again = build(record)
    load_into(again, read_weights(tmp_path / "derived.safetensors"))
    expected = (rows - mean) @ matrix.T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    found = TorchEmbedder(record, again, "cpu", "float32").embed(pixels)
    np.testing.assert_allclose(found, expected, atol=1e-4)

    with pytest.raises(ModelError, match=r"2 layers are missing \(projection.mean; projection.matrix\)"):
        load_into(build(record), network.state_dict())


def test_the_built_in_model_takes_scales_and_projections() -> None:
    from imagefinder.embedding.colour_layout import SPEC

    pixels = np.random.default_rng(0).integers(0, 256, (9, 64, 64, 3), dtype=np.uint8)
    rows = TorchEmbedder(SPEC, build(SPEC), "cpu", "float32").embed(pixels)
    derived, tensors = derive(SPEC, "pca", *fit_pca(rows, 4))
    network = build(derived)
    load_into(network, tensors)
    assert TorchEmbedder(derived, network, "cpu", "float32").embed(pixels).shape == (9, 4)
