"""Whether two pictures have the same light and dark places: what colours, tone and turning leave of a picture."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE = 16
SAME = 0.75
"""Of 3,160 pairs of different photos of groceries, 99 % stay below 0.57; made grey, brighter, higher in contrast or
turned, a photo stays above 0.94 of itself. A crop is another matter: half of those by a tenth stay below it."""


def structure_likeness(first: bytes, second: bytes) -> float:
    """The correlation of two small JPEGs, -1..1, in that of the eight ways to turn and mirror one which fits best.

    Raises OSError where one of them is no JPEG.
    """
    a, b = _grey(first), _grey(second)
    return max(
        float((turned * b).sum()) for quarter in range(4) for turned in (np.rot90(a, quarter), np.rot90(a.T, quarter))
    )


def _grey(jpeg: bytes) -> npt.NDArray[np.float64]:
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        small = np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX), np.float64)
    small = small - small.mean()
    return np.asarray(small / max(float(np.linalg.norm(small)), 1e-9))
