"""A small network learns to see like a large one: it gives each view the embedding that the teacher gave it.

The target is not the teacher's embedding as it is: its mean over the training views is taken away, what is left is
rotated onto its principal components, and the longer of them are shortened a little (variance to the power
``POWER``). Measured on photographs outside the training, the teacher itself retrieves better in that form.

Two losses: one minus the cosine between student and target, and the divergence of what each finds similar in a bank
of targets (as SEED does: Fang et al., ICLR 2021), because neighbours are what the embedding is for.
"""

import copy
import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import Embeddings, Pixels
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding.device import Precision, dtype_of
from imagefinder.training.views import ViewCache

if TYPE_CHECKING:
    from torch import Tensor, nn

POWER = 0.15
BATCH = 128
LEARNING_RATE, WEIGHT_DECAY, LARGEST_GRADIENT = 2e-3, 0.02, 2.0
WARM_UP_STEPS = 500
LAST_RATE = 0.005
"""What is left of the learning rate at the end of its cosine."""
COSINE_WEIGHT, BANK_WEIGHT, TEMPERATURE = 2.0, 0.5, 0.07
BANK = 4096
MEAN, STD = 0.5, 0.25
"""How the student is shown its pictures, on the 0..1 scale."""
NEAREST = 0.75
COVERED = 0.1, 0.5
AVERAGING = 0.9995
SAVE_SECONDS = 120.0
REPORT_STEPS = 50


@dataclass(frozen=True, slots=True)
class Stage:
    """Training at ``side`` pixels for this share of the whole. Small pictures first: ten times as many fit in."""

    side: int
    share: float
    mixed: float = 0.0
    """The share of batches whose views are mixed in pairs."""


STAGES = (Stage(64, 0.72), Stage(96, 0.14), Stage(128, 0.07, 0.65), Stage(160, 0.07, 0.65))


@dataclass(frozen=True, slots=True)
class Learned:
    """How far the student is: ``cosine`` with its targets, averaged over the last hundred steps or so."""

    samples: int
    side: int
    cosine: float
    divergence: float


@dataclass(frozen=True, slots=True)
class Target:
    """Teacher's unit rows -> unit rows of the student's dimension."""

    mean: Embeddings
    matrix: Embeddings

    @classmethod
    def fit(cls, rows: Embeddings, dimension: int) -> "Target":
        """From the teacher's rows (n, d). Raises ModelError where the teacher has fewer dimensions than that."""
        if rows.shape[1] < dimension or len(rows) < dimension:
            raise ModelError(
                f"The teacher's {rows.shape[1]} numbers on {len(rows)} views cannot become {dimension}.",
                "Choose a smaller dimension or more pictures.",
            )
        mean = rows.mean(axis=0)
        centred = _unit(rows - mean)
        variances, directions = np.linalg.eigh(centred.T @ centred / len(centred))
        kept = np.argsort(variances)[::-1][:dimension]
        scale = np.maximum(variances[kept], 1e-12) ** -POWER
        return cls(mean.astype(np.float32), (directions[:, kept] * scale).astype(np.float32))

    def __call__(self, rows: Embeddings) -> Embeddings:
        return _unit(_unit(_unit(rows.astype(np.float32)) - self.mean) @ self.matrix)


