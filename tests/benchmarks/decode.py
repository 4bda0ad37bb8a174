"""How fast a photo becomes what the model looks at, against a full decode and resize with plain Pillow."""

import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from imagefinder.domain.specs import InputSpec
from imagefinder.imaging.decode import decode
from imagefinder.imaging.reading import frame, read_image

GOAL = 2.5
SPEC = InputSpec(crop=224, resize=256)
ROUNDS = 7


def photo_like_jpeg(width: int = 4032, height: int = 3024, seed: int = 1) -> bytes:
    """12 megapixels with the spectrum of photographs (amplitude 1/f), soft colours and some sensor noise: 3 to 4 MB."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    spectrum = np.exp(2j * np.pi * rng.random(frequency.shape)) / np.maximum(frequency, 1 / width) ** 1.15
    light = np.fft.irfft2(spectrum, s=(height, width))
    light = ((light - light.mean()) / light.std() * 45 + 120 + rng.normal(0, 1.5, light.shape)).clip(0, 255)
    hues = [Image.fromarray(rng.integers(90, 166, (24, 32), np.uint8)) for _ in range(2)]
    colours = [hue.resize((width, height), Image.Resampling.BICUBIC) for hue in hues]
    target = io.BytesIO()
    Image.merge("YCbCr", (Image.fromarray(light.astype(np.uint8)), *colours)).save(target, "JPEG", quality=85)
    return target.getvalue()


def pillow_alone(data: bytes) -> Image.Image:
    """What anyone would write: decode in full, resize, crop the centre."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    scale = SPEC.resize / min(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    left, top = (image.width - SPEC.crop) // 2, (image.height - SPEC.crop) // 2
    return image.crop((left, top, left + SPEC.crop, top + SPEC.crop))


def best_seconds(work: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """The best of some rounds of both, taken in turns, so that a busy machine is unfair to neither."""
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for which, function in enumerate((work, other)):
            started = time.perf_counter()
            function()
            best[which] = min(best[which], time.perf_counter() - started)
    return best[0], best[1]


def main() -> None:
    data = photo_like_jpeg()
    full, ours = best_seconds(lambda: pillow_alone(data), lambda: frame(decode(data, 2 * SPEC.resize).image, SPEC))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "photo.jpg")
        path.write_bytes(data)
        reading, _ = best_seconds(lambda: read_image(str(path), SPEC), lambda: None)
    print(f"decode 12 MP JPEG of {len(data) / 1e6:.1f} MB: plain Pillow {full * 1e3:.0f} ms, ours {ours * 1e3:.0f} ms")
    print(f"  with reading the file, its key, thumbnail and colour: {reading * 1e3:.0f} ms")
    print(f"  times faster: {full / ours:.2f} (goal: at least {GOAL})")


if __name__ == "__main__":
    main()
