"""Recall on the development photographs: query test, gallery train and val, the class is the leaf folder.

A sample runs always; IMAGEFINDER_FULL=1 runs everything (a few minutes on a CPU).
"""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imagefinder.domain.images import Embeddings, Pixels
from imagefinder.domain.specs import InputSpec
from imagefinder.embedding.embedder import Embedder
from imagefinder.embedding.shelf import COLOUR_LAYOUT, ModelShelf

FULL = os.environ.get("IMAGEFINDER_FULL") == "1"
NETWORK = "mobilenetv2_100_same"

pytestmark = pytest.mark.photos


def framed(path: Path, spec: InputSpec) -> Pixels:
    with Image.open(path) as image:
        if spec.framing == "squash":
            return np.asarray(image.convert("RGB").resize((spec.crop, spec.crop), Image.Resampling.BICUBIC))
        scale = spec.resize / min(image.size)
        width, height = (round(side * scale) for side in image.size)
        left, top = (width - spec.crop) // 2, (height - spec.crop) // 2
        resized = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
        return np.asarray(resized.crop((left, top, left + spec.crop, top + spec.crop)))


def embed_all(embedder: Embedder, files: list[Path]) -> Embeddings:
    rows = [
        embedder.embed(np.stack([framed(file, embedder.spec.input) for file in files[start : start + 64]]))
        for start in range(0, len(files), 64)
    ]
    return np.concatenate(rows)


def recall(embedder: Embedder, grocery: Path, every: int) -> float:
    """R@1, from every n-th query to every n-th photograph of the gallery."""
    queries = sorted((grocery / "test").rglob("*.jpg"))[::every]
    gallery = sorted([*(grocery / "train").rglob("*.jpg"), *(grocery / "val").rglob("*.jpg")])[::every]
    nearest = (embed_all(embedder, queries) @ embed_all(embedder, gallery).T).argmax(1)
    return float(
        np.mean([query.parent.name == gallery[i].parent.name for query, i in zip(queries, nearest, strict=True)])
    )


@pytest.fixture
def shelf(tmp_path: Path, weights: Path) -> ModelShelf:
    shelf = ModelShelf(tmp_path)
    shelf.add(weights / f"{NETWORK}.safetensors", NETWORK)
    return shelf


@pytest.mark.parametrize(("name", "least"), [(COLOUR_LAYOUT, 0.15), (NETWORK, 0.33)])
def test_sample(shelf: ModelShelf, grocery: Path, name: str, least: float) -> None:
    assert recall(shelf.load(name, "cpu"), grocery, every=16) >= least


@pytest.mark.skipif(not FULL, reason="set IMAGEFINDER_FULL=1")
@pytest.mark.parametrize(("name", "least"), [(COLOUR_LAYOUT, 0.33), (NETWORK, 0.59)])
@pytest.mark.parametrize("precision", ["float32", None])
def test_everything(shelf: ModelShelf, grocery: Path, name: str, least: float, precision: str | None) -> None:
    found = recall(shelf.load(name, "cpu", precision), grocery, every=1)
    print(f"{name} {precision or 'self-tested'}: R@1 {found:.4f}")
    assert found >= least
