"""Keys of whole files, and those of three pieces that libraries of the version before have."""

import os
from pathlib import Path

import pytest

from followed_photos import Scan, add, bitmap, disc, give, labels, make_old, never_embed
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.files import partial_key_of
from imagefinder.storage.library import Library


def test_different_drawings_on_the_same_page_are_different_photos(library: Library, scan: Scan, tmp_path: Path) -> None:
    root = tmp_path / "pages"
    pages = [bitmap(root / f"{number}.bmp", disc("red", 40 * number)) for number in range(4)]
    assert len({partial_key_of(str(page)) for page in pages}) == 1
    library.add_folder(str(root))
    scan()
    thumbnails = {library.thumbnail(photo.content_key) for photo in library.newest(10)}
    assert len(thumbnails) == 4
    give(library, {pages[0]: "left"})
    pages[0].unlink()
    bitmap(root / "new.bmp", disc("yellow", 333))
    summary = scan()
    assert (summary.added, summary.moved, summary.kept) == (1, 0, 1)
    assert labels(library) == {str(pages[0]): "left"}


def test_an_older_library_gets_new_keys_as_its_files_are_read_and_embeds_nothing(
    library: Library, scan: Scan, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "photos"
    add(library, root, ["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg"):
        with (root / name).open("ab") as file:  # larger than the pieces that an older key is made of
            file.write(os.urandom(300_000))
    scan()
    give(library, {root / f"{name}.jpg": name for name in "abcd"})
    thumbnails = {photo.name: library.thumbnail(photo.content_key) for photo in library.newest(10)}
    make_old(library)
    for photo in library.newest(10):
        library.put_thumbnail(photo.content_key, thumbnails[photo.name] or b"")
    never_embed(embedder, monkeypatch)
    assert scan().unchanged == 4
    assert all(photo.stamp.ctime_ns for photo in library.newest(10)), "which needs no reading"
    assert not any(photo.whole_key for photo in library.newest(10))
    os.utime(root / "a.jpg", (1_600_000_000, 1_600_000_000))
    (root / "b.jpg").rename(root / "moved.jpg")
    for source, to in (("c.jpg", "aside"), ("d.jpg", "c.jpg"), ("aside", "d.jpg")):
        (root / source).rename(root / to)
    summary = scan()
    assert (summary.unchanged, summary.moved, summary.removed) == (1, 3, 0)
    expected = {"a.jpg": "a", "moved.jpg": "b", "d.jpg": "c", "c.jpg": "d"}
    assert labels(library) == {str(root / name): label for name, label in expected.items()}
    assert all(photo.whole_key and library.thumbnail(photo.content_key) for photo in library.newest(10))


def test_shared_keys_of_an_older_library_are_told_apart_at_the_next_scan(
    library: Library, scan: Scan, tmp_path: Path
) -> None:
    root = tmp_path / "pages"
    for number in range(3):
        bitmap(root / f"{number}.bmp", disc("red", 40 * number))
    library.add_folder(str(root))
    scan()
    make_old(library)
    assert len({photo.content_key for photo in library.newest(10)}) == 1
    summary = scan()
    assert (summary.unchanged, summary.updated) == (3, 0)
    assert len({photo.content_key for photo in library.newest(10)}) == 3
    assert all(photo.whole_key for photo in library.newest(10))
