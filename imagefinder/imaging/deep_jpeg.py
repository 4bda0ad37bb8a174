"""JPEGs with more than 8 bits, or without loss: kinds that Pillow does not read."""

import numpy as np
from PIL import Image

from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging.jpeg_stream import walk
from imagefinder.imaging.limits import check_samples

_HUFFMAN_LOSSLESS = 0xC3
_COMMON = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)


def is_odd_kind(data: bytes) -> bool:
    """Whether a JPEG with a sound header is of a kind that not everybody reads."""
    stream = walk(data)
    return bool(stream.scans) and bool(stream.size_at) and _is_odd(data, stream.size_at, stream.frame)


def read_odd_kind(data: bytes) -> Image.Image:
    """Its picture, in 8 bits. Raises UnreadableImage where it is not read here either."""
    stream = walk(data)
    bits = data[stream.size_at - 1]
    height, width = (int.from_bytes(data[at : at + 2], "big") for at in (stream.size_at, stream.size_at + 2))
    check_samples(width, height, 4 * max(1, stream.components))
    try:
        import imagecodecs

        values = imagecodecs.jpeg8_decode(data)
    except (ImportError, ValueError, RuntimeError) as error:
        lossless = " without loss" if stream.frame == _HUFFMAN_LOSSLESS else ""
        text = f"This kind of JPEG ({bits} bits per colour{lossless}) is not one that the app can read."
        raise UnreadableImage(text) from error
    if values.dtype != np.uint8:
        values = (values >> max(0, bits - 8)).clip(0, 255).astype(np.uint8)
    if values.ndim == 3 and values.shape[2] == 4:
        return Image.fromarray(255 - values, "CMYK")
    return Image.fromarray(values.reshape(values.shape[:2]) if values.ndim == 3 and values.shape[2] == 1 else values)


def _is_odd(data: bytes, size_at: int, frame: int) -> bool:
    return data[size_at - 1] != 8 or frame not in _COMMON
