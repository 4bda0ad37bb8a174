"""Models with fewer numbers, fitted to photos."""

from pathlib import Path

import numpy as np
import pytest

from drawing import draw_photo
from imagefinder.domain.errors import ImageFinderError, ModelError
from imagefinder.embedding.shelf import COLOUR_LAYOUT
from imagefinder.storage.library import Library
from imagefinder.usecases.deriving import Sample, derive_model, sample_of_folders, sample_of_library
from imagefinder.usecases.indexing import index
from imagefinder.usecases.models import Models
from imagefinder.usecases.switching import switch


@pytest.fixture
def filled(library: Library, models: Models, photos: Path) -> Library:
    library.add_folder(str(photos))
    index(library, models.embedder(library, models.spec(library, COLOUR_LAYOUT)))
    return library


def test_components_of_a_library(filled: Library, models: Models) -> None:
    base = models.shelf.spec(COLOUR_LAYOUT)
    sample = sample_of_library(filled, base)
    assert sample.rows.shape == (12, base.dimension)
    assert sample.labels == ("",) * 12
    spec = derive_model(models, COLOUR_LAYOUT, "short", sample, "pca", 6)
    assert (spec.dimension, spec.projection, spec.architecture) == (6, "pca", COLOUR_LAYOUT)
    assert "6 principal components (power 0.25), fitted to 12 photos" in spec.provenance
    assert spec.fingerprint != base.fingerprint
    pixels = np.random.default_rng(0).integers(0, 256, (3, base.input.crop, base.input.crop, 3), np.uint8)
    rows = models.shelf.load("short", "cpu").embed(pixels)
    assert rows.shape == (3, 6)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert switch(filled, models, "short").active


def test_labels_of_a_library_are_used(filled: Library, models: Models) -> None:
    (folder,) = filled.folders()
    filled.set_labelled(folder.id, True)
    sample = sample_of_library(filled, models.shelf.spec(COLOUR_LAYOUT))
    assert sample.labels == ("a",) * 6 + ("b",) * 6


def test_whitening_from_folders(models: Models, tmp_path: Path) -> None:
    for number in range(24):
        draw_photo(tmp_path / "named" / f"label{number % 4}" / f"{number}.jpg", seed=number)
    spec = models.shelf.spec(COLOUR_LAYOUT)
    sample = sample_of_folders(models, spec, [tmp_path / "named"], "cpu")
    assert sorted(set(sample.labels)) == ["label0", "label1", "label2", "label3"]
    assert sample.rows.shape == (24, spec.dimension)
    made = derive_model(models, COLOUR_LAYOUT, "white", sample, "whitening", 4)
    assert (made.dimension, made.projection) == (4, "whitening")
    assert "24 photos of named" in made.provenance
    with pytest.raises(ModelError, match="Nothing can be put behind"):
        derive_model(models, "white", "again", sample, "pca", 2)


def test_what_cannot_be_derived(filled: Library, models: Models, tmp_path: Path) -> None:
    spec = models.shelf.spec(COLOUR_LAYOUT)
    sample = sample_of_library(filled, spec)
    with pytest.raises(ModelError, match="No two photos have the same label"):
        derive_model(models, COLOUR_LAYOUT, "white", sample, "whitening", 2)
    with pytest.raises(ModelError, match="cannot be reduced to 100"):
        derive_model(models, COLOUR_LAYOUT, "short", sample, "pca", 100)
    with pytest.raises(ModelError, match="already"):
        derive_model(models, COLOUR_LAYOUT, COLOUR_LAYOUT, sample, "pca", 4)
    with pytest.raises(ModelError, match="no photos to fit"):
        derive_model(models, COLOUR_LAYOUT, "short", Sample(sample.rows[:0], (), "nowhere"), "pca", 4)
    with pytest.raises(ModelError, match="imagefinder models use dinov2-small"):
        sample_of_library(filled, models.shelf.spec("dinov2-small"))
    with pytest.raises(ImageFinderError, match="nowhere"):
        sample_of_folders(models, spec, [tmp_path / "nowhere"], "cpu")
    assert models.shelf.added() == []
