import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from imagefinder import diagnostics
from imagefinder.cli import main
from imagefinder.display import why_no_screenshot
from imagefinder.domain.errors import ImageFinderError
from imagefinder.embedding.practice import practice_step
from imagefinder.usecases.selftest import FOLDER_NAME, Trial, openmp_runtimes, try_out


@pytest.fixture(autouse=True)
def no_log_left_open() -> Iterator[None]:
    yield
    diagnostics.stop_log()


@pytest.mark.skipif(bool(why_no_screenshot()), reason="Qt cannot be loaded here")
def test_the_whole_app_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert " " in FOLDER_NAME
    assert not FOLDER_NAME.isascii()
    code = main(["selftest", "--json", "--device", "cpu", "--basedir", str(tmp_path / "base")])
    record = json.loads(capsys.readouterr().out)
    assert code == 0, record
    assert record["ok"]
    names = [check["name"] for check in record["checks"]]
    assert names[-1] == "show the window"
    assert {"find each picture", "networks", "train, then search", "save and reopen"} <= set(names)
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
