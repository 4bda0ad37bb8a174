from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bad_files import encoded
from imagefinder.imaging.decode import decode
from imagefinder.imaging.deep import eight_bits

Samples = npt.NDArray[Any]


def scene() -> npt.NDArray[np.float64]:
    """0..1, with soft shades."""
    noise = np.random.default_rng(6).random((12, 16))
    image = Image.fromarray((noise * 255).astype(np.uint8)).resize((160, 120), Image.Resampling.BICUBIC)
    values = np.asarray(image, float)
    scaled: npt.NDArray[np.float64] = (values - values.min()) / np.ptp(values)
    return scaled


def shown(values: Samples, image_format: str = "TIFF") -> npt.NDArray[np.int64]:
    image = decode(encoded(image_format, image=Image.fromarray(values))).image
    return np.asarray(image.getchannel(0)).astype(np.int64)


RIGHT = scene() * 255


@pytest.mark.parametrize("top", [250, 260, 1000, 1020, 1030, 1500, 4000, 4200, 12_000, 16_000])
def test_one_scene_looks_the_same_whatever_its_scale(top: int) -> None:
    for image_format in ("PNG", "TIFF"):
        assert abs(shown((scene() * top).round().astype(np.uint16), image_format) - RIGHT).mean() < 6


def test_all_sixteen_bits_are_those_of_the_eight() -> None:
    assert abs(shown((scene() * 65_535).round().astype(np.uint16), "PNG") - RIGHT).mean() < 1
    assert abs(shown((scene() * 40_000).round().astype(np.uint16), "PNG") - RIGHT * 40_000 / 65_535).mean() < 1


def test_nearly_equal_pictures_stay_nearly_equal() -> None:
    tops = np.geomspace(200, 65_535, 200)
    means = [eight_bits((scene() * top).round().astype(np.uint16)).mean() for top in tops]
    assert abs(np.diff(means)).max() < 5


@pytest.mark.parametrize("odd", [4095, 60_000])
def test_a_hot_pixel_decides_nothing(odd: int) -> None:
    values = (scene() * 1000).round().astype(np.uint16)
    values[3, 3] = odd
    assert abs(shown(values, "PNG") - RIGHT).mean() < 6


def test_nor_do_several_of_them() -> None:
    values = (scene() * 1000).round().astype(np.uint16)
    values.reshape(-1)[[7, 99, 1234, 5678, 9999, 12_345]] = [1500, 2000, 9000, 20_000, 40_000, 65_535]
    assert abs(shown(values, "PNG") - RIGHT).mean() < 6
    floats = (scene() * 1000).astype(np.float32)
    floats.reshape(-1)[[7, 99, 1234, 5678, 9999, 12_345]] = [-5000, -900, -300, 9000, 70_000, 1e6]
    assert abs(shown(floats) - RIGHT).mean() < 6


@pytest.mark.parametrize("odd", [1.02, -0.01, 50.0, -9999, 3.4e38, np.nan, np.inf, -np.inf])
def test_nor_does_an_odd_float(odd: float) -> None:
    for scale in (1, 1000):
        values = (scene() * scale).astype(np.float32)
        values[0, 0] = odd
        assert abs(shown(values) - RIGHT).mean() < 6


@pytest.mark.parametrize("filler", [-9999, -32_768, 3.4e38])
def test_a_border_without_data_does_not_either(filler: float) -> None:
    values = (scene() * 300 + 20).astype(np.float32)
    values[:, :40] = filler
    assert abs(shown(values)[:, 40:] - RIGHT[:, 40:]).mean() < 20


def test_floats_within_zero_and_one_stay_where_they_are() -> None:
    assert abs(shown((scene() * 0.4).astype(np.float32)) - RIGHT * 0.4).mean() < 1


def test_whole_numbers_of_temperatures_are_spread() -> None:
    assert shown((29_000 + scene() * 900).astype(np.uint16), "PNG").std() > 30


def test_values_below_zero_begin_at_black() -> None:
    values = shown((scene() * 400 - 200).astype(np.int32))
    assert abs(values - RIGHT).mean() < 6
