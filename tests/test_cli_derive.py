"""`imagefinder models derive`: every representation of a network, made of a model that is here."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawing import draw_photo
from imagefinder.commands import Run
from imagefinder.commands.model_derive import register_derive
from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding.shelf import ModelShelf
from imagefinder.paths import Paths
from representations import VISION, built

Derive = Callable[..., Any]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base folder with one small model on its shelf."""
    folder = tmp_path_factory.mktemp("base")
    network = built(VISION)
    ModelShelf(Paths.resolve(folder, None).models).put(VISION, network.state_dict())
    return folder


@pytest.fixture
def shelf(base: Path) -> ModelShelf:
    return ModelShelf(Paths.resolve(base, None).models)


@pytest.fixture
def derive(base: Path, capsys: pytest.CaptureFixture[str]) -> Derive:
    """Runs one command line, as `imagefinder models` would, and gives its JSON."""
    parser = argparse.ArgumentParser()
    actions = parser.add_subparsers()

    def action(name: str, run: Callable[[Run], int], text: str) -> argparse.ArgumentParser:
        added = actions.add_parser(name, description=text)
        added.set_defaults(run=run)
        return added

    register_derive(action)

    def run(*words: str) -> Any:
        given = parser.parse_args(["derive", *words])
        given.json, given.device = True, "cpu"
        assert given.run(Run(given, Paths.resolve(base, None), CancelToken())) == 0
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize(
    ("words", "dimension", "provenance"),
    [
        (["--pooling", "max"], 512, "pooling max"),
        (["--pooling", "gem"], 512, "pooling gem"),
        (["--pooling", "rmac"], 512, "pooling rmac"),
        (["--scales", "1,0.7071,0.5"], 512, "pooling native, sizes 1, 0.7071, 0.5"),
        (["--layers", "layer2, layer4", "--pooling", "gem"], 640, "layers layer2, layer4, pooling gem"),
        (["--layers", "layer1"], 64, "layers layer1, pooling average"),
    ],
)
def test_another_reading_of_the_same_network(
    derive: Derive, shelf: ModelShelf, words: list[str], dimension: int, provenance: str
) -> None:
    name = "".join(filter(str.isalnum, "".join(words)))
    made = derive("test", "--name", name, *words)
    assert made["dimension"] == dimension
    assert made["provenance"] == f"test, {provenance}."
    assert made["fingerprint"] != shelf.spec("test").fingerprint
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    rows = shelf.load(name, "cpu", "float32").embed(pixels)
    assert rows.shape == (2, dimension)
    assert not np.allclose(rows[0], rows[1], atol=1e-4)


def test_another_reading_can_be_fitted_then(derive: Derive, shelf: ModelShelf, tmp_path: Path) -> None:
    for number in range(16):
        draw_photo(tmp_path / "named" / f"label{number % 4}" / f"{number}.jpg", seed=number)
    folder = str(tmp_path / "named")
    derive("test", "--name", "gem", "--pooling", "gem")
    turned = derive("gem", "--name", "gem-pca", "--pca", "6", "--power", "0", "--folder", folder)
    assert turned["dimension"] == 6
    assert "6 principal components (power 0), fitted to 16 photos of named. test, pooling gem." in turned["provenance"]
    assert derive("gem", "--name", "gem-lw", "--whitening", "3", "--folder", folder)["dimension"] == 3
    assert (shelf.spec("gem-pca").pooling, shelf.spec("gem-lw").projection) == ("gem", "whitening")
    with pytest.raises(ModelError, match="fitted to one way of reading"):
        derive("gem-pca", "--name", "no", "--pooling", "max")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "say what to change"),
        (["--pooling", "gem", "--pca", "4"], "derive twice"),
        (["--pooling", "gem", "--folder", "x"], "--folder belongs"),
        (["--whitening", "4", "--power", "0.5"], "--power belongs"),
        (["--pca", "4", "--whitening", "4"], "not allowed with"),
        (["--scales", "1,zero"], "are no sizes"),
        (["--scales", "1,-1"], "are no sizes"),
        (["--output", "words"], "probabilities"),
    ],
)
def test_words_that_do_not_go_together(
    derive: Derive, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        derive("test", "--name", "x", *words)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("base_name", "words", "error", "said"),
    [
        ("test", ["--pooling", "native"], ModelError, "in this way already"),
        ("test", ["--output", "probabilities"], ModelError, "no classifier in it"),
        ("test", ["--layers", "layer9"], UnknownName, "layer1"),
        ("test", ["--pooling", "whirl"], ModelError, "Known: .*gem"),
        ("resnet50", ["--pooling", "gem"], ModelError, "models download resnet50"),
        ("nobody", ["--pooling", "gem"], UnknownName, "colour-layout"),
        ("colour-layout", ["--pooling", "gem"], ModelError, "cannot be pooled"),
    ],
)
def test_what_cannot_be_read_so(
    derive: Derive, shelf: ModelShelf, base_name: str, words: list[str], error: type[Exception], said: str
) -> None:
    before = shelf.added()
    with pytest.raises(error, match=said):
        derive(base_name, "--name", "x", *words)
    assert shelf.added() == before


def test_names_that_are_taken(derive: Derive) -> None:
    for words in (["--pooling", "gem"], ["--pca", "4", "--folder", "nowhere"]):
        with pytest.raises(ModelError, match="already"):
            derive("test", "--name", "test", *words)
