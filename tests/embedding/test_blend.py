"""Tuned and frozen in one row: what their similarity means, and how it is weighed again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import InputSpec, ModelSpec, Stored
from imagefinder.embedding.backbones import build
from imagefinder.embedding.blend import (
    EVERYTHING,
    Blending,
    TunedPart,
    assemble,
    base_of,
    blend_spec,
    blending_of,
    build_head,
    parts_of,
    query_scale,
    reweight,
    with_weight,
)
from imagefinder.embedding.blocks import last_blocks
from imagefinder.embedding.checkpoints import write_model
from imagefinder.embedding.cut import split_network
from imagefinder.embedding.shelf import ModelShelf
from imagefinder.storage.row_blobs import decode, encode

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")

BASE = ModelSpec(
    "small", "builtin", "compact", InputSpec(32, 32), 16, pooling="native",
    options={"widths": [8, 8, 8], "depths": [1, 2, 1]}, licence="MIT",
)  # fmt: skip
HEAD_ONLY = TunedPart("", 16)
BLENDING = Blending(dimension=6, weight=0.7, tuned_spread=0.3, frozen_spread=0.1)


def unit_rows(count: int, dimension: int, seed: int) -> Embeddings:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_the_similarity_is_the_weighed_sum_of_both_standardised() -> None:
    tuned, frozen = unit_rows(20, 6, 0), unit_rows(20, 16, 1)
    rows = BLENDING.join(tuned, frozen)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    by_hand = 0.7 * (tuned @ tuned.T) / 0.3 + 0.3 * (frozen @ frozen.T) / 0.1
    assert np.allclose(rows @ rows.T, by_hand / by_hand[0, 0], atol=1e-5)


@pytest.mark.parametrize("weight", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_weighing_again_is_weighing_from_the_start(weight: float) -> None:
    tuned, frozen = unit_rows(20, 6, 0), unit_rows(20, 16, 1)
    again = reweight(BLENDING.join(tuned, frozen), BLENDING, weight)
    fresh = replace(BLENDING, weight=min(max(weight, 0.02), 0.98)).join(tuned, frozen)
    assert np.allclose(again, fresh, atol=1e-6)
    back = reweight(again, replace(BLENDING, weight=min(max(weight, 0.02), 0.98)), BLENDING.weight)
    assert np.allclose(back, BLENDING.join(tuned, frozen), atol=1e-6)


@pytest.mark.parametrize("weight", [0.1, 0.5, 0.95])
def test_a_scaled_query_weighs_stored_rows_anew(weight: float) -> None:
    tuned, frozen = unit_rows(20, 6, 0), unit_rows(20, 16, 1)
    stored = BLENDING.join(tuned, frozen)
    scale = query_scale(blend_spec("taught", BASE, HEAD_ONLY, BLENDING, {}, "abc"), weight)
    fresh = replace(BLENDING, weight=weight).join(tuned, frozen)
    assert np.allclose((stored * scale) @ stored.T, fresh @ fresh.T, atol=1e-5)


def test_the_parts_come_back() -> None:
    tuned, frozen = unit_rows(5, 6, 0), unit_rows(5, 16, 1)
    first, second = BLENDING.parts(BLENDING.join(tuned, frozen))
    assert np.allclose(first, tuned, atol=1e-6)
    assert np.allclose(second, frozen, atol=1e-6)


POOLED = replace(BASE, pooling="gem", layers=("blocks",), dimension=8)


@pytest.mark.parametrize("base", [BASE, POOLED])
@pytest.mark.parametrize("pooling", ["", "average", "gem", "average+max"])
@pytest.mark.parametrize("cut", ["", "blocks.2", EVERYTHING])
def test_a_tuned_model_lands_on_the_shelf_and_comes_back(
    tmp_path: Path, cut: str, pooling: str, base: ModelSpec
) -> None:
    torch.manual_seed(0)
    network = build(base)
    cut = split_network(network, 32, 1).cut if cut == "blocks.2" else cut
    blocks = last_blocks(network, 32, 2, cut) if pooling else ()
    maps = 8 * len(blocks) * len(pooling.split("+"))
    assert bool(maps) == bool(pooling)
    part = TunedPart(cut, base.dimension + maps, blocks, pooling or "average")
    front, frozen, _ = parts_of(network, 32, base.dimension, part)
    blank = parts_of(build(base), 32, base.dimension, part).tuned  # other weights in the tuned copy
    blend = assemble(front, frozen, blank, build_head(part.width, 6), BLENDING)
    spec = blend_spec("taught", base, part, BLENDING, {"recipe": {"seed": 1}}, "abc")
    assert (spec.dimension, spec.licence, spec.input) == (6 + base.dimension, "MIT", base.input)
    state = {name: tensor.clone() for name, tensor in blend.state_dict().items()}
    write_model(tmp_path / "taught.safetensors", state, spec)

    shelf = ModelShelf(tmp_path)
    assert "taught" in shelf.names()
    assert shelf.spec("taught").fingerprint == spec.fingerprint
    embedder = shelf.load("taught", "cpu", "float32")
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    rows = embedder.embed(pixels)
    assert rows.shape == (3, 6 + base.dimension)
    shown = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        assert np.allclose(rows, blend(shown).numpy(), atol=1e-5)
        before = torch.nn.functional.normalize(network(shown)).numpy()
    assert np.allclose(blending_of(embedder.spec).parts(rows)[1], before, atol=1e-5)
    assert base_of(embedder.spec) == base_of(spec)
    assert base_of(spec).fingerprint == base.fingerprint


def test_a_model_that_an_earlier_version_taught_is_still_read(tmp_path: Path) -> None:
    """On the network that was the default then, shown larger photos than its own record says, which a recipe could ask
    for; the head is given the maps of three blocks."""
    old = ModelShelf(tmp_path).load("built-in", "cpu", "float32")
    base = replace(old.spec, input=replace(old.spec.input, crop=192, resize=211))
    network = build(base)
    network.load_state_dict(old.network.state_dict())
    blocks = ("blocks.3", "blocks.4", "blocks.5")
    part = TunedPart("", 384 + 2 * (192 + 192 + 384), blocks, "average+max")
    blend = assemble(*parts_of(network, 192, 384, part), build_head(part.width, 6), BLENDING)
    spec = blend_spec("taught", base, part, BLENDING, {"recipe": {"seed": 1, "enlarged": 1.25}}, "abc")
    write_model(tmp_path / "taught.safetensors", blend.state_dict(), spec)

    embedder = ModelShelf(tmp_path).load("taught", "cpu", "float32")
    rows = embedder.embed(np.random.default_rng(0).integers(0, 256, (2, 192, 192, 3)).astype(np.uint8))
    assert rows.shape == (2, 6 + 384)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_a_record_with_another_weight() -> None:
    spec = blend_spec("taught", BASE, HEAD_ONLY, BLENDING, {}, "abc")
    other = with_weight(spec, 0.25)
    assert blending_of(other) == replace(BLENDING, weight=0.25)
    assert other.fingerprint != spec.fingerprint
    assert blending_of(with_weight(other, 0.7)) == BLENDING


@pytest.mark.parametrize("stored", ["float16", "int8"])
def test_rows_are_stored_as_those_of_the_base(stored: Stored) -> None:
    base = replace(BASE, stored=stored)
    spec = blend_spec("taught", base, HEAD_ONLY, BLENDING, {}, "abc")
    assert spec.stored == stored
    assert with_weight(spec, 0.25).stored == stored
    assert base_of(spec) == base


@pytest.mark.parametrize("weight", [0.1, 0.5, 0.95])
def test_bytes_keep_both_parts_for_any_weight(weight: float) -> None:
    tuned, frozen = unit_rows(20, 6, 0), unit_rows(20, 16, 1)
    rows = BLENDING.join(tuned, frozen)
    kept = decode([encode(row, "int8") for row in rows], 22)
    scale = query_scale(blend_spec("taught", BASE, HEAD_ONLY, BLENDING, {}, "abc"), weight)
    assert np.allclose((rows * scale) @ kept.T, (rows * scale) @ rows.T, atol=0.02)


def test_a_damaged_record_is_named() -> None:
    spec = blend_spec("taught", BASE, HEAD_ONLY, BLENDING, {}, "abc")
    with pytest.raises(ModelError, match="no tuned and frozen parts"):
        blending_of(BASE)
    for damage in ("base", "blending", "cut", "blocks", "pooling", "width"):
        options = {name: value for name, value in spec.options.items() if name != damage}
        with pytest.raises(ModelError, match="record of taught is damaged"):
            build(replace(spec, options=options))
    for weight in (0.0, 1.0, float("nan"), -1.0):
        broken = json.loads(json.dumps(dict(spec.options)))
        broken["blending"]["weight"] = weight
        with pytest.raises(ModelError, match="cannot be weighed"):
            build(replace(spec, options=broken))
