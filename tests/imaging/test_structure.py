"""Edits of a picture are told from other pictures, by what a small JPEG shows."""

import io
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from drawing import draw_photo
from imagefinder.imaging.structure import PART, SAME, is_edit, part_likeness, structure_likeness
from imagefinder.imaging.thumbnails import encode_thumbnail

EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "grey": lambda image: image.convert("L").convert("RGB"),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.4),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.6),
    "turned": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "mirrored": ImageOps.mirror,
    "the middle": lambda image: image.crop((60, 50, 260, 200)),
    "a corner": lambda image: image.crop((0, 0, 230, 170)),
    "in a frame": lambda image: ImageOps.expand(image, 40, "white"),
    "a square": lambda image: image.crop((40, 0, 280, 240)),
}


@pytest.fixture
def photo(tmp_path: Path) -> Image.Image:
    with Image.open(draw_photo(tmp_path / "photo.png", seed=8)) as image:
        return image.convert("RGB")


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edit_is_recognised(photo: Image.Image, edit: Callable[[Image.Image], Image.Image]) -> None:
    before, after = encode_thumbnail(photo), encode_thumbnail(edit(photo))
    assert is_edit(before, after, alike=True)
    assert is_edit(after, before, alike=True)


@pytest.mark.parametrize("name", ["grey", "turned", "mirrored"])
def test_the_same_places_are_enough_whatever_a_model_thinks_of_the_colours(photo: Image.Image, name: str) -> None:
    assert is_edit(encode_thumbnail(photo), encode_thumbnail(EDITS[name](photo)), alike=False)
    assert not is_edit(encode_thumbnail(photo), encode_thumbnail(EDITS["the middle"](photo)), alike=False)


def test_another_photograph_is_no_edit(grocery: Path) -> None:
    """Of one kind, and of different kinds."""
    folders = sorted(path for path in (grocery / "train").rglob("*") if path.is_dir() and any(path.glob("*.jpg")))
    small: list[list[bytes]] = []
    for folder in folders[:12]:
        some = sorted(folder.glob("*.jpg"))[:: max(1, len(list(folder.glob("*.jpg"))) // 2)][:2]
        small.append([encode_thumbnail(Image.open(path).convert("RGB")) for path in some])
    pairs = [(kind[0], kind[-1]) for kind in small] + [(a[0], b[0]) for a, b in itertools.pairwise(small)]
    wrong = [is_edit(first, second, alike=True) for first, second in pairs if first != second]
    assert len(wrong) >= 20
    assert np.mean(wrong) <= 0.1


def test_a_picture_without_any_structure_is_like_nothing_but_itself() -> None:
    flat, other = (encode_thumbnail(Image.new("RGB", (64, 48), colour)) for colour in ("white", "black"))
    assert structure_likeness(flat, other) < SAME
    assert part_likeness(flat, other) < PART


def test_something_else_than_a_jpeg_is_refused() -> None:
    png = io.BytesIO()
    Image.new("L", (8, 8)).save(png, "PNG")
    with pytest.raises(OSError, match="cannot identify"):
        structure_likeness(png.getvalue(), png.getvalue())
