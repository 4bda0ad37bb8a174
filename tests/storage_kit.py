"""Libraries, photos and vectors that the storage tests make up: no files are needed, only what reading them gives."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from imagefinder.domain.images import Embeddings, FileStamp, ImageInfo, ReadImage
from imagefinder.domain.specs import InputSpec, ModelSpec, Stored
from imagefinder.storage.library import Library

DIMENSION = 16


def model(name: str = "plain", dimension: int = DIMENSION, architecture: str = "plain") -> ModelSpec:
    return ModelSpec(name, "builtin", architecture, InputSpec(8, 8), dimension)


def row(seed: int, dimension: int = DIMENSION) -> Embeddings:
    """A unit row of its own for each seed."""
    found = np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
    return np.asarray(found / np.linalg.norm(found), np.float32)


def read(seed: int, mtime_ns: int = 1_600_000_000_000_000_000, taken_at: str = "") -> ReadImage:
    """What reading a photo would give."""
    return ReadImage(
        stamp=FileStamp(1000 + seed, mtime_ns),
        content_key=hashlib.blake2b(str(seed).encode(), digest_size=16).digest(),
        info=ImageInfo(640, 480, "JPEG", taken_at, "Camera"),
        colour=0x102030,
        thumbnail=b"jpeg %d" % seed,
        pixels=np.zeros((8, 8, 3), np.uint8),
    )


def item(relpath: str, seed: int, dimension: int = DIMENSION) -> tuple[str, ReadImage, Embeddings]:
    return relpath, read(seed), row(seed, dimension)


def kept_as(stored: Stored) -> ModelSpec:
    """The plain model, with a record that says this of its rows."""
    return replace(model(), stored=stored)


def library_with(directory: Path, root: Path, count: int = 10, stored: Stored = "float16") -> Library:
    """An open library with one root and the photos 0.jpg, 1.jpg, ...; photo n has the row of seed n."""
    root.mkdir(parents=True, exist_ok=True)
    library = Library.open(directory)
    library.activate(kept_as(stored))
    folder = library.add_folder(str(root))
    library.add(folder.id, library.register_model(kept_as(stored)), [item(f"{n}.jpg", n) for n in range(count)])
    return library


def nearest(library: Library, seed: int) -> str:
    """The path, below its root, of the photo nearest to the row of this seed."""
    ((photo_id, similarity),) = library.search(row(seed), 1)
    photo = library.photo(photo_id)
    assert photo is not None
    assert -1.01 <= similarity <= 1.01
    return photo.relpath


def stored_seqs(library: Library) -> list[int]:
    """The row numbers of all vectors, straight from the catalogue."""
    with library._database.read() as connection:
        return [seq for (seq,) in connection.execute("SELECT seq FROM vector ORDER BY seq")]
