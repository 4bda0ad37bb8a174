"""Trainings that cannot be: each says what to do, and leaves things as they were."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.training import (
    LabelledPhoto,
    TrainingError,
)
from imagefinder.embedding.device import run
from imagefinder.usecases.finetuning import finetune, unfinished
from imagefinder.usecases.models import Models
from training_kit import plan, told


def test_a_loss_that_is_no_number_from_the_start(drawn: Path, models: Models) -> None:
    endless = {"alpha": 1e39, "beta": 1e39}
    with pytest.raises(TrainingError, match=r"loss is no number.*Lower the learning rates"):
        finetune(plan(drawn, loss_options=endless), models)
    assert models.shelf.added() == ["small"]


def test_a_loss_that_is_no_number_in_the_last_blocks_keeps_the_head(drawn: Path, models: Models) -> None:
    _, said, watcher = told()
    outcome = finetune(plan(drawn, "thorough", network_rate=1e6), models, watcher=watcher)
    assert any("best until then is kept" in text for text in said)
    assert "taught" in models.shelf.added()
    assert outcome.held_out.after.queries > 0


def out_of_memory(limit: int, whole: Callable[..., Any]) -> Callable[..., Any]:
    def limited(network: Any, batch: Any, precision: Any) -> Any:
        if len(batch) > limit:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return whole(network, batch, precision)

    return limited


def test_too_little_memory_for_reading_goes_on_in_smaller_batches(
    drawn: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, said, watcher = told()
    with monkeypatch.context() as patch:
        patch.setattr("imagefinder.training.looking.run", out_of_memory(3, run))
        outcome = finetune(plan(drawn), models, watcher=watcher)
    assert outcome.held_out.after.queries > 0
    assert said[-1].startswith("Memory on cpu ran out. Going on with 2 photos")
    monkeypatch.setattr("imagefinder.training.looking.run", out_of_memory(0, run))
    with pytest.raises(TrainingError, match="choose a smaller model"):
        finetune(plan(drawn, name="other"), models)


def photos_of(folder: Path, label: str, count: int) -> list[LabelledPhoto]:
    return [LabelledPhoto(str(path), label) for path in sorted(folder.rglob("*.png"))[:count]]


def test_too_few_labels_or_photos_are_said_before_anything_is_read(drawn: Path, models: Models) -> None:
    def training(photos: list[LabelledPhoto]) -> None:
        finetune(replace(plan(drawn), photos=tuple(photos)), models)

    one = photos_of(drawn / "learn" / "thing 0", "one", 4)
    with pytest.raises(TrainingError, match=r"only the label one.*Give two or more folders"):
        training(one)
    single = photos_of(drawn / "learn" / "thing 1", "two", 1) + photos_of(drawn / "learn" / "thing 2", "three", 1)
    with pytest.raises(TrainingError, match="no label has more than one photo"):
        training(single)
    with pytest.raises(TrainingError, match="only one label has more than one photo"):
        training(one + single)
    with pytest.raises(TrainingError, match="nothing to tell apart"):
        training([])
    assert unfinished(models) == []


def test_unreadable_photos_are_left_out_and_named(drawn: Path, models: Models, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    broken = []
    for number in range(6):
        path = tmp_path / "bad" / f"{number}.png"
        path.write_bytes(b"\x89PNG nothing more")
        broken.append(LabelledPhoto(str(path), "broken"))
    spec = plan(drawn)
    outcome = finetune(replace(spec, photos=spec.photos + tuple(broken)), models)
    assert set(outcome.unreadable) == {photo.path for photo in broken}
    assert "Left out, as they cannot be read: 6 photos." in outcome.warnings
    assert any("fewer than two photos that can be read: broken" in text for text in outcome.warnings)
    halves = [photo._replace(label=f"half {number % 2}") for number, photo in enumerate(broken)]
    with pytest.raises(TrainingError, match=r"None of the photos can be read.*Check the folder"):
        finetune(replace(spec, name="other", photos=tuple(halves)), models)


def test_test_photos_that_were_learned_from_are_told(drawn: Path, models: Models) -> None:
    spec = plan(drawn)
    outcome = finetune(replace(spec, test=spec.photos[:3]), models)
    assert "3 test photos were learned from as well: the numbers of the test flatter." in outcome.warnings


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("small", {}, "There is a model named small already"),
        ("a/b", {}, "cannot name a model"),
        ("resnet50", {}, "name of a model to download"),
        ("new", {"loss": "tripplet"}, "Did you mean 'triplet'"),
        ("new", {"miner": "hardest"}, "no miner named"),
        ("new", {"loss_options": {"margins": 1}}, "no option 'margins'"),
        ("new", {"memory": 5}, "smaller than a batch"),
        ("new", {"network_rate": 1e300}, "is no network rate to train with. Give a number from 0 to"),
        ("new", {"loss_rate": float("nan")}, "nan is no loss rate"),
        ("new", {"held_out": 1.0}, "1.0 is no held out"),
        ("new", {"memory": 64, "loss": "arcface"}, "cannot use a memory"),
    ],
)
def test_what_cannot_be_trained_is_said_before_anything_is_read(
    drawn: Path, models: Models, name: str, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ImageFinderError, match=re.escape(said)):
        finetune(plan(drawn, name=name, **changes), models)
    assert unfinished(models) == []
