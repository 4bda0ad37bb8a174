"""Any of Pillow's modes and profiles into plain sRGB."""

import functools
import io
import logging

import numpy as np
from PIL import Image, ImageCms

from imagefinder.imaging.deep import eight_bits
from imagefinder.imaging.grounds import Ground, put_on
from imagefinder.imaging.light import Light, light_of_profile, to_sdr

log = logging.getLogger(__name__)

MAX_PROFILE_BYTES = 4 * 2**20


def to_plain(image: Image.Image) -> Image.Image:
    """The same picture in a mode that can be shrunk and has 8 bits: L, LA, RGB, RGBA, CMYK or LAB."""
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(eight_bits(np.asarray(image)))
    if image.mode in ("La", "RGBa"):
        return _unmultiplied(image)
    if image.has_transparency_data:
        return image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGB")


def to_srgb(
    image: Image.Image, profile: bytes | None, light: Light | None = None, ground: Ground | None = None
) -> Image.Image:
    """A picture in a plain mode as RGB: its colours as a plain screen shows them, transparency on a ground.

    ``light`` is what the file says beside a profile; without ``ground``, one is chosen on which the picture shows.
    A profile that cannot be used is ignored, as viewers do.
    """
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    if alpha is not None:
        image = image.convert(image.mode[:-1])
    image = _coloured(image, profile or b"", light)
    return image if alpha is None else put_on(image, alpha, ground)


def _coloured(image: Image.Image, profile: bytes, light: Light | None) -> Image.Image:
    if light is None or not light.is_hdr:
        light = light_of_profile(profile) or (None if profile else light)
    if light is not None and image.mode in ("RGB", "L"):
        return to_sdr(image.convert("RGB"), light)
    transform = _transform(profile, image.mode)
    if transform is not None:
        return transform.apply(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _unmultiplied(image: Image.Image) -> Image.Image:
    """Grey or colours that come multiplied by their alpha, without that."""
    *bands, alpha = image.split()
    if image.mode == "La":  # which Pillow converts to nothing
        grey = Image.merge("RGBa", (bands[0], bands[0], bands[0], alpha)).convert("RGBA").getchannel(0)
        return Image.merge("LA", (grey, alpha))
    return image.convert("RGBA")


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
