"""A small gallery drawn by the program itself: varied, seeded, free of any licence, and made in a few seconds."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

SCENES_EACH = 40
SIZES = ((480, 360), (480, 320), (360, 480), (400, 400))

Colour = tuple[int, int, int]
Random = np.random.Generator


def draw_gallery(folder: Path, each: int = SCENES_EACH, seed: int = 7) -> list[Path]:
    """Draw ``each`` pictures of every scene into one folder per scene; the same seed draws the same gallery.

    Pictures that are there already are kept. Returns all paths, in order.
    """
    paths: list[Path] = []
    for order, (name, scene) in enumerate(SCENES.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            path = folder / name / f"{name}-{number + 1:02}.jpg"
            if not path.exists():
                random = np.random.default_rng((seed, order, number))
                image = scene(random, SIZES[int(random.integers(len(SIZES)))])
                image.filter(ImageFilter.GaussianBlur(0.6)).save(path, quality=88)
            paths.append(path)
    return paths


def _colour(random: Random, *ranges: tuple[int, int]) -> Colour:
    red, green, blue = (int(random.integers(low, high)) for low, high in ranges)
    return red, green, blue


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _gradient(size: tuple[int, int], top: Colour, bottom: Colour, curve: float = 1.0) -> Image.Image:
    width, height = size
    share = np.linspace(0, 1, height)[:, None, None] ** curve
    rows = np.array(top) * (1 - share) + np.array(bottom) * share
    return Image.fromarray(np.repeat(rows, width, axis=1).astype(np.uint8))


def _ridge(random: Random, width: int, height: float, roughness: float) -> npt.NDArray[np.float64]:
    """A skyline around ``height``: a sum of sines with falling amplitudes."""
    x = np.linspace(0, 1, width)
    line = np.full(width, height)
    for octave in range(1, 7):
        line += roughness / octave * np.sin(2 * math.pi * (octave * x * random.uniform(0.6, 1.6) + random.random()))
    return line


def _fill_below(image: Image.Image, line: npt.NDArray[np.float64], colour: Colour) -> None:
    points = [(x, float(y)) for x, y in enumerate(line)]
    ImageDraw.Draw(image).polygon([(0, image.height), *points, (image.width, image.height)], fill=colour)


def _disc(image: Image.Image, x: float, y: float, radius: float, colour: Colour) -> None:
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _mountains(random: Random, size: tuple[int, int]) -> Image.Image:
    width, height = size
    sky = _colour(random, (120, 190), (170, 215), (215, 250))
    image = _gradient(size, sky, (245, 240, 230))
    near = _colour(random, (20, 50), (50, 90), (60, 110))
    layers = int(random.integers(3, 6))
    for layer in range(layers):
        share = layer / (layers - 1)
        line = _ridge(random, width, height * (0.42 + 0.42 * share), height * (0.10 - 0.05 * share))
        _fill_below(image, line, _mix(_mix(sky, near, 0.35), near, share))
    return image


def _sunset(random: Random, size: tuple[int, int]) -> Image.Image:
    width, height = size
    glow = _colour(random, (240, 256), (130, 190), (40, 110))
    image = _gradient(size, _colour(random, (40, 110), (20, 60), (90, 140)), glow, 0.8)
    horizon = height * random.uniform(0.6, 0.75)
    _disc(image, width * random.uniform(0.2, 0.8), horizon, height * random.uniform(0.08, 0.16), (255, 236, 180))
    _fill_below(image, np.full(width, horizon), _mix(glow, (30, 20, 50), 0.75))
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        y = random.uniform(horizon, height)
        x, length = random.uniform(0, width), random.uniform(10, 60) * (y / height)
        draw.line((x, y, x + length, y), fill=_mix(glow, (60, 40, 70), random.uniform(0.2, 0.7)), width=2)
    return image


def _beach(random: Random, size: tuple[int, int]) -> Image.Image:
    width, height = size
    image = _gradient(size, _colour(random, (90, 150), (170, 210), (230, 255)), (225, 240, 250))
    horizon = height * random.uniform(0.35, 0.5)
    sea = _colour(random, (10, 50), (120, 180), (160, 210))
    _fill_below(image, np.full(width, horizon), sea)
    shore = _ridge(random, width, height * random.uniform(0.65, 0.8), height * 0.02)
    _fill_below(image, shore - 8, (240, 250, 250))
    _fill_below(image, shore, _colour(random, (225, 245), (200, 220), (150, 180)))
    draw = ImageDraw.Draw(image)
    x, y, radius = random.uniform(0.2, 0.8) * width, height * 0.86, height * 0.13
    shade = _colour(random, (180, 255), (40, 120), (40, 120))
    for slice_number in range(6):
        fill = shade if slice_number % 2 else (250, 250, 245)
        draw.pieslice(
            (x - radius, y - radius, x + radius, y + radius), 180 + 30 * slice_number, 210 + 30 * slice_number, fill
        )
    draw.line((x, y, x + 4, y + radius * 0.7), fill=(90, 70, 50), width=3)
    return image


def _forest(random: Random, size: tuple[int, int]) -> Image.Image:
    width, height = size
    green = _colour(random, (20, 70), (90, 140), (40, 80))
    image = _gradient(size, _mix(green, (235, 245, 230), 0.8), _mix(green, (20, 30, 20), 0.3))
    draw = ImageDraw.Draw(image)
    for row in range(4):
        base = height * (0.6 + 0.13 * row)
        tone = _mix(_mix(green, (200, 220, 200), 0.55), _mix(green, (5, 20, 10), 0.4), row / 3)
        for _ in range(14 - 2 * row):
            x, tall = random.uniform(0, width), height * random.uniform(0.22, 0.34) * (0.7 + 0.2 * row)
            for tier in range(3):
                wide, top = tall * (0.16 + 0.06 * tier), base - tall + tier * tall * 0.26
                draw.polygon([(x, top), (x - wide, top + tall * 0.42), (x + wide, top + tall * 0.42)], fill=tone)
            draw.rectangle((x - 2, base - tall * 0.1, x + 2, base), fill=(70, 50, 35))
    return image


def _flower(random: Random, size: tuple[int, int]) -> Image.Image:
    width, height = size
    leaf = _colour(random, (40, 110), (110, 170), (40, 90))
    image = _gradient(size, leaf, _mix(leaf, (10, 40, 20), 0.6))
    for _ in range(25):
        _disc(image, random.uniform(0, width), random.uniform(0, height), random.uniform(8, 40),
              _mix(leaf, (230, 240, 180), random.uniform(0, 0.4)))  # fmt: skip
    image = image.filter(ImageFilter.GaussianBlur(9))
    draw = ImageDraw.Draw(image)
    petal = _colour(random, (170, 255), (40, 200), (90, 255))
    x, y, reach = (
        width * random.uniform(0.4, 0.6),
        height * random.uniform(0.4, 0.55),
        min(size) * random.uniform(0.25, 0.36),
    )
    draw.line((x, y, x + random.uniform(-30, 30), height), fill=_mix(leaf, (20, 60, 20), 0.5), width=7)
    petals, turn = int(random.integers(5, 13)), random.uniform(0, math.pi)
    for number in range(petals):
        angle = turn + 2 * math.pi * number / petals
        wide = reach * math.sin(math.pi / petals) * 0.95
        for share in np.linspace(0.35, 0.72, 12):
            radius = wide * (0.5 + share)
            _disc(image, x + math.cos(angle) * reach * share, y + math.sin(angle) * reach * share, radius,
                  _mix(petal, (255, 255, 255), float(share) * 0.35))  # fmt: skip
    _disc(image, x, y, reach * 0.24, _colour(random, (200, 250), (150, 200), (20, 70)))
    return image


def _city(random: Random, size: tuple[int, int]) -> Image.Image:
    width, height = size
    sky = _colour(random, (15, 45), (20, 50), (55, 100))
    image = _gradient(size, sky, _mix(sky, (200, 120, 110), random.uniform(0.2, 0.6)))
    draw = ImageDraw.Draw(image)
    lit = _colour(random, (245, 256), (200, 235), (120, 180))
    x = -5.0
    while x < width:
        wide, tall = random.uniform(26, 64), height * random.uniform(0.25, 0.75)
        draw.rectangle((x, height - tall, x + wide, height), fill=_mix(sky, (5, 8, 18), random.uniform(0.3, 0.8)))
        for column in np.arange(x + 5, x + wide - 6, 9):
            for row in np.arange(height - tall + 6, height - 6, 11):
                if random.random() < 0.4:
                    draw.rectangle((column, row, column + 4, row + 5), fill=lit)
        x += wide + random.uniform(0, 6)
    return image


def _night(random: Random, size: tuple[int, int]) -> Image.Image:
    width, height = size
    image = _gradient(size, (6, 8, 24), _colour(random, (20, 50), (25, 60), (60, 100)))
    for _ in range(int(random.integers(120, 260))):
        light = int(random.integers(120, 256))
        _disc(image, random.uniform(0, width), random.uniform(0, height), random.uniform(0.4, 1.6), (light, light, 255))
    x, y, radius = (
        width * random.uniform(0.2, 0.8),
        height * random.uniform(0.15, 0.4),
        min(size) * random.uniform(0.07, 0.13),
    )
    _disc(image, x, y, radius * 1.25, (60, 66, 100))
    _disc(image, x, y, radius, (240, 236, 215))
    _disc(image, x + radius * random.uniform(-0.8, 0.8), y - radius * 0.25, radius * 0.9, (24, 28, 56))
    _fill_below(image, _ridge(random, width, height * 0.88, height * 0.04), (4, 6, 12))
    return image


def _fruit(random: Random, size: tuple[int, int]) -> Image.Image:
    width, height = size
    wall = _colour(random, (200, 245), (190, 235), (180, 225))
    image = _gradient(size, wall, _mix(wall, (120, 100, 80), 0.25))
    _fill_below(image, np.full(width, height * 0.68), _colour(random, (120, 170), (80, 110), (50, 75)))
    skin = (_colour(random, (200, 240), (30, 70), (30, 60)), _colour(random, (235, 255), (140, 175), (20, 60)),
            _colour(random, (120, 170), (170, 210), (40, 80)))[int(random.integers(3))]  # fmt: skip
    for _ in range(int(random.integers(2, 6))):
        x, radius = width * random.uniform(0.2, 0.8), min(size) * random.uniform(0.1, 0.17)
        y = height * random.uniform(0.62, 0.76)
        _disc(image, x + radius * 0.2, y + radius * 0.75, radius * 0.8, (70, 50, 40))
        for share in np.linspace(1, 0.1, 14):
            shift = (1 - float(share)) * radius * 0.35
            _disc(
                image,
                x - shift,
                y - shift,
                radius * float(share),
                _mix(skin, (255, 250, 235), (1 - float(share)) * 0.55),
            )
        ImageDraw.Draw(image).line((x, y - radius, x + 4, y - radius * 1.3), fill=(80, 60, 30), width=3)
    return image


SCENES: dict[str, Callable[[Random, tuple[int, int]], Image.Image]] = {
    "mountains": _mountains,
    "sunset": _sunset,
    "beach": _beach,
    "forest": _forest,
    "flower": _flower,
    "city": _city,
    "night": _night,
    "fruit": _fruit,
}
