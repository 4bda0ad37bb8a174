"""What a camera wrote into the file. Broken metadata is common and never costs a photo."""

import io
import logging
import re
from datetime import datetime
from typing import NamedTuple

from PIL import ExifTags, Image

log = logging.getLogger(__name__)

_TIME = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_MAX_NAME = 80
_MOST_BEFORE_EXIF = 2**16


class Facts(NamedTuple):
    """``orientation`` is EXIF's 1..8, or 0 where the file does not say. The rest is as in ImageInfo."""

    orientation: int = 0
    taken_at: str = ""
    camera: str = ""


def read_facts(image: Image.Image) -> Facts:
    """The facts of an open image; empty ones where its metadata cannot be read."""
    try:
        return _facts(image.getexif())
    except Exception as error:  # Pillow's parser answers hostile EXIF with about anything; the pixels still count
        log.debug("unreadable EXIF: %r", error)
        return Facts()


def read_tiff_facts(data: bytes) -> Facts:
    """The facts of a RAW file that is built like a TIFF; empty ones for any other."""
    try:
        exif = Image.Exif()
        exif.load_from_fp(io.BytesIO(data))
        return _facts(exif)
    except Exception as error:  # as above
        log.debug("no EXIF in this RAW file: %r", error)
        return Facts()


def read_jpeg_facts(data: bytes) -> Facts:
    """The facts of a JPEG that Pillow does not open; empty ones where it has none."""
    start = data.find(b"Exif\0\0", 0, _MOST_BEFORE_EXIF)
    if start < 0:
        return Facts()
    try:
        exif = Image.Exif()
        exif.load(data[start : start + 2**16])
        return _facts(exif)
    except Exception as error:  # as above
        log.debug("unreadable EXIF: %r", error)
        return Facts()


def _facts(exif: Image.Exif) -> Facts:
    if not exif:
        return Facts()
    orientation = exif.get(ExifTags.Base.Orientation)
    details = exif.get_ifd(ExifTags.IFD.Exif)
    moments = (
        details.get(ExifTags.Base.DateTimeOriginal),
        details.get(ExifTags.Base.DateTimeDigitized),
        exif.get(ExifTags.Base.DateTime),
    )
    return Facts(
        orientation=orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 0,
        taken_at=next((time for time in map(_time, moments) if time), ""),
        camera=_camera(_text(exif.get(ExifTags.Base.Make)), _text(exif.get(ExifTags.Base.Model))),
    )


def _time(value: object) -> str:
    """``YYYY-MM-DD HH:MM:SS``, or nothing for what is no time (cameras without a clock write zeros)."""
    match = _TIME.match(_text(value))
    if match is None:
        return ""
    moment = "{}-{}-{} {}:{}:{}".format(*match.groups())
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        return ""
    return moment


def _camera(make: str, model: str) -> str:
    """Make and model, without saying "Canon Canon EOS" or "NIKON CORPORATION NIKON D90"."""
    brand = make.split(" ")[0]
    return model if model.lower().startswith(brand.lower()) else f"{make} {model}".strip()


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    printable = "".join(c if c.isprintable() else " " for c in value.partition("\0")[0][:_MAX_NAME])
    return " ".join(printable.split())
