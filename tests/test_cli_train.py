"""Teaching on the command line: the numbers, the model that comes of it, pairs, and a process that is killed."""

import csv
import itertools
import json
import re
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from command_line import Cli
from imagefinder.commands.train import recipe_of
from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.training import RECIPES
from imagefinder.embedding.backbones import build
from imagefinder.embedding.blend import blending_of
from training_kit import BASE, turned

SMALL = ("--dimension", "8", "--classes", "3", "--photos", "3", "--head-epochs", "3", "--head-rate", "0.01")
THOROUGH = ("--mode", "thorough", "--epochs", "3", "--blocks", "1", "--views", "1", *SMALL)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number, name in enumerate(("apple", "bread", "cress")):
        turned(tmp_path / "photos" / name, number, range(6))
        turned(tmp_path / "test" / name, number, range(50, 52))
    return tmp_path / "photos"


@pytest.fixture(autouse=True)
def small_model(cli: Cli) -> None:
    torch = pytest.importorskip("torch")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        cli.shelf.put(BASE, build(BASE).state_dict())


def test_folders_become_a_model_that_can_be_used(cli: Cli, photos: Path) -> None:
    train = ("train", str(photos), "--name", "taught", "--base", "small", "--test", str(photos.parent / "test"), *SMALL)
    printed = cli(*train)
    assert re.search(r"the head +before +MAP@R 0\.\d+", printed)
    assert "Test photos, 6 searches: before -> after (95 % interval)" in printed
    assert "Use it with: imagefinder models use taught" in printed or "It did not get better" in printed
    assert "taught" in cli("models")

    summary = json.loads(cli("index", str(photos), "--model", "taught", "--json"))
    assert (summary["added"], summary["failed"]) == (18, [])
    query = str(photos / "bread" / "2.png")
    hits = json.loads(cli("search", query, "-k", "3", "--json"))
    assert hits[0]["path"] == query
    report = json.loads(cli("evaluate", str(photos), "--model", "small", "taught", "--json"))
    assert len(json.dumps(report)) > 100


def test_json_holds_all_numbers(cli: Cli, photos: Path) -> None:
    record = json.loads(cli("train", str(photos), "--name", "taught", "--base", "small", "--json", *THOROUGH))
    assert {"weight", "held_out", "test", "epochs", "seconds", "warnings", "fingerprint"} <= set(record)
    assert {epoch["phase"] for epoch in record["epochs"]} == {"head", "tail"}
    value, low, high = record["held_out"]["after"]["overall"]["MAP@R"]
    assert low <= value <= high
    assert record["weight"] == pytest.approx(blending_of(cli.shelf.spec("taught")).weight)


def test_an_estimate_trains_nothing(cli: Cli, photos: Path) -> None:
    found = json.loads(cli("train", str(photos), "--name", "taught", "--base", "small", "--estimate", "--json"))
    assert found["reading"] >= 0
    assert found["learning"] >= 0
    assert "taught" not in cli.shelf.added()


PHASES = {"reading": "", "head": "the head .* 1 of", "tail": "the last blocks .* 2 of"}


@pytest.mark.parametrize("phase", PHASES)
def test_a_killed_training_goes_on_to_the_same_numbers(cli: Cli, photos: Path, phase: str) -> None:
    train = ("train", str(photos), "--base", "small", *THOROUGH)
    cli(*train, "--name", "whole")
    process = cli.spawn(*train, "--name", "taught")
    assert process.stdout is not None
    assert process.stderr is not None
    work = cli.shelf.directory / ".training" / "taught"
    try:
        if phase == "reading":
            while process.poll() is None and not work.is_dir():
                pass
        else:
            assert any(re.search(PHASES[phase], line) for line in process.stdout)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    if work.is_dir():  # a fast machine may have finished in between
        assert "taught" not in cli.shelf.added()
        cli(*train, "--name", "taught", expect=1)
        assert "Go on with --resume, or forget it with --restart" in cli.errors
        cli(*train, "--name", "taught", "--resume")
    assert cli.shelf.spec("taught").fingerprint == cli.shelf.spec("whole").fingerprint
    assert not work.exists()


