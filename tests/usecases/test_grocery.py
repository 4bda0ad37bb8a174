"""The main job on real photographs: index train and val, search with test. The long run: IMAGEFINDER_FULL=1."""

import os
from pathlib import Path

import numpy as np
import pytest

from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.reading import read_image
from imagefinder.storage.library import Library
from imagefinder.usecases.indexing import index
from imagefinder.usecases.models import Models
from imagefinder.usecases.reading import READER_THREADS, read_ahead

FULL = os.environ.get("IMAGEFINDER_FULL") == "1"


def recall_at_1(library: Library, embedder: Embedder, queries: list[Path]) -> float:
    """The share of queries whose nearest photo lies in a folder of the same name."""
    paths = [str(path) for path in queries]
    hits = 0
    reading = read_ahead(paths, lambda path: read_image(path, embedder.spec.input), threads=READER_THREADS, window=64)
    for path, image in reading:
        assert not isinstance(image, Exception)
        row = embedder.embed(image.pixels[None])[0]
        ((photo_id, _),) = library.search(row, 1)
        photo = library.photo(photo_id)
        assert photo is not None
        hits += os.path.basename(os.path.dirname(photo.path)) == os.path.basename(os.path.dirname(path))
    return hits / len(paths)


@pytest.mark.photos
def test_all_photographs_are_indexed_and_then_unchanged(library: Library, embedder: Embedder, grocery: Path) -> None:
    for part in ("train", "val"):
        library.add_folder(str(grocery / part))
    first = index(library, embedder)
    assert (first.added, first.failed) == (2936, ())
    second = index(library, embedder)
    assert (second.added, second.updated, second.unchanged) == (0, 0, 2936)
    queries = sorted((grocery / "test").rglob("*.jpg"))[:: 1 if FULL else 10]
    recall = recall_at_1(library, embedder, queries)
    print(f"colour-layout: R@1 {recall:.4f} on {len(queries)} queries")
    assert recall >= 0.3  # one in eighty-one by chance


@pytest.mark.photos
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not FULL, reason="takes minutes; set IMAGEFINDER_FULL=1")
def test_a_real_network_reaches_its_reference(library: Library, grocery: Path, weights: Path, tmp_path: Path) -> None:
    models = Models(tmp_path / "models", "cpu")
    name = models.shelf.add(weights / "mobilenetv2_100_same.safetensors", "mobilenetv2_100_same", None).name
    embedder = models.embedder(library, models.spec(library, name))
    for part in ("train", "val"):
        library.add_folder(str(grocery / part))
    assert index(library, embedder).added == 2936
    queries = sorted((grocery / "test").rglob("*.jpg"))
    recall = recall_at_1(library, embedder, queries)
    print(f"{name} in {embedder.precision}: R@1 {recall:.4f} on {len(queries)} queries")
    assert len(queries) == 2485
    assert np.isclose(recall, 0.598, atol=0.008)
    assert recall >= 0.59
