import numpy as np
import pytest
from PIL import ExifTags, Image

from bad_files import encoded, jpeg_with_exif
from imagefinder.imaging.decode import decode


def test_what_the_camera_wrote_is_read() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "NIKON CORPORATION\0"
    exif[ExifTags.Base.Model] = "NIKON D90 "
    exif[ExifTags.Base.DateTime] = "2022:02:02 02:02:02"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2021:05:06 07:08:09"

    for image_format in ("JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"):
        _, info, *_ = decode(encoded(image_format, exif=exif.tobytes()))
        assert (info.taken_at, info.camera) == ("2021-05-06 07:08:09", "NIKON D90"), image_format


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Apple", "iPhone 15", "Apple iPhone 15"),
        ("", "X100", "X100"),
        ("Canon", "", "Canon"),
        ("A\nB\x07", "C", "A B C"),
    ],
)
def test_camera_names(make: str, model: str, camera: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = make, model
    assert decode(encoded("JPEG", exif=exif)).info.camera == camera


@pytest.mark.parametrize(
    "written", ["0000:00:00 00:00:00", "    :  :     :  :  ", "2021:13:40 99:00:00", "yesterday", ""]
)
def test_a_time_that_is_none_is_left_out(written: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = written
    assert decode(encoded("JPEG", exif=exif)).info.taken_at == ""


def test_broken_metadata_never_costs_a_photo() -> None:
    rng = np.random.default_rng(0)
    good = Image.Exif()
    good[ExifTags.Base.Orientation] = 1
    good[ExifTags.Base.Make] = "Maker"
    good.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2021:05:06 07:08:09"
    written = good.tobytes().removeprefix(b"Exif\0\0")
    for _ in range(300):
        exif = np.frombuffer(written, np.uint8).copy()
        exif[rng.integers(0, len(exif), 4)] = rng.integers(0, 256, 4)
        image, info, *_ = decode(jpeg_with_exif(exif.tobytes()))
        assert sorted(image.size) == sorted((info.width, info.height)) == [120, 160]
