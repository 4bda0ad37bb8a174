import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bad_files import encoded
from imagefinder.imaging.decode import decode
from imagefinder.imaging.jxl import is_animated

FORMATS = ["GIF", "PNG", "WEBP", "AVIF"]
CLEAR = Image.new("RGBA", (64, 48), (0, 0, 0, 0))


def scene(colour: tuple[int, int, int]) -> Image.Image:
    image = Image.new("RGBA", (64, 48), (*colour, 255))
    image.paste((255, 255, 255, 255), (40, 10, 60, 40))
    return image


RED, GREEN = scene((220, 20, 20)), scene((20, 160, 20))


def animated(image_format: str, *frames: Image.Image) -> bytes:
    options: dict[str, Any] = {"disposal": 2} if image_format == "GIF" else {}
    return encoded(image_format, image=frames[0], save_all=True, append_images=frames[1:], duration=100, **options)


def is_red(data: bytes) -> bool:
    image, info, damage = decode(data)
    assert (info.width, info.height, damage) == (64, 48, "")
    red, green, _ = np.asarray(image, int)[24, 10]
    return bool(red > 150 and green < 80)


@pytest.mark.parametrize("image_format", FORMATS)
def test_the_first_frame_is_shown(image_format: str) -> None:
    assert is_red(animated(image_format, RED, GREEN, CLEAR))


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize("empty", [1, 3])
def test_frames_that_are_empty_are_passed_over(image_format: str, empty: int) -> None:
    assert is_red(animated(image_format, *[CLEAR] * empty, RED, GREEN))


@pytest.mark.parametrize("image_format", FORMATS)
def test_frames_of_one_colour_are_passed_over(image_format: str) -> None:
    assert is_red(animated(image_format, Image.new("RGBA", (64, 48), "white"), RED, GREEN))


@pytest.mark.parametrize("image_format", FORMATS)
def test_an_animation_of_flat_colours_shows_its_first(image_format: str) -> None:
    flat = [Image.new("RGBA", (64, 48), colour) for colour in ("red", "lime", "blue")]
    assert is_red(animated(image_format, *flat))
    assert is_red(animated(image_format, CLEAR, *flat))


def test_an_animation_that_breaks_off_shows_what_there_was() -> None:
    data = animated("GIF", Image.new("RGBA", (64, 48), "red"), RED, GREEN)
    assert is_red(data[: len(data) // 2])


def animated_jxl(*frames: Image.Image) -> bytes:
    imagecodecs = pytest.importorskip("imagecodecs")
    data = imagecodecs.jpegxl_encode(np.stack([np.asarray(frame) for frame in frames]), lossless=True, numthreads=1)
    return bytes(data)


def test_an_animated_jpeg_xl_shows_its_first_frame() -> None:
    pytest.importorskip("pillow_jxl")
    data = animated_jxl(RED.convert("RGB"), GREEN.convert("RGB"), GREEN.convert("RGB"))
    assert is_animated(data)
    assert is_red(data)


def test_an_animated_jpeg_xl_passes_over_empty_frames() -> None:
    pytest.importorskip("pillow_jxl")
    assert is_red(animated_jxl(CLEAR, RED, GREEN))


@pytest.mark.parametrize("size", [(64, 48), (640, 480), (37, 100)])
@pytest.mark.parametrize("container", [False, True])
def test_a_still_jpeg_xl_is_no_animation(size: tuple[int, int], container: bool) -> None:
    pytest.importorskip("pillow_jxl")
    exif = Image.Exif()
    exif[0x0112] = 6
    for options in ({}, {"lossless": True}, {"exif": exif.tobytes()}):
        data = encoded("JXL", size, use_container=container, **options)
        assert not is_animated(data)
    assert decode(data).image.size == Image.open(io.BytesIO(data)).size


def test_an_animation_of_plain_frames_is_its_first_one_and_nothing_behind_its_last() -> None:
    pytest.importorskip("pillow_jxl")
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "lime", "blue")]
    decoded = decode(animated_jxl(*frames)).image
    assert np.asarray(decoded).reshape(-1, 3).mean(axis=0).tolist() == [255, 0, 0]
