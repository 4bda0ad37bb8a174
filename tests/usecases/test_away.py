"""Folders and photos that are not there are kept, until the user says that they are gone."""

import shutil
from pathlib import Path

import pytest

from drawing import draw_photo
from followed_photos import Scan, add, give, labels, never_embed
from imagefinder.domain.images import FolderState
from imagefinder.embedding.embedder import Embedder
from imagefinder.storage.library import Library


@pytest.mark.parametrize("how", ["emptied", "mount", "album"])
def test_a_folder_below_a_root_can_be_away(
    library: Library, scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    root, aside = tmp_path / "photos", tmp_path / "aside"
    add(library, root, [f"{number}.jpg" for number in range(10)])
    count = 12 if how == "album" else 2
    for number in range(count):
        draw_photo(root / "nas" / f"{number}.jpg", seed=50 + number)
    (folder,) = library.folders()
    if how == "mount":
        library.set_mounts(folder.id, {"nas": True})  # as a scan notes it of a folder on another device
    scan()
    if how == "mount":
        library.set_mounts(folder.id, {"nas": True})
    give(library, {root / "nas" / "0.jpg": "pear"})
    (root / "nas").rename(aside)
    if how == "emptied":
        (root / "nas").mkdir()
    summary = scan()
    assert (summary.away, summary.kept, summary.removed) == ((str(root / "nas"),), count, 0)
    assert summary.offline == ()
    (folder,) = library.folders()
    assert (folder.state, folder.away) == (FolderState.INDEXED, count)
    photo = library.photo_at(str(root / "nas" / "1.jpg"))
    assert photo is not None
    assert photo.offline
    row = library.embedding(photo.id)
    assert row is not None
    assert library.search(row, 1)[0][0] == photo.id, "it stays searchable"
    again = scan()
    assert (again.away, again.kept, again.removed) == ((), 0, 0), "which is told once"
    if how == "emptied":
        (root / "nas").rmdir()
    aside.rename(root / "nas")
    assert scan().unchanged == 10 + count
    assert library.folders()[0].away == 0
    assert labels(library) == {str(root / "nas" / "0.jpg"): "pear"}


def test_the_user_says_that_what_is_away_is_gone(library: Library, scan: Scan, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    add(library, root, [f"{number}.jpg" for number in range(3)])
    draw_photo(root / "album" / "x.jpg", seed=9)
    scan()
    give(library, {root / "album" / "x.jpg": "pear"})
    (root / "album" / "x.jpg").unlink()
    assert scan().kept == 1
    (folder,) = library.folders()
    assert scan(folder, forget_missing=[folder.id]).removed == 1
    assert library.folders()[0].away == 0
    (removal,) = library.removals()
    assert (removal.why, removal.labelled) == ("forgotten", 1)
    draw_photo(root / "elsewhere.jpg", seed=9)
    assert scan().moved == 1
    assert labels(library) == {str(root / "elsewhere.jpg"): "pear"}


def test_a_labelled_photo_that_is_deleted_is_kept_until_the_user_lets_go(
    library: Library, scan: Scan, tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    add(library, root, ["a.jpg", "b.jpg", "c.jpg"])
    scan()
    give(library, {root / "a.jpg": "pear"})
    for name in ("a.jpg", "b.jpg"):
        (root / name).unlink()
    summary = scan()
    assert (summary.kept, summary.removed, summary.away) == (1, 1, ())
    assert labels(library) == {str(root / "a.jpg"): "pear"}


def test_a_drive_that_was_renumbered_while_it_was_away_comes_back_whole(
    library: Library, scan: Scan, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, aside = tmp_path / "photos", tmp_path / "aside"
    add(library, root, [f"stays-{number}.jpg" for number in range(3)])
    for number in range(12):
        draw_photo(root / "nas" / f"IMG_{number:02}.jpg", seed=50 + number)
    scan()
    give(library, {root / "nas" / f"IMG_{number:02}.jpg": f"picture {number}" for number in range(12)})
    (root / "nas").rename(aside)
    (root / "nas").mkdir()
    assert scan().kept == 12
    for number in reversed(range(12)):
        (aside / f"IMG_{number:02}.jpg").rename(aside / f"IMG_{number + 1:02}.jpg")
    (root / "nas").rmdir()
    aside.rename(root / "nas")
    never_embed(embedder, monkeypatch)
    assert scan().moved == 12
    expected = {str(root / "nas" / f"IMG_{number + 1:02}.jpg"): f"picture {number}" for number in range(12)}
    assert labels(library) == expected
    assert (library.count(), library.folders()[0].away) == (15, 0)


def test_a_root_that_went_away_in_the_same_scan_lends_its_labels_to_copies(
    library: Library, scan: Scan, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    add(library, one, ["a.jpg", "b.jpg", "c.jpg"])
    scan()
    give(library, {one / "a.jpg": "pear"})
    shutil.copytree(one, two)
    shutil.rmtree(one)
    library.add_folder(str(two))
    assert scan().offline == (str(one),)
    assert labels(library) == {str(one / "a.jpg"): "pear", str(two / "a.jpg"): "pear"}
