"""HDR photos in HEIC and AVIF with all of their 10 or 12 bits, which Pillow cuts to 8 before they are made plain."""

from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from imagefinder.imaging.boxes import is_boxes, light_of_boxes
from imagefinder.imaging.light import samples_to_sdr
from imagefinder.imaging.limits import MAX_DEEP_BYTES
from imagefinder.imaging.loading import Loaded, facts_of, open_picture
from imagefinder.imaging.partly import FAILURES

_BYTES_EACH = 8
Samples = npt.NDArray[np.uint16]


def load_hdr(data: bytes, at_least: int) -> Loaded | None:
    """The photo as sRGB; None for any other, and where its bits are not to be had: Pillow's 8 will do."""
    light = light_of_boxes(data) if is_boxes(data) else None
    if light is None or not light.is_hdr:
        return None
    with suppress(ImportError, *FAILURES):
        opened = open_picture(data)
        if opened.width * opened.height * _BYTES_EACH > MAX_DEEP_BYTES:
            return None
        samples = _avif(data) if opened.format == "AVIF" else _heic(data)
        if samples is None or samples.shape[:2] != opened.size[::-1]:
            return None
        info, turn = facts_of(opened, *opened.size)
        samples = _shrunk(samples, min(opened.size) // at_least if at_least else 1)
        image = Image.fromarray(samples_to_sdr(samples[..., :3], light))
        if samples.shape[2] == 4:
            image.putalpha(Image.fromarray((samples[..., 3] >> 8).astype(np.uint8)))
        return Loaded(image, info, turn)
    return None


def _avif(data: bytes) -> Samples | None:
    import imagecodecs

    values = imagecodecs.avif_decode(data, numthreads=1)
    bits = _av1_bits(data)
    if values.dtype != np.uint16 or values.ndim != 3 or values.shape[2] < 3 or not bits:
        return None
    scaled: Samples = (values.astype(np.uint32) * 65_535 // ((1 << bits) - 1)).astype(np.uint16)
    return scaled


def _heic(data: bytes) -> Samples | None:
    import pillow_heif

    photo = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
    values: npt.NDArray[Any] = np.asarray(photo)
    return values if values.dtype == np.uint16 and values.ndim == 3 and values.shape[2] >= 3 else None


def _av1_bits(data: bytes) -> int:
    """10 or 12, from the configuration of the codec; 0 for 8."""
    at = data.find(b"av1C", 0, 2**16)
    flags = data[at + 6] if 0 < at < len(data) - 6 else 0
    return (12 if flags & 0x20 else 10) if flags & 0x40 else 0


def _shrunk(samples: Samples, factor: int) -> Samples:
    if factor <= 1:
        return samples
    height, width = (side // factor for side in samples.shape[:2])
    blocks = samples[: height * factor, : width * factor].reshape(height, factor, width, factor, -1)
    mean: Samples = (blocks.sum(axis=(1, 3), dtype=np.uint32) // factor**2).astype(np.uint16)
    return mean
