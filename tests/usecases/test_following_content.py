"""Whatever happens to files, what was said of a picture stays with that picture."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from drawing import draw_photo
from imagefinder.domain.images import FolderState, IndexSummary, ReadImage
from imagefinder.domain.specs import InputSpec
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.files import partial_key_of
from imagefinder.imaging.reading import read_image
from imagefinder.storage.library import Library
from imagefinder.usecases.filing import move_to_trash
from imagefinder.usecases.indexing import index

Scan = Callable[..., IndexSummary]


@pytest.fixture
def scan(library: Library, embedder: Embedder) -> Scan:
    return lambda *roots, **options: index(library, embedder, [root.id for root in roots] or None, **options)


def add(library: Library, root: Path, names: list[str], first_seed: int = 0) -> None:
    for number, name in enumerate(names):
        draw_photo(root / name, seed=first_seed + number)
    library.add_folder(str(root))


def id_of(library: Library, path: Path | str) -> int:
    photo = library.photo_at(str(path))
    assert photo is not None, f"{path} is not in the library"
    return photo.id


def give(library: Library, labels: dict[Path, str]) -> None:
    for path, label in labels.items():
        library.set_labels([id_of(library, path)], label)


def labels(library: Library) -> dict[str, str]:
    """By path, relative to the folder of the roots."""
    given = library.labelled_by_hand()
    return {photo.path: given[photo.id] for photo in library.photos(given).values()}


def never_embed(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    def embed(_: object) -> None:
        raise AssertionError("nothing must be embedded again")

    monkeypatch.setattr(type(embedder), "embed", embed)


def bitmap(path: Path, draw: Callable[[ImageDraw.ImageDraw], object]) -> Path:
    """A white page with something in its upper part: its first, middle and last 64 KiB are those of any other."""
    image = Image.new("RGB", (600, 450), "white")
    draw(ImageDraw.Draw(image))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


def disc(colour: str, left: int) -> Callable[[ImageDraw.ImageDraw], object]:
    return lambda page: page.ellipse((left, 45, left + 100, 145), fill=colour)


def make_old(library: Library) -> None:
    """What the catalogue of the version before knew of photos: keys of three pieces, no ctime, no inode."""
    with library._database.write() as connection:
        for photo in library.newest(1000):
            connection.execute(
                "UPDATE photo SET content_key = ?, whole_key = 0, ctime_ns = 0, inode = 0 WHERE id = ?",
                (partial_key_of(photo.path), photo.id),
            )


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


@pytest.mark.parametrize("backup", ["a.jpg_original", "a.jpg~", "Originals/a.jpg"])
def test_a_photo_that_is_edited_beside_a_backup_of_it_keeps_its_label(
    library: Library, scan: Scan, tmp_path: Path, backup: str
) -> None:
    root = tmp_path / "photos"
    add(library, root, ["a.jpg", "b.jpg", "c.jpg"])
    scan()
    give(library, {root / "a.jpg": "pear"})
    (root / backup).parent.mkdir(exist_ok=True)
    (root / "a.jpg").rename(root / backup)
    (root / "a.jpg").write_bytes((root / backup).read_bytes() + b"metadata")
    summary = scan()
    assert labels(library) == {str(root / "a.jpg"): "pear", str(root / backup): "pear"}
    assert (summary.added, summary.updated, summary.removed_labelled) == (1, 1, 0)


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


def test_an_edit_in_place_keeps_the_label_and_another_picture_does_not_get_it(
    library: Library, scan: Scan, tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    add(library, root, ["tagged.jpg", "darker.jpg", "grey.jpg", "other.jpg"], first_seed=20)
    scan()
    give(library, {path: path.stem for path in root.iterdir()})
    tagged = root / "tagged.jpg"
    tagged.write_bytes(tagged.read_bytes() + b"metadata")
    with Image.open(root / "darker.jpg") as image:
        edited = image.point(lambda value: value // 2)
    edited.save(root / "darker.jpg")
    with Image.open(root / "grey.jpg") as image:
        edited = image.convert("L")
    edited.save(root / "grey.jpg")
    bitmap(root / "page.png", disc("black", 20)).replace(root / "other.jpg")
    summary = scan()
    assert (summary.updated, summary.removed_labelled) == (4, 1)
    assert labels(library) == {str(root / f"{name}.jpg"): name for name in ("tagged", "darker", "grey")}
    (removal,) = library.removals()
    assert (removal.why, removal.labelled) == ("replaced", 1)


def test_edits_keep_their_labels_without_thumbnails_too(library: Library, scan: Scan, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    add(library, root, ["darker.jpg", "b.jpg", "c.jpg"], first_seed=20)
    scan()
    give(library, {root / "darker.jpg": "pear"})
    with library._thumbnails._lock:
        assert library._thumbnails._connection is not None
        library._thumbnails._connection.execute("DELETE FROM thumbnail")
    with Image.open(root / "darker.jpg") as image:
        edited = image.point(lambda value: value * 3 // 4)
    edited.save(root / "darker.jpg")
    assert scan().updated == 1
    assert labels(library) == {str(root / "darker.jpg"): "pear"}


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
