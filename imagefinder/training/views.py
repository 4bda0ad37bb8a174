"""Random views of pictures, each with a teacher's embedding of that very view, kept on disk in rounds.

Running the teacher in every step of a student's training would cost far more than the student itself, so each view
is shown to it once (the same view for both: Beyer et al., "Knowledge distillation: a good teacher is patient and
consistent", CVPR 2022). Some views are two pictures shone through one another (mixup, Zhang et al., ICLR 2018): the
teacher says what it sees in them, which needs no assumption about how embeddings mix.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import Embeddings, Pixels

if TYPE_CHECKING:
    from torch import Tensor

SMALLEST_AREA = 0.2
LONGEST_ASPECT = 4 / 3
MIXED_SHARE = 0.4
JITTERED_SHARE = 0.5
JITTER = (0.3, 0.25, 0.4)


def random_view(picture: Pixels, side: int, rng: np.random.Generator) -> Pixels:
    """A random crop of (h, w, 3), 20 to 100 % of its area, as (side, side, 3); flipped in half of the cases, and in
    half of them with other light, contrast and saturation."""
    height, width = picture.shape[:2]
    for _ in range(10):
        area, aspect = height * width * rng.uniform(SMALLEST_AREA, 1), LONGEST_ASPECT ** rng.uniform(-1, 1)
        across, down = round((area * aspect) ** 0.5), round((area / aspect) ** 0.5)
        if 0 < across <= width and 0 < down <= height:
            break
    else:
        across = down = min(height, width)
    left, top = int(rng.integers(0, width - across + 1)), int(rng.integers(0, height - down + 1))
    view = resized(picture[top : top + down, left : left + across][None], side)[0]
    if rng.random() < 0.5:
        view = view[:, ::-1]
    return relit(view, JITTER, rng) if rng.random() < JITTERED_SHARE else np.ascontiguousarray(view)


def mixed(first: Pixels, second: Pixels, share: float) -> Pixels:
    """Two views of one size, ``share`` of the first."""
    return (first * np.float32(share) + second * np.float32(1 - share)).astype(np.uint8)


def resized(pictures: Pixels, side: int) -> Pixels:
    """(n, h, w, 3) -> (n, side, side, 3), bicubic with antialiasing."""
    import torch
    from torch.nn.functional import interpolate

    planes: Tensor = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    shrunk = interpolate(planes, size=(side, side), mode="bicubic", antialias=True)
    return np.asarray(shrunk.permute(0, 2, 3, 1).contiguous().numpy())


def relit(view: Pixels, most: tuple[float, float, float], rng: np.random.Generator) -> Pixels:
    """A picture (h, w, 3) in other light, with other contrast and saturation: each multiplied by a random number that
    differs from 1 by at most ``most`` (of light, contrast, saturation)."""
    light, contrast, saturation = (rng.uniform(1 - much, 1 + much) for much in most)
    # All three are linear in the colours of a pixel, whose mean is its grey: a matrix, which Pillow applies quickly.
    mean = light * float(view.mean())
    others = light * contrast * (1 - saturation) / 3
    row = [others, others, others, mean * (1 - contrast)]
    own = light * contrast * saturation
    matrix = [value + own * (column == colour) for colour in range(3) for column, value in enumerate(row)]
    return np.array(Image.fromarray(view).convert("RGB", tuple(matrix)))


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over all pictures: ``views`` (n, side, side, 3) uint8, mapped from disk, and ``targets`` (n, d)."""

    views: npt.NDArray[np.uint8]
    targets: npt.NDArray[np.float16]


class ViewCache:
    """The rounds in a folder. A round is there when its targets are: they are written last, as one step."""

    def __init__(self, folder: Path, side: int, teacher: str) -> None:
        """``teacher`` is a fingerprint. Raises ModelError for a folder that was made for something else."""
        self.folder = folder
        self.side = side
        record = {"side": side, "teacher": teacher}
        stamp = folder / "views.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not stamp.exists():
                stamp.write_text(json.dumps(record))
            if json.loads(stamp.read_text()) != record:
                raise ModelError(f"{folder} holds views for another teacher or size.", "Choose another folder.")
        except (OSError, ValueError) as error:
            raise ModelError(f"Views cannot be kept in {folder}: {error}", "Choose another folder.") from error

    def rounds(self) -> list[int]:
        """The numbers of the finished rounds, ascending."""
        return sorted(int(path.stem.partition("-")[2]) for path in self.folder.glob("targets-*.npy"))

    def read(self, number: int) -> Round:
        """A finished round. Raises ModelError where a file of it is damaged."""
        try:
            views = np.load(self.folder / f"views-{number}.npy", mmap_mode="r")
            targets = np.load(self.folder / f"targets-{number}.npy")
        except (OSError, ValueError) as error:
            raise ModelError(f"Round {number} in {self.folder} is damaged: {error}", "Delete its files.") from error
        if views.shape != (len(targets), self.side, self.side, 3) or targets.ndim != 2:
            raise ModelError(f"Round {number} in {self.folder} has another form.", "Delete its files.")
        return Round(views, targets)

    def write(
        self, number: int, count: int, batches: Iterator[Pixels], teacher: Callable[[Pixels], Embeddings]
    ) -> None:
        """Make a round of ``count`` views: show each batch, (n, s, s, 3) at the teacher's own size, to the teacher.

        Raises ModelError where the disk refuses; what ``batches`` raises, such as Cancelled, comes through. An
        unfinished round leaves one file that the next try overwrites.
        """
        unfinished = self.folder / f"views-{number}.part"
        rows: list[npt.NDArray[np.float16]] = []
        try:
            views = np.lib.format.open_memmap(
                unfinished, mode="w+", dtype=np.uint8, shape=(count, self.side, self.side, 3)
            )
            done = 0
            for batch in batches:
                views[done : done + len(batch)] = resized(batch, self.side)
                rows.append(teacher(batch).astype(np.float16))
                done += len(batch)
            if done != count:
                raise ValueError(f"{count} views were announced and {done} came")
            views.flush()
            del views
            os.replace(unfinished, self.folder / f"views-{number}.npy")
            written = self.folder / f"targets-{number}.part"
            with written.open("wb") as file:
                np.save(file, np.concatenate(rows))
                file.flush()
                os.fsync(file.fileno())
            os.replace(written, self.folder / f"targets-{number}.npy")
        except OSError as error:
            raise ModelError(
                f"Views cannot be saved in {self.folder}: {error.strerror or error}.",
                "Make space or choose another folder.",
            ) from error
