"""Networks of open_clip: their rows are its own, for pictures and for texts, and both towers stay together."""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tiny_clip
from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.architecture_list import list_networks
from imagefinder.embedding.architectures import ARCHITECTURES, find_architecture, licence_in_words
from imagefinder.embedding.checkpoints import write_model
from imagefinder.embedding.open_clip_network import import_open_clip
from imagefinder.embedding.open_clip_records import architecture_of
from imagefinder.embedding.shelf import ModelShelf
from imagefinder.embedding.text_tower import MIDDLE, TEMPLATES, TOKENIZER, TextTower, prompts, read_tower
from own_models import random_pixels
from tiny_clip import SIDE, TINY, TINY_SIGLIP

SENTENCES = ("a red dress on a chair", "dog", "Zwei Hunde im Schnee", "")


@pytest.fixture(autouse=True, scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> None:
    tiny_clip.register(tmp_path_factory.mktemp("configurations"))


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


def add(shelf: ModelShelf, folder: Path, model: Any, name: str = TINY) -> ModelSpec:
    return shelf.add(tiny_clip.save(folder / "weights.pt", model), f"open_clip:{name}")


def tower(shelf: ModelShelf, spec: ModelSpec) -> TextTower:
    found = read_tower(spec.architecture, shelf.weights(spec.name))
    assert found is not None
    return found


def images_of(model: Any, spec: ModelSpec, pixels: Any) -> Embeddings:
    """What open_clip itself makes of these pictures."""
    import torch

    mean, std = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (spec.input.mean, spec.input.std))
    with torch.inference_mode():
        shown = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - mean) / std
        rows: Embeddings = model.encode_image(shown, normalize=True).numpy()
    return rows


def texts_of(model: Any, tokens: Any) -> Embeddings:
    import torch

    with torch.inference_mode():
        rows: Embeddings = model.encode_text(tokens, normalize=True).numpy()
    return rows


@pytest.mark.parametrize("name", [TINY, TINY_SIGLIP])
def test_pictures_are_embedded_as_by_open_clip(shelf: ModelShelf, tmp_path: Path, name: str) -> None:
    model = tiny_clip.draw(name)
    spec = add(shelf, tmp_path, model, name)
    assert (spec.source, spec.architecture, spec.dimension, spec.centred) == ("open_clip", name, 32, True)
    pixels = random_pixels(SIDE, 5)
    rows = shelf.load(spec.name, "cpu", "float32").embed(pixels)
    assert (rows * images_of(model, spec, pixels)).sum(axis=1).min() > 0.9999


def test_texts_are_encoded_as_by_open_clip(shelf: ModelShelf, tmp_path: Path) -> None:
    model = tiny_clip.draw()
    spec = add(shelf, tmp_path, model)
    found = tower(shelf, spec)
    own = texts_of(model, import_open_clip().get_tokenizer("ViT-B-32")(list(SENTENCES)))
    assert (found.encode(SENTENCES) * own).sum(axis=1).min() > 0.9999
    mean = texts_of(model, import_open_clip().tokenize([each.format("dog") for each in TEMPLATES])).mean(axis=0)
    assert found.row("dog") @ mean / np.linalg.norm(mean) > 0.9999
    assert prompts("a red dress on a chair") == ["a red dress on a chair"]


def test_texts_of_siglip_go_through_the_tokenizer_beside_the_file(shelf: ModelShelf, tmp_path: Path) -> None:
    import torch

    model = tiny_clip.draw(TINY_SIGLIP)
    (tmp_path / "tokenizer.json").write_bytes(tiny_clip.tokenizer_file())
    spec = add(shelf, tmp_path, model, TINY_SIGLIP)
    red, end = tiny_clip.WORDS["red"], tiny_clip.WORDS["<eos>"]
    tokens = torch.zeros(2, 8, dtype=torch.long)
    tokens[0, :3] = torch.tensor([red, tiny_clip.WORDS["dress"], end])
    tokens[1] = torch.tensor([red] * 7 + [end])
    rows = tower(shelf, spec).encode(["Red,  dress!", "red " * 20])
    assert (rows * texts_of(model, tokens)).sum(axis=1).min() > 0.9999


def test_a_siglip_without_its_tokenizer_embeds_pictures_and_says_so(shelf: ModelShelf, tmp_path: Path) -> None:
    file = tiny_clip.save(tmp_path / "weights.pt", tiny_clip.draw(TINY_SIGLIP))
    said: list[str] = []
    spec = shelf.add(file, f"open_clip:{TINY_SIGLIP}", say=said.append)
    assert any("tokenizer.json" in each for each in said)
    weights = shelf.weights(spec.name)
    assert read_tower(spec.architecture, weights) is None
    assert MIDDLE not in weights


