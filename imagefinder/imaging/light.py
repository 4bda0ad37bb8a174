"""What the numbers of a picture mean as light, and how a picture for a brighter screen looks on a plain one.

HDR pictures (PQ, HLG) and wide primaries (P3, BT.2020) are named by code points of ITU-T H.273, in a cICP chunk, an
nclx box or a profile's cicp tag.
"""

import functools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

SDR_WHITE_NITS = 203
"""The white of ordinary pictures within HDR ones: ITU-R BT.2408."""
PQ, HLG = 16, 18
_LINEAR, _SRGB = 8, 13
_VIDEO = (1, 6, 14, 15)
"""Curves of television, which every viewer shows as if they were sRGB."""
_GAMMA = {4: 2.2, 5: 2.8}
_BT709, _BT2020, _DCI_P3, _P3 = 1, 9, 11, 12
_PIXELS_AT_ONCE = 1_000_000
_KNEE = 0.85
"""Up to this share of white, light stays as it is; what is brighter is pressed into the rest."""

Floats = npt.NDArray[np.float32]

# From linear light with these primaries (D65) to linear light with those of sRGB.
_TO_SRGB = {
    _BT2020: ((1.66049, -0.58764, -0.07285), (-0.12455, 1.13290, -0.00835), (-0.01815, -0.10058, 1.11873)),
    _P3: ((1.22494, -0.22494, 0.0), (-0.04206, 1.04206, 0.0), (-0.01964, -0.07864, 1.09828)),
}
_TO_SRGB[_DCI_P3] = _TO_SRGB[_P3]


class Light(NamedTuple):
    primaries: int
    transfer: int

    @property
    def is_hdr(self) -> bool:
        return self.transfer in (PQ, HLG)

    @property
    def is_plain(self) -> bool:
        """Whether the picture can be taken as sRGB, as it is."""
        curve = self.transfer not in (PQ, HLG, _LINEAR, *_GAMMA)
        return curve and self.primaries not in _TO_SRGB


def light_of_profile(profile: bytes) -> Light | None:
    """What an ICC profile for HDR says in its cicp tag (ICC.1:2022), whose tables a plain screen cannot follow."""
    for at in range(132, min(132 + 12 * int.from_bytes(profile[128:132], "big"), 132 + 12 * 100, len(profile)), 12):
        if profile[at : at + 4] == b"cicp":
            start = int.from_bytes(profile[at + 4 : at + 8], "big") + 8
            light = Light(*profile[start : start + 2]) if len(profile) >= start + 2 else None
            return light if light is not None and light.is_hdr else None
    return None


def to_sdr(image: Image.Image, light: Light) -> Image.Image:
    """An RGB picture as sRGB."""
    return image if light.is_plain else Image.fromarray(samples_to_sdr(np.asarray(image), light))


def samples_to_sdr(samples: npt.NDArray[Any], light: Light) -> npt.NDArray[np.uint8]:
    """The same for samples of 8 or 16 bits, (height, width, 3)."""
    table = _linear(light.transfer, int(np.iinfo(samples.dtype).max))
    matrix = np.asarray(_TO_SRGB.get(light.primaries, np.eye(3)), np.float32).T
    plain = np.empty(samples.shape, np.uint8)
    rows = max(1, _PIXELS_AT_ONCE // samples.shape[1])
    for top in range(0, len(samples), rows):
        linear = table[samples[top : top + rows]] @ matrix
        if light.is_hdr:
            linear = _below_white(linear)
        plain[top : top + rows] = _to_srgb_curve()[(linear.clip(0, 1) * 65535).astype(np.uint16)]
    return plain


@functools.lru_cache(maxsize=8)
def _linear(transfer: int, largest: int) -> Floats:
    """The light of each sample value; 1 is the white of a plain screen."""
    signal = np.linspace(0, 1, largest + 1)
    if transfer == PQ:  # SMPTE ST 2084
        power = signal ** (1 / 78.84375)
        nits = 10_000 * ((power - 0.8359375).clip(0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
        light = nits / SDR_WHITE_NITS
    elif transfer == HLG:  # ITU-R BT.2100, the light of the scene, on a screen of 1,000 nits
        high = (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12
        light = np.where(signal <= 0.5, signal**2 / 3, high) * 1000 / SDR_WHITE_NITS
    elif transfer == _LINEAR:
        light = signal
    elif transfer in _GAMMA:
        light = signal ** _GAMMA[transfer]
    else:
        light = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


def _below_white(linear: Floats) -> Floats:
    """Highlights pressed below white, smoothly; everything darker as it is."""
    beyond = (linear - _KNEE).clip(0)
    pressed = _KNEE + (1 - _KNEE) * (1 - np.exp(-beyond / (1 - _KNEE)))
    return np.where(linear > _KNEE, pressed, linear).astype(np.float32)


@functools.lru_cache(maxsize=1)
def _to_srgb_curve() -> npt.NDArray[np.uint8]:
    light = np.linspace(0, 1, 65536)
    curve = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return (curve * 255).round().astype(np.uint8)
