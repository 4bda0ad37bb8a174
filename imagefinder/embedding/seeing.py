"""How pictures are to be shown to a network, where that is not what the record of its source says."""

import math
from dataclasses import dataclass, replace

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import Framing, InputSpec, Interpolation

Triple = tuple[float, float, float]

IMAGENET = InputSpec(224, 256, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
"""How networks of ImageNet are usually shown a picture, for those that nobody says more of."""
LARGEST_SIDE = 4096
LARGEST = 1.5
"""On the scale of 0 to 1. Means and deviations of the scale of 0 to 255 are far above."""


@dataclass(frozen=True, slots=True)
class Seeing:
    """What was said of the input; None where nothing was."""

    size: int | None = None
    """The side of the square."""
    resize: int | None = None
    """The short side before the centre is cut out, the long one where the whole picture is fitted in."""
    framing: Framing | None = None
    mean: Triple | None = None
    std: Triple | None = None
    interpolation: Interpolation | None = None

    def of(self, usual: InputSpec) -> InputSpec:
        """``usual`` with what was said. A size alone keeps how much of a picture is cut off. Raises ModelError."""
        crop = usual.crop if self.size is None else self.size
        framing = self.framing or usual.framing
        if not 0 < crop <= LARGEST_SIDE or (self.resize is not None and not 0 < self.resize <= LARGEST_SIDE):
            raise ModelError(
                f"A network cannot be shown pictures of {crop if self.resize is None else self.resize} pixels.",
                f"Give a size from 1 to {LARGEST_SIDE}.",
            )
        if self.resize is not None:
            resize = self.resize
        elif framing == usual.framing:
            resize = round(crop * usual.resize / usual.crop)
        else:
            resize = crop
        if resize < crop:
            raise ModelError(
                f"A square of {crop} pixels cannot be cut out of a picture of {resize}.",
                f"Give --resize {crop} or more, or a smaller --size.",
            )
        if framing == "squash" and resize != crop:
            raise ModelError(
                "Nothing is cut off where the whole picture is squashed into the square.", "Leave out --resize."
            )
        mean = usual.mean if self.mean is None else _checked("mean", self.mean)
        std = usual.std if self.std is None else _checked("deviation", self.std)
        if not min(std) > 0:
            raise ModelError(f"A deviation of {_written(std)} cannot be divided by.", "Give three numbers above 0.")
        interpolation = self.interpolation or usual.interpolation
        return replace(
            usual, crop=crop, resize=resize, framing=framing, mean=mean, std=std, interpolation=interpolation
        )


AS_USUAL = Seeing()


def _checked(what: str, values: Triple) -> Triple:
    if not all(math.isfinite(value) for value in values):
        raise ModelError(f"The {what} {_written(values)} is no number.", "Give three numbers such as 0.5,0.5,0.5.")
    if max(map(abs, values)) > LARGEST:
        scaled = _written(tuple(value / 255 for value in values))
        raise ModelError(
            f"The {what} {_written(values)} is on the scale of 0 to 255, and pixels are shown on that of 0 to 1.",
            f"Divided by 255 it is {scaled}.",
        )
    return values


def _written(values: tuple[float, ...]) -> str:
    return ",".join(f"{value:.4g}" for value in values)