@pytest.mark.parametrize("name", [TINY, TINY_SIGLIP])
def test_both_towers_travel_together(shelf: ModelShelf, tmp_path: Path, name: str) -> None:
    (tmp_path / "tokenizer.json").write_bytes(tiny_clip.tokenizer_file())
    spec = add(shelf, tmp_path, tiny_clip.draw(name), name)
    shelf.export(spec.name, tmp_path / "there.safetensors")
    other = ModelShelf(tmp_path / "others")
    taken = other.import_model(tmp_path / "there.safetensors")
    assert taken == spec
    assert (TOKENIZER in other.weights(spec.name)) == (name == TINY_SIGLIP)
    assert np.array_equal(tower(other, taken).encode(SENTENCES), tower(shelf, spec).encode(SENTENCES))


def test_what_a_strangers_file_says_of_the_middle_is_only_taken_where_it_can_be(
    shelf: ModelShelf, tmp_path: Path
) -> None:
    import torch

    spec = add(shelf, tmp_path, tiny_clip.draw())
    weights = shelf.weights(spec.name)
    write_model(tmp_path / "odd.safetensors", {**weights, MIDDLE: torch.ones(3)}, spec)
    other = ModelShelf(tmp_path / "others")
    other.import_model(tmp_path / "odd.safetensors")
    assert torch.allclose(other.weights(spec.name)[MIDDLE], weights[MIDDLE])


def test_one_sentence_for_what_does_not_fit(shelf: ModelShelf, tmp_path: Path) -> None:
    model = tiny_clip.draw()
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.load_state_dict({**state, "ln_final.weight": state["ln_final.weight"] * float("nan")})
    with pytest.raises(ModelError, match=r"damaged: ln_final\.weight holds values that are not numbers"):
        add(shelf, tmp_path, model)
    with pytest.raises(ModelError, match="do not fit the network"):
        add(shelf, tmp_path, tiny_clip.draw(TINY_SIGLIP))
    (tmp_path / "tokenizer.json").write_bytes(b"{}")
    with pytest.raises(ModelError, match="tokenizer in the model's file is damaged"):
        add(shelf, tmp_path, tiny_clip.draw(TINY_SIGLIP), TINY_SIGLIP)
    assert shelf.added() == []


def test_a_file_that_was_changed_is_not_used(shelf: ModelShelf, tmp_path: Path) -> None:
    spec = add(shelf, tmp_path, tiny_clip.draw())
    file = shelf.file(spec.name)
    assert file is not None
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelError, match="cannot be used"):
        shelf.weights(spec.name)


@pytest.mark.parametrize(("pooling", "output"), [("gem", "features"), (None, "logits")])
def test_pictures_and_texts_can_only_be_compared_as_they_are(
    shelf: ModelShelf, tmp_path: Path, pooling: str | None, output: Any
) -> None:
    file = tiny_clip.save(tmp_path / "weights.pt", tiny_clip.draw())
    with pytest.raises(ModelError, match="as it is"):
        shelf.add(file, f"open_clip:{TINY}", pooling=pooling, output=output)


@pytest.mark.parametrize("name", ["clip-vit-b32", "siglip2-b16"])
def test_presets_are_what_open_clip_records(name: str) -> None:
    preset = ARCHITECTURES[name]
    found = architecture_of(name, preset.network)
    assert (preset.input, preset.dimension, preset.licence) == (found.input, found.dimension, found.licence)
    assert licence_in_words(preset.licence, preset.commercial_use) == "free for any use, also commercial"


def test_any_other_network() -> None:
    mobile = find_architecture("open_clip:MobileCLIP-S1")
    assert (mobile.network, mobile.dimension, mobile.commercial_use) == ("MobileCLIP-S1.datacompdr", 512, False)
    assert mobile.input == InputSpec(256, 256, interpolation="bilinear")
    assert find_architecture("open_clip:ViT-B-16-SigLIP").input.framing == "squash"
    assert not find_architecture("open_clip:ViT-B-32").download
    with pytest.raises(UnknownName, match=r"Did you mean .*ViT-B-32"):
        find_architecture("open_clip:ViT-B-33")
    with pytest.raises(UnknownName, match="no weights 'mine'"):
        find_architecture("open_clip:ViT-B-32.mine")
    with pytest.raises(ModelError, match="does not build"):
        find_architecture("open_clip:roberta-ViT-B-32")


def test_they_are_listed_by_their_name_and_with_a_dot_by_their_weights() -> None:
    listed = {each.name: each for each in list_networks("open_clip:vit-b-32*")}
    assert listed["open_clip:ViT-B-32"].download
    assert (listed["open_clip:ViT-B-32"].source, listed["open_clip:ViT-B-32"].input_size) == ("open_clip", 224)
    assert [each.licence for each in list_networks("ViT-B-32.laion2b_s34b_b79k")] == ["MIT"]


def test_without_the_package_the_command_is_told(shelf: ModelShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    from imagefinder.domain.progress import CancelToken

    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(ModelError, match="not installed") as caught:
        shelf.download("clip-vit-b32", lambda done, total: None, CancelToken())
    assert caught.value.hint == "Install it: pip install 'imagefinder[text]'"
    assert "clip-vit-b32" in shelf.names()
    assert shelf.spec("siglip2-b16").dimension == 768
    monkeypatch.undo()
    assert importlib.import_module("open_clip") is import_open_clip()
