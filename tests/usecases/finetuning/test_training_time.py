"""What a training would cost, and how its photos are split."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.errors import UnknownName
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.training import RECIPES, LabelledPhoto, Mode, TrainingError
from imagefinder.training.looking import Collection
from imagefinder.usecases.models import Models
from imagefinder.usecases.training_material import gather
from imagefinder.usecases.training_time import estimate
from training_kit import plan


@pytest.mark.parametrize("mode", RECIPES)
def test_an_estimate_is_of_the_photos_and_the_epochs(drawn: Path, models: Models, mode: Mode) -> None:
    spec = plan(drawn, mode)
    found = estimate(spec, models, device="cpu")
    assert found.reading > 0
    assert found.learning > 0
    assert found.seconds == found.reading + found.learning
    longer = replace(spec, recipe=replace(spec.recipe, head_epochs=3000))
    assert estimate(longer, models, device="cpu").learning > 20 * found.learning
    assert models.shelf.added() == ["small"]


def test_an_estimate_of_what_cannot_be_read(drawn: Path, models: Models, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    spec = replace(plan(drawn), photos=(LabelledPhoto(str(tmp_path / "broken.png"), "a"),))
    with pytest.raises(TrainingError, match="None of the photos can be read"):
        estimate(spec, models, device="cpu")
    with pytest.raises(UnknownName):
        estimate(replace(plan(drawn), base="nothing"), models, device="cpu")


def test_a_burst_is_on_one_side_of_the_split(drawn: Path, models: Models, tmp_path: Path) -> None:
    photos = tuple(LabelledPhoto(f"{label}{number}", label) for label in "abcd" for number in range(12))
    spec = replace(plan(drawn), photos=photos)
    embedder = models.shelf.load("small", "cpu", "float32")
    collection = Collection(tmp_path / "place", "key", [photo.path for photo in photos], 1, 48)
    collection.features[:, 0] = np.eye(48)  # nothing is alike
    # Three photos a few seconds apart, then a quarter of an hour until the next.
    collection.noted.times.extend(
        f"2024-05-01T{hour:02}:{15 * (number // 3):02}:{2 * (number % 3):02}"
        for hour in range(4)
        for number in range(12)
    )
    material, kept, names = gather(spec, collection, embedder, pytest.fail, CancelToken())
    assert (kept, names) == (list(photos), list("abcd"))
    held = np.zeros(48, bool)
    held[material.held] = True
    assert sorted([*material.learn, *material.held]) == list(range(48))
    for start in range(0, 48, 3):
        assert len(set(held[start : start + 3].tolist())) == 1
    for label in range(4):
        assert 2 <= held[12 * label : 12 * label + 12].sum() <= 6
