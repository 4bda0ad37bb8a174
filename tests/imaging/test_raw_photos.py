import struct

import numpy as np
import pytest
from PIL import ExifTags, Image

from bad_files import encoded
from dng import make_dng
from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging.decode import decode

pytest.importorskip("rawpy")


def redness(image: Image.Image, x: float, y: float) -> int:
    red, _, blue = np.asarray(image, int)[int(image.height * y), int(image.width * x)]
    return int(red - blue)


def test_a_raw_photo_without_preview_is_developed() -> None:
    image, info, *_ = decode(make_dng(128, 96))

    assert image.size == (64, 48)
    assert (info.width, info.height, info.format) == (128, 96, "RAW")
    assert (info.taken_at, info.camera) == ("2021-05-06 07:08:09", "Maker Model 1")
    assert redness(image, 0.25, 0.5) > 100 > -100 > redness(image, 0.75, 0.5)


@pytest.mark.parametrize(("orientation", "red_at"), [(3, (0.75, 0.5)), (6, (0.5, 0.25)), (8, (0.5, 0.75))])
def test_it_is_upright(orientation: int, red_at: tuple[float, float]) -> None:
    image, info, *_ = decode(make_dng(128, 96, orientation))

    assert (image.width > image.height) == (info.width > info.height) == (orientation == 3)
    assert redness(image, *red_at) > 100
    assert redness(image, 1 - red_at[0], 1 - red_at[1]) < -100


def preview(exif: bytes = b"") -> bytes:
    """Green at the left, dark at the right: not what the sensor says, so that the tests see which one was used."""
    pixels = np.zeros((96, 128, 3), np.uint8)
    pixels[:, :64, 1] = 200
    return encoded("JPEG", image=Image.fromarray(pixels), exif=exif)


def green_at(image: Image.Image, x: float, y: float) -> bool:
    return bool(np.asarray(image)[int(image.height * y), int(image.width * x), 1] > 150)


def test_the_preview_is_used_where_it_is_large_enough() -> None:
    data = make_dng(128, 96, preview=preview())

    assert green_at(decode(data, at_least=40).image, 0.25, 0.5)
    assert green_at(decode(data).image, 0.25, 0.5)
    assert not green_at(decode(data, at_least=97).image, 0.25, 0.5)


def test_the_preview_is_turned_as_the_sensor_was() -> None:
    image, info, *_ = decode(make_dng(128, 96, orientation=6, preview=preview()))

    assert image.size == (info.width, info.height) == (96, 128)
    assert green_at(image, 0.5, 0.25)
    assert not green_at(image, 0.5, 0.75)


def test_a_preview_that_knows_its_orientation_is_turned_once() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6

    image, *_ = decode(make_dng(128, 96, orientation=6, preview=preview(exif.tobytes())))

    assert image.size == (96, 128)
    assert green_at(image, 0.5, 0.25)


@pytest.mark.parametrize("keep", [60, 400, 5000])
def test_a_raw_photo_that_is_cut_off_is_reported(keep: int) -> None:
    with pytest.raises(UnreadableImage, match=r"cannot be read|cut off"):
        decode(make_dng(128, 96)[:keep])


def test_what_only_looks_like_a_raw_photo_is_reported() -> None:
    for start in (b"IIRO", b"FUJIFILMCCD-RAW", b"\0\0\0\x18ftypcrx "):
        with pytest.raises(UnreadableImage, match="cannot be read"):
            decode(start + bytes(500))


def undecodable(data: bytes, compression: int) -> bytes:
    """The same RAW photo, with a mosaic packed in a way that LibRaw does not know."""
    told = struct.pack("<HHIHH", 259, 3, 1, 1, 0)
    assert data.count(told) == 1
    return data.replace(told, struct.pack("<HHIHH", 259, 3, 1, compression, 0))


@pytest.mark.parametrize("compression", [52_546, 34_892, 50_013])
@pytest.mark.parametrize("at_least", [0, 50, 96, 2000])
def test_what_cannot_be_developed_shows_its_preview_in_every_size(compression: int, at_least: int) -> None:
    image, info, damage = decode(undecodable(make_dng(256, 192, preview=preview()), compression), at_least)

    assert (info.format, info.camera, damage) == ("RAW", "Maker Model 1", "")
    assert min(image.size) >= min(at_least, 96)
    assert green_at(image, 0.25, 0.5)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_such_a_preview_is_upright(orientation: int) -> None:
    for compression in (52_546, 50_013):
        data = undecodable(make_dng(256, 192, orientation, preview=preview()), compression)
        image, info, _ = decode(data)
        x, y = {3: (0.75, 0.5), 6: (0.5, 0.25), 8: (0.5, 0.75)}[orientation]
        assert green_at(image, x, y)
        assert not green_at(image, 1 - x, 1 - y)
        assert (info.width > info.height) == (image.width > image.height) == (orientation == 3)


def test_the_largest_preview_is_shown_of_a_raw_photo_that_nobody_knows() -> None:
    small = encoded("JPEG", image=Image.new("RGB", (40, 30)))
    unknown = b"IIRO" + bytes(100) + small + bytes(50) + preview() + bytes(50) + small

    image, info, _ = decode(unknown)

    assert (info.width, info.height, info.format) == (128, 96, "RAW")
    assert green_at(image, 0.25, 0.5)


def test_a_raw_photo_without_any_preview_says_why() -> None:
    with pytest.raises(UnreadableImage, match="LibRaw says"):
        decode(undecodable(make_dng(256, 192), 52_546))


def test_a_tile_of_a_mosaic_is_not_taken_for_a_preview() -> None:
    """Lossy DNGs hold JPEGs of parts of the sensor, which may be larger than the preview."""
    tile = encoded("JPEG", image=Image.new("RGB", (256, 192)))
    data = undecodable(make_dng(256, 192, preview=preview()), 50_013)
    strip = b"\x11\x01" + struct.pack("<HI", 4, 1)  # StripOffsets, which becomes TileOffsets
    at = data.index(strip, data.index(strip) + 1)
    offset = struct.pack("<I", len(data))
    tiled = data[:at] + struct.pack("<HHI", 324, 4, 1) + offset + data[at + 12 :] + tile

    image, *_ = decode(tiled)

    assert image.size == (128, 96)
    assert green_at(image, 0.25, 0.5)
