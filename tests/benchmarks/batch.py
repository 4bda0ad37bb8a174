"""What one batch of 64 photos costs in a small and in a large library: adding, moving, labelling and removing it."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from imagefinder.domain.images import FileStamp, ImageInfo, Moved, ReadImage
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.storage.library import Library
from measuring import say

SIZES = (10_000, 100_000, 1_000_000)
DIMENSION = 384
BATCH = 64
ROUNDS = 15
FILLED_AT_ONCE = 20_000
SPEC = ModelSpec("random", "builtin", "random", InputSpec(8, 8), DIMENSION)


def main() -> None:
    """Random unit rows, which are the worst case for every index. Filling the largest library takes minutes."""
    small: dict[str, float] = {}
    for size in SIZES:
        taken = _measure(size)
        small = small or taken
        for name, seconds in taken.items():
            goal = "<= 2" if name == "add" else "<= 10"
            say(
                f"{name} {BATCH} photos: {size:,} / {SIZES[0]:,} rows", seconds / small[name], goal,
                f"[{seconds * 1e3:.1f} ms]",
            )  # fmt: skip


def _measure(size: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "photos").mkdir()
        with Library.open(base / "library") as library:
            library.activate(SPEC)
            root, model_id = library.add_folder(str(base / "photos")).id, library.register_model(SPEC)
            for start in range(0, size, FILLED_AT_ONCE):
                library.add(root, model_id, _items(start, min(FILLED_AT_ONCE, size - start)))
            library.optimise()
            library.search(_rows(size, 1)[0], 10)  # the index is in memory from now on
            taken: dict[str, list[float]] = {}

            def timed(name: str, work: Callable[[], object]) -> None:
                began = perf_counter()
                work()
                taken.setdefault(name, []).append(perf_counter() - began)

            step = size // (ROUNDS * BATCH)
            for number in range(ROUNDS):
                items = _items(size + number * BATCH, BATCH)
                old = [1 + number * BATCH * step + place * step for place in range(BATCH)]  # spread over the index
                places = [
                    Moved(root, f"moved/{number}-{place}.jpg", FileStamp(1, 2, 3, 4), id_)
                    for place, id_ in enumerate(old)
                ]
                timed("add", partial(library.add, root, model_id, items))
                timed("move", partial(library.relocate, places))
                timed("label", partial(library.set_labels, old, "pear"))
                timed("remove", partial(library.remove_photos, old))
            return {name: median(seconds) for name, seconds in taken.items()}


def _rows(seed: int, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION), dtype=np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _items(start: int, count: int) -> list[tuple[str, ReadImage, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]]:
    info, pixels = ImageInfo(1, 1, "JPEG"), np.empty(0, np.uint8)
    return [
        (
            f"{number % 1000:03}/{number}.jpg",
            ReadImage(FileStamp(1000 + number, 1, 1, number), number.to_bytes(16), info, 0, b"", pixels),
            row,
        )
        for number, row in zip(range(start, start + count), _rows(start, count), strict=True)
    ]
