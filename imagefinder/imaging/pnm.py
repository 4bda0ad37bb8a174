"""The plain formats of Netpbm: PBM, PGM, PPM, PAM and PFM, with up to 16 bits or with floats."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from imagefinder.imaging import limits
from imagefinder.imaging.deep import eight_bits
from imagefinder.imaging.limits import check_samples, check_size
from imagefinder.imaging.partly import LEAST_SHARE

_BLANK = rb"(?:\s|#[^\r\n]*[\r\n])+"
_PLAIN = re.compile(rb"P([1-6])" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,9})(?:\s|#)")
_FLOAT = re.compile(rb"P([fF])\s+(\d{1,9})\s+(\d{1,9})\s+([-+.\deE]{1,20})\s")
_PAM = re.compile(rb"P7\s.{0,2000}?ENDHDR\n", re.DOTALL)
_HEADER_BYTES = 4096
_OPENING = re.compile(rb"P(?:[1-6]\s*(?:\s\d|\s#)|[fF]\s+\d|7\n(?:#|WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE))")


def is_pnm(data: bytes) -> bool:
    return _OPENING.match(data[:64]) is not None


def read_pnm(data: bytes) -> tuple[Image.Image, bool]:
    """The picture in 8 bits, and whether all of it is there. Raises ValueError for a header that makes no sense."""
    found = _PLAIN.match(data, 0, _HEADER_BYTES)
    if found is not None:
        return _plain(data, int(found[1]), int(found[2]), int(found[3]), found.end() - 1)
    found = _FLOAT.match(data, 0, _HEADER_BYTES)
    if found is not None:
        shape = int(found[3]), int(found[2]), 3 if found[1] == b"F" else 1
        values, whole = _samples(data, found.end(), shape, "<f4" if float(found[4]) < 0 else ">f4")
        return _image(eight_bits(values[::-1])), whole  # from the last row to the first
    found = _PAM.match(data, 0, _HEADER_BYTES)
    if found is not None:
        words = dict(line.split(None, 1) for line in found[0].splitlines() if len(line.split(None, 1)) == 2)
        width, height, depth, largest = (int(words[key]) for key in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
        return _scaled(data, found.end(), (height, width, depth), largest)
    raise ValueError("no header of a PNM")


def _plain(data: bytes, kind: int, width: int, height: int, at: int) -> tuple[Image.Image, bool]:
    check_size(width, height)
    shape = height, width, 3 if kind in (3, 6) else 1
    if kind == 4:
        rows, whole = _samples(data, _behind_blank(data, at), (height, (width + 7) // 8, 1), "u1")
        return _image((1 - np.unpackbits(rows[..., 0], axis=1)[:, :width, None]) * 255), whole
    largest = 1
    if kind != 1:
        found = re.compile(_BLANK + rb"(\d{1,5})").match(data, at)
        if found is None:
            raise ValueError("no largest value")
        largest, at = int(found[1]), found.end()
    if kind in (5, 6):
        return _scaled(data, _behind_blank(data, at), shape, largest)
    check_size(width, height, limits.MAX_SLOW_PIXELS)
    text = re.sub(rb"#[^\r\n]*", b" ", data[at:])
    if kind == 1:  # digits that need no blank between them
        numbers = np.frombuffer(text.translate(None, b" \t\r\n\v\f"), np.uint8).astype(np.int64) - ord("0")
    else:
        numbers = np.fromstring(text, np.int64, sep=" ")
    values = np.zeros(shape, np.uint16)
    numbers = numbers[: values.size]
    values.reshape(-1)[: len(numbers)] = numbers.clip(0, largest)
    scaled = (1 - values if kind == 1 else values).astype(np.float32) * (255 / max(largest, 1))
    return _image(scaled.round().astype(np.uint8)), _enough(len(numbers), values.size)


def _scaled(data: bytes, at: int, shape: tuple[int, int, int], largest: int) -> tuple[Image.Image, bool]:
    if not 0 < largest < 65_536:
        raise ValueError("the largest value makes no sense")
    values, whole = _samples(data, at, shape, "u1" if largest < 256 else ">u2")
    if largest == 255:
        return _image(values), whole
    if shape[2] in (1, 2) and largest > 255:
        return _image(np.dstack([eight_bits(values[..., 0]), *(values[..., 1:].T >> 8)])[..., : shape[2]]), whole
    return _image((values.clip(0, largest).astype(np.float32) * (255 / largest)).round().astype(np.uint8)), whole


def _samples(data: bytes, at: int, shape: tuple[int, int, int], kind: str) -> tuple[npt.NDArray[Any], bool]:
    """The numbers behind a header; zeros for those that are missing, and whether there are none such."""
    height, width, depth = shape
    dtype = np.dtype(kind)
    check_samples(width, height, depth * dtype.itemsize)
    wanted = height * width * depth
    there = np.frombuffer(data, dtype, min(wanted, max(0, len(data) - at) // dtype.itemsize), at)
    whole = _enough(there.size, wanted)
    if not whole:
        there = np.concatenate([there, np.zeros(wanted - there.size, dtype)])
    return there.reshape(shape).astype(dtype.newbyteorder("=")), whole


def _enough(there: int, wanted: int) -> bool:
    if there < LEAST_SHARE * wanted:
        raise ValueError("truncated")
    return there == wanted


def _behind_blank(data: bytes, at: int) -> int:
    """Behind the single blank that ends a header, and the comments before it."""
    while data[at : at + 1] == b"#":
        at = data.find(b"\n", at) + 1 or len(data)
    return at + 1


def _image(values: npt.NDArray[Any]) -> Image.Image:
    depth = values.shape[2]
    if depth not in (1, 2, 3, 4):
        raise ValueError("a number of colours that makes no sense")
    return Image.fromarray(np.ascontiguousarray(values[..., 0] if depth == 1 else values))
