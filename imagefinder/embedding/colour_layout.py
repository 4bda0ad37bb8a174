"""Similarity by colour and composition, without weights: what works before any network is there.

Three descriptions of a picture squashed to 64 x 64, each centred, brought to unit length and weighted:

- which colours it has: a soft histogram in CIE Lab that counts the middle of the picture more;
- where they are: the Lab picture as low-frequency cosines;
- its outlines: histograms of oriented gradients (Dalal and Triggs, CVPR 2005) in 8 x 8 cells, normalised by their
  neighbourhood, as low-frequency cosines. Cosines de-correlate neighbouring cells; lifting the higher ones is
  the part of whitening that needs no training data, and it is what makes outlines comparable at all.

The numbers below were chosen by precision at 10 on photographs of objects (51 kinds, leave one out: 0.43, first
answer right 0.57) and of groceries (81 kinds, query test, gallery train and val: 0.25 and 0.34).
"""

import math
from typing import TYPE_CHECKING

from imagefinder.domain.specs import InputSpec, ModelSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

SIDE = 64
CELLS = 8
ORIENTATIONS = 8
OUTLINE_WAVES = 6
LAYOUT_WAVES = 5
LIGHTNESSES = 4
CHROMA_STEPS = 3
"""Chroma is binned on a square grid of this many steps to each side of grey, cut to a disc."""
CHROMA_LIMIT = 60.0

COLOUR_WEIGHT, LAYOUT_WEIGHT, OUTLINE_WEIGHT = 0.33, 0.15, 0.52

CHROMA_CELLS = tuple(
    (a, b)
    for a in range(-CHROMA_STEPS, CHROMA_STEPS + 1)
    for b in range(-CHROMA_STEPS, CHROMA_STEPS + 1)
    if a * a + b * b <= 10
)
DIMENSION = LIGHTNESSES * len(CHROMA_CELLS) + 3 * LAYOUT_WAVES**2 + ORIENTATIONS * OUTLINE_WAVES**2

SPEC = ModelSpec(
    name="colour-layout",
    source="builtin",
    architecture="colour-layout",
    input=InputSpec(crop=SIDE, resize=SIDE, framing="squash"),
    dimension=DIMENSION,
    pooling="none",
    options={"version": 1},
    provenance="Computed, not trained.",
    licence="GPL-3.0-or-later",
    description="Colours, their places and outlines. Needs no weights and works everywhere.",
)


