import io
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from bad_files import encoded
from imagefinder.imaging.decode import decode
from imagefinder.imaging.jxl import is_jxl, jxl_size

pytest.importorskip("pillow_jxl")


@pytest.mark.parametrize("container", [False, True])
@pytest.mark.parametrize("size", [(64, 64), (256, 8), (37, 100), (640, 480), (1280, 720), (3, 1200), (1, 1)])
def test_the_size_is_in_the_header(size: tuple[int, int], container: bool) -> None:
    data = encoded("JXL", image=Image.new("RGB", size), use_container=container)

    assert is_jxl(data)
    assert jxl_size(data) == size


@pytest.mark.parametrize(
    "data", [b"", b"\xff\x0b", b"\0\0\0\x0cJXL \r\n\x87\n", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(90)]
)
def test_what_has_no_header_says_so(data: bytes) -> None:
    with pytest.raises(ValueError, match="codestream"):
        jxl_size(data)


@pytest.mark.filterwarnings("ignore:Using JPEG reconstruction")
def test_a_jpeg_that_was_packed_without_loss_is_turned_once(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    jpeg = tmp_path / "a.jpg"
    jpeg.write_bytes(encoded("JPEG", (64, 32), exif=exif.tobytes()))
    target = io.BytesIO()
    with Image.open(jpeg) as image:
        image.save(target, "JXL", lossless_jpeg=True)

    turned, info, *_ = decode(target.getvalue())

    assert turned.size == (info.width, info.height) == (32, 64)
    assert turned.tobytes() == decode(jpeg.read_bytes()).image.tobytes()


def test_the_orientation_tag_of_any_other_is_not_applied_again() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6

    image, info, *_ = decode(encoded("JXL", (64, 32), exif=exif.tobytes()))

    assert image.size == (info.width, info.height) == (64, 32)
