"""The command line, as scripts use it: real processes where the process matters, in-process calls elsewhere."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from command_line import Cli
from drawing import draw_photo
from imagefinder.cli import main
from imagefinder.display import why_no_screenshot
from old_library import old_library


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "my photos ä"
    for number in range(8):
        draw_photo(root / f"{number}.jpg", seed=number)
    (root / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    return root


def test_index_reports_counts_and_reasons_and_then_finds_everything_unchanged(cli: Cli, photos: Path) -> None:
    first = cli.json("index", str(photos))
    assert set(first) == {
        "added", "updated", "moved", "removed", "unchanged", "failed", "damaged", "offline", "away", "kept", "linked",
        "others", "removed_labelled", "seconds", "photos_per_second",
    }  # fmt: skip
    assert first["added"] == 8
    assert [failure["path"] for failure in first["failed"]] == [str(photos / "broken.jpg")]
    assert first["failed"][0]["reason"]
    second = cli.json("index", str(photos))
    assert (second["added"], second["updated"], second["unchanged"]) == (0, 0, 8)


def test_search_ranks_the_photo_itself_first(cli: Cli, photos: Path) -> None:
    cli("index", str(photos))
    rows = cli.json("search", str(photos / "3.jpg"), "-k", "3")
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert rows[0]["path"] == str(photos / "3.jpg")
    assert rows[0]["similarity"] > 0.99 > rows[1]["similarity"]
    assert "3.jpg" in cli("search", str(photos / "3.jpg"), "-k", "1")


def test_status_verify_and_export(cli: Cli, photos: Path, tmp_path: Path) -> None:
    cli("index", str(photos))
    status = cli.json("status")
    assert set(status) == {"photos", "folders", "model", "compare", "centred", "index", "bytes"}
    assert status["folders"] == [{"path": str(photos), "photos": 8, "state": "indexed", "away": 0}]
    assert (status["photos"], status["model"]) == (8, "colour-layout")
    assert (status["compare"], status["centred"]) == ("cosine", True)
    cli("models", "use", "colour-layout", "--compare", "hash", "--centring", "off")
    changed = cli.json("status")
    assert (changed["compare"], changed["centred"]) == ("hash", False)
    assert "colour-layout (by hash codes, not centred)" in cli("status")
    assert "by hash codes, not centred" in cli("models", "info", "colour-layout")
    assert cli.json("verify")["clean"] is True
    cli("export", str(tmp_path / "all.npz"))
    with np.load(tmp_path / "all.npz", allow_pickle=False) as data:
        assert len(data["paths"]) == len(data["embeddings"]) == 8


def test_everything_stays_below_basedir(cli: Cli, photos: Path, tmp_path: Path) -> None:
    cli("index", str(photos))
    assert {path.name for path in tmp_path.iterdir()} == {"base", photos.name}


def test_errors_say_what_to_do_and_make_nothing(cli: Cli, tmp_path: Path) -> None:
    cli("status", expect=1)
    assert "imagefinder index FOLDER" in cli.errors
    cli("verify", expect=1)
    cli("search", str(tmp_path / "x.jpg"), expect=1)
    assert not (cli.base / "data" / "library").exists()
    cli("index", str(tmp_path / "nowhere"), expect=1)
    assert "nowhere" in cli.errors


def test_a_library_of_an_older_version_is_brought_up_to_date_by_checking_it(cli: Cli) -> None:
    old_library(cli.base / "data" / "library")
    cli("status", expect=1)
    assert "older version" in cli.errors
    assert cli.json("verify")["clean"] is True
    assert cli.json("status")["photos"] == 0


def test_a_query_that_is_no_picture_is_explained(cli: Cli, photos: Path) -> None:
    cli("index", str(photos))
    cli("search", str(photos / "broken.jpg"), expect=1)
    assert cli.errors.startswith("imagefinder: ")
    assert "Traceback" not in cli.errors


def test_an_unknown_model_is_answered_with_the_known_ones(cli: Cli, photos: Path) -> None:
    cli("index", str(photos), "--model", "color-layout", expect=1)
    assert "colour-layout" in cli.errors


def test_a_wrong_model_leaves_no_library_behind(cli: Cli, photos: Path) -> None:
    cli("index", str(photos), "--model", "nonsense", expect=1)
    assert not (cli.base / "data" / "library").exists()


@pytest.mark.parametrize("target", ["/", ".", "/proc/version/x.npz"])
def test_an_export_to_nowhere_is_explained(cli: Cli, photos: Path, target: str) -> None:
    cli("index", str(photos))
    cli("export", target, expect=1)
    assert "Traceback" not in cli.errors
    assert "bug" not in cli.errors


def test_a_bug_is_logged_and_said(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagefinder.usecases.opening.open_existing", lambda directory: 1 // 0)
    cli("status", expect=1)
    assert "That is a bug" in cli.errors
    assert "ZeroDivisionError" in (cli.base / "log" / "imagefinder.log").read_text()


def test_models_are_listed(cli: Cli) -> None:
    rows = cli.json("models")
    assert {"name", "here", "download", "dimension", "licence", "description"} <= set(rows[0])
    assert any(row["name"] == "colour-layout" and row["here"] for row in rows)


def test_wrong_usage_exits_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["index"])
    assert error.value.code == 2


def start(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "imagefinder", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def test_without_a_display_the_window_says_so_and_names_what_works(tmp_path: Path) -> None:
    environment = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}
    process = start("--basedir", str(tmp_path / "base"), **environment)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "display" in err
    assert "index" in err
    assert out == ""


def test_ctrl_c_stops_cleanly_and_keeps_what_was_done(tmp_path: Path, cli: Cli) -> None:
    root = tmp_path / "many"
    for number in range(600):
        draw_photo(root / f"{number}.jpg", seed=number, size=(800, 600))
    given = ["--model", "colour-layout", "--basedir", str(cli.base), "--device", "cpu", "--json"]
    process = start("index", str(root), *given)
    until = time.monotonic() + 120
    database = cli.base / "data" / "library" / "library.db"
    while time.monotonic() < until and process.poll() is None and _embedded(database) == 0:
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    done = json.loads(out)["added"]
    assert 0 < done < 600
    assert "Traceback" not in err
    assert cli.json("status")["photos"] == done
    assert cli.json("verify")["clean"] is True


def _embedded(database: Path) -> int:
    import sqlite3

    try:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    except sqlite3.OperationalError:
        return 0
    try:
        return int(connection.execute("SELECT count(*) FROM vector").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def test_two_writers_at_once_are_refused_and_readers_are_not(cli: Cli, photos: Path) -> None:
    from imagefinder.storage.library import Library

    cli("index", str(photos))
    with Library.open(cli.base / "data" / "library"):
        cli("index", str(photos), expect=1)
        assert "in use" in cli.errors
        assert cli.json("status")["photos"] == 8
        assert len(cli.json("search", str(photos / "1.jpg"))) == 8


@pytest.mark.skipif(bool(why_no_screenshot()), reason="Qt cannot be loaded here")
def test_importing_the_app_loads_no_heavy_library() -> None:
    code = (
        "import sys, imagefinder.app, imagefinder.cli;"
        "print([name for name in ('torch', 'torchvision', 'timm', 'faiss') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_command_line_needs_no_qt(tmp_path: Path, photos: Path) -> None:
    code = (
        "import sys; sys.modules['PySide6'] = None\n"
        "from imagefinder.cli import main\n"
        f"given = ['--model', 'colour-layout', '--basedir', {str(tmp_path / 'base')!r}, '--device', 'cpu']\n"
        f"sys.exit(main(['index', {str(photos)!r}, *given]))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_names_that_are_no_text_survive_json(cli: Cli, tmp_path: Path) -> None:
    root = tmp_path / "odd"
    draw_photo(root / "plain.jpg", seed=1)
    odd = os.path.join(os.fsencode(root), b"caf\xe9\n.jpg")
    os.rename(root / "plain.jpg", odd)
    assert cli.json("index", str(root))["added"] == 1
    (row,) = cli.json("search", os.fsdecode(odd))
    assert os.fsencode(row["path"]) == odd
    cli("search", os.fsdecode(odd))
