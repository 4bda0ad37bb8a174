"""Everything that people's folders hold besides photos: nothing stops the scan, and each file has its reason."""

import os
from pathlib import Path

import pytest

from bad_files import REASONS, make_bad_files
from drawing import draw_photo
from imagefinder.domain.images import ReadImage
from imagefinder.domain.specs import InputSpec
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.names import EXTENSIONS, extension_of
from imagefinder.imaging.reading import read_image
from imagefinder.storage.library import Library
from imagefinder.usecases import indexing
from imagefinder.usecases.indexing import index


def test_a_folder_full_of_bad_files_is_indexed_to_the_end(library: Library, embedder: Embedder, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    # A file without an extension is looked at only where it begins like an image.
    kinds = {name: kind for name, kind in make_bad_files(root).items() if extension_of(name) in EXTENSIONS}
    draw_photo(root / "good.jpg", seed=1)
    library.add_folder(str(root))
    summary = index(library, embedder)
    reasons = {os.path.basename(failure.path): failure.reason for failure in summary.failed}
    wrong = {
        name: (kind, reasons.get(name))
        for name, kind in kinds.items()
        if (name in reasons) == (kind == "readable") or REASONS[kind] not in reasons.get(name, "")
    }
    assert wrong == {}
    assert library.photo_at(str(root / "good.jpg")) is not None
    again = index(library, embedder)
    assert (again.added, again.updated, again.removed) == (0, 0, 0)
    assert len(again.failed) == len(summary.failed)
    assert library.verify().problems == ()


def test_files_that_vanish_or_change_while_they_are_read(
    library: Library, embedder: Embedder, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meddling(path: str, spec: InputSpec) -> ReadImage:
        if path.endswith("00.jpg"):
            os.remove(path)
        if path.endswith("01.jpg"):
            draw_photo(Path(path), seed=99)
        return read_image(path, spec)

    library.add_folder(str(photos))
    with monkeypatch.context() as patched:
        patched.setattr(indexing, "read_image", meddling)
        summary = index(library, embedder)
    assert [os.path.basename(failure.path) for failure in summary.failed] == ["00.jpg"]
    assert "missing" in summary.failed[0].reason
    after = index(library, embedder)
    assert (after.failed, after.updated) == ((), 0)
    assert library.count() == 11
