"""What is moved to the trash, and what is not."""

import os
from pathlib import Path

import pytest

from drawing import draw_photo
from followed_photos import Scan, bitmap, disc
from imagefinder.storage.library import Library
from imagefinder.usecases.filing import move_to_trash


def test_the_trash_takes_only_the_very_file_that_is_shown(
    library: Library, scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trashed: list[str] = []
    monkeypatch.setattr("send2trash.send2trash", trashed.append)
    root = tmp_path / "photos"
    names = ["same.jpg", "touched.jpg", "edited.jpg", "swapped.bmp", "with.bmp", "folder.jpg", "gone.jpg", "link.jpg"]
    target = draw_photo(tmp_path / "target.jpg", seed=50)
    for number, name in enumerate(names):
        if name.endswith("bmp"):
            bitmap(root / name, disc("red", 20 * number))
            os.utime(root / name, (1_700_000_000, 1_700_000_000))
        elif name != "link.jpg":
            draw_photo(root / name, seed=number)
    (root / "link.jpg").symlink_to(target)
    library.add_folder(str(root))
    scan()
    photos = {photo.name: photo for photo in library.newest(100)}
    draw_photo(root / "edited.jpg", seed=99)
    aside = root / "aside"
    for source, to in (("swapped.bmp", "aside"), ("with.bmp", "swapped.bmp"), ("aside", "with.bmp")):
        (root / source).rename(root / to)
    assert not aside.exists()
    (root / "folder.jpg").unlink()
    draw_photo(root / "folder.jpg" / "precious.jpg", seed=3)
    (root / "gone.jpg").unlink()
    done, refused = move_to_trash(library, list(photos.values()))
    assert sorted(photo.name for photo in done) == ["link.jpg", "same.jpg", "touched.jpg"]
    assert sorted(trashed) == [str(root / name) for name in ("link.jpg", "same.jpg", "touched.jpg")]
    reasons = {photo.name: reason for photo, reason in refused}
    for name in ("edited.jpg", "swapped.bmp", "with.bmp", "folder.jpg"):
        assert "no longer the one that is shown" in reasons[name]
    assert reasons["gone.jpg"] == "The file is missing."
    assert {photo.name for photo in library.newest(100)} == set(names) - {"link.jpg", "same.jpg", "touched.jpg"}
    (removal,) = library.removals()
    assert (removal.why, removal.photos) == ("trashed", 3)
