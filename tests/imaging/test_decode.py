import io
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from bad_files import encoded, jpeg_of_size, png
from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging import decode as decode_module
from imagefinder.imaging import limits
from imagefinder.imaging.decode import decode

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)
LOSSY = 40
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF", "JXL"]


def quarters(width: int = 96, height: int = 64) -> Image.Image:
    """Upright: red at the top left, green at the top right, blue at the bottom left, white at the bottom right."""
    image = Image.new("RGB", (width, height), WHITE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def corners(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Top left, top right, bottom left, bottom right."""
    right, bottom = image.width * 3 // 4, image.height * 3 // 4
    left, top = image.width // 4, image.height // 4
    return np.asarray([image.getpixel(at) for at in ((left, top), (right, top), (left, bottom), (right, bottom))], "i2")


def near(image: Image.Image, x: int, y: int, colour: tuple[int, int, int], tolerance: int = LOSSY) -> bool:
    return bool(abs(np.asarray(image, int)[y, x] - colour).max() <= tolerance)


def assert_upright(image: Image.Image, tolerance: int = LOSSY) -> None:
    assert abs(corners(image) - np.asarray([RED, GREEN, BLUE, WHITE], "i2")).max() <= tolerance


@pytest.mark.parametrize("image_format", FORMATS)
def test_every_format_gives_the_same_picture(image_format: str) -> None:
    image, info, *_ = decode(encoded(image_format, image=quarters()))

    assert image.mode == "RGB"
    assert (image.size, info.width, info.height) == ((96, 64), 96, 64)
    assert info.format in {"JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP", "AVIF", "HEIC", "JPEG XL"}
    assert_upright(image)


TURNED: dict[int, Callable[[Image.Image], Image.Image]] = {
    1: lambda image: image,
    2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
    4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
    6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
    7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
    8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
}
"""How a camera stores an upright scene for each orientation."""


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_all_orientations_come_out_upright(image_format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation

    image, info, *_ = decode(encoded(image_format, image=TURNED[orientation](quarters()), exif=exif.tobytes()))

    assert image.size == (info.width, info.height) == (96, 64)
    assert_upright(image)


@pytest.mark.parametrize("orientation", TURNED)
def test_compressed_tiff_is_turned_once(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation

    image, info, *_ = decode(
        encoded("TIFF", image=TURNED[orientation](quarters()), exif=exif.tobytes(), compression="tiff_lzw")
    )

    assert image.size == (info.width, info.height) == (96, 64)
    assert_upright(image)


def test_shrinking_while_decoding_turns_the_picture_too_and_tells_the_original_size() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6

    image, info, *_ = decode(encoded("JPEG", image=TURNED[6](quarters(960, 640)), exif=exif), at_least=100)

    assert image.size == (240, 160)  # a quarter: an eighth would be below 100
    assert (info.width, info.height) == (960, 640)
    assert_upright(image)


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize("at_least", [1, 50, 63, 64, 65, 200, 1000])
def test_the_short_side_never_falls_below_what_was_asked(image_format: str, at_least: int) -> None:
    image, info, *_ = decode(encoded(image_format, (640, 480)), at_least)

    assert min(image.size) >= min(at_least, 480)
    assert min(image.size) < 2 * max(at_least, 60) or image.size == (640, 480)
    assert (info.width, info.height) == (640, 480)


def swapped_profile() -> bytes:
    """A colour profile that is sRGB with the names of red and blue exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for one, other in ((b"rXYZ", b"bXYZ"), (b"rTRC", b"bTRC")):
        profile = profile.replace(one, b"swap").replace(other, one).replace(b"swap", other)
    return profile


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_colour_profiles_are_applied(image_format: str) -> None:
    image, *_ = decode(encoded(image_format, image=Image.new("RGB", (64, 64), RED), icc_profile=swapped_profile()))

    assert near(image, 32, 32, BLUE)


def test_a_profile_that_is_srgb_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    original = Image.open(io.BytesIO(encoded("PNG")))

    image, *_ = decode(encoded("PNG", image=original, icc_profile=profile))

    assert image.tobytes() == original.tobytes()


def test_a_profile_for_another_kind_of_picture_is_ignored() -> None:
    grey = Image.new("L", (8, 8), 77)

    image, *_ = decode(encoded("PNG", image=grey, icc_profile=swapped_profile()))

    assert image.getpixel((4, 4)) == (77, 77, 77)


def test_transparency_is_white() -> None:
    clear = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    clear.paste((0, 0, 255, 255), (0, 0, 32, 64))

    for image_format in ("PNG", "WEBP", "AVIF", "TIFF"):
        image, *_ = decode(encoded(image_format, image=clear))
        assert near(image, 16, 32, BLUE), image_format
        assert near(image, 48, 32, WHITE), image_format


def test_half_transparency_is_half_white() -> None:
    image, *_ = decode(encoded("PNG", image=Image.new("RGBA", (8, 8), (0, 0, 0, 128))))
    assert image.getpixel((4, 4)) == (127, 127, 127)


def test_transparent_palettes_and_greys_are_white_too() -> None:
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.paste(0, (0, 0, 4, 8))

    image, *_ = decode(encoded("GIF", image=palette, transparency=0))
    assert [image.getpixel((x, 4)) for x in (1, 6)] == [WHITE, BLUE]

    image, *_ = decode(encoded("PNG", image=Image.new("LA", (8, 8), (0, 0))))
    assert image.getpixel((4, 4)) == WHITE

    image, *_ = decode(encoded("PNG", image=Image.new("L", (8, 8), 9), transparency=9))
    assert image.getpixel((4, 4)) == WHITE


def test_one_bit_pictures() -> None:
    image, *_ = decode(encoded("PNG", image=Image.new("1", (8, 8), 1)))
    assert image.getpixel((4, 4)) == WHITE


def test_cmyk_as_adobe_writes_it() -> None:
    image, *_ = decode(encoded("JPEG", image=Image.new("CMYK", (32, 32), (0, 255, 255, 0))))
    assert near(image, 16, 16, RED, 10)


@pytest.mark.parametrize(
    "values",
    [
        np.array([[0, 32768, 65535]], np.uint16),
        np.array([[0, 2048, 4095]], np.uint16),  # of a 12-bit sensor
        np.array([[0, 128, 255]], np.uint16),  # 8 bits in a wide file
        np.array([[0, 131_070, 262_140]], np.int32),
        np.array([[-100, 0, 100]], np.int32),
        np.array([[0.0, 0.5, 1.0]], np.float32),
        np.array([[-7.0, np.nan, 7.0]], np.float32),
    ],
)
def test_deep_greys_use_the_whole_range(values: np.ndarray[tuple[int, int], np.dtype[np.generic]]) -> None:
    image, *_ = decode(encoded("TIFF", image=Image.fromarray(values)))
    assert np.asarray(image).reshape(3, 3) == pytest.approx(np.repeat([0, 128, 255], 3).reshape(3, 3), abs=1)


def test_an_endless_grey_does_no_harm() -> None:
    image, *_ = decode(encoded("TIFF", image=Image.fromarray(np.array([[np.inf, 0.0, -np.inf]], np.float32))))
    assert not np.asarray(image).any()


def test_a_deep_grey_with_a_transparent_value() -> None:
    line = b"\0" + np.array([0, 65535], ">u2").tobytes()

    image, *_ = decode(png(2, 1, zlib.compress(line), depth=16, extra=(b"tRNS", b"\xff\xff")))

    assert [image.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 0), WHITE]


def test_sixteen_bit_colour() -> None:
    rows = np.tile(np.array([65535, 32768, 0], ">u2"), (4, 4))
    lines = b"".join(b"\0" + row.tobytes() for row in rows)

    image, *_ = decode(png(4, 4, zlib.compress(lines), depth=16, colour=2))

    assert image.getpixel((2, 2)) == (255, 128, 0)


def test_animations_show_their_first_frame() -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, GREEN, BLUE)]
    for image_format in ("GIF", "WEBP", "PNG", "AVIF"):
        data = encoded(image_format, image=frames[0], save_all=True, append_images=frames[1:], duration=100)
        image, *_ = decode(data)
        assert near(image, 16, 16, RED), image_format


