"""One bad thing costs that thing only."""

import os
from pathlib import Path

import numpy as np
import pytest

from followed_photos import Scan, add
from imagefinder.domain.images import ReadImage
from imagefinder.domain.specs import InputSpec
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.reading import read_image
from imagefinder.storage.library import Library


@pytest.mark.parametrize("seconds", [-(2**40), -1, 0, 2**33, 10_413_792_000])
def test_any_date_that_a_file_system_can_hold_is_taken(
    library: Library, scan: Scan, tmp_path: Path, seconds: int
) -> None:
    root = tmp_path / "photos"
    add(library, root, ["a.jpg", "b.jpg"])
    (root / "bad.jpg").write_bytes(b"x")
    try:
        for name in ("a.jpg", "bad.jpg"):
            os.utime(root / name, (seconds, seconds))
    except (OSError, OverflowError):
        pytest.skip("this file system does not keep such a date")
    summary = scan()
    assert (summary.added, len(summary.failed)) == (2, 1)
    assert scan().unchanged == 2


def test_a_row_that_the_catalogue_refuses_costs_that_photo_only(
    library: Library, scan: Scan, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "photos"
    add(library, root, [f"{number}.jpg" for number in range(5)])
    embed = type(embedder).embed

    def embed_one_wrong(self: Embedder, pixels: np.ndarray) -> np.ndarray:
        rows = embed(self, pixels)
        rows[1] = np.nan
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(type(embedder), "embed", embed_one_wrong)
        summary = scan()
    assert (summary.added, len(summary.failed)) == (4, 1)
    assert "The library cannot take it in" in summary.failed[0].reason
    library.forget_failures()
    assert scan().added == 1


def test_a_read_that_fails_in_a_way_nobody_knows_costs_that_photo_only(
    library: Library, scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "photos"
    add(library, root, ["a.jpg", "b.jpg", "c.jpg"])

    def read(path: str, spec: InputSpec) -> ReadImage:
        if path.endswith("b.jpg"):
            raise OverflowError("too far")
        return read_image(path, spec)

    monkeypatch.setattr("imagefinder.usecases.indexing.read_image", read)
    summary = scan()
    assert (summary.added, [failure.relpath for failure in summary.failed]) == (2, ["b.jpg"])
