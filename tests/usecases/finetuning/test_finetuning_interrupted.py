"""Trainings that crash, are cancelled, or meet a full disk or damaged files: nothing is lost."""

import errno
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.errors import Cancelled, ModelError, UnknownName
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.domain.training import (
    EpochResult,
    Mode,
)
from imagefinder.usecases.finetuning import WORKPLACE, Watcher, discard, finetune, unfinished
from imagefinder.usecases.labelled_folders import labelled_photos
from imagefinder.usecases.models import Models
from training_kit import PHOTOS, plan, told


class Crash(BaseException):
    """Ends a run as a crash does: nobody expects it."""


def crash_at(phase: str, at: int) -> Watcher:
    """Crashes with the first report of reading or measuring, or after so many epochs of a phase."""

    def progress(said: Progress) -> None:
        if said.phase == phase and said.done >= at:
            raise Crash

    def on_epoch(result: EpochResult, examples: object) -> None:
        if result.phase == phase and result.epoch == at:
            raise Crash

    return Watcher(progress, on_epoch)


@pytest.mark.parametrize(
    ("mode", "phase", "at"),
    [
        ("quick", "head", 2),
        ("thorough", "reading", 16),
        ("thorough", "head", 1),
        ("thorough", "tail", 2),
        ("full", "full", 1),
    ],
)
def test_a_crash_in_any_phase_costs_nothing(
    drawn: Path, models: Models, mode: Mode, phase: str, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagefinder.usecases.training_material.NOTE_SECONDS", 0.0)
    monkeypatch.setattr("imagefinder.domain.progress.REPORTS_PER_SECOND", 1e9)
    whole = finetune(plan(drawn, mode, "whole"), models)
    with pytest.raises(Crash):
        finetune(plan(drawn, mode), models, watcher=crash_at(phase, at))
    assert unfinished(models) == ["taught"]
    assert "taught" not in models.shelf.added()
    read: list[int] = []

    def progress(said: Progress) -> None:
        if said.phase == "reading":
            read.append(said.done)

    outcome = finetune(replace(plan(drawn, mode), resume=True), models, watcher=Watcher(progress))
    assert outcome.held_out == whole.held_out
    assert models.shelf.spec("taught").fingerprint == models.shelf.spec("whole").fingerprint
    if phase == "reading":
        assert read[0] > 8
    else:
        assert read == []
    assert unfinished(models) == []


def test_what_was_left_of_other_photos_is_not_used(drawn: Path, models: Models) -> None:
    with pytest.raises(Crash):
        finetune(plan(drawn), models, watcher=crash_at("head", 2))
    fewer = plan(drawn)
    fewer = replace(fewer, photos=fewer.photos[: 3 * PHOTOS], resume=True)
    fresh = finetune(replace(fewer, name="fresh", resume=False), models)
    assert finetune(fewer, models).held_out == fresh.held_out


def test_an_unfinished_training_can_be_forgotten(drawn: Path, models: Models) -> None:
    with pytest.raises(Crash):
        finetune(plan(drawn), models, watcher=crash_at("head", 1))
    discard(models, "taught")
    assert unfinished(models) == []


def cancel_at(token: CancelToken, phase: str, at: int) -> Watcher:
    def on_epoch(result: EpochResult, examples: object) -> None:
        if result.phase == phase and result.epoch == at:
            token.cancel()

    def progress(said: Progress) -> None:
        if said.phase == phase:
            token.cancel()

    return Watcher(progress, on_epoch)


@pytest.mark.parametrize("phase", ["head", "tail"])
def test_cancelling_keeps_the_best_as_a_model(drawn: Path, models: Models, phase: str) -> None:
    token = CancelToken()
    spec = replace(plan(drawn, "thorough"), test=tuple(labelled_photos([drawn / "test"])))
    outcome = finetune(spec, models, token=token, watcher=cancel_at(token, phase, 2))
    assert outcome.stopped_early
    assert outcome.epochs[-1].phase == phase
    assert outcome.epochs[-1].epoch == 2
    assert outcome.test is None  # who stops does not want to wait for that
    embedder = models.shelf.load("taught", "cpu")
    assert embedder.embed(np.zeros((1, 32, 32, 3), np.uint8)).shape == (1, 24)
    assert unfinished(models) == []


def test_cancelling_before_anything_was_learned_leaves_what_was_read(drawn: Path, models: Models) -> None:
    token = CancelToken()
    with pytest.raises(Cancelled):
        finetune(plan(drawn), models, token=token, watcher=cancel_at(token, "reading", 0))
    assert models.shelf.added() == ["small"]
    assert unfinished(models) == ["taught"]
    assert finetune(replace(plan(drawn), resume=True), models).held_out.after.queries > 0


def no_space(*arguments: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_in_each_phase_says_so_and_loses_nothing(
    drawn: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = finetune(plan(drawn, "thorough", "whole"), models)
    spec = replace(plan(drawn, "thorough"), resume=True)

    def fill_disk_at(phase: str, at: int) -> Watcher:
        def on_epoch(result: EpochResult, examples: object) -> None:
            if (result.phase, result.epoch) == (phase, at):
                monkeypatch.setattr("os.fsync", no_space)

        return Watcher(on_epoch=on_epoch)

    tiny = shutil.disk_usage(models.shelf.directory)._replace(free=1000)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda folder: tiny)
        with pytest.raises(ModelError, match=r"teaching needs 1 MB, and 0 MB are free. Make space, and continue"):
            finetune(spec, models)
    for phase, at in (("head", 1), ("tail", 0), ("tail", 2), ("tail", 3)):
        with pytest.raises(ModelError, match=r"No space left on device.*(Make space|choose another place)"):
            finetune(spec, models, watcher=fill_disk_at(phase, at))
        monkeypatch.undo()
        assert models.shelf.added() == ["small", "whole"]
    assert finetune(spec, models).held_out == whole.held_out
    assert models.shelf.spec("taught").fingerprint == models.shelf.spec("whole").fingerprint


@pytest.mark.parametrize("phase", ["head", "tail"])
def test_a_damaged_checkpoint_costs_its_phase(drawn: Path, models: Models, phase: str) -> None:
    whole = finetune(plan(drawn, "thorough", "whole"), models)
    with pytest.raises(Crash):
        finetune(plan(drawn, "thorough"), models, watcher=crash_at("tail", 2))
    checkpoint = models.shelf.directory / WORKPLACE / "taught" / f"{phase}.checkpoint"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    _, said, watcher = told()
    outcome = finetune(replace(plan(drawn, "thorough"), resume=True), models, watcher=watcher)
    assert said == damaged(phase)
    assert outcome.held_out == whole.held_out


def damaged(phase: str) -> list[str]:
    said = f"What was saved of this training in {phase}.checkpoint is damaged. "
    return [said + "This part of it starts again; what was read of the photos is kept."]


@pytest.mark.parametrize("name", ["collected.json", "features.npy", "activations.npy"])
def test_damaged_notes_are_read_again(drawn: Path, models: Models, name: str) -> None:
    whole = finetune(plan(drawn, "thorough", "whole"), models)
    with pytest.raises(Crash):
        finetune(plan(drawn, "thorough"), models, watcher=crash_at("head", 1))
    (models.shelf.directory / WORKPLACE / "taught" / name).write_bytes(b"no longer what it was")
    outcome = finetune(replace(plan(drawn, "thorough"), resume=True), models)
    assert outcome.held_out == whole.held_out


def test_a_base_that_vanished_is_named_and_can_come_back(drawn: Path, models: Models) -> None:
    with pytest.raises(Crash):
        finetune(plan(drawn), models, watcher=crash_at("head", 2))
    file = models.shelf.directory / "small.safetensors"
    kept = file.read_bytes()
    file.unlink()
    spec = replace(plan(drawn), resume=True)
    with pytest.raises(UnknownName, match="no model named 'small'"):
        finetune(spec, models)
    assert unfinished(models) == ["taught"]
    file.write_bytes(kept)
    finetune(spec, models)
    file.unlink()  # the tuned model carries what it needs
    assert models.shelf.load("taught", "cpu").embed(np.zeros((1, 32, 32, 3), np.uint8)).shape == (1, 24)