def build_colour_layout() -> "nn.Module":
    """The network: (n, 3, 64, 64) sRGB on the 0..1 scale -> (n, DIMENSION) rows of unit length."""
    import torch
    from torch import nn
    from torch.nn import functional

    class ColourLayout(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, values in _constants().items():
                self.register_buffer(name, values, persistent=False)

        def forward(self, rgb: "Tensor") -> "Tensor":
            lab = self._lab(rgb)
            parts = (
                (COLOUR_WEIGHT, self._colours(lab)),
                (LAYOUT_WEIGHT, self._layout(lab)),
                (OUTLINE_WEIGHT, self._outlines(lab)),
            )
            return torch.cat([math.sqrt(w) * functional.normalize(part.flatten(1)) for w, part in parts], 1)

        def _lab(self, rgb: "Tensor") -> "Tensor":
            linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
            xyz = torch.einsum("ij,njhw->nihw", self.get_buffer("xyz_of_rgb"), linear)
            f = torch.where(xyz > 216 / 24389, xyz.clamp_min(1e-6) ** (1 / 3), (24389 / 27 * xyz + 16) / 116)
            x, y, z = f.unbind(1)
            return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), 1)

        def _colours(self, lab: "Tensor") -> "Tensor":
            lightness, a, b = functional.avg_pool2d(lab, 2).flatten(2).unbind(1)
            inside = (CHROMA_LIMIT / (a * a + b * b).clamp_min(1e-6).sqrt()).clamp_max(1)
            step = CHROMA_STEPS / CHROMA_LIMIT
            by_a = _nearness(a * inside * step, self.get_buffer("chroma_a"))
            by_b = _nearness(b * inside * step, self.get_buffer("chroma_b"))
            place = (lightness.clamp(8, 92) - 8) / 84 * (LIGHTNESSES - 1)
            by_lightness = _nearness(place, self.get_buffer("lightness")) * self.get_buffer("middle")
            counts = by_lightness.transpose(1, 2) @ (by_a * by_b)
            return counts**0.3 - self.get_buffer("usual_colours")

        def _layout(self, lab: "Tensor") -> "Tensor":
            cells = functional.avg_pool2d(lab, SIDE // CELLS)
            waves = self.get_buffer("waves")[:LAYOUT_WAVES]
            return (waves @ (cells - self.get_buffer("grey")) @ waves.T) * self.get_buffer("layout_lift")

        def _outlines(self, lab: "Tensor") -> "Tensor":
            padded = functional.pad(lab, (1, 1, 1, 1), mode="replicate")
            dx = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]
            dy = padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
            squared, strongest = (dx * dx + dy * dy).max(1, keepdim=True)
            angle = torch.atan2(dy.gather(1, strongest), dx.gather(1, strongest)) * (ORIENTATIONS / math.pi)
            distance = (angle - self.get_buffer("orientation")).abs() % ORIENTATIONS
            weight = (1 - torch.minimum(distance, ORIENTATIONS - distance)).clamp_min(0)
            window = self.get_buffer("window")
            cells = window @ (weight * (squared + 1e-6).sqrt()) @ window.T
            energy = functional.pad((cells * cells).sum(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
            cells = cells / (functional.avg_pool2d(energy, 3, 1).sqrt() + 3)
            waves = self.get_buffer("waves")[:OUTLINE_WAVES]
            return (waves @ cells @ waves.T) * self.get_buffer("outline_lift") - self.get_buffer("usual_outlines")

    return ColourLayout().eval()


def _nearness(values: "Tensor", centres: "Tensor") -> "Tensor":
    """How much each value belongs to each centre: 1 at the centre, 0 from one step on. Shape (..., centres)."""
    return (1 - (values[..., None] - centres).abs()).clamp_min(0)


def _constants() -> dict[str, "Tensor"]:
    import torch

    tensor = torch.tensor
    # sRGB primaries to XYZ, divided by the D65 white.
    xyz = tensor(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    )
    half = torch.linspace(-1, 1, SIDE // 2)
    middle = torch.exp(-(half[:, None] ** 2 + half**2) / (2 * 0.5**2)).reshape(-1, 1)
    cell = SIDE // CELLS
    positions, centres = torch.arange(SIDE) + 0.5, (torch.arange(CELLS) + 0.5) * cell
    window = (1 - (positions - centres[:, None]).abs() / cell).clamp_min(0) / cell
    k = torch.arange(CELLS)
    waves = torch.cos(math.pi * (k + 0.5) * k[:, None] / CELLS) * math.sqrt(2 / CELLS)
    waves[0] /= math.sqrt(2)
    frequency = (k[:, None] ** 2 + k**2).sqrt() + 1
    usual_outlines = torch.zeros(OUTLINE_WAVES, OUTLINE_WAVES)
    for (row, column), value in USUAL_OUTLINES.items():
        usual_outlines[row, column] = value
    return {
        "xyz_of_rgb": xyz / tensor([0.95047, 1.0, 1.08883])[:, None],
        "chroma_a": tensor([float(a) for a, _ in CHROMA_CELLS]),
        "chroma_b": tensor([float(b) for _, b in CHROMA_CELLS]),
        "lightness": torch.arange(float(LIGHTNESSES)),
        "middle": middle / middle.sum(),
        "usual_colours": tensor([int(value) for value in USUAL_COLOURS.split()]).reshape(LIGHTNESSES, len(CHROMA_CELLS))
        / 100,
        "grey": tensor(USUAL_LAB).reshape(3, 1, 1),
        "layout_lift": frequency[:LAYOUT_WAVES, :LAYOUT_WAVES] ** 0.6 * tensor([1.0, 1.5, 1.5]).reshape(3, 1, 1),
        "orientation": torch.arange(float(ORIENTATIONS)).reshape(1, -1, 1, 1),
        "window": window,
        "waves": waves,
        "outline_lift": frequency[:OUTLINE_WAVES, :OUTLINE_WAVES] ** 0.35,
        "usual_outlines": usual_outlines,
    }


USUAL_LAB = (53.0, 3.0, 8.0)
USUAL_OUTLINES = {(0, 0): 1.46, (0, 2): -0.17, (2, 0): -0.16, (0, 4): -0.09, (4, 0): -0.1}
"""Wave numbers (down, across) -> mean over photographs, alike for all orientations. Subtracted, so that unrelated
photographs come out near zero, as USUAL_COLOURS and USUAL_LAB are."""
USUAL_COLOURS = """
    0 0 0 0 0 0 1 1 0 0 2 11 11 4 0 0 2 10 37 27 8 0 1 2 6 21 22 9 0 1 0 4 9 6 0 0 2
    0 0 0 0 0 1 3 3 0 1 4 14 17 12 5 1 3 13 39 39 22 8 1 3 8 24 32 23 9 1 1 6 15 15 0 1 5
    0 0 0 0 0 1 2 3 0 1 5 12 15 13 9 1 3 12 37 37 25 16 1 2 6 20 27 23 14 0 1 4 9 12 0 1 3
    0 0 0 0 0 0 1 1 0 0 3 10 10 7 6 0 1 8 31 24 14 11 0 0 3 12 13 9 6 0 0 1 2 2 0 0 0
"""
"""Hundredths; a row per lightness, darkest first, in the order of CHROMA_CELLS."""
