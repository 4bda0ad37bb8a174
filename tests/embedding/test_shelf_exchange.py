"""Models that travel as one file, and what strangers may not put into one."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imagefinder.domain.errors import ImageFinderError, ModelError
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.embedding.blend import Blending, TunedPart, blend_spec
from imagefinder.embedding.checkpoints import CHECKSUM_KEY, RECORD_KEY, read_weights, write_model
from imagefinder.embedding.exchange import MOST_TUNINGS, read_exchange
from imagefinder.embedding.projection import derive
from imagefinder.embedding.shelf import COLOUR_LAYOUT, ModelShelf

TIMM = "timm:mobilenetv3_small_050.lamb_in1k"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with plain weights and the model "mine" that was made of them."""
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("ready")
    torch.manual_seed(7)
    save_file(build(find_architecture(TIMM).spec()).state_dict(), folder / "given.safetensors")
    ModelShelf(folder).add(folder / "given.safetensors", TIMM, "mine")
    return folder


@pytest.fixture
def shelf(ready: Path, tmp_path: Path) -> ModelShelf:
    """With the model "mine"."""
    (tmp_path / "models").mkdir()
    shutil.copyfile(ready / "mine.safetensors", tmp_path / "models" / "mine.safetensors")
    shutil.copyfile(ready / "given.safetensors", tmp_path / "given.safetensors")
    return ModelShelf(tmp_path / "models")


@pytest.fixture
def other(tmp_path: Path) -> ModelShelf:
    """The shelf of another machine."""
    return ModelShelf(tmp_path / "elsewhere")


@pytest.fixture
def file(shelf: ModelShelf, tmp_path: Path) -> Path:
    """The model, exported."""
    shelf.export("mine", tmp_path / "to share.safetensors")
    return tmp_path / "to share.safetensors"


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


def metadata(file: Path) -> dict[str, str]:
    data = file.read_bytes()
    written: dict[str, str] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    return written


def with_weights(file: Path, state: dict[str, Any]) -> None:
    """Other weights in the file, as a tool writes them that keeps what it does not know."""
    from safetensors.torch import save

    kept = metadata(file)
    file.write_bytes(save(state, kept))


def shuffled(state: dict[str, Any]) -> dict[str, Any]:
    """The same layers with the values of four of them in another order."""
    import torch

    torch.manual_seed(1)
    large = sorted(state, key=lambda name: state[name].numel())[-4:]
    mixed = {name: state[name].flatten()[torch.randperm(state[name].numel())].view_as(state[name]) for name in large}
    assert not any(torch.equal(mixed[name], state[name]) for name in large)
    return {**state, **mixed}


def without_checksum(file: Path) -> Path:
    """The file as it was exported before there were checksums."""
    return with_record(file, metadata(file)[RECORD_KEY])


@pytest.mark.parametrize("here", [False, True], ids=["new", "here already"])
def test_other_weights_under_the_same_record_are_refused(
    shelf: ModelShelf, other: ModelShelf, file: Path, here: bool
) -> None:
    with_weights(file, shuffled(read_weights(file)))
    assert read_exchange(file) == shelf.spec("mine")  # the record knows nothing of it
    taking = shelf if here else other
    with pytest.raises(ModelError, match=r"to share.safetensors is damaged, or it was changed.*Get the file again"):
        taking.import_model(file)
    assert not other.directory.exists()


@pytest.mark.parametrize("place", [0.0, 0.3, 0.7, 1.0])
def test_one_bit_that_fell_over_is_noticed(other: ModelShelf, file: Path, place: float) -> None:
    data = bytearray(file.read_bytes())
    first = 8 + int.from_bytes(data[:8], "little")
    data[first + int(place * (len(data) - 1 - first))] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelError, match="damaged"):
        other.import_model(file)
    assert not other.directory.exists()


def test_a_record_that_was_changed_under_its_checksum_is_refused(other: ModelShelf, file: Path) -> None:
    data = file.read_bytes()
    assert data.count(b"0.485") == 1  # of what is taken off the red channel
    file.write_bytes(data.replace(b"0.485", b"0.585"))
    with pytest.raises(ModelError, match="its checksum is another"):
        other.import_model(file)


def test_an_export_of_old_is_taken_as_it_is(shelf: ModelShelf, other: ModelShelf, file: Path) -> None:
    """There is nothing to compare its weights with. What is on the shelf is checked from then on."""
    without_checksum(file)
    assert CHECKSUM_KEY not in metadata(file)
    assert other.import_model(file) == shelf.spec("mine")
    assert CHECKSUM_KEY in metadata(other.directory / "mine.safetensors")


def test_an_export_of_old_replaces_nothing(shelf: ModelShelf, file: Path) -> None:
    before = (shelf.directory / "mine.safetensors").read_bytes()
    with_weights(without_checksum(file), shuffled(read_weights(file)))
    for name in (None, "second"):
        with pytest.raises(ModelError, match="here already, as mine"):
            shelf.import_model(file, name)
    assert (shelf.directory / "mine.safetensors").read_bytes() == before
    assert shelf.added() == ["mine"]


def test_a_model_of_old_gets_its_checksum_when_it_is_exported(
    shelf: ModelShelf, other: ModelShelf, tmp_path: Path
) -> None:
    without_checksum(shelf.directory / "mine.safetensors")
    shelf.export("mine", tmp_path / "again.safetensors")
    assert CHECKSUM_KEY in metadata(tmp_path / "again.safetensors")
    assert other.import_model(tmp_path / "again.safetensors") == shelf.spec("mine")


def test_a_damaged_model_of_the_shelf_is_neither_used_nor_exported(shelf: ModelShelf, tmp_path: Path) -> None:
    stored = shelf.directory / "mine.safetensors"
    with_weights(stored, shuffled(read_weights(stored)))
    with pytest.raises(ModelError, match=r"model mine cannot be used.*Remove the model, then download, import or add"):
        shelf.load("mine", "cpu", "float32")
    with pytest.raises(ModelError, match="model mine cannot be used"):
        shelf.export("mine", tmp_path / "bad.safetensors")
    assert not (tmp_path / "bad.safetensors").exists()


def test_a_model_that_came_with_a_damaged_installation(
    shelf: ModelShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "builtin.safetensors"
    write_model(installed, build(TUNED_FROM).state_dict(), TUNED_FROM)
    with_weights(installed, shuffled(read_weights(installed)))
    monkeypatch.setitem(shelf_module.BUILTINS, "built-in", installed)
    with pytest.raises(ModelError, match=r"model built-in cannot be used.*Install imagefinder again"):
        shelf.load("built-in", "cpu", "float32")


def with_record(file: Path, record: Any) -> Path:
    """The file with another record in its header, and no checksum."""
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] = {RECORD_KEY: record if isinstance(record, str) else json.dumps(record)}
    written = json.dumps(header).encode()
    written += b" " * (-len(written) % 256)  # a length that is a multiple of 256
    file.write_bytes(len(written).to_bytes(8, "little") + written + data[8 + length :])
    return file


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


TUNED_FROM = ModelSpec(
    "small", "builtin", "compact", InputSpec(32, 32), 16, options={"widths": [8, 8], "depths": [1, 1]}, licence="MIT"
)  # fmt: skip


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
