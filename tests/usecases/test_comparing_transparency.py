"""What is see-through counts when two pictures are compared pixel for pixel."""

from pathlib import Path

from PIL import Image, ImageDraw

from imagefinder.domain.images import Query
from imagefinder.embedding.embedder import Embedder
from imagefinder.usecases.comparing import compare


def drawn(path: Path, box: tuple[int, int, int, int], colour: tuple[int, int, int] = (255, 255, 255)) -> Query:
    image = Image.new("RGBA", (120, 120), (*colour, 0))
    ImageDraw.Draw(image).rectangle(box, fill=(*colour, 255))
    image.save(path)
    return Query(name=path.name, path=str(path))


def test_drawings_that_vanish_on_some_ground_are_told_apart(embedder: Embedder, tmp_path: Path) -> None:
    for number, colour in enumerate([(255, 255, 255), (0, 0, 0), (112, 112, 112)]):
        bar = drawn(tmp_path / f"bar{number}.png", (10, 50, 110, 70), colour)
        post = drawn(tmp_path / f"post{number}.png", (50, 10, 70, 110), colour)
        assert not compare(None, lambda: embedder, bar, post).identical


def test_what_lies_under_full_transparency_does_not_count(embedder: Embedder, tmp_path: Path) -> None:
    one = drawn(tmp_path / "one.png", (10, 50, 110, 70))
    with Image.open(tmp_path / "one.png") as image:
        other = Image.new("RGBA", image.size, (9, 99, 199, 0))
        other.paste(image, mask=image.getchannel("A"))
        other.save(tmp_path / "other.png")

    found = compare(None, lambda: embedder, one, Query(name="other", path=str(tmp_path / "other.png")))

    assert "pixel for pixel" in found.explanation