def test_a_multi_picture_jpeg_shows_its_first_and_is_called_jpeg() -> None:
    data = encoded("MPO", image=quarters(), save_all=True, append_images=[Image.new("RGB", (8, 8))])

    image, info, *_ = decode(data)

    assert info.format == "JPEG"
    assert_upright(image)


def test_a_broken_index_of_a_multi_picture_jpeg_does_no_harm() -> None:
    data = encoded("MPO", image=quarters(), save_all=True, append_images=[Image.new("RGB", (8, 8))])
    at = data.index(b"MPF\0") + 4

    image, *_ = decode(data[:at] + b"\xff" * 40 + data[at + 40 :])

    assert_upright(image)


def test_any_damage_gives_a_picture_or_a_reason_and_nothing_else() -> None:
    rng = np.random.default_rng(1)
    reasons = []
    for image_format in FORMATS:
        data = np.frombuffer(encoded(image_format), np.uint8)
        for attempt in range(60):
            damaged = data.copy()
            reach = min(len(data), 200) if attempt % 2 else len(data)
            damaged[rng.integers(0, reach, 5)] = rng.integers(0, 256, 5)
            try:
                assert decode(damaged.tobytes(), 32).image.mode == "RGB"
            except UnreadableImage as error:
                reasons.append(error.message)
    assert len(reasons) > 50
    assert {reason[-1] for reason in reasons} == {"."}


