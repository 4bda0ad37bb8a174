"""Searching, labelling and comparing on the command line."""

from pathlib import Path

import pytest

from command_line import Cli
from drawing import draw_photo
from imagefinder.domain.search_options import LEVER_NAMES


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two folders, each with pictures of its own look: copies of one picture at several qualities."""
    root = tmp_path / "photos"
    for seed, name in ((1, "red"), (5, "blue")):
        for number in range(4):
            draw_photo(root / name / f"{number}.jpg", seed=seed, quality=50 + 10 * number)
    return root


@pytest.mark.parametrize("lever", LEVER_NAMES)
def test_search_takes_every_method(cli: Cli, photos: Path, lever: str) -> None:
    cli("index", str(photos))
    rows = cli.json("search", str(photos / "red" / "1.jpg"), "-k", "4", "--lever", lever)
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    assert {Path(row["path"]).parent.name for row in rows} == {"red"}


def test_a_method_that_does_not_exist_is_answered_with_those_that_do(
    cli: Cli, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli("search", str(photos / "red" / "1.jpg"), "--lever", "magic")
    assert stopped.value.code == 2
    assert "k-reciprocal" in capsys.readouterr().err


def test_a_marked_folder_teaches_what_pictures_show(cli: Cli, photos: Path, tmp_path: Path) -> None:
    stranger = draw_photo(tmp_path / "new.jpg", seed=5, quality=65)
    cli("index", str(photos))
    cli("label", str(stranger), expect=1)
    assert "imagefinder label --mark FOLDER" in cli.errors
    cli("label", "--mark", str(photos))
    assert "8 labelled photos with 2 different labels" in cli.errors
    (record,) = cli.json("label", str(stranger), "--k", "3")
    assert (record["label"], record["sure"], len(record["voters"])) == ("blue", True, 3)
    assert record["confidence"] == pytest.approx(1, abs=0.01)
    assert {Path(voter["path"]).parent.name for voter in record["voters"]} == {"blue"}
    printed = cli("label", str(stranger))
    assert "new.jpg: blue (" in printed
    assert str(photos / "blue" / "0.jpg") in printed
    cli("label", "--unmark", str(photos))
    cli("label", str(stranger), expect=1)


def test_a_picture_like_none_of_them_is_not_sure(cli: Cli, photos: Path, tmp_path: Path) -> None:
    cli("index", str(photos))
    cli("label", "--mark", str(photos))
    stranger = draw_photo(tmp_path / "new.jpg", seed=6)
    assert "not sure" in cli("label", str(stranger))


def test_one_bad_picture_does_not_keep_the_others_from_an_answer(cli: Cli, photos: Path, tmp_path: Path) -> None:
    cli("index", str(photos))
    cli("label", "--mark", str(photos))
    bad = tmp_path / "bad.jpg"
    bad.write_text("hello")
    records = cli.json("label", str(bad), str(photos / "red" / "0.jpg"), expect=1)
    assert [record["label"] for record in records] == ["red"]
    assert "bad.jpg" in cli.errors


def test_only_folders_of_the_library_can_be_marked(cli: Cli, photos: Path) -> None:
    cli("label", "--mark", str(photos), expect=1)
    assert "imagefinder index FOLDER" in cli.errors
    cli("index", str(photos))
    cli("label", "--mark", str(photos / "missing"), expect=1)
    assert f"Its folders: {photos}" in cli.errors
    cli("label", "--mark", str(photos.parent), expect=1)
    cli("label", expect=1)
    assert "--mark FOLDER" in cli.errors


def test_two_pictures_are_compared_without_a_library(cli: Cli, photos: Path) -> None:
    red = str(photos / "red" / "0.jpg")
    found = cli.json("compare", red, str(photos / "red" / "1.jpg"))
    assert set(found) == {
        "verdict", "explanation", "similarity", "cosine", "l2", "model", "calibrated_on", "scale",
    }  # fmt: skip
    assert (found["verdict"], found["calibrated_on"]) == ("same", 0)
    assert set(found["scale"]) == {"same", "very_alike", "alike", "related"}
    assert not (cli.base / "data" / "library").exists()
    printed = cli("compare", red, str(photos / "blue" / "0.jpg"))
    assert printed.startswith("different: ")
    assert "fixed limits" in printed
    assert "byte for byte" in cli("compare", red, red)


def test_a_library_of_enough_photos_is_the_judge(cli: Cli, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    for seed in range(55):
        draw_photo(root / f"{seed}.jpg", seed=seed, size=(120, 90))
    cli("index", str(root))
    a, b = (str(root / name) for name in ("1.jpg", "2.jpg"))
    found = cli.json("compare", a, b)
    assert found["calibrated_on"] == 55
    assert cli.json("compare", a, b, "--model", found["model"]) == found


def test_what_cannot_be_compared_says_why(cli: Cli, photos: Path, tmp_path: Path) -> None:
    red = str(photos / "red" / "0.jpg")
    cli("compare", red, str(tmp_path / "none.jpg"), expect=1)
    assert "none.jpg" in cli.errors
    cli("compare", red, red, "--model", "magic", expect=1)
    assert "Known: " in cli.errors
