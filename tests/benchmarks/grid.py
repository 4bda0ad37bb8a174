"""Does the grid slow down as a library grows? Frame time while scrolling, 100,000 photos against 1,000."""

import os
import statistics
import time

import numpy as np

from imagefinder.domain.images import FileStamp, ImageInfo, Photo, Pixels

FEW, MANY = 1_000, 100_000
ROUNDS = 5
FRAMES = 120
STEP = 40  # logical pixels a frame: a brisk scroll
GOAL = 1.2


def synthetic_photo(number: int) -> Photo:
    """No two alike, none on disk."""
    info = ImageInfo(4000, 3000 - number % 7 * 200, "JPEG", "2024-05-01 12:00:00")
    key = number.to_bytes(16, "big")
    return Photo(number, 1, "/photos", f"IMG_{number}.jpg", FileStamp(3_000_000, 0), key, info, 0x406080, False)


def draw(photo: Photo, side: int) -> Pixels:
    return np.full((side * photo.info.height // photo.info.width, side, 3), photo.id % 256, np.uint8)


def main() -> None:
    """Print both frame times, their ratio, and what it costs to fill and to zoom the larger grid."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from imagefinder.domain.images import Hit
    from imagefinder.ui.results_model import ResultsModel
    from imagefinder.ui.results_view import ResultsView
    from imagefinder.ui.thumbnail_loader import ThumbnailLoader

    app = QApplication.instance() or QApplication([])
    loader = ThumbnailLoader(draw)
    model = ResultsModel(loader)
    model.set_limit(MANY)
    view = ResultsView(model, loader)
    view.resize(1240, 820)
    view.show()
    hits = [Hit(number, synthetic_photo(number), 1 - number / MANY) for number in range(MANY)]

    def fill(count: int) -> float:
        start = time.perf_counter()
        model.set_result(hits[:count])
        app.processEvents()
        return time.perf_counter() - start

    def scroll() -> list[float]:
        """Seconds of each frame: everything that happens from the scroll bar's move to the painted window."""
        bar = view.verticalScrollBar()
        times = []
        for frame in range(FRAMES):
            start = time.perf_counter()
            bar.setValue(frame * STEP)
            app.processEvents()
            view.viewport().repaint()
            times.append(time.perf_counter() - start)
        return times

    try:
        frames: dict[int, list[float]] = {FEW: [], MANY: []}
        for _ in range(ROUNDS):  # in turns, so that whatever else the machine does hits both
            for count in frames:
                filled = fill(count)
                scroll()  # loads the thumbnails
                frames[count] += scroll()
        start = time.perf_counter()
        view.larger()
        app.processEvents()
        zoomed = time.perf_counter() - start
    finally:
        loader.close()
        view.close()
    few, many = (statistics.median(frames[count]) * 1000 for count in (FEW, MANY))
    worst = max(statistics.quantiles(frames[MANY], n=100)) * 1000
    print(f"frame while scrolling, {FEW:,} photos      {few:8.2f} ms")
    print(f"frame while scrolling, {MANY:,} photos    {many:8.2f} ms   (99th percentile {worst:.2f} ms)")
    print(f"ratio                                 {many / few:8.2f}      (goal: at most {GOAL})")
    print(f"showing {MANY:,} photos at once        {filled * 1000:8.0f} ms")
    print(f"another thumbnail size for them        {zoomed * 1000:8.0f} ms")


if __name__ == "__main__":
    main()
