"""HDR pictures look like their ordinary versions. The tests make them, by the formulas of the standards."""

import io
import struct
import zlib

import numpy as np
import numpy.typing as npt
import pillow_heif
import pytest
from PIL import Image

from bad_files import encoded
from imagefinder.imaging.boxes import light_of_boxes
from imagefinder.imaging.decode import decode
from imagefinder.imaging.light import HLG, PQ, Light, light_of_profile, samples_to_sdr

BT709, BT2020, P3, SRGB, LINEAR = 1, 9, 12, 13, 8
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
TO_P3 = np.array([[0.8225, 0.1774, 0.0], [0.0332, 0.9669, 0.0], [0.0171, 0.0724, 0.9108]])
MATRICES = {BT709: np.eye(3), BT2020: TO_BT2020, P3: TO_P3}


def photo() -> Image.Image:
    """Soft colours of every brightness."""
    pixels = np.random.default_rng(4).integers(0, 256, (9, 12, 3), np.uint8)
    return Image.fromarray(pixels).resize((192, 144), Image.Resampling.BICUBIC)


def samples(image: Image.Image, primaries: int, transfer: int) -> npt.NDArray[np.uint16]:
    """The picture as an HDR camera writes it, in 16 bits: white is 203 nits."""
    value = np.asarray(image) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4) @ MATRICES[primaries].T
    linear = linear.clip(0, 1)
    if transfer == PQ:
        power = (linear * 203 / 10_000) ** 0.1593017578125
        signal = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    elif transfer == HLG:
        light = linear * 203 / 1000
        high = 0.17883277 * np.log((12 * light - 0.28466892).clip(1e-6)) + 0.55991073
        signal = np.where(light <= 1 / 12, np.sqrt(3 * light), high)
    elif transfer == LINEAR:
        signal = linear
    else:
        signal = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    values: npt.NDArray[np.uint16] = (signal.clip(0, 1) * 65535).round().astype(np.uint16)
    return values


def png(values: npt.NDArray[np.uint16], *extra: tuple[bytes, bytes]) -> bytes:
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def png_in(light: Light) -> bytes:
    return png(samples(photo(), *light), (b"cICP", bytes((*light, 0, 1))))


def heic_in(light: Light) -> bytes:
    values = samples(photo(), *light)
    picture = pillow_heif.from_bytes("RGB;16", (values.shape[1], values.shape[0]), values.tobytes())
    target = io.BytesIO()
    picture.save(
        target, quality=95, chroma=444, color_primaries=light.primaries, transfer_characteristics=light.transfer
    )
    return target.getvalue()


def avif_in(light: Light) -> bytes:
    """As Pillow writes it, with another colour box, in 8 bits."""
    values = (samples(photo(), *light) >> 8).astype(np.uint8)
    data = encoded("AVIF", image=Image.fromarray(values), quality=95, subsampling="4:4:4")
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", *light) + data[at + 4 :]


def deep_avif_in(light: Light) -> bytes:
    """The same with 10 bits."""
    imagecodecs = pytest.importorskip("imagecodecs")
    values = samples(photo(), *light) >> 6
    data = bytes(imagecodecs.avif_encode(values, level=95, bitspersample=10, pixelformat="444"))
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", *light) + data[at + 4 :]


LIGHTS = [Light(BT2020, PQ), Light(BT2020, HLG), Light(P3, PQ), Light(P3, SRGB), Light(BT2020, BT709), Light(BT709, PQ)]


def far(data: bytes, at_least: int = 0) -> float:
    """The mean distance from the ordinary version, in 256ths."""
    image = decode(data, at_least).image
    return float(abs(np.asarray(image, int) - np.asarray(photo().resize(image.size), int)).mean())


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize(("write", "most"), [(png_in, 1.5), (heic_in, 2.5), (avif_in, 4), (deep_avif_in, 2)])
def test_an_hdr_picture_looks_like_its_ordinary_version(write: object, most: float, light: Light) -> None:
    assert callable(write)
    # A television's curve is taken for sRGB, as everywhere.
    data = write(light if light.transfer != BT709 else Light(light.primaries, SRGB))
    assert far(data) < most


