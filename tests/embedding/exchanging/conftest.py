"""Fixtures of the exchange: a shelf with a model, another machine's, and the model as a file."""

import shutil
from pathlib import Path

import pytest

from exchange_kit import TIMM
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.embedding.shelf import ModelShelf


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with plain weights and the model "mine" that was made of them."""
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("ready")
    torch.manual_seed(7)
    save_file(build(find_architecture(TIMM).spec()).state_dict(), folder / "given.safetensors")
    ModelShelf(folder).add(folder / "given.safetensors", TIMM, "mine")
    return folder


@pytest.fixture
def shelf(ready: Path, tmp_path: Path) -> ModelShelf:
    """With the model "mine"."""
    (tmp_path / "models").mkdir()
    shutil.copyfile(ready / "mine.safetensors", tmp_path / "models" / "mine.safetensors")
    shutil.copyfile(ready / "given.safetensors", tmp_path / "given.safetensors")
    return ModelShelf(tmp_path / "models")


@pytest.fixture
def other(tmp_path: Path) -> ModelShelf:
    """The shelf of another machine."""
    return ModelShelf(tmp_path / "elsewhere")


@pytest.fixture
def file(shelf: ModelShelf, tmp_path: Path) -> Path:
    """The model, exported."""
    shelf.export("mine", tmp_path / "to share.safetensors")
    return tmp_path / "to share.safetensors"
