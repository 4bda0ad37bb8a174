"""The loop: it learns, repeats itself, goes on exactly where it was, keeps the best, and says what went wrong."""

import errno
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from imagefinder.domain.errors import Cancelled, ImageFinderError, ModelError
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.domain.training import EpochResult, Recipe, TrainingError
from imagefinder.training.branch import build_branch
from imagefinder.training.checkpoint import Checkpoint
from imagefinder.training.components import Components
from imagefinder.training.inputs import ArrayInputs
from imagefinder.training.losses import LOSSES
from imagefinder.training.miners import MINERS, build_miner
from imagefinder.training.stepping import LossIsNoNumber, Stepper
from imagefinder.training.trainer import Lesson, Surroundings, apply, train

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn

LABELS = np.repeat(np.arange(6), 8)
RECIPE = Recipe(dimension=8, classes=4, photos=3, patience=99, head_rate=3e-3, network_rate=3e-3)


def features(seed: int = 0) -> Any:
    """Six kinds that differ in 8 of 24 directions, under more noise in all others; two views each."""
    rng = np.random.default_rng(seed)
    telling = np.arange(24) < 8
    middles = rng.standard_normal((6, 24)) * telling * 0.8
    rows = middles[LABELS][:, None] + rng.standard_normal((len(LABELS), 2, 24)) * np.where(telling, 0.25, 0.7)
    return (rows / np.linalg.norm(rows, axis=2, keepdims=True)).astype(np.float32)


def lesson(epochs: int = 6, phase: Any = "head", until: int | None = None) -> Lesson:
    places = np.arange(len(LABELS))
    held = places % 4 == 0
    return Lesson(phase, ArrayInputs(features()), LABELS, places[~held], places[held], epochs, 2e-2, until)


def head() -> nn.Module:
    components = Components.fit(features()[:, :1], np.arange(len(LABELS)))
    return components.unfolded(components.start(8))


def branch(part: nn.Module | None = None) -> nn.Module:
    return build_branch(part or nn.Identity(), head(), 0.2)


def run(generator: Generator[EpochResult, None, bool]) -> tuple[list[EpochResult], bool]:
    results = []
    while True:
        try:
            results.append(next(generator))
        except StopIteration as end:
            return results, bool(end.value)


def numbers(results: list[EpochResult]) -> list[Any]:
    return [(r.epoch, r.loss if r.epoch else None, r.map_at_r, r.recall_at_1, r.best, r.examples) for r in results]


def weights(module: nn.Module) -> list[Any]:
    return [tensor.tolist() for tensor in module.state_dict().values()]


def test_it_learns_and_keeps_the_best() -> None:
    pupil = branch()
    results, stopped = run(train(pupil, lesson(12), RECIPE, Surroundings()))
    assert not stopped
    assert [result.epoch for result in results] == list(range(13))
    best = max(results, key=lambda result: result.map_at_r)
    assert best.map_at_r > results[0].map_at_r + 0.1
    assert results[-1].loss < results[1].loss
    again, _ = run(train(pupil, lesson(0), RECIPE, Surroundings()))
    assert again[0].map_at_r == best.map_at_r


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_trains_and_repeats_itself(name: str) -> None:
    recipe = replace(RECIPE, loss=name)
    first, second = branch(), branch()
    ours, _ = run(train(first, lesson(2), recipe, Surroundings()))
    theirs, _ = run(train(second, lesson(2), recipe, Surroundings()))
    assert numbers(ours) == numbers(theirs)
    assert weights(first) == weights(second)


@pytest.mark.parametrize("name", MINERS)
def test_every_miner_trains(name: str) -> None:
    results, _ = run(train(branch(), lesson(6), replace(RECIPE, miner=name), Surroundings()))
    assert max(result.map_at_r for result in results) > results[0].map_at_r


def test_another_seed_is_another_training() -> None:
    ours, _ = run(train(branch(), lesson(2), RECIPE, Surroundings()))
    theirs, _ = run(train(branch(), lesson(2), replace(RECIPE, seed=1), Surroundings()))
    assert numbers(ours) != numbers(theirs)


@pytest.mark.parametrize("name", ["multi-similarity", "proxy-anchor"])
@pytest.mark.parametrize("memory", [0, 24])
@pytest.mark.parametrize("miner", ["multi-similarity", "whole-set"])
def test_an_interrupted_training_goes_on_to_the_same_numbers(
    tmp_path: Path, name: str, memory: int, miner: str
) -> None:
    if memory and not LOSSES[name].mined:
        pytest.skip("proxies need no memory")
    recipe = replace(RECIPE, loss=name, memory=memory, miner=miner)
    whole = branch()
    expected, _ = run(train(whole, lesson(5), recipe, Surroundings()))

    around = Surroundings(checkpoint=Checkpoint(tmp_path / "a", "key"))
    interrupted = train(branch(), lesson(5), recipe, around)
    for _ in range(3):  # the measurement before, and two epochs
        next(interrupted)
    interrupted.close()
    continued = branch()
    found, _ = run(train(continued, lesson(5), recipe, around))
    assert numbers(found) == numbers(expected)
    assert weights(continued) == weights(whole)


