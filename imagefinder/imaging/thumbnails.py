"""Small JPEGs for the grid, and the colour that stands in for them."""

import io

import numpy as np
from PIL import Image

from imagefinder.domain.images import Pixels

THUMBNAIL_SIDE = 320
"""The longest side of a thumbnail, in pixels."""
QUALITY = 82


def shrink_to_fit(image: Image.Image, width: int, height: int) -> Image.Image:
    """The picture within a box, never enlarged."""
    scale = min(width / image.width, height / image.height)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=1.5)


def encode_thumbnail(image: Image.Image) -> bytes:
    """A JPEG of an RGB picture, its long side at most THUMBNAIL_SIDE."""
    target = io.BytesIO()
    shrink_to_fit(image, THUMBNAIL_SIDE, THUMBNAIL_SIDE).save(target, "JPEG", quality=QUALITY)
    return target.getvalue()


def encode_pixels(pixels: Pixels) -> bytes:
    """The same from upright pixels, (height, width, 3)."""
    return encode_thumbnail(Image.fromarray(pixels))


def decode_thumbnail(data: bytes) -> Pixels:
    """The pixels of a thumbnail that ``encode_thumbnail`` made, (height, width, 3).

    Raises OSError where ``data`` is something else.
    """
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        return np.array(image.convert("RGB"))


def average_colour(image: Image.Image) -> int:
    """The mean of an RGB picture as 0xRRGGBB."""
    colour = image.resize((1, 1), Image.Resampling.BOX).tobytes()
    return int.from_bytes(colour, "big")
