"""Photoshop files (PSD, PSB): the flat picture that lies behind the layers, in every depth and mode."""

import struct
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging.deep import eight_bits
from imagefinder.imaging.limits import check_samples
from imagefinder.imaging.partly import LEAST_SHARE

SIGNATURE = b"8BPS"
_BITMAP, _GREY, _INDEXED, _RGB, _CMYK, _MULTI, _DUOTONE, _LAB = 0, 1, 2, 3, 4, 7, 8, 9
_COLOURS = {_BITMAP: 1, _GREY: 1, _INDEXED: 1, _RGB: 3, _CMYK: 4, _MULTI: 1, _DUOTONE: 1, _LAB: 3}
_MODES = {_RGB: "RGB", _CMYK: "CMYK", _LAB: "LAB"}
_PLAIN, _RUNS = 0, 1
_PROFILE = 1039


class Header(NamedTuple):
    large: bool
    channels: int
    width: int
    height: int
    depth: int
    mode: int

    @property
    def row_bytes(self) -> int:
        """Of one channel."""
        return (self.width * self.depth + 7) // 8


def is_psd(data: bytes) -> bool:
    return data.startswith(SIGNATURE)


def read_psd(data: bytes) -> tuple[Image.Image, bytes, bool]:
    """The flat picture in 8 bits, its colour profile, and whether all of it is there.

    Raises ValueError where the file is damaged, UnreadableImage for a kind that is not read here.
    """
    version, channels, height, width, depth, mode = struct.unpack_from(">4xH6xHIIHH", data)
    header = Header(version == 2, channels, width, height, depth, mode)
    if version not in (1, 2) or mode not in _COLOURS or depth not in (1, 8, 16, 32):
        raise UnreadableImage("This kind of Photoshop file is not one that the app can read.")
    count = _COLOURS[mode]
    check_samples(width, height, (count + 1) * max(1, depth // 8))
    palette_at, at = _section(data, 26, False)
    palette = data[palette_at:at]
    resources_at, at = _section(data, at, False)
    profile = _profile(data, resources_at, at)
    layers_at, at = _section(data, at, header.large)
    has_alpha = channels > count and _first_channel_is_alpha(data, layers_at, at, header.large)
    planes, whole = _planes(data, at, header, count + has_alpha)
    return _image(planes, header, palette, has_alpha), profile, whole


def _section(data: bytes, at: int, large: bool) -> tuple[int, int]:
    """Where a section begins behind its length, and where it ends."""
    (length,) = struct.unpack_from(">Q" if large else ">I", data, at)
    start = at + (8 if large else 4)
    return start, start + int(length)


def _profile(data: bytes, at: int, end: int) -> bytes:
    while at + 12 <= min(end, len(data)) and data[at : at + 4] in (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR"):
        number, name = int.from_bytes(data[at + 4 : at + 6], "big"), data[at + 6]
        start = at + 6 + (name + 2) // 2 * 2
        length = int.from_bytes(data[start : start + 4], "big")
        if number == _PROFILE:
            return data[start + 4 : start + 4 + length]
        at = start + 4 + (length + 1) // 2 * 2
    return b""


def _first_channel_is_alpha(data: bytes, at: int, end: int, large: bool) -> bool:
    """Whether the channel behind the colours is what is see-through, and no mask that somebody saved."""
    width = 8 if large else 4
    if end - at < width + 2 or end > len(data):
        return False
    length = int.from_bytes(data[at : at + width], "big")
    return length >= 2 and int.from_bytes(data[at + width : at + width + 2], "big", signed=True) < 0


def _planes(data: bytes, at: int, header: Header, count: int) -> tuple[npt.NDArray[np.uint8], bool]:
    """The bytes of the first channels, (channels, height, bytes of a row): zeros where they are missing."""
    (packing,) = struct.unpack_from(">H", data, at)
    at += 2
    planes = np.zeros((count, header.height, header.row_bytes), np.uint8)
    if packing == _PLAIN:
        flat, there = planes.reshape(-1), np.frombuffer(data, np.uint8, offset=at)[: planes.size]
        flat[: there.size] = there
        return planes, _enough(there.size, planes.size)
    if packing != _RUNS:
        raise UnreadableImage("This kind of Photoshop file is not one that the app can read.")
    try:
        from imagecodecs import packbits_decode
    except ImportError as error:
        raise UnreadableImage("Photoshop files need the package imagecodecs, which is not installed.") from error
    rows = header.channels * header.height
    lengths = np.frombuffer(data, ">u4" if header.large else ">u2", rows, at)
    at += lengths.nbytes
    flat_rows, read = planes.reshape(-1, header.row_bytes), 0
    for row, length in zip(flat_rows, lengths.tolist(), strict=False):
        if at + length > len(data):
            break
        with suppress(ValueError, RuntimeError):  # a damaged row does not cost the others
            unpacked = packbits_decode(data[at : at + length], out=header.row_bytes)
            row[: len(unpacked)] = np.frombuffer(unpacked, np.uint8)
            read += len(unpacked) == header.row_bytes
        at += length
    return planes, _enough(read, len(flat_rows))


def _enough(there: int, wanted: int) -> bool:
    if there < LEAST_SHARE * wanted:
        raise ValueError("truncated")
    return there == wanted


def _image(planes: npt.NDArray[np.uint8], header: Header, palette: bytes, has_alpha: bool) -> Image.Image:
    if header.depth == 1:
        return Image.fromarray((1 - np.unpackbits(planes[0], axis=1)[:, : header.width]) * np.uint8(255))
    samples = _eight_bits(planes, header)
    count = _COLOURS[header.mode]
    if header.mode == _INDEXED and len(palette) >= 768:
        image = Image.fromarray(samples[0], "P")
        image.putpalette(np.frombuffer(palette, np.uint8, 768).reshape(3, 256).T.tobytes())
        image = image.convert("RGB")
    elif count == 1:
        image = Image.fromarray(samples[0])
    else:
        bands = [Image.fromarray(255 - band if header.mode == _CMYK else band) for band in samples[:count]]
        image = Image.merge(_MODES[header.mode], bands)
    if has_alpha and header.mode != _LAB:
        image = image.convert("LA" if image.mode == "L" else "RGBA")
        image.putalpha(Image.fromarray(samples[count]))
    return image


def _eight_bits(planes: npt.NDArray[np.uint8], header: Header) -> npt.NDArray[np.uint8]:
    if header.depth == 8:
        return planes
    if header.depth == 16:
        return np.ascontiguousarray(planes[..., 0::2])  # the upper byte of each number
    values = planes.reshape(len(planes), header.height, -1).view(">f4").astype(np.float32)
    plain = np.where(values <= 0.0031308, values * 12.92, 1.055 * values.clip(0) ** (1 / 2.4) - 0.055)  # it is linear
    return eight_bits(plain.astype(np.float32))
