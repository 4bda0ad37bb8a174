"""The default of earlier versions: a compact network in half precision, read like any other file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.backbones import build, feature_dimension
from imagefinder.embedding.checkpoints import read_record, read_weights, tensors_sha256, write_model
from imagefinder.embedding.projection import derive, fit_pca
from imagefinder.embedding.shelf import ModelShelf, builtin_models

FINGERPRINT = "305fd9c05d430a48520820f203baed58bc4808a32b7939fd72ddadad64c39d34"
SIZES = {"widths": [8, 8, 16], "depths": [1, 2, 1]}
COMPACT = ModelSpec("any name", "builtin", "compact", InputSpec(32, 36), 24, options=SIZES)
PIXELS = np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3), np.uint8)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with such a file, of weights drawn at random."""
    import torch

    torch.manual_seed(0)
    halves = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in build(COMPACT).state_dict().items()
    }
    file = tmp_path / "package" / "built-in.safetensors"
    write_model(file, halves, replace(COMPACT, weights_sha256=tensors_sha256(halves)))
    monkeypatch.setitem(shelf_module.OLDER, "built-in", file)
    return file


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_halves_on_disk_are_full_precision_in_memory(installed: Path, shelf: ModelShelf, precision: str) -> None:
    import torch

    stored = read_weights(installed)
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16, torch.int64}
    network = build(shelf.spec("built-in"))
    embedder = shelf.load("built-in", "cpu", precision)
    assert (embedder.spec.name, embedder.precision) == ("built-in", precision)
    rows = embedder.embed(PIXELS)
    assert rows.shape == (30, 24)
    assert rows.dtype == np.dtype(np.float32)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)

    network.load_state_dict(stored)  # which widens them
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    with torch.inference_mode():
        seen = network(torch.from_numpy(PIXELS).permute(0, 3, 1, 2) / 255).numpy()
    expected = seen / np.linalg.norm(seen, axis=1, keepdims=True)
    assert (rows * expected).sum(1).min() > (0.999999 if precision == "float32" else 0.99)


def test_fewer_numbers_of_it(installed: Path, shelf: ModelShelf) -> None:
    rows = shelf.load("built-in", "cpu", "float32").embed(PIXELS)
    mean, matrix = fit_pca(rows, 5)
    derived, tensors = derive(shelf.spec("built-in"), "pca", mean, matrix)
    shelf.put(replace(derived, name="short"), {**read_weights(installed), **tensors})
    expected = (rows - mean) @ matrix.T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(shelf.load("short", "cpu", "float32").embed(PIXELS), expected, atol=1e-4)


def test_its_layers_can_be_read(installed: Path) -> None:
    spec = replace(read_record(installed), layers=("stem", "blocks"), pooling="gem", options={**SIZES, "features": 24})
    assert feature_dimension(build(spec), 32) == 8 + 16


def test_its_end_stays_as_it_is(installed: Path) -> None:
    with pytest.raises(ModelError, match="cannot be pooled by 'gem'"):
        build(replace(COMPACT, pooling="gem"))
    with pytest.raises(ModelError, match="no class probabilities"):
        build(replace(COMPACT, output="probabilities"))


@pytest.mark.parametrize("length", [0, -1, "many", 2**40])
def test_lengths_that_no_network_has(length: object) -> None:
    with pytest.raises(ModelError, match="damaged"):
        build(replace(COMPACT, options={**SIZES, "features": length}))


def test_other_weights_have_another_hash() -> None:
    import torch

    tensors = {"a": torch.ones(2, 3), "b": torch.zeros(4, dtype=torch.int64)}
    same = {"b": torch.zeros(4, dtype=torch.int64), "a": torch.ones(3, 2).T}
    assert tensors_sha256(tensors) == tensors_sha256(same)
    others = [
        {**tensors, "a": torch.full((2, 3), 2.0)},
        {**tensors, "a": torch.ones(3, 2)},
        {**tensors, "a": torch.ones(2, 3).half()},
        {"a": tensors["a"], "c": tensors["b"]},
    ]
    assert len({tensors_sha256(each) for each in (tensors, *others)}) == 5


def test_the_file_that_is_shipped(shelf: ModelShelf) -> None:
    """It is what libraries of earlier versions were made with: their fingerprint is this one."""
    file = shelf_module.OLDER["built-in"]
    spec = read_record(file)
    assert spec.weights_sha256 == tensors_sha256(read_weights(file))
    assert spec.licence
    assert spec.provenance
    assert feature_dimension(build(spec), spec.input.crop) == spec.dimension
    assert shelf.spec("built-in").fingerprint == spec.fingerprint == FINGERPRINT
    assert shelf.name_of(replace(spec, name="any name")) == "built-in"


def test_it_is_offered_to_nobody(shelf: ModelShelf) -> None:
    assert "built-in" not in shelf.names()
    assert "built-in" not in builtin_models()
    assert shelf.available("built-in")
    with pytest.raises(ModelError, match="no file to remove"):
        shelf.remove("built-in")
    with pytest.raises(ModelError, match="already"):
        shelf.free_name("Built-In")
