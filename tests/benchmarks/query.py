"""One query at 100,000 vectors: the whole against its parts, and the search against a matrix-vector product."""

import tempfile
from pathlib import Path

import numpy as np

from drawing import draw_photo
from imagefinder.domain.images import FileStamp, ImageInfo, Query, ReadImage
from imagefinder.imaging.reading import read_query
from imagefinder.storage.library import Library
from imagefinder.usecases.models import Models
from imagefinder.usecases.searching import search
from measuring import in_turns, say

COUNT, K = 100_000, 100


def main() -> None:
    """The catalogue is real; its embeddings are random unit rows, which are the worst case for every search."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "photos").mkdir()
        picture = str(draw_photo(base / "query.jpg", 1, (4000, 3000), quality=90))
        models = Models(base / "models", "cpu")
        with Library.open(base / "library") as library:
            embedder = models.embedder(library, models.spec(library))
            model_id = library.register_model(embedder.spec)
            library.activate(embedder.spec)
            root_id = library.add_folder(str(base / "photos")).id
            rng = np.random.default_rng(0)
            rows = rng.standard_normal((COUNT, embedder.spec.dimension), dtype=np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            for start in range(0, COUNT, 10_000):
                items = []
                for number in range(start, start + 10_000):
                    key = number.to_bytes(16)
                    image = ReadImage(FileStamp(1, 1), key, ImageInfo(1, 1, "JPEG"), 0, b"", np.empty(0, np.uint8))
                    items.append((f"{number}.jpg", image, rows[number]))
                library.add(root_id, model_id, items)
            seen = embedder.spec.input
            pixels = read_query(picture, seen).pixels[None]
            row = embedder.embed(pixels)[0]
            whole, read, embed, find, product = in_turns(
                lambda: search(library, lambda: embedder, Query("q", path=picture), K),
                lambda: read_query(picture, seen),
                lambda: embedder.embed(pixels),
                lambda: library.search(row, K),
                lambda: rows @ row,
                rounds=5,
                block=9,
            )
            parts = read + embed + find
            say(
                "query, whole / (decode + embed + search)", whole / parts, "<= 1.2",
                f"[{whole * 1e3:.0f} ms; {read * 1e3:.0f} + {embed * 1e3:.0f} + {find * 1e3:.0f} ms]",
            )  # fmt: skip
            say(
                f"search alone / numpy matrix-vector product ({COUNT:,} x {embedder.spec.dimension})", find / product,
                "<= 1.5", f"[{find * 1e3:.1f} ms, {product * 1e3:.1f} ms]",
            )  # fmt: skip
