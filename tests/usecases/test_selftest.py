import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from imagefinder import diagnostics
from imagefinder.cli import main
from imagefinder.display import why_no_screenshot
from imagefinder.domain.errors import ImageFinderError
from imagefinder.embedding.practice import practice_step
from imagefinder.imaging import svg
from imagefinder.usecases.selftest import FOLDER_NAME, Trial, openmp_runtimes, try_out

needs_qt = pytest.mark.skipif(bool(why_no_screenshot()), reason="Qt cannot be loaded here")


@pytest.fixture(autouse=True)
def no_log_left_open() -> Iterator[None]:
    yield
    diagnostics.stop_log()


@needs_qt
def test_the_whole_app_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert " " in FOLDER_NAME
    assert not FOLDER_NAME.isascii()
    code = main(["selftest", "--json", "--device", "cpu", "--basedir", str(tmp_path / "base")])
    record = json.loads(capsys.readouterr().out)
    assert code == 0, record
    assert record["ok"]
    names = [check["name"] for check in record["checks"]]
    assert names[-1] == "show the window"
    assert {"rare formats", "find each picture", "networks", "train, then search", "save and reopen"} <= set(names)
    assert record["Device"] == "cpu"
    assert record["versions"]["torch"]


def test_the_first_failure_ends_it_and_is_told() -> None:
    def known() -> str:
        raise ImageFinderError("The disk is full.", "Make space.")

    def unknown() -> str:
        raise ZeroDivisionError("of all things")

    checks = list(try_out([("good", lambda: "fine"), ("bad", known), ("never", lambda: "reached")]))
    assert [(check.name, check.ok, check.detail) for check in checks] == [
        ("good", True, "fine"),
        ("bad", False, "The disk is full. Make space."),
    ]
    (check,) = try_out([("broken", unknown)])
    assert not check.ok
    assert "ZeroDivisionError: of all things" in check.detail


@needs_qt
def test_rare_formats_are_read(tmp_path: Path) -> None:
    (check,) = try_out([("rare", Trial(tmp_path).read_rare)])
    assert (check.ok, check.detail) == (True, "JPEG 2000, TIFF, SVG")


def test_without_qt_drawings_are_skipped_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PySide6", None)
    (check,) = try_out([("rare", Trial(tmp_path).read_rare)])
    assert check.ok
    assert check.detail == "JPEG 2000, TIFF; SVG was skipped: The package PySide6 is not installed."


@needs_qt
@pytest.mark.parametrize(
    ("child", "reason"),
    [
        ("import sys; sys.exit(3)", "crashed"),
        (
            "import sys; sys.modules['PySide6.QtSvg'] = None; from imagefinder.imaging.svg_child import serve; serve()",
            "cannot be loaded",
        ),
    ],
)
def test_a_child_that_cannot_draw_fails(
    child: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = svg._Painter()
    monkeypatch.setattr(svg, "COMMAND", (sys.executable, "-c", child))
    monkeypatch.setattr(svg, "_painter", painter)
    (check,) = try_out([("rare", Trial(tmp_path).read_rare)])
    painter.stop()
    assert not check.ok
    assert reason in check.detail


@pytest.mark.parametrize("missing", ["imagecodecs", "imagecodecs._imcd", "tifffile"])
def test_a_missing_package_fails(missing: str, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules[sys.argv[1]] = None\n"
        "from pathlib import Path; from imagefinder.usecases.selftest import Trial, try_out\n"
        "trial = Trial(Path(sys.argv[2])); steps = [('formats', trial.read_formats), ('rare', trial.read_rare)]\n"
        "print([check.ok for check in try_out(steps)][-1])"
    )
    command = [sys.executable, "-c", code, missing, str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_missing_codec_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    monkeypatch.setattr(imagecodecs, "AVIF", SimpleNamespace(available=False))
    (check,) = try_out([("formats", Trial(tmp_path).read_formats)])
    assert (check.ok, check.detail) == (False, "The package imagecodecs lacks AVIF.")


def test_a_library_that_answers_wrongly_fails(tmp_path: Path) -> None:
    trial = Trial(tmp_path, "cpu")
    assert all(check.ok for check in try_out([("draw", trial.draw), ("index", trial.index)]))
    one, other = trial.query, trial.query.with_name("mountains-02.jpg")
    assert other.exists()
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    (check,) = try_out([("find", trial.find)])
    assert not check.ok
    assert "is not its own nearest neighbour" in check.detail


def test_a_practice_step_learns_something() -> None:
    rows = np.eye(6, dtype=np.float32)
    before, after = practice_step(rows, [0, 1, 2, 0, 1, 2])
    assert 0 < after < before
    assert all("omp" in name for name in openmp_runtimes())