def test_a_large_jpeg_is_read_where_shrinking_makes_it_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PIXELS", 640 * 480 - 1)
    data = encoded("JPEG", (640, 480))

    assert decode(data, at_least=100).image.size == (160, 120)
    with pytest.raises(UnreadableImage, match=r"too large to open: 640 x 480 pixels"):
        decode(data)
    with pytest.raises(UnreadableImage, match="too large"):
        decode(encoded("JPEG", (640, 480), progressive=True), at_least=100)  # it is held in memory unshrunk
    with pytest.raises(UnreadableImage, match="too large"):
        decode(encoded("PNG", (640, 480)), at_least=100)


def test_a_large_jpeg_in_several_scans_is_refused_as_it_is_held_in_memory_unshrunk() -> None:
    data = bytearray(jpeg_of_size(20_000, 20_000))
    data[data.index(b"\xff\xda") + 4] = 1  # components in the first scan

    with pytest.raises(UnreadableImage, match="too large"):
        decode(bytes(data), at_least=100)
    with pytest.raises(UnreadableImage, match="cut off"):
        decode(jpeg_of_size(20_000, 20_000)[:-2], at_least=100)  # in one scan it was tried


def test_formats_that_are_decoded_slowly_may_be_less_large(monkeypatch: pytest.MonkeyPatch) -> None:
    header = b"BM" + bytes(8) + (14 + 40 + 1024).to_bytes(4, "little")
    size = (40).to_bytes(4, "little") + (200).to_bytes(4, "little") + (100).to_bytes(4, "little")
    run_length = header + size + b"\1\0\x08\0\1\0\0\0" + bytes(16) + bytes(1024) + b"\xff\0" * 200 + b"\0\1"
    monkeypatch.setattr(limits, "MAX_SLOW_PIXELS", 200 * 100 - 1)

    with pytest.raises(UnreadableImage, match=r"too large to open: 200 x 100"):
        decode(run_length)
    assert decode(encoded("BMP", (640, 480))).image.size == (640, 480)


def test_a_half_copied_file_that_is_filled_with_zeros_is_shown_as_far_as_it_goes() -> None:
    data = encoded("JPEG", (640, 480))

    image, _, damage = decode(data[: len(data) // 2] + bytes(len(data) // 2))

    assert damage
    assert np.array_equal(np.asarray(image)[:200], np.asarray(decode(data).image)[:200])
    assert not np.asarray(image)[300:].std(axis=(0, 1)).any()


def test_no_memory_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(decode_module, "to_plain", fail)
    with pytest.raises(UnreadableImage, match="not enough memory"):
        decode(encoded("JPEG"))


def test_many_threads_get_the_same_pictures_as_one() -> None:
    data = [
        encoded(image_format, (320, 240), icc_profile=swapped_profile()) for image_format in ("JPEG", "PNG", "WEBP")
    ]
    expected = [decode(each, 100).image.tobytes() for each in data]
    start = threading.Barrier(8)

    def work(_: int) -> list[bytes]:
        start.wait()
        return [decode(each, 100).image.tobytes() for _ in range(10) for each in data]

    with ThreadPoolExecutor(8) as pool:
        for result in pool.map(work, range(8)):
            assert result == expected * 10
