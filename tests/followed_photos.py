"""Roots of drawn photos with labels, and what the library says of them afterwards."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from drawing import draw_photo
from imagefinder.domain.images import IndexSummary
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.files import partial_key_of
from imagefinder.storage.library import Library

Scan = Callable[..., IndexSummary]


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
