"""What training sees of a photo: the middle, as every search does, and parts of it cut and mirrored at random."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import Pixels
from imagefinder.domain.specs import InputSpec
from imagefinder.domain.training import Recipe
from imagefinder.evaluation.metrics import Ints
from imagefinder.imaging.decode import decode
from imagefinder.imaging.files import read_file
from imagefinder.imaging.reading import frame
from imagefinder.training.inputs import MIDDLE
from imagefinder.training.looking import Seen, normalised
from imagefinder.usecases.reading import READER_THREADS, read_ahead

if TYPE_CHECKING:
    from torch import Tensor

LONGEST = 4 / 3
"""Width to height of a cut, or height to width."""
TRIES = 10


def read_views(path: str, spec: InputSpec, recipe: Recipe, seeds: Sequence[int]) -> Seen:
    """The middle and one random view for each seed; the same seed gives the same view. Raises UnreadableImage."""
    image, info, _ = decode(read_file(path)[0], 2 * spec.resize)
    views = [frame(image, spec), *(cut(image, spec.crop, recipe, np.random.default_rng(seed)) for seed in seeds)]
    return Seen(np.stack(views), info.taken_at)


def read_view(path: str, spec: InputSpec, recipe: Recipe, seed: int | None) -> Pixels:
    """One view: a random one, or the middle where there is no seed. Raises UnreadableImage."""
    image = decode(read_file(path)[0], 2 * spec.resize).image
    return frame(image, spec) if seed is None else cut(image, spec.crop, recipe, np.random.default_rng(seed))


def cut(image: Image.Image, side: int, recipe: Recipe, rng: np.random.Generator) -> Pixels:
    """A random part of a picture, at least ``recipe.smallest_cut`` of its area, in other light, as (side, side, 3).

    As GoogLeNet's training did (Szegedy et al., CVPR 2015), and torchvision's RandomResizedCrop after it.
    """
    width, height = image.size
    across, down = float(min(width, height)), float(min(width, height))
    for _ in range(TRIES):
        area = width * height * rng.uniform(recipe.smallest_cut, 1)
        ratio = math.exp(rng.uniform(-math.log(LONGEST), math.log(LONGEST)))
        if math.sqrt(area * ratio) <= width and math.sqrt(area / ratio) <= height:
            across, down = math.sqrt(area * ratio), math.sqrt(area / ratio)
            break
    left, top = rng.uniform(0, width - across), rng.uniform(0, height - down)
    part = image.resize((side, side), Image.Resampling.BICUBIC, box=(left, top, left + across, top + down))
    if recipe.flip and rng.random() < 0.5:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    view: Pixels = np.array(part)
    return relit(view, recipe.jitter, rng) if recipe.jitter else view


def relit(view: Pixels, most: float, rng: np.random.Generator) -> Pixels:
    """A picture (h, w, 3) in other light, with other contrast and saturation: each multiplied by a random number that
    differs from 1 by at most ``most``."""
    light, contrast, saturation = (rng.uniform(1 - most, 1 + most) for _ in range(3))
    # All three are linear in the colours of a pixel, whose mean is its grey: a matrix, which Pillow applies quickly.
    mean = light * float(view.mean())
    others = light * contrast * (1 - saturation) / 3
    row = [others, others, others, mean * (1 - contrast)]
    own = light * contrast * saturation
    matrix = [value + own * (column == colour) for colour in range(3) for column, value in enumerate(row)]
    return np.array(Image.fromarray(view).convert("RGB", tuple(matrix)))


class PhotoInputs:
    """Pixels read anew for every batch, a random view each, on threads that run ahead of the training."""

    def __init__(
        self, paths: Sequence[str], spec: InputSpec, recipe: Recipe, device: str, check: Callable[[], None]
    ) -> None:
        self._paths, self._spec, self._recipe, self._device, self._check = paths, spec, recipe, device, check

    @property
    def views(self) -> int:
        return 2**31

    def stream(self, batches: Sequence[tuple[Ints, Ints]]) -> "Iterator[Tensor]":
        """Raises UnreadableImage for a photo that could be read before and cannot any more."""
        import torch

        wanted = [
            (int(photo), int(view)) for photos, views in batches for photo, view in zip(photos, views, strict=True)
        ]
        window = 2 * max((len(photos) for photos, _ in batches), default=1)
        reading = read_ahead(wanted, self._read, threads=READER_THREADS, window=window, check=self._check)
        try:
            for photos, _ in batches:
                pixels = []
                for _ in photos:
                    _, outcome = next(reading)
                    if isinstance(outcome, UnreadableImage):
                        raise outcome
                    pixels.append(outcome)
                yield torch.from_numpy(np.stack(pixels))
        finally:
            reading.close()

    def prepare(self, batch: "Tensor") -> "Tensor":
        return normalised(batch, self._spec, self._device)

    def _read(self, wanted: tuple[int, int]) -> Pixels:
        photo, view = wanted
        seed = None if view == MIDDLE else view * 100_003 + photo
        return read_view(self._paths[photo], self._spec, self._recipe, seed)