class Distillation:
    """The student with everything that its training needs to go on after an interruption."""

    def __init__(
        self,
        student: "nn.Module",
        cache: ViewCache,
        dimension: int,
        folder: Path,
        precision: Precision = "float32",
        seed: int = 0,
    ) -> None:
        """Goes on from the checkpoint in ``folder``, if there is one. Raises ModelError where it does not fit."""
        import torch

        self._cache = cache
        self._seed = seed
        self._folder = folder
        self._dimension = dimension
        self._precision = precision
        torch.manual_seed(seed)
        self._student = student.train()
        self._student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's types leave it out
        self.averaged = copy.deepcopy(student).eval()
        """The student whose weights are averaged over its last steps: what is kept in the end."""
        shapes = [parameter for parameter in student.parameters() if parameter.ndim > 1]
        scales = [parameter for parameter in student.parameters() if parameter.ndim <= 1]
        self._optimiser = torch.optim.AdamW(
            [{"params": shapes, "weight_decay": WEIGHT_DECAY}, {"params": scales, "weight_decay": 0.0}], LEARNING_RATE
        )
        self.samples = 0
        self._resume()

    def run(self, samples: int, token: CancelToken, stages: Sequence[Stage] = STAGES) -> Iterator[Learned]:
        """Train until ``samples`` views have been seen, those of earlier runs included. Saves now and then, at the
        end, and when it is stopped. Raises Cancelled, and ModelError where the disk is full."""
        import torch

        device = next(self._student.parameters()).device
        rows = self._targets()
        chosen = np.random.default_rng(self._seed).permutation(sum(map(len, rows)))[:BANK]
        bank = torch.from_numpy(np.concatenate(rows)[chosen]).to(device)
        cosine = divergence = 0.0
        stage: Stage | None = None
        steps = 0
        batches: Iterator[tuple[Tensor, Tensor]] = iter(())
        saved = time.monotonic()
        while self.samples < samples:
            if token.cancelled:
                self.save()
            token.check()
            done = self.samples / samples
            if stage is not (stage := _stage_at(done, stages)):
                batches = self._batches(rows, stage)
            pictures, targets = next(batches)
            for group in self._optimiser.param_groups:
                group["lr"] = self._rate(done)
            close, apart = self._step(pictures.to(device), targets.to(device), bank)
            steps += 1
            weight = max(0.02, 1 / steps)
            cosine += weight * (close - cosine)
            divergence += weight * (apart - divergence)
            if time.monotonic() - saved > SAVE_SECONDS:
                self.save()
                saved = time.monotonic()
            if steps % REPORT_STEPS == 0 and self.samples < samples:
                yield Learned(self.samples, stage.side, cosine, divergence)
        self.save()
        yield Learned(self.samples, stage.side if stage else 0, cosine, divergence)

    def save(self) -> None:
        """Write the checkpoint as one step. Raises ModelError."""
        import torch

        state = {
            "student": self._student.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "samples": self.samples,
        }
        unfinished = self._folder / "student.part"
        try:
            with unfinished.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, self._checkpoint)
        except (OSError, RuntimeError) as error:
            raise ModelError(f"The student cannot be saved in {self._folder}: {error}", "Make space.") from error

    @property
    def _checkpoint(self) -> Path:
        return self._folder / "student.pt"

    def _resume(self) -> None:
        import torch

        if not self._checkpoint.exists():
            return
        try:
            state: dict[str, Any] = torch.load(self._checkpoint, weights_only=True)
            self._student.load_state_dict(state["student"])
            self.averaged.load_state_dict(state["averaged"])
            self._optimiser.load_state_dict(state["optimiser"])
            self.samples = int(state["samples"])
        except Exception as error:
            raise ModelError(
                f"The checkpoint {self._checkpoint} is damaged or of another network: {error}",
                "Delete it to begin anew.",
            ) from error

    def _targets(self) -> list[Embeddings]:
        raw = [self._cache.read(number).targets.astype(np.float32) for number in self._cache.rounds()]
        if not raw:
            raise ModelError(f"There are no views in {self._cache.folder}.", "Make a round of them first.")
        # Fitted on the first round alone, so that the target stays what it is when rounds are added.
        target = Target.fit(_unit(raw[0]), self._dimension)
        return [target(rows) for rows in raw]

    def _batches(self, targets: list[Embeddings], stage: Stage) -> "Iterator[tuple[Tensor, Tensor]]":
        """Endless batches over all rounds in random order: normalised pictures (BATCH, 3, side, side), and rows."""
        import torch

        views = [self._cache.read(number).views for number in self._cache.rounds()]
        places = np.array([(r, i) for r, rows in enumerate(targets) for i in range(len(rows))])
        rng = np.random.default_rng([self._seed, self.samples, stage.side])
        while True:
            order = rng.permutation(len(places))
            for start in range(0, max(1, len(places) - BATCH + 1), BATCH):
                wanted = places[order[start : start + BATCH]]
                pictures = np.stack([views[r][i] for r, i in wanted])
                rows = np.stack([targets[r][i] for r, i in wanted])
                batch = _shown(pictures, stage.side, rng), torch.from_numpy(rows)
                yield in_pairs(*batch, rng) if rng.random() < stage.mixed else batch

    def _rate(self, done: float) -> float:
        warm = min(1.0, self.samples / (BATCH * WARM_UP_STEPS))
        return LEARNING_RATE * warm * (0.5 * (1 + math.cos(math.pi * min(1.0, done))) + LAST_RATE)

    def _step(self, pictures: "Tensor", targets: "Tensor", bank: "Tensor") -> tuple[float, float]:
        import torch
        from torch.nn import functional

        reduced = self._precision != "float32"
        with torch.autocast(pictures.device.type, dtype_of(self._precision) if reduced else None, enabled=reduced):
            features = self._student(pictures)
        rows = functional.normalize(features.float())
        cosine = (rows * targets).sum(dim=1).mean()
        wanted = functional.softmax(targets @ bank.T / TEMPERATURE, dim=1)
        seen = functional.log_softmax(rows @ bank.T / TEMPERATURE, dim=1)
        divergence = functional.kl_div(seen, wanted, reduction="batchmean")
        loss = COSINE_WEIGHT * (1 - cosine) + BANK_WEIGHT * divergence
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's Tensor.backward has no types
        torch.nn.utils.clip_grad_norm_(self._student.parameters(), LARGEST_GRADIENT)
        self._optimiser.step()
        self.samples += len(pictures)
        self._average()
        return cosine.item(), divergence.item()

    def _average(self) -> None:
        """Exponentially, and fast at first: the first steps are nothing to remember."""
        import torch

        step = self.samples // BATCH
        share = 1 - min(AVERAGING, (1 + step) / (10 + step))
        with torch.no_grad():
            for kept, now in zip(self.averaged.state_dict().values(), self._student.state_dict().values(), strict=True):
                if kept.dtype.is_floating_point:
                    kept.lerp_(now, share)
                else:
                    kept.copy_(now)


