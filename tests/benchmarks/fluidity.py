"""How long the window's thread is away while a folder is indexed: gaps between ticks of a 5 ms timer."""

import tempfile
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer

from imagefinder import app
from imagefinder.paths import Paths
from measuring import say, some_photos

PHOTOS = 1500


def main() -> None:
    """The real window, offscreen, over links to real photographs; the model is loaded while it is measured."""
    app.application()
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        photos.mkdir()
        for number, path in enumerate(some_photos(PHOTOS, Path(folder) / "drawn")):
            (photos / f"{number:04}.jpg").symlink_to(path)
        window = app.build(Paths.resolve(Path(folder) / "base"), device="cpu")
        window.show()
        loop = QEventLoop()
        window.session.opened.connect(loop.quit)
        window.start()
        loop.exec()
        ticks: list[float] = []
        timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=5)
        timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
        window.session.indexing_finished.connect(loop.quit)
        timer.start()
        window.session.add_folders([str(photos)])
        loop.exec()
        timer.stop()
        window.closed.connect(loop.quit)
        window.close()
        loop.exec()
        gaps = np.diff(ticks) * 1e3 - 5
        p99 = float(np.percentile(gaps, 99))
        say(
            "window's thread away while indexing, p99 in ms", p99, "<= 25",
            f"[median {np.median(gaps):.1f}, p99.9 {np.percentile(gaps, 99.9):.0f}, longest {gaps.max():.0f} ms, "
            f"{len(gaps)} ticks, {PHOTOS / (ticks[-1] - ticks[0]):.0f} photos/s]",
        )  # fmt: skip