def test_an_interrupted_training_can_be_forgotten(cli: Cli, photos: Path) -> None:
    work = cli.shelf.directory / ".training" / "taught"
    work.mkdir(parents=True)
    (work / "collected.json").write_text("left behind")
    cli("train", str(photos), "--name", "taught", "--base", "small", "--restart", *SMALL)
    assert "taught" in cli.shelf.added()


def test_pairs_are_written_and_learned_from(cli: Cli, photos: Path, tmp_path: Path) -> None:
    table = photos / "pairs.csv"
    assert "200 pairs of 18 photos" in cli("pairs", str(photos), "--into", str(table), "--count", "200")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 200
    for row in rows:
        same = Path(row["path_a"]).parent == Path(row["path_b"]).parent
        assert row["similar"] == str(int(same))
    record = json.loads(cli("train", str(table), "--name", "taught", "--base", "small", "--json", *SMALL))
    assert len(record["held_out"]["after"]["labels"]) == 3


def test_triplets_are_written(cli: Cli, photos: Path, tmp_path: Path) -> None:
    table = tmp_path / "triplets.csv"
    cli("pairs", str(photos), "--into", str(table), "--triplets", "--count", "30")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    for row in rows:
        anchor, positive, negative = (Path(row[column]) for column in ("anchor", "positive", "negative"))
        assert anchor.parent.name == positive.parent.name != negative.parent.name
        assert anchor != positive
        assert (tmp_path / anchor).is_file()


def test_two_folders_of_pairs(cli: Cli, photos: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    number = 0
    for folder in sorted(photos.iterdir()):
        made = sorted(folder.glob("*.png"))
        for one, other in itertools.pairwise(made):
            number += 1
            (first / f"similar_{number}_first.png").write_bytes(one.read_bytes())
            (second / f"similar_{number}_second.png").write_bytes(other.read_bytes())
    record = json.loads(
        cli("train", str(first), str(second), "--pairs", "--name", "taught", "--base", "small", "--json", *SMALL)
    )
    assert record["held_out"]["after"]["queries"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--loss", "tripplet"), "Did you mean 'triplet'"),
        (("--miner", "hard"), "no miner named 'hard'"),
        (("--base", "nothing"), "no model named 'nothing'"),
        (("--loss", "arcface", "--memory", "64"), "cannot use a memory"),
        (("--loss", "supcon", "--margin", "1"), "has no margin"),
        (("--weight", "7"), "7.0 is no weight to train with"),
    ],
)
def test_what_cannot_be_is_said(cli: Cli, photos: Path, arguments: tuple[str, ...], said: str) -> None:
    cli("train", str(photos), "--name", "taught", "--base", "small", *arguments, expect=1)
    assert said in cli.errors
    assert cli.shelf.added() == ["small"]


def test_one_label_is_not_enough(cli: Cli, photos: Path) -> None:
    cli("train", str(photos / "apple"), "--name", "taught", "--base", "small", expect=1)
    assert "only the label apple" in cli.errors
    cli("train", str(photos), str(__file__), "--name", "taught", "--base", "small", expect=1)
    assert "Give one or the other" in cli.errors


class Given:
    """Parsed arguments, all of them left out but a few."""

    def __init__(self, mode: str = "quick", **given: Any) -> None:
        self.__dict__.update({"mode": mode, "loss_option": [], "no_flip": False, **given})

    def __getattr__(self, name: str) -> Any:
        return None


def test_options_become_the_recipe() -> None:
    assert recipe_of(Given()) == RECIPES["quick"]
    found = recipe_of(Given(epochs=5, rate=0.5, margin=0.3, loss="triplet", seed=4))
    assert (found.head_epochs, found.head_rate, found.loss_options, found.seed) == (5, 0.5, {"margin": 0.3}, 4)
    found = recipe_of(Given(loss="contrastive", margin=0.7, loss_option=[("pos_margin", 0.1)]))
    assert found.loss_options == {"pos_margin": 0.1, "neg_margin": 0.7}
    with pytest.raises(ImageFinderError, match="has no margin"):
        recipe_of(Given(loss="normsoftmax", margin=0.7))


def test_the_mode_decides_what_epochs_mean() -> None:
    found = recipe_of(Given("thorough", epochs=5, rate=0.5))
    assert (found.epochs, found.network_rate) == (5, 0.5)
    assert found.head_epochs == RECIPES["thorough"].head_epochs
    assert np.isclose(found.head_rate, RECIPES["thorough"].head_rate)
