"""A second scan of an unchanged tree against the bare walk that it cannot do without."""

import os
import tempfile
from pathlib import Path

import numpy as np

from imagefinder.domain.images import FileStamp, ImageInfo, ReadImage
from imagefinder.storage.library import Library
from imagefinder.usecases.indexing import index
from imagefinder.usecases.models import Models
from measuring import in_turns, say

FILES, FOLDERS = 20_000, 200


def bare_walk(root: str) -> int:
    """What any scan has to do: list every folder, and stat every file."""
    count, waiting = 0, [root]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    entry.stat()
                    count += 1
    return count


def main() -> None:
    """20,000 files in 200 folders, all in the catalogue."""
    with tempfile.TemporaryDirectory() as folder:
        root, models = Path(folder) / "photos", Models(Path(folder) / "models", "cpu")
        relpaths = [f"{number % FOLDERS:03}/IMG_{number:06}.jpg" for number in range(FILES)]
        for relpath in relpaths:
            path = root / relpath
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(relpath.encode())
        with Library.open(Path(folder) / "library") as library:
            embedder = models.embedder(library, models.spec(library))
            model_id = library.register_model(embedder.spec)
            root_id = library.add_folder(str(root)).id
            rng = np.random.default_rng(0)
            rows = rng.standard_normal((FILES, embedder.spec.dimension), dtype=np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            items = []
            for relpath, row in zip(relpaths, rows, strict=True):
                status = (root / relpath).stat()
                stamp = FileStamp.of(status)
                key = relpath.encode().ljust(16)[-16:]
                items.append(
                    (relpath, ReadImage(stamp, key, ImageInfo(1, 1, "JPEG"), 0, b"", np.empty(0, np.uint8)), row)
                )
            library.add(root_id, model_id, items)
            assert index(library, embedder).unchanged == FILES
            scan, walk = in_turns(lambda: index(library, embedder), lambda: bare_walk(str(root)), rounds=7)
            say(
                f"second scan of {FILES:,} files / bare walk",
                scan / walk,
                "<= 2",
                f"[{scan * 1e3:.0f} ms, {walk * 1e3:.0f} ms]",
            )
