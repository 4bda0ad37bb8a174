"""Rows kept as bytes against rows kept as half floats, at 100,000 x 512: searching, and what they take on the disk."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from imagefinder.domain.images import FileStamp, ImageInfo, ReadImage
from imagefinder.domain.specs import InputSpec, ModelSpec, Stored
from imagefinder.storage.library import Library
from measuring import in_turns, say

COUNT, DIMENSION, K = 100_000, 512, 100
SPEC = ModelSpec("random", "builtin", "random", InputSpec(8, 8), DIMENSION)


def main() -> None:
    """Random unit rows. The searches are whole ones, of the catalogue too: bytes are compared again by stored rows."""
    rows = np.random.default_rng(0).standard_normal((COUNT, DIMENSION), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        with _filled(base / "half floats", "float16", rows) as halves, _filled(base / "bytes", "int8", rows) as eights:
            slow, quick, alone, alone_quick = in_turns(
                lambda: halves.search(rows[7], K),
                lambda: eights.search(rows[7], K),
                lambda: _index_only(halves, rows[7]),
                lambda: _index_only(eights, rows[7]),
                rounds=9,
                block=9,
            )
            sizes = [sum(held.bytes for held in library.models_held()) for library in (halves, eights)]
    name = f"{COUNT:,} x {DIMENSION}"
    say(f"search, bytes / half floats ({name})", quick / slow, "<= 1.0", f"[{quick * 1e3:.1f}, {slow * 1e3:.1f} ms]")
    say(
        f"the index alone, bytes / half floats ({name})", alone_quick / alone, "<= 1.0",
        f"[{alone_quick * 1e3:.1f}, {alone * 1e3:.1f} ms]",
    )  # fmt: skip
    say("catalogue and index, bytes / half floats", sizes[1] / sizes[0], "<= 0.55", f"[{sizes[1] / 2**20:.0f} MiB]")


def _filled(directory: Path, stored: Stored, rows: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Library:
    (directory / "photos").mkdir(parents=True)
    library = Library.open(directory / "library")
    spec, info = replace(SPEC, stored=stored), ImageInfo(1, 1, "JPEG")
    library.activate(spec)
    root_id, model_id = library.add_folder(str(directory / "photos")).id, library.register_model(spec)
    for start in range(0, len(rows), 10_000):
        items = [
            (f"{n}.jpg", ReadImage(FileStamp(1, 1), n.to_bytes(16), info, 0, b"", np.empty(0, np.uint8)), rows[n])
            for n in range(start, start + 10_000)
        ]
        library.add(root_id, model_id, items)
    library.optimise()
    library.save_index()
    return library


def _index_only(library: Library, row: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    assert library._keeper is not None
    library._keeper.serving().index.search(row, K)


if __name__ == "__main__":
    main()
