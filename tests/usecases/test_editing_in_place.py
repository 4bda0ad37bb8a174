"""An edited photo keeps its label, and another picture in its place does not get it."""

from pathlib import Path

import pytest
from PIL import Image

from followed_photos import Scan, add, bitmap, disc, give, labels
from imagefinder.storage.library import Library


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
