"""What training sees of a photo: its middle as it is, and other parts of it, at random but the same for a seed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawing import draw_photo
from imagefinder.domain.specs import InputSpec
from imagefinder.domain.training import Recipe
from imagefinder.imaging.reading import read_image
from imagefinder.usecases.training_views import cut, read_views

SEEN = InputSpec(32, 36)
PLAIN = Recipe(flip=False, jitter=0.0)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return draw_photo(tmp_path / "photo.jpg", seed=3)


def test_the_middle_comes_first_as_every_search_sees_it(photo: Path) -> None:
    seen = read_views(str(photo), SEEN, Recipe(), [1, 2, 1])
    assert seen.pixels.shape == (4, 32, 32, 3)
    searched = read_image(str(photo), SEEN).pixels  # from a smaller decoding of the same file
    assert np.abs(seen.pixels[0].astype(int) - searched).mean() < 2
    assert np.abs(seen.pixels[1].astype(int) - searched).mean() > 10
    assert (seen.pixels[1] == seen.pixels[3]).all()
    assert (seen.pixels[1] != seen.pixels[2]).any()


def test_light_and_colour_vary_by_as_much_as_the_recipe_says() -> None:
    grey = Image.new("RGB", (64, 64), (100, 100, 100))
    assert (cut(grey, 32, PLAIN, np.random.default_rng(0)) == 100).all()
    recipe = replace(PLAIN, jitter=0.25)
    lights = [cut(grey, 32, recipe, np.random.default_rng(seed)).mean() for seed in range(200)]
    assert 74 <= min(lights) < 80
    assert 120 < max(lights) <= 125
    red = Image.new("RGB", (64, 64), (200, 60, 60))
    shares = [
        np.ptp(view[0, 0]) / view.mean() for view in (cut(red, 32, recipe, np.random.default_rng(s)) for s in range(99))
    ]
    assert min(shares) < 0.85 * 140 / 107 < 1.15 * 140 / 107 < max(shares)