def test_a_finished_phase_is_not_learned_again(tmp_path: Path) -> None:
    around = Surroundings(checkpoint=Checkpoint(tmp_path / "a", "key"))
    expected, _ = run(train(branch(), lesson(3), RECIPE, around))
    moment = (tmp_path / "a").stat().st_mtime_ns
    found, _ = run(train(branch(), lesson(3), RECIPE, around))
    assert numbers(found) == numbers(expected)
    assert (tmp_path / "a").stat().st_mtime_ns == moment


def test_it_stops_when_it_gets_no_better() -> None:
    results, _ = run(train(branch(), lesson(40), replace(RECIPE, patience=2, head_rate=0.5), Surroundings()))
    best = max(result.epoch for result in results if result.best)
    assert results[-1].epoch == best + 2 < 40


def test_until_an_epoch_without_measuring() -> None:
    pupil = branch()
    results, _ = run(train(pupil, lesson(6, until=2), RECIPE, Surroundings()))
    assert [result.epoch for result in results] == [0, 1, 2]
    assert np.isnan(results[-1].map_at_r)
    same = branch()
    generator = train(same, lesson(6), RECIPE, Surroundings())
    for _ in range(3):
        next(generator)
    assert weights(pupil) == weights(same)


def test_cancelling_keeps_the_best_so_far() -> None:
    token = CancelToken()
    pupil = branch()
    generator = train(pupil, lesson(30), RECIPE, Surroundings(token=token))
    results = [next(generator) for _ in range(8)]
    token.cancel()
    more, stopped = run(generator)
    assert (more, stopped) == ([], True)
    best = max(result.map_at_r for result in results)
    again, _ = run(train(pupil, lesson(0), RECIPE, Surroundings()))
    assert again[0].map_at_r == best


def test_cancelling_before_anything_was_learned_is_cancelling() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        run(train(branch(), lesson(), RECIPE, Surroundings(token=token)))
    results, stopped = run(train(branch(), lesson(phase="tail"), RECIPE, Surroundings(token=token)))
    assert (results, stopped) == ([], True)  # what the phase before had learned stays


def test_progress_is_told_within_an_epoch() -> None:
    told: list[Progress] = []
    run(train(branch(), lesson(1), RECIPE, Surroundings(progress=told.append)))
    assert {"training", "measuring"} == {each.phase for each in told}
    assert any(each.phase == "training" and each.done == each.total > 1 for each in told)


def test_a_full_disk_at_a_checkpoint_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = Checkpoint(tmp_path / "a", "key")
    generator = train(branch(), lesson(), RECIPE, Surroundings(checkpoint=checkpoint))
    next(generator), next(generator)
    before = (tmp_path / "a").read_bytes()

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ModelError, match=r"No space left on device.*Make space and continue"):
        next(generator)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == before
    results, _ = run(train(branch(), lesson(), RECIPE, Surroundings(checkpoint=checkpoint)))
    assert results[-1].epoch == 6


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nothing more", b"no archive at all"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "a").write_bytes(damage)
    with pytest.raises(ModelError, match=r"damaged.*starts again"):
        Checkpoint(tmp_path / "a", "key").load()


def test_the_checkpoint_of_another_training_is_not_used(tmp_path: Path) -> None:
    Checkpoint(tmp_path / "a", "one").save({"phase": "head"})
    assert Checkpoint(tmp_path / "a", "other").load() is None
    assert Checkpoint(tmp_path / "a", "one").load() == {"phase": "head"}
    assert Checkpoint(tmp_path / "b", "one").load() is None


class Spoiled(nn.Module):
    """Gives what it gets, until it was asked to learn so many times."""

    def __init__(self, steps: int, factor: float = float("nan")) -> None:
        super().__init__()
        self.left = steps
        self.factor = factor

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled():
            self.left -= 1
        return rows if self.left >= 0 else rows * self.factor


