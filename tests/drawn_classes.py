"""Folders of drawn photos, a folder for each thing that is drawn."""

from pathlib import Path

import numpy as np
from PIL import Image

from drawing import draw_photo


def variants(folder: Path, seed: int, count: int, start: int = 0) -> list[Path]:
    """Photos of one thing: the same drawing, each cut and lit a little differently."""
    whole = draw_photo(folder.parent / f".{folder.name}.png", seed)
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    with Image.open(whole) as image:
        for number in range(start, start + count):
            generator = np.random.default_rng(number + 100 * seed)
            left, top = (int(side) for side in generator.integers(0, 60, 2))
            part = np.asarray(image.crop((left, top, left + 250, top + 175))) * generator.uniform(0.6, 1)
            made.append(folder / f"{number}.png")
            Image.fromarray(part.astype(np.uint8)).save(made[-1])
    return made
