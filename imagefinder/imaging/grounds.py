"""What lies under a transparent picture: white, unless the drawing would vanish on it."""

import numpy as np
from PIL import Image

WHITE, MID_GREY, BLACK = (255, 255, 255), (112, 112, 112), (0, 0, 0)
Ground = tuple[int, int, int]

_LIGHT = 200
"""From this brightness on, a pixel hardly shows on white."""
_CLEAR_SHARE = 0.02
"""With less of the picture see-through, it is a picture with soft or round corners, and no drawing."""
_SAMPLES = 512


def choose_ground(image: Image.Image, alpha: Image.Image) -> Ground:
    """White, or a mid grey where most of what is visible is so light that white would swallow it."""
    step = max(1, min(image.size) // _SAMPLES)
    weights = np.asarray(alpha)[::step, ::step].astype(np.float32) / 255
    brightness = np.asarray(image.convert("L"))[::step, ::step]
    visible = float(weights.sum())
    if not visible or visible > (1 - _CLEAR_SHARE) * weights.size:
        return WHITE
    return MID_GREY if float(weights[brightness >= _LIGHT].sum()) > visible / 2 else WHITE


def put_on(image: Image.Image, alpha: Image.Image, ground: Ground | None) -> Image.Image:
    """An RGB picture on a ground, which is chosen by the contrast if there is none."""
    ground = choose_ground(image, alpha) if ground is None else ground
    return Image.composite(image, Image.new("RGB", image.size, ground), alpha)


def without_empty_alpha(image: Image.Image) -> Image.Image:
    """A picture whose alpha is 0 everywhere, as programs that know no alpha leave it, without that alpha."""
    if image.mode not in ("RGBA", "LA") or image.getchannel("A").getextrema() != (0, 0):
        return image
    return image.convert(image.mode[:-1])