class RunsAway(Spoiled):
    """Learns well, and gives something else when it is measured, from a step on."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        learning = torch.is_grad_enabled()
        self.left -= learning
        return rows if learning or self.left >= 0 else rows * self.factor


def test_a_loss_that_is_no_number_says_what_to_do() -> None:
    with pytest.raises(TrainingError, match=r"loss is no number.*Lower the learning rates"):
        run(train(branch(Spoiled(0)), lesson(), RECIPE, Surroundings()))


@pytest.mark.parametrize("factor", [1e20, float("inf"), float("nan")])
def test_numbers_that_ran_away_are_not_measured(factor: float) -> None:
    given = lesson(1)
    with pytest.raises(LossIsNoNumber):  # and not a warning of numpy, which is an error here
        apply(RunsAway(-1, factor), given.inputs, len(given.labels), Surroundings())


def test_what_runs_away_while_its_loss_is_a_number_keeps_the_best() -> None:
    said: list[str] = []
    results, stopped = run(
        train(branch(RunsAway(30, float("inf"))), lesson(30), RECIPE, Surroundings(warn=said.append))
    )
    assert not stopped
    assert "best until then is kept" in said[0]
    assert 1 < len(results) < 30


def test_a_loss_that_becomes_no_number_keeps_the_best() -> None:
    said: list[str] = []
    part = Spoiled(30)
    pupil = branch(part)
    results, stopped = run(train(pupil, lesson(30), RECIPE, Surroundings(warn=said.append)))
    assert not stopped
    assert "best until then is kept" in said[0]
    assert 1 < len(results) < 30
    assert all(tensor.isfinite().all() for tensor in pupil.state_dict().values())


class Narrow(nn.Module):
    """A layer in a memory with room for a few rows at a time."""

    def __init__(self, room: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(24, 24)
        self.room = room

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled() and len(rows) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        found: torch.Tensor = self.layer(rows)
        return found


def stepped(part: nn.Module, chunk: int = 0) -> tuple[nn.Module, list[str], Stepper]:
    said: list[str] = []
    pupil = build_branch(part, head(), 0.0)
    loss = LOSSES["multi-similarity"].make(6, 8, LOSSES["multi-similarity"].options)
    recipe = replace(RECIPE, chunk=chunk)
    stepper = Stepper(pupil, loss, build_miner("all"), recipe, 1e-2, "cpu", "float32", said.append)
    for number in range(3):
        stepper.step(torch.from_numpy(features()[:12, 0]), torch.from_numpy(LABELS[:12]), number / 3)
    return pupil, said, stepper


def test_parts_of_a_batch_give_the_gradients_of_the_whole() -> None:
    whole, _, _ = stepped(Narrow(99))
    parts, _, _ = stepped(Narrow(99), chunk=5)
    for ours, theirs in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)
    untouched = Narrow(99)
    assert not torch.allclose(whole.get_submodule("tuned.layer").get_parameter("weight"), untouched.layer.weight)


def test_too_little_memory_makes_the_parts_smaller() -> None:
    found, said, stepper = stepped(Narrow(3))
    assert stepper.chunk == 3
    assert said == [
        "Memory on cpu ran out. Going on with 6 photos at a time.",
        "Memory on cpu ran out. Going on with 3 photos at a time.",
    ]
    whole, _, _ = stepped(Narrow(99))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(found.parameters(), whole.parameters(), strict=True))


def test_no_memory_at_all_is_said() -> None:
    with pytest.raises(TrainingError, match="choose the quick mode"):
        stepped(Narrow(0))


def test_only_dropout_is_turned_on_by_training() -> None:
    norm = nn.BatchNorm1d(24)
    pupil = branch(norm)
    pupil.train()
    assert pupil.get_submodule("dropout").training
    assert not norm.training
    run(train(pupil, lesson(1, phase="tail"), RECIPE, Surroundings()))
    assert norm.running_mean is not None
    assert norm.running_mean.abs().max() == 0
    assert norm.weight.detach().sub(1).abs().max() > 0


def test_proxies_learn_at_their_own_rate(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "a", "key")
    recipe = replace(RECIPE, loss="proxy-anchor", loss_rate=0.5)
    run(train(branch(), lesson(1), recipe, Surroundings(checkpoint=checkpoint)))
    saved = checkpoint.load()
    assert saved is not None
    assert saved["loss"]["proxies"].shape == (6, 8)
    slow = replace(recipe, loss_rate=1e-9)
    run(train(branch(), lesson(1), slow, Surroundings(checkpoint=Checkpoint(tmp_path / "b", "key"))))
    still = Checkpoint(tmp_path / "b", "key").load()
    assert still is not None
    assert (saved["loss"]["proxies"] - still["loss"]["proxies"]).abs().mean() > 0.1


def test_a_memory_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(ImageFinderError, match="cannot use a memory"):
        run(train(branch(), lesson(), replace(RECIPE, loss="arcface", memory=64), Surroundings()))
    with pytest.raises(ImageFinderError, match="smaller than a batch of 4 x 3"):
        run(train(branch(), lesson(), replace(RECIPE, memory=5), Surroundings()))
