import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bad_files import encoded
from drawing import draw_photo
from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import FileStamp
from imagefinder.domain.specs import InputSpec
from imagefinder.imaging.files import content_key_of
from imagefinder.imaging.reading import fit, frame, read_image, read_query
from imagefinder.imaging.thumbnails import THUMBNAIL_SIDE, average_colour, decode_thumbnail, encode_thumbnail

CROP = InputSpec(crop=224, resize=256)
SQUASH = InputSpec(crop=64, resize=64, framing="squash")


def test_one_reading_gives_everything(tmp_path: Path) -> None:
    path = draw_photo(tmp_path / "a.jpg", seed=1, size=(1200, 900))

    read = read_image(str(path), CROP)

    assert read.stamp == FileStamp.of(path.stat())
    assert read.content_key == content_key_of(str(path))
    assert (read.info.width, read.info.height, read.info.format) == (1200, 900, "JPEG")
    assert read.pixels.shape == (224, 224, 3)
    assert read.pixels.dtype == np.uint8
    assert read.pixels.flags.writeable
    assert decode_thumbnail(read.thumbnail).shape == (240, 320, 3)
    mean = np.asarray(Image.open(path)).reshape(-1, 3).mean(axis=0)
    assert np.allclose([read.colour >> 16, read.colour >> 8 & 255, read.colour & 255], mean, atol=3)


def test_a_query_is_framed_as_the_photo_is(tmp_path: Path) -> None:
    path = draw_photo(tmp_path / "a.jpg", seed=2, size=(900, 1200))

    read, from_file, from_bytes = (
        read_image(str(path), CROP),
        read_query(str(path), CROP),
        read_query(path.read_bytes(), CROP),
    )

    assert np.array_equal(from_file.pixels, read.pixels)
    assert np.array_equal(from_bytes.pixels, read.pixels)
    assert from_bytes.thumbnail == read.thumbnail
    assert from_bytes.info == read.info


def test_a_query_that_is_no_picture_says_so() -> None:
    with pytest.raises(UnreadableImage, match="not an image"):
        read_query(b"no picture", CROP)


def as_torchvision(image: Image.Image, spec: InputSpec) -> Image.Image:
    """Resize(resize) and CenterCrop(crop), step by step."""
    short = min(image.size)
    width, height = (spec.resize if side == short else int(spec.resize * side / short) for side in image.size)
    resized = image.resize((width, height), Image.Resampling.BICUBIC)
    left, top = round((width - spec.crop) / 2.0), round((height - spec.crop) / 2.0)
    return resized.crop((left, top, left + spec.crop, top + spec.crop))


@pytest.mark.parametrize("size", [(256, 341), (341, 256), (256, 256), (640, 427), (300, 1000), (224, 224), (50, 90)])
def test_a_crop_is_what_the_networks_were_trained_on(size: tuple[int, int]) -> None:
    image = Image.open(io.BytesIO(encoded("PNG", size)))

    ours = frame(image, CROP).astype(int)

    difference = abs(ours - np.asarray(as_torchvision(image, CROP), int))
    assert difference.max() <= 2
    if min(size) == 256:
        assert difference.max() == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (10_000, 20)])
@pytest.mark.parametrize("spec", [CROP, SQUASH, InputSpec(crop=224, resize=200)])
def test_any_shape_can_be_framed(size: tuple[int, int], spec: InputSpec) -> None:
    assert (
        frame(Image.new("RGB", size, (9, 8, 7)), spec).tolist()
        == np.full((spec.crop, spec.crop, 3), (9, 8, 7)).tolist()
    )


def test_squash_keeps_the_whole_picture() -> None:
    image = Image.new("RGB", (400, 100))
    image.paste((255, 0, 0), (0, 0, 20, 100))

    pixels = frame(image, SQUASH)

    assert pixels.shape == (64, 64, 3)
    assert (pixels[:, 0, 0] > 200).all()
    assert not pixels[:, 8:].any()


