from collections.abc import Iterator
from pathlib import Path

import pytest

from drawing import draw_photo
from drawn_classes import variants
from followed_photos import Scan
from imagefinder.embedding.embedder import Embedder
from imagefinder.storage.library import Library
from imagefinder.usecases.indexing import index
from imagefinder.usecases.models import Models


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as opened:
        yield opened


@pytest.fixture(scope="session")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    """The model that needs no weights, as the app loads it."""
    models = Models(tmp_path_factory.mktemp("models"), device="cpu")
    with Library.open(tmp_path_factory.mktemp("unused")) as unused:
        return models.embedder(unused, models.spec(unused))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A root with twelve drawn photos in two folders."""
    root = tmp_path / "photos"
    for number in range(12):
        draw_photo(root / ("a" if number < 6 else "b") / f"{number:02}.jpg", seed=number)
    return root


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path / "models", "cpu")


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """Three classes of five photos."""
    for seed, name in enumerate(("anemone", "birch", "cedar")):
        variants(tmp_path / "gallery" / "plants" / name, seed, 5)
    return tmp_path / "gallery"


@pytest.fixture
def scan(library: Library, embedder: Embedder) -> Scan:
    return lambda *roots, **options: index(library, embedder, [root.id for root in roots] or None, **options)
