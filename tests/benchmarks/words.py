"""A search by words at 100,000 photos against one by a picture, both in one process, the vocabulary warm."""

import tempfile
import time
from pathlib import Path

import numpy as np

from drawing import draw_photo
from imagefinder.domain.images import FileStamp, ImageInfo, Query, ReadImage
from imagefinder.storage.library import Library
from imagefinder.usecases.models import Models
from imagefinder.usecases.searching import search
from imagefinder.usecases.vocabulary import Vocabularies
from imagefinder.usecases.word_search import search_words
from measuring import in_turns, say

COUNT, K = 100_000, 500
FOLDERS = 1000
ASKED = ("strawberry", "dog", "strawberry 2021", "holiday 17", "IMG_00042")
"""One class, a hundred classes, a filter that leaves a tenth, a folder, and names of files."""


def main() -> None:
    """The catalogue is real; its embeddings are random unit rows. As many photos are asked for as the window does."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "photos").mkdir()
        picture = str(draw_photo(base / "query.jpg", 1, (4000, 3000), quality=90))
        models = Models(base / "models", "cpu")
        with Library.open(base / "library") as library:
            spec = models.spec(library)
            embedder = models.embedder(library, spec)
            directions = models.directions(spec)
            if directions is None:
                print(f"(the model {spec.name} has no words)")
                return
            model_id = library.register_model(spec)
            library.activate(spec)
            root_id = library.add_folder(str(base / "photos")).id
            rng = np.random.default_rng(0)
            for start in range(0, COUNT, 10_000):
                rows = rng.standard_normal((10_000, spec.dimension), dtype=np.float32)
                rows /= np.linalg.norm(rows, axis=1, keepdims=True)
                items = []
                for number in range(start, start + 10_000):
                    taken = f"{2015 + number % 10}-{1 + number % 12:02}-{1 + number % 28:02} 12:00:00"
                    image = ReadImage(
                        FileStamp(1, 1), number.to_bytes(16), ImageInfo(1, 1, "JPEG", taken, "NIKON D90"), 0, b"",
                        np.empty(0, np.uint8),
                    )  # fmt: skip
                    name = f"holiday {number % FOLDERS}/IMG_{number:06}.jpg"
                    items.append((name, image, rows[number - start]))
                library.add(root_id, model_id, items)
            kept = Vocabularies()
            began = time.perf_counter()
            vocabulary = kept.of(library, directions.words)
            collected = time.perf_counter() - began
            vocabulary.suggestions("b", 8)
            began = time.perf_counter()
            for typed in ("s", "st", "straw", "holiday 1", "img", "dog 20"):
                vocabulary.suggestions(typed, 8)
            suggesting = (time.perf_counter() - began) / 6
            print(f"(words are collected in {collected * 1e3:.0f} ms, suggestions take {suggesting * 1e3:.1f} ms)")

            def by_words(text: str) -> object:
                known = kept.of(library, directions.words)
                return search_words(library, lambda: embedder, directions, known, Query(text, words=text), K)

            for text in ASKED:
                by_picture, words = in_turns(
                    lambda: search(library, lambda: embedder, Query("q", path=picture), K),
                    lambda text=text: by_words(text),  # type: ignore[misc]  # it cannot infer the default's type
                    rounds=3,
                    block=5,
                )
                say(
                    f"“{text}” / a picture of 12 megapixels ({COUNT:,} photos)", words / by_picture, "<= 1.2",
                    f"[{words * 1e3:.0f} ms, {by_picture * 1e3:.0f} ms]",
                )  # fmt: skip
            near = library.newest(1)[0]
            stored, words = in_turns(
                lambda: search(library, lambda: embedder, Query("q", photo_id=near.id), K),
                lambda: by_words("strawberry"),
                rounds=3,
                block=5,
            )
            say(
                "“strawberry” / a photo of the library", words / stored, "<= 1.2",
                f"[{words * 1e3:.0f} ms, {stored * 1e3:.0f} ms]",
            )  # fmt: skip