def _shown(pictures: Pixels, side: int, rng: np.random.Generator) -> "Tensor":
    """What the student sees of a batch (n, s, s, 3): mirrored, a little nearer, moved; (n, 3, side, side).

    The teacher did not see exactly that. It would have said nearly the same, and a student that sees no picture twice
    learns longer from the same views.
    """
    import torch
    from torch.nn.functional import interpolate, pad

    if rng.random() < 0.5:
        pictures = pictures[:, :, ::-1]
    whole = pictures.shape[1]
    if rng.random() < 0.5:
        down, across = (round(whole * rng.uniform(NEAREST, 1)) for _ in range(2))
        top, left = int(rng.integers(0, whole - down + 1)), int(rng.integers(0, whole - across + 1))
        pictures = pictures[:, top : top + down, left : left + across]
    planes = (torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 255 - MEAN) / STD
    if planes.shape[-2:] != (side, side):
        planes = interpolate(planes, size=(side, side), mode="bilinear", antialias=True)
    reach = side // 16
    top, left = (int(offset) for offset in rng.integers(0, 2 * reach + 1, 2))
    planes = pad(planes, (reach,) * 4, mode="reflect")[:, :, top : top + side, left : left + side]
    return planes.contiguous(memory_format=torch.channels_last)


def in_pairs(pictures: "Tensor", targets: "Tensor", rng: np.random.Generator) -> "tuple[Tensor, Tensor]":
    """Each picture of a batch (n, 3, s, s) mixed with another one, and their unit targets (n, d) in the same parts.

    As often as not they shine through one another (mixup, Zhang et al., ICLR 2018), or a rectangle of the other covers
    10 to 50 % of it (CutMix, Yun et al., ICCV 2019). No teacher has seen these: that is cheap, and measured to help.
    """
    import torch
    from torch.nn.functional import normalize

    other = torch.from_numpy(rng.permutation(len(pictures)))
    if rng.random() < 0.5:
        share = rng.uniform(0.5, 1)
        mixed = pictures * share + pictures[other] * (1 - share)
    else:
        side = pictures.shape[-1]
        area, aspect = rng.uniform(*COVERED) * side**2, rng.uniform(0.5, 2)
        down, across = (min(side, max(1, round(length))) for length in ((area * aspect) ** 0.5, (area / aspect) ** 0.5))
        top, left = int(rng.integers(0, side - down + 1)), int(rng.integers(0, side - across + 1))
        mixed = pictures.clone()
        part = (..., slice(top, top + down), slice(left, left + across))
        mixed[part] = pictures[other][part]
        share = 1 - down * across / side**2
    wanted = normalize(targets * share + targets[other] * (1 - share))
    return mixed.contiguous(memory_format=torch.channels_last), wanted


def _stage_at(done: float, stages: Sequence[Stage]) -> Stage:
    reached = 0.0
    for stage in stages:
        reached += stage.share
        if done < reached:
            return stage
    return stages[-1]


def _unit(rows: Embeddings) -> Embeddings:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)
