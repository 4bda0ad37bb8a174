"""Index throughput against its own work: reading alone, then embedding alone, on the same cores."""

import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.reading import read_image
from imagefinder.storage.library import Library
from imagefinder.usecases.indexing import index
from imagefinder.usecases.models import Models
from imagefinder.usecases.reading import READER_THREADS, read_ahead
from measuring import say, some_photos

PHOTOS = 800
WEIGHTS = Path(__file__).parents[3] / "shared" / "weights" / "mobilenetv2_100_same.safetensors"


def main() -> None:
    """For the model without weights, and for a real network where its weights are here."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        photos = base / "photos"
        photos.mkdir()
        for number, path in enumerate(some_photos(PHOTOS, base / "drawn")):
            shutil.copyfile(path, photos / f"{number:04}.jpg")
        models = Models(base / "models", "cpu")
        names = ["colour-layout"]
        if WEIGHTS.exists():
            names.append(models.shelf.add(WEIGHTS, "mobilenetv2_100_same", None).name)
        for name in names:
            with Library.open(base / name) as library:
                embedder = models.embedder(library, models.spec(library, name))
                _compare(name, library, embedder, photos)


def _compare(name: str, library: Library, embedder: Embedder, photos: Path) -> None:
    paths = [str(path) for path in sorted(photos.iterdir())]
    seen = embedder.spec.input
    embedder.embed(np.zeros((embedder.batch_size, seen.crop, seen.crop, 3), np.uint8))  # warm up

    began = time.perf_counter()
    read = [
        image
        for _, image in read_ahead(
            paths, lambda path: read_image(path, seen), threads=READER_THREADS, window=4 * embedder.batch_size
        )
        if not isinstance(image, Exception)
    ]
    reading = time.perf_counter() - began

    pixels = np.stack([image.pixels for image in read])
    began = time.perf_counter()
    for start in range(0, len(pixels), embedder.batch_size):
        embedder.embed(pixels[start : start + embedder.batch_size])
    embedding = time.perf_counter() - began

    library.add_folder(str(photos))
    summary = index(library, embedder)
    say(
        f"index throughput / reading and embedding alone ({name}, {embedder.precision})",
        (reading + embedding) / summary.seconds,
        ">= 0.8",
        f"[{len(read) / reading:.0f} read/s, {len(read) / embedding:.0f} embedded/s, "
        f"{summary.photos_per_second:.0f} indexed/s]",
    )
