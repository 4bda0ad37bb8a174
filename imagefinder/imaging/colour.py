"""Any of Pillow's modes and profiles into plain sRGB."""

import functools
import io
import logging

import numpy as np
from PIL import Image, ImageCms

log = logging.getLogger(__name__)

MAX_PROFILE_BYTES = 4 * 2**20
_WHITES = (255, 1023, 4095, 16383, 65535)


def to_plain(image: Image.Image) -> Image.Image:
    """The same picture in a mode that can be shrunk and has 8 bits: L, LA, RGB, RGBA, CMYK or LAB."""
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_eight_bits(np.asarray(image)))
    if image.has_transparency_data:
        return image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A picture in a plain mode as RGB: its ICC profile applied, transparency on white.

    A profile that cannot be used is ignored, as viewers do.
    """
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    if alpha is not None:
        image = image.convert(image.mode[:-1])
    transform = _transform(profile or b"", image.mode)
    if transform is not None:
        image = transform.apply(image)
    elif image.mode != "RGB":
        image = image.convert("RGB")
    if alpha is not None:
        image = Image.composite(image, Image.new("RGB", image.size, "white"), alpha)
    return image


@functools.lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """None where the colours are sRGB already, or are best taken as if they were."""
    srgb = ImageCms.createProfile("sRGB")
    if mode == "LAB":
        return ImageCms.buildTransform(ImageCms.createProfile("LAB"), srgb, "LAB", "RGB")
    if not profile or len(profile) > MAX_PROFILE_BYTES:
        return None
    try:
        transform = ImageCms.buildTransform(ImageCms.ImageCmsProfile(io.BytesIO(profile)), srgb, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        log.debug("unusable colour profile: %s", error)  # such as one for CMYK in an RGB picture
        return None
    if mode == "RGB":
        before = _sample()
        difference = np.asarray(transform.apply(before), np.int16) - np.asarray(before, np.int16)
        if abs(difference).max() <= 2:
            return None  # one of the many profiles that are sRGB by another name
    return transform


def _sample() -> Image.Image:
    """All colours of a coarse RGB cube."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(9, 81, 3))


def _eight_bits(
    values: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Deep grey values on 0..255: from the range that a sensor of 8 to 16 bits has, else from what is there."""
    finite = np.nan_to_num(values.astype(np.float32), copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    if low >= 0 and high <= 1 and values.dtype.kind == "f":
        low, high = 0.0, 1.0
    elif low >= 0 and high <= _WHITES[-1]:
        low, high = 0.0, float(next(white for white in _WHITES if high <= white))
    finite -= low
    finite *= 255 / max(high - low, 1e-6)
    return finite.round().astype(np.uint8)
