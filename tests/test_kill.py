"""kill -9 at random moments while a library is indexed and saved: nothing committed is lost, every restart goes on.

A few rounds by default; `pytest tests/test_kill.py --kill-rounds 50` for the long run.
"""

import json
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drawing import draw_photo

PHOTOS = 240

# Saving after every few photos, so that kills land inside saves as often as inside commits.
CHILD = """
import sys
from pathlib import Path
from imagefinder.usecases import indexing, intake
from imagefinder.usecases.models import Models
from imagefinder.usecases.opening import open_library
intake.SAVE_EVERY = 40
base, root = Path(sys.argv[1]), sys.argv[2]
with open_library(base / "library") as library:
    library.add_folder(root)
    models = Models(base / "models", "cpu")
    embedder = models.embedder(library, models.spec(library, "colour-layout"))
    print("ready", flush=True)
    indexing.index(library, embedder)
print("done", flush=True)
"""


def committed(database: Path) -> set[int]:
    if not database.exists():
        return set()
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return {row[0] for row in connection.execute("SELECT photo_id FROM vector")}
    except sqlite3.OperationalError:
        return set()  # killed before the first migration was committed
    finally:
        connection.close()


def run(*arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "imagefinder", *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.timeout(3000)
def test_nothing_committed_is_lost_when_the_process_is_killed(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    rounds = request.config.getoption("--kill-rounds")
    rng = random.Random(4)
    root = tmp_path / "photos"
    for number in range(PHOTOS):
        draw_photo(root / f"{number:03}.jpg", seed=number, size=(640, 480))
    database = tmp_path / "library" / "library.db"
    before: set[int] = set()
    for number in range(rounds):
        if len(before) > PHOTOS - 40:  # nearly done: give it something to do again
            for path in sorted(root.iterdir())[::2]:
                draw_photo(path, seed=1000 * (number + 1) + int(path.stem), size=(640, 480))
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), str(root)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        deadline = time.monotonic() + rng.uniform(0.0, 2.5)
        while time.monotonic() < deadline and child.poll() is None:
            committed(database)  # reading beside the writer must never disturb it either
        child.kill()
        child.communicate()
        after = committed(database)
        assert before <= after, f"round {number}: committed vectors are gone"
        before = after
        report = json.loads(
            run("verify", "--json", "--library", str(database.parent), "--basedir", str(tmp_path / "b"))
        )
        assert report["clean"], f"round {number}: {report['problems']}"
        assert report["indexed"] == report["vectors"]
    summary = json.loads(
        run("index", str(root), "--json", "--library", str(database.parent), "--basedir", str(tmp_path / "b"))
    )
    assert summary["failed"] == []
    assert len(committed(database)) == PHOTOS
