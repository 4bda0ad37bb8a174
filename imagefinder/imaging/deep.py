"""Samples of more than 8 bits, whole or floating, as the 8 bits that a screen shows."""

from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[Any]

_MOST = 1_000_000
_FEW = 64
"""With fewer samples, none of them is an outlier."""
_FLAT = 16
"""What varies by less than this part of its values, as temperatures do, is spread out."""


def eight_bits(values: Samples) -> npt.NDArray[np.uint8]:
    """Values on 0..255, from a black and a white that a few odd pixels have no say in.

    Floats within 0..1 stay where they are, and what lies beyond is clipped, unless most does. Whole numbers that use
    half of what their kind can hold do, too; smaller ones (of a sensor of 10, 12 or 14 bits, say) are stretched.
    """
    black, white = _range(values)
    scaled = values.astype(np.float32)
    np.nan_to_num(scaled, copy=False, nan=0.0, posinf=black, neginf=black)
    np.clip(scaled, black, white, out=scaled)
    scaled -= black
    scaled *= 255 / max(white - black, 1e-30)
    return scaled.round().astype(np.uint8)


def _range(values: Samples) -> tuple[float, float]:
    sample = _without_fillers(_sample(values))
    if not sample.size:
        return 0.0, 1.0
    low, dim, bright, high = (float(value) for value in np.percentile(sample, (0.1, 5, 95, 99.9)))
    if values.dtype.kind == "f" and dim >= -0.05 and bright <= 1:
        return 0.0, 1.0
    if high <= low:
        low, high = float(sample.min()), float(sample.max())
    if low < 0 or (high - low) * _FLAT < high:
        return low, max(high, low + 1e-6)
    return 0.0, high if values.dtype.kind == "f" else _white(high, values.dtype)


def _white(high: float, dtype: np.dtype[Any]) -> float:
    """The white of whole numbers up to ``high``: itself as long as it is small, their largest if it is near that.

    Between the two it rises without a step, so that nearly equal pictures stay nearly equal.
    """
    largest = float(np.iinfo(dtype).max)
    if dtype.kind == "i" and high <= 65535:
        largest = 65535.0  # 16 bits in a wider number
    if high >= largest / 2:
        return largest
    return max(high, 1.0) * max(1.0, 4 * high / largest)


def _sample(values: Samples) -> npt.NDArray[np.float64]:
    flat = values.reshape(-1)
    sample = flat[:: max(1, flat.size // _MOST)].astype(np.float64)
    finite: npt.NDArray[np.float64] = sample[np.isfinite(sample)]
    return finite


def _without_fillers(sample: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Without a single value far from all others, which maps and scans write where they have none (-9999, 1e38)."""
    for filler in (sample.min(initial=np.inf), sample.max(initial=-np.inf)):
        others = sample[sample != filler]
        if others.size < _FEW:
            continue
        low, high = np.percentile(others, (0.1, 99.9))
        if min(abs(low - filler), abs(high - filler)) > max(high - low, 1e-6):
            sample = others
    return sample
