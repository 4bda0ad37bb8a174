"""What works before any network is there: unit vectors that put like with like."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from imagefinder.domain.images import Embeddings, Pixels
from imagefinder.embedding import colour_layout
from imagefinder.embedding.colour_layout import DIMENSION, SIDE, SPEC, build_colour_layout
from imagefinder.embedding.embedder import TorchEmbedder


@pytest.fixture
def embedder() -> TorchEmbedder:
    return TorchEmbedder(SPEC, build_colour_layout(), "cpu", "float32")


def picture(seed: int, side: int = 256) -> Image.Image:
    """A sky over a ground, and a few things of random colour, size and place."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (side, side), tuple(rng.integers(0, 256, 3).tolist()))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, int(rng.integers(side)), side, side), fill=tuple(rng.integers(0, 256, 3).tolist()))
    for _ in range(4):
        x, y = rng.integers(0, side * 3 // 4, 2)
        w, h = rng.integers(side // 12, side // 2, 2)
        draw.ellipse((x, y, x + w, y + h), fill=tuple(rng.integers(0, 256, 3).tolist()))
    return image


def shown(*pictures: Image.Image) -> Pixels:
    return np.stack([np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for image in pictures])


def test_needs_no_weights() -> None:
    network = build_colour_layout()
    assert not list(network.parameters())
    assert not network.state_dict()


def test_unit_rows_of_the_promised_length(embedder: TorchEmbedder) -> None:
    rows = embedder.embed(shown(*(picture(seed) for seed in range(5))))
    assert rows.shape == (5, DIMENSION)
    assert rows.dtype == np.float32
    assert 256 <= DIMENSION <= 512
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_empty_pictures_have_vectors_too(embedder: TorchEmbedder, colour: int) -> None:
    rows = embedder.embed(np.full((2, SIDE, SIDE, 3), colour, np.uint8))
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(rows[0] @ rows[1], 1, atol=1e-5)


def test_noise_is_fine(embedder: TorchEmbedder) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    assert np.isfinite(embedder.embed(noise)).all()


def test_an_edited_copy_is_nearer_than_anything_else(embedder: TorchEmbedder) -> None:
    originals = [picture(seed) for seed in range(20)]
    brighter = [ImageEnhance.Brightness(image).enhance(1.15) for image in originals]
    smaller = [image.resize((90, 70), Image.Resampling.BILINEAR) for image in originals]
    cut = [image.crop((8, 8, 248, 248)) for image in originals]
    known = embedder.embed(shown(*originals))
    for edited in (brighter, smaller, cut):
        similarity = embedder.embed(shown(*edited)) @ known.T
        assert (similarity.argmax(1) == np.arange(20)).all()
        assert np.diag(similarity).min() > 0.7
        assert np.median(similarity) < 0.4


def cosine(a: Embeddings, b: Embeddings) -> float:
    return float((a * b).sum())


def test_colour_place_and_outline_all_count(embedder: TorchEmbedder) -> None:
    base = np.full((SIDE, SIDE, 3), 230, np.uint8)
    left, right, blue, bar = (base.copy() for _ in range(4))
    left[20:44, 6:30] = (200, 30, 30)
    right[20:44, 34:58] = (200, 30, 30)
    blue[20:44, 6:30] = (30, 30, 200)
    bar[4:60, 14:24] = (200, 30, 30)
    rows = embedder.embed(np.stack([left, right, blue, bar]))
    for other in rows[1:]:
        assert cosine(rows[0], other) < 0.85


def test_vectors_change_only_with_the_version(embedder: TorchEmbedder) -> None:
    """A library keeps these vectors: whoever changes them must raise the version in SPEC and these numbers."""
    ramp = np.arange(SIDE, dtype=np.uint8) * 4
    pixels = np.stack(
        [np.tile(ramp, (SIDE, 1)), np.tile(ramp[:, None], (1, SIDE)), np.full((SIDE, SIDE), 90, np.uint8)], -1
    )
    row = embedder.embed(pixels[None])[0]
    assert SPEC.options == {"version": 1}
    np.testing.assert_allclose(row @ np.sin(np.arange(DIMENSION) * 0.7), EXPECTED, atol=2e-4)


def test_the_record_matches_the_code() -> None:
    assert SPEC.dimension == DIMENSION
    assert SPEC.input.crop == colour_layout.SIDE
    assert SPEC.input.framing == "squash"


EXPECTED = -0.212328
