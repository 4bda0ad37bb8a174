import io
import itertools
import struct

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bad_files import encoded
from imagefinder.imaging.decode import decode

WHITE = (255, 255, 255)


def drawing(shape: str, colour: tuple[int, int, int], size: int = 200) -> Image.Image:
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    if shape == "disc":
        draw.ellipse((40, 40, 160, 160), fill=colour)
    elif shape == "bars":
        for x in range(20, 180, 40):
            draw.rectangle((x, 20, x + 15, 180), fill=colour)
    else:
        draw.line((20, 20, 180, 180), fill=colour, width=20)
        draw.line((20, 180, 180, 20), fill=colour, width=20)
    return image


@pytest.mark.parametrize("colour", [WHITE, (240, 240, 240), (255, 255, 210), (210, 250, 255)])
@pytest.mark.parametrize("image_format", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_light_drawings_show(image_format: str, colour: tuple[int, int, int]) -> None:
    pictures = [
        np.asarray(decode(encoded(image_format, image=drawing(shape, colour))).image, int)
        for shape in ("disc", "bars", "cross")
    ]

    assert all(picture.std() > 40 for picture in pictures)
    assert all(abs(one - other).mean() > 20 for one, other in itertools.combinations(pictures, 2))


@pytest.mark.parametrize("colour", [(0, 0, 0), (200, 30, 30), (90, 120, 90)])
def test_other_drawings_stay_on_white(colour: tuple[int, int, int]) -> None:
    assert decode(encoded("PNG", image=drawing("disc", colour))).image.getpixel((2, 2)) == WHITE


def test_a_light_page_with_round_corners_stays_on_white() -> None:
    page = Image.new("RGBA", (200, 200), (250, 250, 250, 255))
    page.putpixel((0, 0), (0, 0, 0, 0))

    assert decode(encoded("PNG", image=page)).image.getpixel((0, 0)) == WHITE


def test_hidden_colours_do_not_choose_the_ground() -> None:
    image = drawing("disc", (0, 0, 0))
    clear = np.asarray(image).copy()
    clear[clear[..., 3] == 0, :3] = 255

    assert decode(encoded("PNG", image=Image.fromarray(clear))).image.getpixel((2, 2)) == WHITE


def test_nothing_visible_is_white() -> None:
    assert decode(encoded("PNG", image=Image.new("RGBA", (9, 9), (1, 2, 3, 0)))).image.getpixel((4, 4)) == WHITE


def test_the_ground_can_be_chosen() -> None:
    image = decode(encoded("PNG", image=drawing("disc", WHITE)), ground=(1, 2, 3)).image
    assert image.getpixel((2, 2)) == (1, 2, 3)


def bmp_with_alpha(alpha: int, header: int) -> bytes:
    """A BMP of 32 bits whose header speaks of alpha, all of whose values are the same."""
    pixels = bytes((30, 60, 200, alpha)) * 64
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    info = struct.pack("<IiiHHIIiiII", header, 8, 8, 1, 32, 3, len(pixels), 2835, 2835, 0, 0) + masks
    info = info.ljust(header, b"\0")
    return b"BM" + struct.pack("<IHHI", 14 + len(info) + len(pixels), 0, 0, 14 + len(info)) + info + pixels


@pytest.mark.parametrize("header", [108, 124])
def test_a_bmp_whose_alpha_is_empty_has_none(header: int) -> None:
    assert decode(bmp_with_alpha(0, header)).image.getpixel((4, 4)) == (200, 60, 30)
    assert decode(bmp_with_alpha(255, header)).image.getpixel((4, 4)) == (200, 60, 30)
    assert decode(bmp_with_alpha(0, header), ground=(0, 0, 0)).image.getpixel((4, 4)) == (200, 60, 30)


def test_grey_that_comes_multiplied_by_its_alpha() -> None:
    import tifffile

    grey, alpha = np.full((40, 40), 60, np.uint8), np.full((40, 40), 128, np.uint8)
    alpha[:, :20], grey[:, :20] = 255, 90
    target = io.BytesIO()
    tifffile.imwrite(target, np.dstack([grey, alpha]), photometric="minisblack", extrasamples=["assocalpha"])

    image = decode(target.getvalue(), ground=(0, 0, 0)).image

    assert image.getpixel((5, 5)) == (90, 90, 90)
    assert abs(np.asarray(image.getpixel((30, 5))) - 60).max() <= 1
