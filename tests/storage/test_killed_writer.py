"""kill -9 while committing and saving. A few rounds here; IMAGEFINDER_KILLS sets how many."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from imagefinder.domain.specs import Stored
from imagefinder.storage.library import Library
from storage_kit import item, library_with, nearest

WRITER = """
import sys, pathlib
sys.path[:0] = sys.argv[2:4]
from storage_kit import item
from imagefinder.storage.library import Library
library = Library.open(pathlib.Path(sys.argv[1]))
library.search(item("x", 0)[2], 1)
start = library.count()
for batch in range(start, 100_000, 4):
    names = range(batch, batch + 4)
    library.inflight.begin(f"/photos/{n}.jpg" for n in names)
    library.add(1, 1, [item(f"{n}.jpg", n) for n in names])
    if batch % 3 == 0:
        library.remove_photos([library.newest(1)[0].id])
        library.add(1, 1, [item(f"{batch + 3}.jpg", batch + 3), item("0.jpg", 0)])
    print(batch + 4, flush=True)
    if batch % 20 == 0:
        library.save_index()
    if batch % 28 == 0:
        library.optimise()
    if batch % 44 == 0:
        library.compare_by(["cosine", "hash-rerank"][batch // 44 % 2], True)
"""


@pytest.mark.parametrize("stored", ["float16", "int8"])
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
def test_nothing_committed_is_lost_however_the_writer_dies(tmp_path: Path, stored: Stored) -> None:
    directory = tmp_path / "library"
    library_with(directory, tmp_path / "photos", 4, stored).close()
    tests = Path(__file__).parents[1]
    rng = random.Random(7)
    promised = 4
    for _ in range(int(os.environ.get("IMAGEFINDER_KILLS", "5"))):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, directory, tests, tests.parent], stdout=subprocess.PIPE, text=True
        )
        with writer:
            assert writer.stdout is not None
            for _ in range(rng.randint(1, 25)):
                promised = int(writer.stdout.readline())
            try:
                writer.wait(rng.random() * 0.03)
            except subprocess.TimeoutExpired:
                writer.kill()
            promised = max([promised, *(int(line) for line in writer.stdout.read().split())])
        assert writer.returncode == -signal.SIGKILL
        with Library.open(directory) as library:
            report = library.verify()
            assert report.problems == ()
            assert report.photos == report.vectors == report.indexed
            assert set(library.known_files(1, 1)) >= {f"{n}.jpg" for n in range(promised)}
            assert nearest(library, 0) == "0.jpg"
            assert nearest(library, promised - 1) == f"{promised - 1}.jpg"
            assert library.inflight.suspects()
            names = range(promised, promised + 8)
            library.add(1, 1, [item(f"{n}.jpg", n) for n in names])
            library.inflight.clear()
            promised = library.count()
