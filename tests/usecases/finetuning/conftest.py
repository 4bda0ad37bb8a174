"""Fixtures of the trainings: photos, and a shelf with the model that is taught."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from imagefinder.embedding.backbones import build
from imagefinder.imaging.reading import read_image
from imagefinder.usecases.labelled_folders import labelled_photos
from imagefinder.usecases.models import Models
from training_kit import BASE, LABELS, PHOTOS, turned


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("labelled")
    for number in range(LABELS):
        turned(root / "learn" / f"thing {number}", number, range(PHOTOS))
        turned(root / "test" / f"thing {number}", number, range(50, 53))
    return root


@pytest.fixture(scope="session")
def shelf_with_base(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf with a network that learned nothing, but whose features of drawn photos are whitened, or all photos would
    be near-duplicates to it."""
    torch = pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("shelf")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = build(BASE)
    shown = [read_image(photo.path, BASE.input).pixels for photo in labelled_photos([drawn / "learn"])]
    with torch.no_grad():
        features = network(torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2) / 255)
        values, vectors = torch.linalg.eigh(torch.cov(features.T))
        whitening = vectors.T / (values + 0.01 * values.max())[:, None].sqrt()
        weight, bias = network.get_parameter("head.2.weight"), network.get_parameter("head.2.bias")
        bias.copy_(whitening @ (bias - features.mean(0)))
        weight.copy_(whitening @ weight)
    Models(folder, "cpu").shelf.put(BASE, network.state_dict())
    return folder


@pytest.fixture
def models(shelf_with_base: Path, tmp_path: Path) -> Models:
    shutil.copytree(shelf_with_base, tmp_path / "models")
    return Models(tmp_path / "models", "cpu")
