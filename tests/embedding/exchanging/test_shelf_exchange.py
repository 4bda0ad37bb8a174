"""Models that travel as one file, and what strangers may not put into one."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exchange_kit import TIMM, TUNED_FROM, with_record
from imagefinder.domain.errors import ImageFinderError, ModelError
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.backbones import build
from imagefinder.embedding.blend import Blending, TunedPart, blend_spec
from imagefinder.embedding.exchange import MOST_TUNINGS, read_exchange
from imagefinder.embedding.projection import derive
from imagefinder.embedding.shelf import COLOUR_LAYOUT, ModelShelf


def test_there_and_back(shelf: ModelShelf, other: ModelShelf, file: Path) -> None:
    before = file.read_bytes()
    assert other.import_model(file) == shelf.spec("mine")
    assert other.spec("mine") == shelf.spec("mine")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    np.testing.assert_array_equal(
        other.load("mine", "cpu", "float32").embed(pixels), shelf.load("mine", "cpu", "float32").embed(pixels)
    )
    assert file.read_bytes() == before


def test_a_name_that_is_taken(other: ModelShelf, file: Path, tmp_path: Path) -> None:
    other.add(tmp_path / "given.safetensors", TIMM, "mine", pooling="max")
    with pytest.raises(ModelError, match="--name"):
        other.import_model(file)
    assert other.import_model(file, "yours").name == "yours"
    with pytest.raises(ModelError, match="here already, as yours"):
        other.import_model(file, "third")


def test_an_export_takes_no_place_that_is_taken(shelf: ModelShelf, file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"precious")
    with pytest.raises(ModelError, match="--overwrite"):
        shelf.export("mine", file)
    assert file.read_bytes() == b"precious"
    shelf.export("mine", file, overwrite=True)
    assert read_exchange(file) == shelf.spec("mine")
    with pytest.raises(ModelError, match="the model itself"):
        shelf.export("mine", shelf.directory / "mine.safetensors", overwrite=True)
    with pytest.raises(ModelError, match="cannot be written"):
        shelf.export("mine", tmp_path / "nowhere" / "x.safetensors")
    with pytest.raises(ModelError, match="no file to export"):
        shelf.export(COLOUR_LAYOUT, tmp_path / "x.safetensors")
    with pytest.raises(ModelError, match="no file to export"):
        shelf.export("dinov2-small", tmp_path / "x.safetensors")
    assert not (tmp_path / "nowhere").exists()
    assert not list(tmp_path.glob(".*.part"))


def plain(spec: ModelSpec) -> dict[str, Any]:
    return asdict(spec)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("architecture", "no_such_network"),
        ("architecture", "hf-hub:somebody/something"),
        ("source", "elsewhere"),
        ("source", ["timm"]),
        ("pooling", "nonsense"),
        ("dimension", "1024"),
        ("dimension", 1023),
        ("dimension", -1),
        ("dimension", True),
        ("dimension", 10**12),
        ("weights_sha256", ""),
        ("weights_sha256", 7),
        ("name", "x" * 300),
        ("name", "../../x"),
        ("description", "\x1b[2J"),
        ("description", "x" * 10_000),
        ("licence", None),
        ("options", {"pretrained": True}),
        ("options", {"depth": 10**9}),
        ("options", {"widths": [10**9]}),
        ("options", {"depths": [4096] * 4}),
        ("options", [1]),
        ("scales", []),
        ("scales", [1e9]),
        ("scales", ["1"]),
        ("scales", [1.0] * 1000),
        ("layers", [["a"]]),
        ("layers", ["a"] * 1000),
        ("output", "anything"),
        ("compare", ["cosine"]),
        ("centred", "yes"),
        ("projection", "pca"),
        ("surprise", 1),
        ("input", None),
        ("input", {"crop": 224}),
    ],
)
def test_records_that_are_not_sound(other: ModelShelf, shelf: ModelShelf, file: Path, field: str, value: Any) -> None:
    with_record(file, {**plain(shelf.spec("mine")), field: value})
    with pytest.raises(ImageFinderError):
        other.import_model(file)
    assert not other.directory.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("crop", 10**6),
        ("crop", 0),
        ("crop", 224.5),
        ("resize", 100),
        ("framing", "stretch"),
        ("mean", [0, 0]),
        ("mean", ["a", "b", "c"]),
        ("std", [0, 1, 1]),
        ("std", [float("nan"), 1, 1]),
    ],
)
def test_inputs_that_are_not_sound(other: ModelShelf, shelf: ModelShelf, file: Path, field: str, value: Any) -> None:
    record = plain(shelf.spec("mine"))
    with_record(file, {**record, "input": {**record["input"], field: value}})
    with pytest.raises(ModelError):
        other.import_model(file)
    assert not other.directory.exists()


def test_a_sound_record_of_that_form_is_taken(other: ModelShelf, shelf: ModelShelf, file: Path) -> None:
    spec = replace(shelf.spec("mine"), description="Rewritten.")
    assert other.import_model(with_record(file, plain(spec))) == spec


@pytest.fixture
def tuned(shelf: ModelShelf, tmp_path: Path) -> Path:
    """A model that was trained here, exported."""
    training = {"photos": 40, "history": [{"epoch": 1, "loss": 0.5}]}
    spec = blend_spec(
        "taught", TUNED_FROM, TunedPart("", 24, ("blocks.1",)), Blending(6, 0.7, 0.3, 0.1), training, "c" * 64
    )
    shelf.put(spec, build(spec).state_dict())
    shelf.export("taught", tmp_path / "taught.safetensors")
    return tmp_path / "taught.safetensors"


def test_a_model_that_was_trained_here_travels_too(shelf: ModelShelf, other: ModelShelf, tuned: Path) -> None:
    assert other.import_model(tuned) == shelf.spec("taught")
    pixels = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    assert other.load("taught", "cpu", "float32").embed(pixels).shape == (1, 22)


def test_a_model_that_was_taught_twice_travels_but_not_one_that_was_taught_without_end(
    shelf: ModelShelf, other: ModelShelf, tuned: Path, tmp_path: Path
) -> None:
    spec = shelf.spec("taught")
    for times in range(2, 7):
        spec = blend_spec(
            f"taught-{times}", spec, TunedPart("", spec.dimension), Blending(6, 0.7, 0.3, 0.1), {}, "c" * 64
        )
        shelf.put(spec, build(spec).state_dict())
        file = tmp_path / f"{times}.safetensors"
        shelf.export(spec.name, file)
        if times <= MOST_TUNINGS:
            assert other.import_model(file) == shelf.spec(spec.name)
        else:
            with pytest.raises(ModelError, match="again and again"):
                other.import_model(file)


def test_what_was_derived_of_the_built_in_network_travels_too(
    shelf: ModelShelf, other: ModelShelf, tmp_path: Path
) -> None:
    network = build(TUNED_FROM)
    derived, tensors = derive(TUNED_FROM, "pca", np.zeros(16, np.float32), np.eye(5, 16, dtype=np.float32))
    shelf.put(replace(derived, name="short"), {**network.state_dict(), **tensors})
    shelf.export("short", tmp_path / "short.safetensors")
    assert other.import_model(tmp_path / "short.safetensors") == shelf.spec("short")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("base", None),
        ("base", {**asdict(TUNED_FROM), "options": {"pretrained": True}}),
        ("base", {**asdict(TUNED_FROM), "options": {"widths": [10**9], "depths": [1]}}),
        ("base", {**asdict(TUNED_FROM), "dimension": 10**12}),
        ("base", {**asdict(TUNED_FROM), "weights_sha256": "x"}),
        ("cut", 7),
        ("cut", "nowhere"),
        ("blocks", None),
        ("blocks", ["nowhere"]),
        ("blocks", ["blocks.0"] * 65),
        ("pooling", 7),
        ("pooling", "nowhere"),
        ("width", 10**9),
        ("width", 15),
        ("blending", None),
        ("blending", {"dimension": 10**9, "weight": 0.5, "tuned_spread": 1, "frozen_spread": 1}),
        ("blending", {"dimension": 6, "weight": 2, "tuned_spread": 1, "frozen_spread": 1}),
        ("training", {"note": "\x1b[2J"}),
        ("training", {"note": json.loads("[" * 20 + "]" * 20)}),
        ("training", {"notes": [0] * 2000}),
        ("surprise", 1),
    ],
)
def test_records_of_training_that_are_not_sound(
    other: ModelShelf, shelf: ModelShelf, tuned: Path, option: str, value: Any
) -> None:
    record = plain(shelf.spec("taught"))
    with_record(tuned, {**record, "options": {**record["options"], option: value}})
    with pytest.raises(ImageFinderError):
        other.import_model(tuned)
    assert not other.directory.exists()


@pytest.mark.parametrize("record", ["", "no JSON", "[]", "{}", "[" * 100_000])
def test_records_that_are_none(other: ModelShelf, file: Path, record: str) -> None:
    with_record(file, record)
    with pytest.raises(ModelError, match="carries no record"):
        other.import_model(file)


def test_files_that_are_no_models(other: ModelShelf, file: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"carries no record.*models add FILE"):
        other.import_model(tmp_path / "given.safetensors")
    with pytest.raises(ModelError, match="cannot be opened"):
        other.import_model(tmp_path / "nothing.safetensors")
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(ModelError, match="damaged"):
        other.import_model(file)
    file.write_bytes((2**60).to_bytes(8, "little") + b"{}")
    with pytest.raises(ModelError, match="header is too large"):
        other.import_model(file)
    file.write_bytes(b"")
    with pytest.raises(ModelError, match="carries no record"):
        other.import_model(file)
    assert not other.directory.exists()
