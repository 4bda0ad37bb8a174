"""Which frame of an animation stands for it: the first one that shows something."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ImageFile import ImageFile

from imagefinder.imaging.limits import check_samples
from imagefinder.imaging.partly import FAILURES

_ANIMATED = frozenset({"GIF", "PNG", "WEBP", "AVIF"})
_MOST_FRAMES = 30
_MOST_PIXELS = 60_000_000
"""Of all the frames that are looked through."""


def first_that_shows(image: ImageFile) -> Image.Image:
    """The frame that is loaded, or the first behind it with more than nothing or one colour, if there is such a one."""
    # Whether there are frames is known at once, except of a GIF, which would have to be read on.
    if image.format not in _ANIMATED or not (image.format == "GIF" or getattr(image, "is_animated", False)):
        return image
    if shows_something(image):
        return image
    first: Image.Image = image.copy()  # a frame that is broken leaves the file in any state
    most = min(_MOST_FRAMES, _MOST_PIXELS // max(1, first.width * first.height))
    for number in range(1, most):
        try:
            if not getattr(image, "is_animated", False):
                break
            image.seek(number)
            if image.size != first.size:  # a frame that reaches beyond the picture, which would grow
                break
            image.load()
            if shows_something(image):
                return image
            if _is_empty(first):
                first = image.copy()
        except FAILURES:
            break
    return first


def first_jxl_frame(data: bytes, size: tuple[int, int]) -> Image.Image | None:
    """The first frame of an animated JPEG XL that shows something; None where the package for that is missing."""
    check_samples(*size, 8)
    try:
        import imagecodecs
    except ImportError:
        return None
    first = None
    for frame in _jxl_frames(imagecodecs.jpegxl_decode, data):
        if shows_something(frame):
            return frame
        first = first if first is not None and not _is_empty(first) else frame
    return first


def shows_something(image: Image.Image) -> bool:
    """Whether there is more than one colour, and anything at all that is not see-through."""
    ranges = image.getextrema()
    several = any(low != high for low, high in ranges) if isinstance(ranges[0], tuple) else ranges[0] != ranges[1]
    return several and not _is_empty(image)


def _is_empty(image: Image.Image) -> bool:
    if not image.has_transparency_data:
        return False
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else image.convert("RGBA").getchannel("A")
    return alpha.getextrema()[1] == 0


def _jxl_frames(decode: object, data: bytes) -> Iterator[Image.Image]:
    assert callable(decode)
    untouched: npt.NDArray[np.generic] | None = None
    for number in range(_MOST_FRAMES):
        try:
            values = decode(data, index=number, out=None if untouched is None else untouched.copy())
        except (ValueError, RuntimeError, IndexError):
            if number == 0:
                raise
            return
        if untouched is None:
            noise = np.random.default_rng(0).bytes(values.nbytes)
            untouched = np.frombuffer(noise, values.dtype).reshape(values.shape)
        elif values.tobytes() == untouched.tobytes():
            return  # behind the last frame, the decoder says nothing and leaves the memory as it is
        if values.dtype.itemsize > 1 and values.dtype.kind == "u":
            values = (values >> 8 * (values.dtype.itemsize - 1)).astype("u1")
        elif values.dtype.kind == "f":
            values = (values.clip(0, 1) * 255).round().astype("u1")
        yield Image.fromarray(values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values)
