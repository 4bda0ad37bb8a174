"""Formats that do not go through Pillow alone: each is recognised, read, and given the facts that it tells."""

import itertools

from PIL import Image

from imagefinder.domain.images import ImageInfo
from imagefinder.imaging.deep_jpeg import read_odd_kind
from imagefinder.imaging.frames import first_jxl_frame
from imagefinder.imaging.hdr_photos import load_hdr
from imagefinder.imaging.icons import is_icon, pictures
from imagefinder.imaging.jxl import is_animated, is_jxl, jxl_size
from imagefinder.imaging.limits import check_size
from imagefinder.imaging.loading import TURNS, Loaded, load
from imagefinder.imaging.metadata import read_jpeg_facts
from imagefinder.imaging.partly import FAILURES
from imagefinder.imaging.pnm import is_pnm, read_pnm
from imagefinder.imaging.psd import is_psd, read_psd
from imagefinder.imaging.svg import draw, is_svg

_MOST_TRIED = 3


def load_other(data: bytes, at_least: int) -> Loaded | None:
    """The picture of a file in one of these formats; None for any other file."""
    if is_psd(data):
        image, profile, whole = read_psd(data)
        return Loaded(image, _info(image, "PSD"), profile=profile, whole=whole)
    if is_pnm(data):
        image, whole = read_pnm(data)
        return Loaded(image, _info(image, "PNM"), whole=whole)
    if is_icon(data):
        return _load_icon(data, at_least)
    if is_svg(data):
        image, (width, height) = draw(data, at_least)
        return Loaded(image, ImageInfo(width, height, "SVG"))
    if is_jxl(data):
        check_size(*jxl_size(data))
        frame = first_jxl_frame(data, jxl_size(data)) if is_animated(data) else None
        return None if frame is None else Loaded(frame, _info(frame, "JPEG XL"))
    return load_hdr(data, at_least)


def load_odd_jpeg(data: bytes) -> Loaded:
    """A JPEG of a kind that Pillow does not read."""
    image = read_odd_kind(data)
    facts = read_jpeg_facts(data)
    turn = TURNS.get(facts.orientation)
    width, height = image.size if facts.orientation < 5 else image.size[::-1]
    return Loaded(image, ImageInfo(width, height, "JPEG", facts.taken_at, facts.camera), turn)


def _load_icon(data: bytes, at_least: int) -> Loaded:
    problem: Exception = ValueError("no picture in this icon")
    for picture in itertools.islice(pictures(data), _MOST_TRIED):
        try:
            icon = load(picture, at_least)
            return icon._replace(info=_info(icon.image, "ICO"))
        except FAILURES as error:
            problem = error
    raise problem


def _info(image: Image.Image, name: str) -> ImageInfo:
    return ImageInfo(image.width, image.height, name)
