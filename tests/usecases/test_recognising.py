"""What a picture shows in words."""

from pathlib import Path

import numpy as np
import pytest

from drawing import draw_photo
from imagefinder.domain.images import Embeddings, Pixels, Query
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.embedder import Embedder
from imagefinder.storage.library import Library
from imagefinder.usecases.indexing import index
from imagefinder.usecases.recognising import AT_LEAST, recognise


class Sure:
    """A classifier that sees a Granny Smith, a little lemon and hardly any fig in everything."""

    device, precision, batch_size = "cpu", "float32", 8
    spec = ModelSpec(
        "sure", "timm", "resnet10t", InputSpec(32, 32), dimension=1000, output="probabilities", centred=False
    )

    def embed(self, pixels: Pixels) -> Embeddings:
        row = np.zeros(1000, np.float32)
        row[[948, 951, 952]] = np.sqrt([0.7, 0.27, 0.03], dtype=np.float32)
        return np.tile(row, (len(pixels), 1))


def no_model() -> Embedder:
    raise AssertionError("the model is not needed for this")


@pytest.fixture
def indexed(library: Library, photos: Path) -> Library:
    library.add_folder(str(photos))
    index(library, Sure())
    return library


def test_a_photo_of_the_library_is_named_without_its_file_or_the_model(indexed: Library, photos: Path) -> None:
    photo = indexed.photo_at(str(photos / "a/03.jpg"))
    assert photo is not None
    seen = recognise(indexed, no_model, Query("x", photo_id=photo.id))
    assert [each.name for each in seen] == ["Granny Smith", "lemon"]
    assert [each.probability for each in seen] == pytest.approx([0.7, 0.27], abs=2e-3)
    assert all(each.probability >= AT_LEAST for each in seen)


def test_a_picture_from_outside_is_named_too(indexed: Library, tmp_path: Path) -> None:
    path = tmp_path / "outside.jpg"
    draw_photo(path, seed=99)
    assert recognise(indexed, Sure, Query("x", path=str(path)))[0].name == "Granny Smith"


def test_a_model_without_classes_has_nothing_to_say_and_is_not_loaded(
    library: Library, embedder: Embedder, photos: Path
) -> None:
    assert recognise(library, no_model, Query("x", path="nowhere.jpg")) == []
    library.add_folder(str(photos))
    index(library, embedder)
    assert recognise(library, no_model, Query("x", path=str(photos / "a/03.jpg"))) == []
