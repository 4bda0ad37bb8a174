"""Labels by hand, and what leaves the library, on the command line."""

import os
import shutil
from pathlib import Path

import pytest

from command_line import Cli
from drawing import draw_photo


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for number in range(4):
        draw_photo(root / "album" / f"{number}.jpg", seed=number)
    return root


def labels(cli: Cli) -> dict[str, str]:
    return {entry["path"]: entry["label"] for entry in cli.json("label", "--list")}


def test_labels_are_given_listed_and_taken(cli: Cli, photos: Path) -> None:
    one, two = str(photos / "album" / "1.jpg"), str(photos / "album" / "2.jpg")
    cli("label", one, "--give", "pear", expect=1)
    assert "imagefinder index FOLDER" in cli.errors
    cli("index", str(photos), "--model", "colour-layout")
    assert labels(cli) == {}
    assert cli("label", one, two, "--give", "pear") == "2 photos called pear.\n"
    assert cli.json("label", "--list") == [{"path": one, "label": "pear"}, {"path": two, "label": "pear"}]
    assert cli("label", "--list") == f"pear  {one}\npear  {two}\n"
    cli("label", two, "--give", "plum")
    cli("label", one, two, "--take", "pear")
    assert labels(cli) == {two: "plum"}, "what is called otherwise keeps its label"
    cli("label", two, "--give", "", expect=1)
    assert "needs a name" in cli.errors
    cli("label", one, str(photos / "none.jpg"), "--give", "fig", expect=1)
    assert "none.jpg is not a photo of the library" in cli.errors
    assert labels(cli) == {one: "fig", two: "plum"}


def test_a_removed_folder_says_what_goes_with_it_and_comes_back_as_it_was(cli: Cli, photos: Path) -> None:
    cli("index", str(photos), "--model", "colour-layout")
    one = str(photos / "album" / "1.jpg")
    cli("label", one, "--give", "pear")
    assert cli.json("remove", str(photos)) == [{"path": str(photos), "photos": 4, "labelled": 1}]
    assert cli.json("status")["photos"] == 0
    assert labels(cli) == {}
    (left,) = cli.json("removed")
    assert (left["why"], left["photos"], left["labelled"], left["root"]) == ("folder", 4, 1, str(photos))
    assert "their folder was removed from the library" in cli("removed")
    assert cli.json("index", str(photos))["moved"] == 4
    assert labels(cli) == {one: "pear"}
    assert cli.json("removed") == []
    cli("remove", str(photos / "album"), expect=1)
    assert f"Its folders: {photos}" in cli.errors
    said = cli("remove", str(photos))
    assert f"{photos} is removed, with 4 photos, 1 of them with a label that was given by hand." in said
    number = str(cli.json("removed")[0]["number"])
    assert "4 photos brought back" in cli("removed", "--bring-back", number)
    assert labels(cli) == {one: "pear"}
    cli("removed", "--bring-back", number, expect=1)


def test_a_folder_whose_drive_is_away_can_be_removed_by_its_name(cli: Cli, photos: Path) -> None:
    cli("index", str(photos), "--model", "colour-layout")
    shutil.rmtree(photos)
    cli("remove", str(photos))
    assert cli.json("status")["folders"] == []


def test_what_was_not_looked_at_is_told(cli: Cli, photos: Path, tmp_path: Path) -> None:
    (photos / "notes.txt").write_text("x")
    (photos / "song.mp3").write_bytes(b"x")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (photos / "linked").symlink_to(elsewhere)
    summary = cli.json("index", str(photos), "--model", "colour-layout")
    assert summary["linked"] == {str(photos / "linked"): str(elsewhere)}
    assert summary["others"] == {"txt": 1, "mp3": 1}
    cli("index", str(photos))
    assert "Passed over: 2 files of other kinds (1 mp3, 1 txt)" in cli.errors
    assert f"To have its photos, add {elsewhere}" in cli.errors


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_labels_of_names_that_are_not_utf_8(cli: Cli, photos: Path) -> None:
    strange = os.path.join(str(photos), os.fsdecode(b"caf\xe9.jpg"))
    os.rename(photos / "album" / "0.jpg", strange)
    cli("index", str(photos), "--model", "colour-layout")
    cli("label", strange, "--give", "pear")
    assert cli.json("label", "--list") == [{"path": strange, "label": "pear"}]
