"""Pictures whose data ends, or breaks, before their last row."""

import struct
import zlib
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile

LEAST_SHARE = 0.1
"""Less of a picture than this is not worth showing."""
FAILURES = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, ArithmeticError, RuntimeError,
    struct.error, zlib.error,
)  # fmt: skip
"""What decoders answer to damaged files with. No lack of memory, which is nothing to mend."""
_GREYS = (128, 127)


class Part(NamedTuple):
    image: ImageFile
    whole: bool


def load_partly(*opened: ImageFile) -> Part | None:
    """What there is of a picture that fails to load, and whether that is all of it; None for too little.

    It comes opened twice, and is loaded onto two grounds that differ everywhere: where the results are alike, pixels
    were read.
    """
    loaded = [_load_onto(image, grey) for image, grey in zip(opened, _GREYS, strict=True)]
    one, other = (np.asarray(image) for image in loaded)
    if isinstance(loaded[0], GifImageFile):  # it chooses its ground itself
        drawn = (one != one[-1, -1]).reshape(len(one), -1).any(axis=1).nonzero()[0]
        share = float(drawn.max(initial=-1) + 1) / len(one)
        whole = share == 1
    else:
        same = one == other
        same = same.all(axis=2) if same.ndim == 3 else same
        whole = bool(same.all())
        if loaded[0].info.get("interlace") and loaded[0].mode != "1" and not whole:
            values, same = _spread(one, same)
            loaded[0].frombytes(values.tobytes())
        share = float(same.mean())
    return Part(loaded[0], whole) if share >= LEAST_SHARE else None


def _spread(values: npt.NDArray[Any], known: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """The pixels of the first passes of an interlaced picture, each over the block that the later ones would refine."""
    values, known = values.copy(), known.copy()
    for axis in (1, 0):
        for step in (1, 2, 4):
            if known.shape[axis] <= step:
                continue
            ahead = (slice(step, None), slice(None)) if axis == 0 else (slice(None), slice(step, None))
            behind = (slice(-step), slice(None)) if axis == 0 else (slice(None), slice(-step))
            new = known[behind] & ~known[ahead]
            values[ahead][new] = values[behind][new]
            known[ahead] |= new
    return values, known


def _load_onto(image: ImageFile, grey: int) -> ImageFile:
    ground = grey if image.mode in ("L", "P", "I", "F", "1") else (grey,) * len(image.getbands())
    if image.mode.startswith("I;16"):
        ground = grey * 257
    if image.mode == "1":
        ground = 255 * (grey & 1)
    image.im = Image.new(image.mode, image.size, ground).im
    try:
        image.load()
    except FAILURES:
        image.tile = []  # so that it counts as loaded
    return image
