"""Whatever happens to files, what was said of a picture stays with that picture."""

import os
import shutil
from pathlib import Path

import pytest

from drawing import draw_photo
from followed_photos import Scan, add, bitmap, disc, give, id_of, labels, never_embed
from imagefinder.embedding.embedder import Embedder
from imagefinder.storage.library import Library


def test_renumbering_takes_labels_and_rejections_along(
    library: Library, scan: Scan, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "photos"
    add(library, root, [f"IMG_{number}.jpg" for number in range(6)])
    scan()
    give(library, {root / f"IMG_{number}.jpg": f"picture {number}" for number in range(6)})
    library.reject_label([id_of(library, root / "IMG_3.jpg")], "plum")
    for number in reversed(range(6)):
        (root / f"IMG_{number}.jpg").rename(root / f"IMG_{number + 1}.jpg")
    never_embed(embedder, monkeypatch)
    assert scan().moved == 6
    assert labels(library) == {str(root / f"IMG_{number + 1}.jpg"): f"picture {number}" for number in range(6)}
    assert library.rejected_labels([id_of(library, root / "IMG_4.jpg")])


@pytest.mark.parametrize("how", ["rename", "copy"])
def test_files_of_one_size_and_time_that_change_places_are_noticed(
    library: Library, scan: Scan, tmp_path: Path, how: str
) -> None:
    root = tmp_path / "photos"
    one, two = bitmap(root / "a.bmp", disc("red", 50)), bitmap(root / "b.bmp", disc("blue", 300))
    for path in (one, two):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    library.add_folder(str(root))
    scan()
    give(library, {one: "red"})
    aside = tmp_path / "aside"
    if how == "rename":
        one.rename(aside)
        two.rename(one)
        aside.rename(two)
    else:
        shutil.copy2(one, aside)
        shutil.copy2(two, one)
        shutil.copy2(aside, two)
    assert scan().moved == 2
    assert labels(library) == {str(two): "red"}


def test_the_oldest_of_a_rotation_is_kept_among_the_removed(library: Library, scan: Scan, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    names = ["latest.jpg", "1.jpg", "2.jpg"]
    add(library, root, names)
    scan()
    give(library, {root / name: name for name in names})
    (root / "1.jpg").replace(root / "2.jpg")
    (root / "latest.jpg").replace(root / "1.jpg")
    draw_photo(root / "latest.jpg", seed=77)
    summary = scan()
    assert (summary.moved, summary.added, summary.removed) == (2, 1, 1)
    assert labels(library) == {str(root / "1.jpg"): "latest.jpg", str(root / "2.jpg"): "1.jpg"}
    (removal,) = library.removals()
    assert (removal.why, removal.labelled) == ("replaced", 1)


@pytest.mark.parametrize("order", ["the new one alone, then the old", "the old one first", "both at once"])
@pytest.mark.parametrize("count", [3, 15])
def test_an_album_that_moves_into_another_root_takes_its_labels_along(
    library: Library, scan: Scan, tmp_path: Path, order: str, count: int
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    add(library, old, [f"stays-{number}.jpg" for number in range(9)])
    for number in range(count):
        draw_photo(old / "album" / f"{number}.jpg", seed=100 + number)
    scan()
    give(library, {old / "album" / "1.jpg": "stars"})
    new.mkdir()
    (old / "album").rename(new / "album")
    if order == "the old one first":
        scan()  # as at a start, before the new root is known
    folder = library.add_folder(str(new))
    if order == "the new one alone, then the old":
        scan(folder)
    scan()
    moved = str(new / "album" / "1.jpg")
    assert labels(library)[moved] == "stars"
    assert library.count_embedded() == library.count()
    assert labels(library) == {moved: "stars"}
    assert library.count() == 9 + count


def test_a_label_outlives_a_copy_and_the_deletion_of_the_original(library: Library, scan: Scan, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    add(library, root, ["a.jpg", "b.jpg", "c.jpg"])
    scan()
    give(library, {root / "a.jpg": "pear"})
    (root / "album").mkdir()
    shutil.copy2(root / "a.jpg", root / "album" / "a.jpg")
    scan()
    assert labels(library) == {str(root / "a.jpg"): "pear"}
    (root / "a.jpg").unlink()
    summary = scan()
    assert (summary.removed, summary.kept) == (1, 0)
    assert labels(library) == {str(root / "album" / "a.jpg"): "pear"}


@pytest.mark.parametrize("how", ["scanned as its new name alone", "after a scan of all"])
@pytest.mark.parametrize("count", [2, 13])
def test_a_root_that_was_renamed_and_added_again_keeps_its_labels(
    library: Library,
    scan: Scan,
    embedder: Embedder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    count: int,
) -> None:
    root, renamed = tmp_path / "photos", tmp_path / "renamed"
    add(library, root, [f"{number}.jpg" for number in range(count)])
    scan()
    give(library, {root / "1.jpg": "stars"})
    root.rename(renamed)
    if how == "after a scan of all":
        scan()
    never_embed(embedder, monkeypatch)
    scan(library.add_folder(str(renamed)))
    assert labels(library)[str(renamed / "1.jpg")] == "stars"


def test_an_album_that_moved_before_its_new_root_was_known_leaves_no_ghosts(
    library: Library, scan: Scan, tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    add(library, old, [f"{number}.jpg" for number in range(9)])
    for number in range(3):
        draw_photo(old / "album" / f"{number}.jpg", seed=50 + number)
    scan()
    give(library, {old / "album" / "0.jpg": "stars", old / "album" / "1.jpg": "moon"})
    ids = {photo.name: photo.id for photo in library.newest(100) if "album" in photo.path}
    new.mkdir()
    (old / "album").rename(new / "album")
    assert scan(library.folders()[0]).kept == 2
    scan(library.add_folder(str(new)))
    assert labels(library) == {str(new / "album" / "0.jpg"): "stars", str(new / "album" / "1.jpg"): "moon"}
    assert library.count() == 12
    assert {photo.name: photo.id for photo in library.newest(100) if "album" in photo.path} == ids


def test_a_label_is_not_handed_to_a_copy_that_was_overwritten_meanwhile(
    library: Library, scan: Scan, tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    add(library, root, ["a.jpg", "b.jpg", "c.jpg"], first_seed=20)
    shutil.copy2(root / "a.jpg", root / "copy.jpg")
    scan()
    give(library, {root / "a.jpg": "pear"})
    (root / "a.jpg").unlink()
    draw_photo(root / "copy.jpg", seed=90)
    assert scan().kept == 1
    assert labels(library) == {str(root / "a.jpg"): "pear"}


def test_a_photo_that_became_unreadable_stays_listed_and_what_it_was(
    library: Library, scan: Scan, tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    add(library, root, ["a.jpg", "b.jpg", "c.jpg"])
    scan()
    give(library, {root / "a.jpg": "pear"})
    whole = (root / "a.jpg").read_bytes()
    (root / "a.jpg").write_bytes(b"garbage")
    for _ in range(3):
        assert [failure.relpath for failure in scan().failed] == ["a.jpg"]
    (root / "found.jpg").write_bytes(whole)
    assert scan().moved == 1
    assert labels(library)[str(root / "found.jpg")] == "pear"


def test_touched_files_are_not_embedded_again(
    library: Library, scan: Scan, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "photos"
    add(library, root, ["a.jpg", "b.jpg", "c.jpg"])
    scan()
    never_embed(embedder, monkeypatch)
    for path in root.iterdir():
        os.utime(path, (1_600_000_000, 1_600_000_000))
    summary = scan()
    assert (summary.unchanged, summary.updated) == (3, 0)
    assert all(photo.stamp.mtime_ns == 1_600_000_000 * 10**9 for photo in library.newest(10))


def test_a_root_that_is_removed_and_added_again_is_not_embedded_again(
    library: Library, scan: Scan, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "photos"
    add(library, root, ["a.jpg", "b.jpg", "c.jpg"])
    scan()
    give(library, {root / "a.jpg": "pear"})
    photo = library.photo_at(str(root / "a.jpg"))
    assert photo is not None
    library.remove_folder(library.folders()[0].id)
    root.rename(tmp_path / "elsewhere")
    library.add_folder(str(tmp_path / "elsewhere"))
    never_embed(embedder, monkeypatch)
    assert scan().moved == 3
    assert labels(library) == {str(tmp_path / "elsewhere" / "a.jpg"): "pear"}
    assert library.thumbnail(photo.content_key)


def test_a_parent_that_is_added_over_a_root_loses_nothing(
    library: Library, scan: Scan, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "top"
    add(library, top / "2024", ["a.jpg", "b.jpg"])
    scan()
    give(library, {top / "2024" / "a.jpg": "pear"})
    never_embed(embedder, monkeypatch)
    library.add_folder(str(top))
    summary = scan()
    assert (summary.unchanged, summary.moved, summary.removed) == (2, 0, 0)
    assert labels(library) == {str(top / "2024" / "a.jpg"): "pear"}
