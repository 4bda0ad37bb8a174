"""Pictures that the tests draw, where photographs would need a licence."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def draw_photo(path: Path, seed: int, size: tuple[int, int] = (320, 240), **save: object) -> Path:
    """Write a picture that is like no other seed's: sky, ground, and a few shapes in the seed's own colours."""
    rng = np.random.default_rng(seed)
    width, height = size
    sky, ground = rng.integers(0, 256, (2, 3))
    ramp = np.linspace(0, 1, height)[:, None, None]
    canvas = np.broadcast_to(sky * (1 - ramp) + ground * ramp, (height, width, 3)).astype(np.uint8)
    image = Image.fromarray(canvas.copy())
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(3, 9))):
        x, y = rng.integers(0, width), rng.integers(0, height)
        w, h = rng.integers(width // 12, width // 2), rng.integers(height // 12, height // 2)
        box = (int(x - w // 2), int(y - h // 2), int(x + w // 2), int(y + h // 2))
        shape = (draw.ellipse, draw.rectangle)[int(rng.integers(0, 2))]
        shape(box, fill=tuple(int(c) for c in rng.integers(0, 256, 3)))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **save)  # type: ignore[arg-type]  # Pillow types every keyword of every format at once
    return path
