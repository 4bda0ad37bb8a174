"""Searching by words on the command line."""

import os
import time
from pathlib import Path

import pytest

from command_line import Cli
from drawing import draw_photo
from imagefinder.embedding.packaged import PACKAGED

LITE = "efficientnet-lite0"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photos of a beach in 2019, three of a forest in 2021."""
    root = tmp_path / "photos"
    for number in range(6):
        place, year = ("Beach", 2019) if number < 3 else ("Old forest", 2021)
        photo = draw_photo(root / place / f"{number}.jpg", seed=number)
        taken = time.mktime((year, 6, 1 + number, 12, 0, 0, 0, 0, -1))
        os.utime(photo, (taken, taken))
    return root


def found(rows: list[dict[str, str]]) -> list[str]:
    return [Path(row["path"]).name for row in rows]


def test_words_alone(cli: Cli, photos: Path) -> None:
    cli("index", str(photos))
    rows = cli.json("search", "--words", "beach 2019")
    assert found(rows) == ["2.jpg", "1.jpg", "0.jpg"]  # the newest first
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert {row["similarity"] for row in rows} == {1.0}
    assert found(cli.json("search", "--words", "old forest", "-k", "2")) == ["5.jpg", "4.jpg"]
    printed = cli("search", "--words", "beach")
    assert printed.splitlines()[0].split() == ["1", "1.000", str(photos / "Beach" / "2.jpg")]
    assert cli.errors == ""


def test_words_beside_a_picture(cli: Cli, photos: Path) -> None:
    cli("index", str(photos))
    picture = str(photos / "Beach" / "1.jpg")
    rows = cli.json("search", picture, "--words", "beach")
    assert found(rows)[0] == "1.jpg"
    assert len(rows) == 3
    forest = cli.json("search", picture, "--words", "2021")
    assert sorted(found(forest)) == ["3.jpg", "4.jpg", "5.jpg"]
    assert forest[0]["similarity"] >= forest[-1]["similarity"]


def test_an_unknown_word(cli: Cli, photos: Path) -> None:
    cli("index", str(photos))
    assert cli("search", "--words", "beech", expect=1) == ""
    assert "Nothing here is known as “beech”. Did you mean “Beach”?" in cli.errors
    cli("search", "--words", "dragonfly", expect=1)
    assert "This model has no words for what photos show" in cli.errors


def test_nothing_to_look_for(cli: Cli, photos: Path) -> None:
    cli("index", str(photos))
    for arguments in ((), ("--words", "  ")):
        assert cli("search", *arguments, expect=2) == ""
        assert "Name a picture, or say with --words what to look for." in cli.errors


def test_nothing_found_is_said(cli: Cli, photos: Path) -> None:
    cli("index", str(photos))
    assert cli("search", "--words", "beach 2021") == ""
    assert "No photo has “beach” and “2021”. Try fewer words." in cli.errors
    assert cli.json("search", "--words", "2031") == []
    assert "No photo has “2031”." in cli.errors


def test_an_empty_library(cli: Cli) -> None:
    cli("search", "--words", "dog", expect=1)
    assert cli.errors


@pytest.mark.skipif(PACKAGED[LITE].path is None, reason=f"the package of {LITE} is not installed")
def test_what_photos_show_by_the_words_of_the_default_network(cli: Cli, photos: Path) -> None:
    cli("index", str(photos), "--model", LITE)
    english = cli.json("search", "--words", "dog")
    assert len(english) == 6
    assert cli.json("search", "--words", "Hund") == english
    assert cli.json("search", "--words", "狗") == english
    similarities = [row["similarity"] for row in english]
    assert similarities == sorted(similarities, reverse=True)
    assert len(cli.json("search", "--words", "dog 2019")) == 3
    assert len(cli.json("search", str(photos / "Beach" / "1.jpg"), "--words", "dog", "-k", "4")) == 4
    cli("search", "--words", "dgo", expect=1)
    assert "Did you mean “dingo”?" in cli.errors
