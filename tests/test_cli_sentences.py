"""Sentences on the command line, with a tiny model of open_clip: from its file to the photos that are found."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tiny_clip
from command_line import Cli
from drawing import draw_photo
from imagefinder.domain.images import Embeddings
from imagefinder.embedding.open_clip_network import import_open_clip
from imagefinder.storage.library import Library

SENTENCE = "a red dress on a chair"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(6):
        draw_photo(tmp_path / "photos" / f"{number}.jpg", seed=number)
    return tmp_path / "photos"


@pytest.fixture
def model(cli: Cli, tmp_path: Path, photos: Path) -> Any:
    """open_clip's own, with which the photos are indexed."""
    tiny_clip.register(tmp_path)
    drawn = tiny_clip.draw()
    file = tiny_clip.save(tmp_path / "weights.pt", drawn)
    cli("models", "add", str(file), "--architecture", f"open_clip:{tiny_clip.TINY}", "--name", "tiny")
    cli("index", str(photos), "--model", "tiny")
    return drawn


def expected(cli: Cli, model: Any, text: str) -> dict[str, float]:
    """How similar each photo is to open_clip's own row of a text, less the mean of everyday words."""
    from imagefinder.embedding.text_tower import EVERYDAY, TEMPLATES

    def encoded(texts: list[str]) -> Embeddings:
        import torch

        with torch.inference_mode():
            rows: Embeddings = model.encode_text(import_open_clip().tokenize(texts), normalize=True).numpy()
        return rows

    middle = encoded([TEMPLATES[1].format(word) for word in EVERYDAY]).mean(axis=0)
    query = encoded([text])[0] - middle / 2
    with Library.open(cli.base / "data" / "library") as library:
        paths, rows, _ = library.export()
        centred = np.stack([library.centred(row) for row in rows])
    cosines = centred @ query / np.linalg.norm(query)
    return dict(zip(paths, cosines.tolist(), strict=True))


def test_a_sentence_orders_the_photos(cli: Cli, model: Any) -> None:
    found = cli.json("search", "--words", SENTENCE)
    assert {row["path"]: row["similarity"] for row in found} == pytest.approx(expected(cli, model, SENTENCE), abs=0.005)
    assert [row["similarity"] for row in found] == sorted((row["similarity"] for row in found), reverse=True)
    best = cli.json("search", "--words", SENTENCE, "-k", "2")
    assert [row["path"] for row in best] == [row["path"] for row in found[:2]]
    assert len(cli.json("search", "--words", "2.jpg")) == 1
    assert len(cli.json("search", "--words", "qwertz zzz")) == 6  # no word is unknown


def test_a_sentence_beside_a_picture(cli: Cli, model: Any, photos: Path) -> None:
    found = cli.json("search", str(photos / "3.jpg"), "--words", "a dog")
    assert Path(found[0]["path"]).name == "3.jpg"


def test_without_the_package_a_search_tells_the_command(cli: Cli, model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", None)
    cli("search", "--words", SENTENCE, expect=1)
    assert "pip install 'imagefinder[text]'" in cli.errors
    assert "Traceback" not in cli.errors