@pytest.mark.parametrize("write", [heic_in, deep_avif_in])
def test_it_is_shrunk_and_keeps_its_size_in_the_facts(write: object) -> None:
    assert callable(write)
    data = write(Light(BT2020, PQ))
    image, info, _ = decode(data, at_least=36)

    assert image.size == (48, 36)
    assert (info.width, info.height) == (192, 144)
    assert far(data, 36) < 8


def test_without_the_note_it_would_not() -> None:
    assert far(png(samples(photo(), BT2020, PQ))) > 25


def test_light_beyond_white_stays_below_it_and_in_order() -> None:
    signal = np.linspace(0, 65535, 200).round().astype(np.uint16)
    for transfer in (PQ, HLG):
        grey = samples_to_sdr(np.repeat(signal, 3).reshape(1, -1, 3), Light(BT2020, transfer))[0].astype(int)
        assert (np.diff(grey[:, 1]) >= 0).all()
        assert grey[-1].tolist() == [255, 255, 255]
        assert np.ptp(grey, axis=1).max() <= 1  # grey stays grey


def test_white_leaves_room_for_what_is_brighter() -> None:
    white = samples(Image.new("RGB", (1, 1), "white"), BT2020, PQ)
    brighter = (white * 1.03).astype(np.uint16)
    levels = [int(samples_to_sdr(each, Light(BT2020, PQ))[0, 0, 1]) for each in (white, brighter)]
    assert 235 < levels[0] < levels[1] <= 255


def test_linear_light_is_understood() -> None:
    assert far(png(samples(photo(), BT709, LINEAR), (b"cICP", bytes((BT709, LINEAR, 0, 1))))) < 3


def test_ordinary_pictures_are_left_alone() -> None:
    for transfer in (1, 2, 6, 13):
        data = encoded("PNG", image=photo())
        assert (
            far(data[:33] + png(samples(photo(), 1, SRGB), (b"cICP", bytes((1, transfer, 0, 1))))[33:49] + data[33:])
            == 0
        )


def test_a_profile_that_says_hdr_is_followed_and_another_wins_over_plain_code_points() -> None:
    tag = b"cicp" + bytes(4) + bytes((BT2020, PQ, 0, 1))
    profile = bytes(128) + struct.pack(">I4sII", 1, b"cicp", 144, 12) + tag
    assert light_of_profile(profile) == Light(BT2020, PQ)
    assert (
        far(
            encoded("PNG", image=Image.fromarray((samples(photo(), BT2020, PQ) >> 8).astype("u1")), icc_profile=profile)
        )
        < 4
    )
    for broken in (b"", profile[:130], profile[:140], profile[:150], b"\xff" * 300):
        assert light_of_profile(broken) is None


def test_boxes_that_are_damaged_say_nothing() -> None:
    data = avif_in(Light(BT2020, PQ))
    assert light_of_boxes(data) == Light(BT2020, PQ)
    end = data.index(b"mdat")
    for keep in range(0, end, 7):
        light_of_boxes(data[:keep])
    rng = np.random.default_rng(3)
    for _ in range(300):
        noisy = bytearray(data[:end])
        for at in rng.integers(8, end, 5):
            noisy[at] = int(rng.integers(0, 256))
        light_of_boxes(bytes(noisy))


def test_of_several_pictures_the_light_of_the_primary_one_counts() -> None:
    heif = pillow_heif.from_pillow(Image.new("RGB", (64, 64)))
    heif.add_from_pillow(photo())
    target = io.BytesIO()
    heif.save(target, primary_index=1, color_primaries=BT2020, transfer_characteristics=PQ)

    assert light_of_boxes(target.getvalue()) == Light(BT2020, PQ)
