"""How a search orders what it found: by cosine alone, or with a method that also looks at the photos around it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.registry import unknown_name

LEVER_NAMES = ("none", "query-expansion", "augmentation", "k-reciprocal", "diffusion")
"""The methods, gentlest first. What each does is said where they are registered."""

RANGES: Mapping[str, tuple[float, float]] = {
    "candidates": (50, 5000),
    "expansion_k": (1, 10),
    "alpha": (0.0, 10.0),
    "augmentation_k": (1, 50),
    "reciprocal_k1": (2, 100),
    "reciprocal_k2": (1, 50),
    "reciprocal_cosine": (0.0, 1.0),
    "diffusion_k": (2, 200),
    "diffusion_start": (1, 200),
    "diffusion_alpha": (0.0, 0.999),
    "diffusion_steps": (1, 100),
}
"""The lowest and the highest value of every number below."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """A method and its numbers. The numbers at rest are those of the papers, gentle ones where few photos belong
    together; those of diffusion were measured, as the paper's are for hundreds of views of one building. Raises
    UnknownName for a method, and ImageFinderError for a number outside RANGES."""

    lever: str = "none"
    candidates: int = 1000
    """How many of the nearest photos a method orders anew. With all photos, it is the method of its paper."""
    expansion_k: int = 2
    """Query expansion: how many of the nearest photos join the query. More would drown one that has few of its kind."""
    alpha: float = 3.0
    """Query expansion and augmentation: a neighbour's weight is its cosine to this power."""
    augmentation_k: int = 10
    """Augmentation: how many neighbours each photo is averaged with."""
    reciprocal_k1: int = 20
    """k-reciprocal: two photos belong together where each is among the k1 nearest of the other."""
    reciprocal_k2: int = 6
    """k-reciprocal: each photo's list of such neighbours is averaged with those of its k2 nearest."""
    reciprocal_cosine: float = 0.3
    """k-reciprocal: the share of the plain distance in the result (the paper's lambda)."""
    diffusion_k: int = 15
    """Diffusion: how many neighbours a photo hands its score on to."""
    diffusion_start: int = 5
    """Diffusion: how many of the nearest photos have a score at first."""
    diffusion_alpha: float = 0.9
    """Diffusion: the share of a score that comes from the neighbours."""
    diffusion_steps: int = 20
    """Diffusion: iterations of conjugate gradients, which solve for the scores."""

    def __post_init__(self) -> None:
        if self.lever not in LEVER_NAMES:
            raise unknown_name("way to order results", self.lever, dict.fromkeys(LEVER_NAMES))
        for field in fields(self):
            if field.name in RANGES:
                value, (lowest, highest) = getattr(self, field.name), RANGES[field.name]
                if not lowest <= value <= highest:
                    raise ImageFinderError(f"{field.name} is {value}.", f"Choose {lowest} to {highest}.")
