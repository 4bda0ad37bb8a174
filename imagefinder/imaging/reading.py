"""One file reading, and everything that indexing, a query or the preview needs from it. Any thread may call."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from imagefinder.domain.images import ImageInfo, Pixels, ReadImage
from imagefinder.domain.specs import InputSpec
from imagefinder.imaging.decode import decode
from imagefinder.imaging.files import content_key, read_file
from imagefinder.imaging.thumbnails import THUMBNAIL_SIDE, average_colour, encode_thumbnail, shrink_to_fit

RESAMPLING = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


class QueryImage(NamedTuple):
    """A picture to compare with: what the model looks at, a small JPEG to show, and facts about the original."""

    pixels: Pixels
    thumbnail: bytes
    info: ImageInfo


def read_image(path: str, spec: InputSpec) -> ReadImage:
    """Read and decode a photo once. Raises UnreadableImage with the reason."""
    data, stamp = read_file(path)
    image, info, damage = decode(data, _enough(spec))
    small = shrink_to_fit(image, THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    return ReadImage(
        stamp=stamp,
        content_key=content_key(data),
        info=info,
        colour=average_colour(small),
        thumbnail=encode_thumbnail(small),
        pixels=frame(image, spec),
        damage=damage,
    )


def read_query(source: str | bytes, spec: InputSpec) -> QueryImage:
    """The same for a query: the path of a file, or the encoded bytes of a picture. Raises UnreadableImage."""
    data = source if isinstance(source, bytes) else read_file(source)[0]
    image, info, _ = decode(data, _enough(spec))
    return QueryImage(frame(image, spec), encode_thumbnail(image), info)


def fit(path: str, width: int, height: int) -> Pixels:
    """An upright preview within a box of pixels, never enlarged, (h, w, 3). Raises UnreadableImage."""
    image = decode(read_file(path)[0], at_least=min(width, height)).image
    return np.array(shrink_to_fit(image, width, height))


def frame(image: Image.Image, spec: InputSpec) -> Pixels:
    """What the model looks at, (crop, crop, 3): see Framing. With antialiasing, as the networks were trained.

    Only what is kept is resampled. For "crop" sizes and offsets are those of torchvision's Resize and CenterCrop, for
    "whole" those of timm's ResizeKeepRatio and CenterCropOrPad, so that weights meet the pixels they know.
    """
    side, resampling = spec.crop, RESAMPLING[spec.interpolation]
    if spec.framing == "squash":
        return np.array(image.resize((side, side), resampling))
    long = max(spec.resize, side)
    if spec.framing == "whole":
        width, height = (max(1, round(length * long / max(image.size))) for length in image.size)
    else:
        width, height = (max(side, int(length * long / min(image.size))) for length in image.size)
    kept = (min(width, side), min(height, side))
    left, top = round((width - kept[0]) / 2), round((height - kept[1]) / 2)
    across, down = image.width / width, image.height / height
    box = (left * across, top * down, (left + kept[0]) * across, (top + kept[1]) * down)
    shown = image.resize(kept, resampling, box=box)
    if kept == (side, side):
        return np.array(shown)
    filled = Image.new("RGB", (side, side), tuple(min(max(round(255 * mean), 0), 255) for mean in spec.mean))
    filled.paste(shown, ((side - kept[0]) // 2, (side - kept[1]) // 2))
    return np.array(filled)


def _enough(spec: InputSpec) -> int:
    """The short side to decode: twice what the model is shown, as shrinking by DCT alone is too coarse for it."""
    return max(2 * spec.resize, THUMBNAIL_SIDE)
