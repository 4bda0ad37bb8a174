"""Checkpoints of cirtorch as they are published, against what cirtorch computes, put together by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.embedding.checkpoints import read_content
from imagefinder.embedding.cirtorch_file import read_cirtorch
from imagefinder.embedding.seeing import Seeing
from imagefinder.embedding.shelf import ModelShelf
from own_models import random_pixels

if TYPE_CHECKING:
    from torch import Tensor, nn

SIDE = 96
SMALL = Seeing(size=SIDE)
MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]
LENGTH = {"resnet18": 512, "alexnet": 256, "densenet121": 1024, "squeezenet1_1": 512}


def features_of(architecture: str) -> "nn.Module":
    """The maps of the last layer, with whatever torchvision calls their parts."""
    import torch
    import torchvision
    from torch import nn

    torch.manual_seed(5)
    network = torchvision.models.get_model(architecture, weights=None)
    if architecture.startswith("resnet"):
        return nn.Sequential(*list(network.children())[:-2]).eval()
    parts = list(network.features.children())
    parts = parts[:-1] if architecture == "alexnet" else parts
    return nn.Sequential(*parts, *([nn.ReLU()] if architecture.startswith("densenet") else [])).eval()


def checkpoint(file: Path, architecture: str = "resnet18", pooling: str = "gem", lw: bool = False, **meta: Any) -> Path:
    """A file as cirtorch's training leaves it."""
    import torch

    features = features_of(architecture)
    length = LENGTH[architecture]
    state = {f"features.{name}": tensor for name, tensor in features.state_dict().items()}
    if pooling == "gem":
        state["pool.rpool.p" if meta.get("regional") else "pool.p"] = torch.tensor([2.6])
    generator = torch.Generator().manual_seed(7)
    for word, name in (("local_whitening", "lwhiten"), ("regional", "pool.whiten"), ("whitening", "whiten")):
        if meta.get(word):
            state[f"{name}.weight"] = torch.randn(length, length, generator=generator) / length**0.5
            state[f"{name}.bias"] = torch.randn(length, generator=generator) / 50
    given = {"architecture": architecture, "pooling": pooling, "mean": MEAN, "std": STD, "outputdim": length, **meta}
    if lw:
        random = np.random.default_rng(3)
        way = {"m": random.normal(size=(length, 1)) / 50, "P": random.normal(size=(length, length))}
        given["Lw"] = {"retrieval-SfM-120k": {"ss": way, "ms": {**way, "P": -way["P"][:64]}}}
    torch.save({"epoch": 30, "meta": given, "state_dict": state, "min_loss": np.float64(0.3)}, file)
    return file


def expected(file: Path, pixels: Any, whiten: Callable[[Any], Any] = lambda rows: rows) -> Any:
    """cirtorch's own steps, one picture and one region at a time."""
    import torch
    from torch.nn.functional import normalize

    content = read_content(file)
    meta, state = content["meta"], content["state_dict"]
    features = features_of(meta["architecture"])
    features.load_state_dict({k.removeprefix("features."): v for k, v in state.items() if k.startswith("features.")})

    def pool(maps: "Tensor") -> "Tensor":
        if meta["pooling"] == "gem":
            power = float(state["pool.rpool.p" if meta.get("regional") else "pool.p"])
            pooled: Tensor = maps.clamp(min=1e-6).pow(power).mean((-2, -1)).pow(1 / power)
            return pooled
        if meta["pooling"] == "spoc":
            return maps.mean((-2, -1))
        if meta["pooling"] == "rmac":
            return sum((normalize(each.amax((-2, -1)), dim=0) for each in regions(maps)), torch.zeros(len(maps)))
        return maps.amax((-2, -1))

    def linear(name: str, rows: "Tensor") -> "Tensor":
        turned: Tensor = rows @ state[f"{name}.weight"].T + state[f"{name}.bias"]
        return turned

    rows = []
    for picture in pixels:
        given = torch.from_numpy((picture / 255 - np.array(MEAN)) / np.array(STD)).float().permute(2, 0, 1)
        with torch.inference_mode():
            maps = features(given[None])[0]
            if meta.get("local_whitening"):
                maps = linear("lwhiten", maps.permute(1, 2, 0)).permute(2, 0, 1)
            if meta.get("regional"):
                whitened = [linear("pool.whiten", normalize(pool(each), dim=0)) for each in regions(maps)]
                row = sum((normalize(each, dim=0) for each in whitened), torch.zeros(len(maps)))
            else:
                row = pool(maps)
            row = normalize(row, dim=0)
            if meta.get("whitening"):
                row = normalize(linear("whiten", row), dim=0)
        rows.append(whiten(row.numpy()))
    return np.stack(rows)


def regions(maps: "Tensor") -> "list[Tensor]":
    """The whole map, and squares of 2 / (l + 1) of its side on levels 1 to 3."""
    side = maps.shape[-1]
    found = [maps]
    for level in (1, 2, 3):
        part = 2 * side // (level + 1)
        starts = [int(i * (side - part) / (level - 1)) if level > 1 else 0 for i in range(level)]
        found += [maps[:, top : top + part, left : left + part] for top in starts for left in starts if part]
    return found


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