def test_whole_keeps_the_shape_and_fills_the_rest_with_the_mean() -> None:
    image = Image.new("RGB", (400, 100), (200, 0, 0))
    spec = InputSpec(crop=64, resize=64, framing="whole", mean=(0.1, 0.5, 1.0))

    pixels = frame(image, spec)

    assert (pixels[24:40] == (200, 0, 0)).all()
    assert (pixels[:24] == (26, 128, 255)).all()
    assert (pixels[40:] == (26, 128, 255)).all()
    assert np.array_equal(frame(image.rotate(90, expand=True), spec), pixels.transpose(1, 0, 2))
    assert np.array_equal(frame(Image.new("RGB", (9, 9), (1, 2, 3)), spec), np.full((64, 64, 3), (1, 2, 3)))


def test_whole_with_a_margin_cuts_it_off() -> None:
    """As timm's border: the long side is resized to more than is shown."""
    image = Image.open(io.BytesIO(encoded("PNG", (80, 40))))

    pixels = frame(image, InputSpec(crop=64, resize=80, framing="whole"))

    assert np.array_equal(pixels[12:52], np.asarray(image.crop((8, 0, 72, 40))))
    assert not pixels[:12].any()


def test_interpolation_is_the_one_of_the_record() -> None:
    image = Image.open(io.BytesIO(encoded("PNG", (100, 100))))
    spec = InputSpec(crop=64, resize=64, framing="squash", interpolation="bilinear")

    assert np.array_equal(frame(image, spec), np.asarray(image.resize((64, 64), Image.Resampling.BILINEAR)))
    assert not np.array_equal(frame(image, spec), frame(image, SQUASH))


def test_shrinking_while_decoding_hardly_shows(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded("JPEG", (4032, 3024), quality=92))

    ours = read_image(str(path), CROP).pixels.astype(float)

    exact = np.asarray(as_torchvision(Image.open(path), CROP), float)
    assert np.sqrt(((ours - exact) ** 2).mean()) < 1.5


def test_a_preview_fits_its_box_and_is_never_enlarged(tmp_path: Path) -> None:
    large = draw_photo(tmp_path / "large.jpg", seed=3, size=(1600, 1000))
    small = draw_photo(tmp_path / "small.jpg", seed=3, size=(40, 30))

    assert fit(str(large), 800, 800).shape == (500, 800, 3)
    assert fit(str(large), 2000, 250).shape == (250, 400, 3)
    assert fit(str(small), 800, 800).shape == (30, 40, 3)


def test_a_preview_of_a_turned_photo_fits_too(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = draw_photo(tmp_path / "a.jpg", seed=3, size=(1600, 1000), exif=exif)

    assert fit(str(path), 800, 800).shape == (800, 500, 3)


def test_thumbnails_of_any_shape() -> None:
    for size, expected in (((4000, 2), (1, 320, 3)), ((2, 4000), (320, 1, 3)), ((20, 10), (10, 20, 3))):
        assert decode_thumbnail(encode_thumbnail(Image.new("RGB", size, (10, 200, 30)))).shape == expected
    assert THUMBNAIL_SIDE == 320


def test_a_damaged_thumbnail_is_an_error_that_can_be_caught() -> None:
    data = encode_thumbnail(Image.new("RGB", (100, 100)))
    for damaged in (b"", data[: len(data) // 2], b"text"):
        with pytest.raises(OSError, match=r"identify|[Tt]runcated"):
            decode_thumbnail(damaged)


def test_the_average_colour_is_red_green_blue_in_this_order() -> None:
    assert average_colour(Image.new("RGB", (50, 50), (0x12, 0x34, 0x56))) == 0x123456


@pytest.mark.photos
def test_the_development_photographs_are_read(grocery: Path) -> None:
    paths = sorted(grocery.rglob("*.jpg"))[::100]
    assert len(paths) > 40
    for path in paths:
        read = read_image(str(path), CROP)
        assert min(read.info.width, read.info.height) == 256
        assert read.pixels.std() > 5
