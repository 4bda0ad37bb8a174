"""Photos whose drive goes away while they are read for a training: it stops, and goes on when the drive is back."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError, UnreadableImage
from imagefinder.domain.progress import Progress
from imagefinder.domain.training import LabelledPhoto, TrainingError, TrainingSpec
from imagefinder.training.looking import Collection
from imagefinder.usecases import training_material, training_views
from imagefinder.usecases.finetuning import WORKPLACE, Watcher, finetune, unfinished
from imagefinder.usecases.labelled_folders import labelled_photos
from imagefinder.usecases.models import Models
from imagefinder.usecases.reading import TookTooLong
from training_kit import LABELS, PHOTOS, recipe, told

READ_FIRST = 9


@pytest.fixture
def drive(drawn: Path, tmp_path: Path) -> Path:
    """A drive with one folder of photos in it."""
    shutil.copytree(drawn / "learn", tmp_path / "drive" / "photos")
    return tmp_path / "drive"


@pytest.fixture
def spec(drive: Path) -> TrainingSpec:
    return TrainingSpec("taught", "small", tuple(labelled_photos([drive / "photos"])), recipe("quick"))


@pytest.fixture
def when_read(spec: TrainingSpec, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Has something happen when the first photos have been read, one after the other."""

    def arrange(happens: Callable[[], object]) -> None:
        read = training_views.read_views

        def reading(path: str, *given: Any) -> Any:
            if path == spec.photos[READ_FIRST].path:
                happens()
            return read(path, *given)

        monkeypatch.setattr("imagefinder.usecases.training_material.read_views", reading)

    monkeypatch.setattr(training_material, "READER_THREADS", 1)
    return arrange


def noted(models: Models) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((models.shelf.directory / WORKPLACE / "taught" / "collected.json").read_text())
    return found


def goes_on(spec: TrainingSpec, models: Models) -> int:
    """How many photos were read anew when it went on to the end."""
    read: list[int] = []

    def progress(said: Progress) -> None:
        if said.phase == "reading":
            read.append(said.done)

    outcome = finetune(replace(spec, resume=True), models, watcher=Watcher(progress))
    assert not outcome.unreadable
    assert len(outcome.held_out.after.labels) == LABELS
    return len(spec.photos) - read[0] + 1


@pytest.mark.parametrize("left", ["nothing", "an empty folder", "other folders"])
def test_a_folder_that_goes_away_while_it_is_read_stops_it_and_loses_nothing(
    drive: Path, spec: TrainingSpec, models: Models, when_read: Callable[..., None], left: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    away = drive / "photos" / "thing 1" if left == "other folders" else drive / "photos"
    kept = drive.parent / "kept"

    def unplug() -> None:
        away.rename(kept)
        if left == "an empty folder":
            away.mkdir()

    when_read(unplug)
    with pytest.raises(TrainingError) as raised:
        finetune(spec, models)
    monkeypatch.undo()
    assert raised.value.message == f"The folder {away} went away while it was read."
    assert "Connect its drive and continue" in raised.value.hint
    assert models.shelf.added() == ["small"]
    assert unfinished(models) == ["taught"]
    assert (noted(models)["done"], noted(models)["unreadable"]) == (READ_FIRST, {})

    with pytest.raises(TrainingError, match=r"is not there\. Connect its drive"):
        finetune(replace(spec, resume=True), models)
    assert noted(models)["done"] == READ_FIRST  # trying too early costs nothing
    shutil.rmtree(away, ignore_errors=True)
    kept.rename(away)
    assert goes_on(spec, models) <= len(spec.photos) - READ_FIRST


def test_a_drive_that_hangs_stops_it(spec: TrainingSpec, models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    read = training_views.read_views

    def reading(path: str, *given: Any) -> Any:
        if path >= spec.photos[READ_FIRST].path:
            raise TookTooLong("Reading it took too long.", lasting=False)
        return read(path, *given)

    with monkeypatch.context() as patch:
        patch.setattr("imagefinder.usecases.training_material.read_views", reading)
        with pytest.raises(TrainingError, match="does not answer"):
            finetune(spec, models)
    assert (noted(models)["done"], noted(models)["unreadable"]) == (READ_FIRST, {})
    goes_on(spec, models)


def test_a_few_deleted_photos_are_left_out_and_said(
    spec: TrainingSpec, models: Models, when_read: Callable[..., None]
) -> None:
    deleted = [Path(photo.path) for photo in spec.photos[-5:]]
    when_read(lambda: list(map(os.remove, deleted)))
    _, said, watcher = told()
    outcome = finetune(spec, models, watcher=watcher)
    assert set(outcome.unreadable) == set(map(str, deleted))
    assert "Left out, as they cannot be read: 5 photos." in said


def test_a_tiny_folder_that_was_deleted_is_left_out(drive: Path, spec: TrainingSpec, models: Models) -> None:
    few = tuple(LabelledPhoto(str(drive / "photos" / "few" / name), "few") for name in ("a.png", "b.png"))
    outcome = finetune(replace(spec, photos=spec.photos + few), models)
    assert set(outcome.unreadable) == {photo.path for photo in few}


def test_photos_of_several_drives_are_told_apart() -> None:
    assert training_material._shared(["/one/a/1.jpg", "/one/b/2.jpg"]) == "/one"
    assert training_material._shared(["/one/a/1.jpg", "/two/b/2.jpg"]) == "/"
    assert not training_material._is_lost("/nowhere/1.jpg", UnreadableImage("This is no photo."))


def test_reading_is_noted_while_it_goes_on(spec: TrainingSpec, models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_material, "NOTE_SECONDS", 0.0)
    monkeypatch.setattr("imagefinder.domain.progress.REPORTS_PER_SECOND", 1e9)
    monkeypatch.setattr("imagefinder.embedding.embedder.BATCH_SIZES", {"cpu": 4})
    found: list[int] = []

    def progress(said: Progress) -> None:
        if said.phase == "reading" and 4 <= said.done < PHOTOS:
            found.append(noted(models)["done"])

    finetune(spec, models, device="cpu", watcher=Watcher(progress))
    assert found == [4] * (PHOTOS - 4)


@pytest.mark.parametrize(
    ("width", "free", "said"),
    [(10, 999_999, "needs 40 MB, and 0 MB are free"), (600, 1_250_000_000, "needs 2.4 GB, and 1.2 GB are free")],
)
def test_a_full_drive_is_named_with_numbers_that_say_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, free: int, said: str
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    monkeypatch.setattr("os.path.ismount", lambda folder: Path(folder) == tmp_path)
    with pytest.raises(ModelError) as raised:
        Collection(tmp_path / "models" / ".training" / "mine", "key", ["a.jpg"] * 1000, 1000, width)
    assert raised.value.message == f"There is too little space on the drive {tmp_path}: teaching {said}."
    assert raised.value.hint == "Make space, and continue."
    assert not np.any([file.stat().st_size for file in tmp_path.rglob("*.npy")])