def cosines(shelf: ModelShelf, name: str, wanted: Any, pixels: Any) -> Any:
    return (shelf.load(name, "cpu", "float32").embed(pixels) * wanted).sum(1)


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"pooling": "mac"},
        {"pooling": "spoc"},
        {"pooling": "rmac"},
        {"whitening": True},
        {"regional": True, "whitening": True},
        {"regional": True, "pooling": "mac"},
        {"local_whitening": True},
        {"architecture": "alexnet", "whitening": True},
        {"architecture": "squeezenet1_1"},
        {"architecture": "densenet121", "pooling": "mac"},
    ],
    ids=str,
)
def test_rows_are_those_of_cirtorch(shelf: ModelShelf, tmp_path: Path, meta: dict[str, Any]) -> None:
    file = checkpoint(tmp_path / "retrievalSfM120k-test-b80eb85.pth", **meta)
    spec = shelf.add(file, seeing=SMALL)
    assert (spec.name, spec.source) == ("retrievalSfM120k-test-b80eb85", "cirtorch")
    assert spec.dimension == LENGTH[meta.get("architecture", "resnet18")]
    pixels = random_pixels(SIDE)
    wanted = expected(file, pixels)
    assert cosines(shelf, spec.name, wanted, pixels).min() > 0.9999
    assert abs(wanted[0] @ wanted[1]) < 0.99999, "the two pictures must differ, or any row would do"


def test_whitening_that_was_learned_afterwards(shelf: ModelShelf, tmp_path: Path) -> None:
    file = checkpoint(tmp_path / "mine.pth", lw=True)
    way = read_content(file)["meta"]["Lw"]["retrieval-SfM-120k"]["ss"]

    def whiten(row: Any) -> Any:
        turned = way["P"] @ (row[:, None] - way["m"])
        return turned[:, 0] / np.linalg.norm(turned)

    spec = shelf.add(file, seeing=SMALL)
    assert (spec.projection, spec.dimension) == ("whitening", 512)
    pixels = random_pixels(SIDE)
    assert cosines(shelf, "mine", expected(file, pixels, whiten), pixels).min() > 0.9999
    several = shelf.add(file, name="several", scales=(1.0, 0.7071), seeing=SMALL)
    assert several.dimension == 64  # it has a whitening of its own
    assert checkpoint(tmp_path / "both.pth", lw=True, whitening=True)
    assert shelf.add(tmp_path / "both.pth", seeing=SMALL).projection == ""


def test_the_record_says_what_it_is(shelf: ModelShelf, tmp_path: Path) -> None:
    spec = shelf.add(checkpoint(tmp_path / "mine.pth", whitening=True), "resnet18")
    assert (spec.input.crop, spec.input.resize, spec.input.framing) == (362, 362, "whole")
    assert (spec.input.mean, spec.input.std) == (tuple(MEAN), tuple(STD))
    assert "resnet18, gem pooling, whitening" in spec.description
    assert "1,024" in spec.description
    shelf.export("mine", tmp_path / "out.safetensors")
    shelf.remove("mine")
    assert shelf.import_model(tmp_path / "out.safetensors") == spec


@pytest.mark.parametrize(
    ("meta", "asked", "reason"),
    [
        ({"architecture": "resnet18", "pooling": "gemmp"}, {}, "it pools by 'gemmp'"),
        ({}, {"architecture": "resnet50"}, "says itself that it is a resnet18"),
        ({}, {"pooling": "mac"}, "pooling that it was trained with"),
        ({}, {"output": "logits"}, "pooling that it was trained with"),
        ({"mean": [0.5]}, {}, "not three numbers each"),
        ({"Lw": {"x": {"ss": {"m": 1}}}}, {}, "not of the form that cirtorch writes"),
    ],
)
def test_what_cannot_be_taken(
    shelf: ModelShelf, tmp_path: Path, meta: dict[str, Any], asked: dict[str, Any], reason: str
) -> None:
    file = checkpoint(tmp_path / "mine.pth", **meta)
    with pytest.raises(ModelError, match=reason):
        shelf.add(file, **asked)
    assert not shelf.directory.exists()


def test_missing_parts_are_named(shelf: ModelShelf, tmp_path: Path) -> None:
    import torch

    file = checkpoint(tmp_path / "mine.pth", whitening=True)
    content = read_content(file)
    del content["state_dict"]["whiten.weight"], content["state_dict"]["pool.p"]
    torch.save(content, file)
    with pytest.raises(ModelError, match=r"2 layers are missing \(pooling\.p; whiten\.weight\)"):
        shelf.add(file, seeing=SMALL)
    content["meta"]["architecture"] = "inception_v3"
    torch.save(content, file)
    with pytest.raises(ModelError, match="of the network 'inception_v3'"):
        shelf.add(file)


def test_only_arrays_of_numbers_are_read(tmp_path: Path) -> None:
    """Whatever else NumPy could make of a pickle stays out."""
    import torch

    file = tmp_path / "mine.pth"
    for content in (np.array([{}, print], dtype=object), np.array(["text"]), np.random.default_rng(0)):
        torch.save({"meta": content}, file)
        with pytest.raises(ModelError, match="would not be safe"):
            read_content(file)
    for numbers in (np.arange(3), np.float16(1), np.array([True]), np.int64(7)):
        torch.save({"meta": numbers}, file)
        assert np.array_equal(read_content(file)["meta"], numbers)


def test_other_checkpoints_are_none_of_cirtorch(tmp_path: Path) -> None:
    named: dict[str, Any] = {"meta": {"architecture": "x"}, "state_dict": {}}
    others: list[Any] = [{}, {"meta": {}}, named, {**named, "meta": 3}, [named]]
    for content in others:
        assert read_cirtorch(content) is None
