"""Good files with something changed in them: none crashes, hangs or eats the memory, and what Pillow shows is shown.

`--mutations 2000` is the long run.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bad_files import encoded
from dng import make_dng
from imagefinder.imaging.probe import find_killers

SECONDS_EACH = 10.0
MEMORY = 4 * 2**30
CHILD = f"""
import io, os, sys
from contextlib import suppress
with suppress(ImportError):
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
from PIL import Image
from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging import decode, probe
from imagefinder.imaging.decode import decode as ours
SHOWN = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "JPEG2000")
ALLOWED = ("too large", "very long", "no pixels")
def looked_at(data, at_least):
    problem = ""
    for side in (at_least, 0):
        try:
            ours(data, side)
        except UnreadableImage as error:
            problem = error.message
    if "memory" in problem:
        os._exit(8)
    if problem and not any(words in problem for words in ALLOWED):
        try:
            with Image.open(io.BytesIO(data), formats=SHOWN) as image:
                image.load()
        except Exception:
            return
        os._exit(9)
probe.decode = looked_at
probe.serve()
"""
"""Looks at files as the probe does, and ends with 8 where one takes too much memory, with 9 where Pillow shows it."""


def originals() -> dict[str, bytes]:
    deep = np.linspace(0, 65535, 80 * 60).astype(np.uint16).reshape(60, 80)
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("white", "red", "blue")]
    floats = io.BytesIO()
    Image.fromarray((deep / 65535).astype(np.float32)).save(floats, "TIFF", compression="tiff_lzw")
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><rect width="50" height="9" fill="red"/>'
    return {
        "jpeg": encoded("JPEG"),
        "progressive.jpeg": encoded("JPEG", progressive=True),
        "png": encoded("PNG"),
        "deep.png": encoded("PNG", image=Image.fromarray(deep)),
        "frames.png": encoded("PNG", image=frames[0], save_all=True, append_images=frames[1:]),
        "gif": encoded("GIF"),
        "frames.gif": encoded("GIF", image=frames[0], save_all=True, append_images=frames[1:]),
        "webp": encoded("WEBP"),
        "tiff": encoded("TIFF"),
        "float.tiff": floats.getvalue(),
        "bmp": encoded("BMP"),
        "avif": encoded("AVIF"),
        "heic": encoded("HEIF"),
        "jxl": encoded("JXL"),
        "jp2": encoded("JPEG2000"),
        "ico": encoded("ICO", size=(64, 64)),
        "tga": encoded("TGA", compression="tga_rle"),
        "ppm": encoded("PPM"),
        "dng": make_dng(64, 48, preview=encoded("JPEG", (40, 30))),
        "svg": drawing + b'<circle cx="40" cy="30" r="20" fill="url(#a)"/></svg>',
    }


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """One to three changes, more of them near the beginning, where files say what they are."""
    for _ in range(int(random.integers(1, 4))):
        reach = len(data) if random.random() < 0.5 else min(len(data), 400)
        at = int(random.integers(0, max(1, reach)))
        length = int(random.integers(1, 1 + min(len(data), 10 ** int(random.integers(1, 4)))))
        kind = random.integers(0, 5)
        if kind == 0:
            flipped = bytearray(data)
            for place in random.integers(0, max(1, reach), int(random.integers(1, 9))):
                flipped[int(place) % max(1, len(data))] ^= 1 << int(random.integers(0, 8))
            data = bytes(flipped)
        elif kind == 1:
            data = data[: max(1, at)] if random.random() < 0.3 else data[:at] + data[at + length :]
        elif kind == 2:
            data = data[:at] + random.bytes(length) + data[at:]
        elif kind == 3:
            data = data[:at] + data[at : at + length] * int(random.integers(2, 5)) + data[at + length :]
        else:
            extreme = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\xff\xff")[
                int(random.integers(0, 4))
            ]
            data = data[:at] + extreme + data[at + 4 :]
        data = data or b"\0"
    return data


def files(folder: Path, count: int) -> Iterator[str]:
    kinds = list(originals().items())
    for number in range(count):
        name, data = kinds[number % len(kinds)]
        path = folder / f"{number:05}.{name}"
        path.write_bytes(mutated(data, np.random.default_rng(number)))
        yield str(path)


@pytest.mark.timeout(3600)
@pytest.mark.skipif(sys.platform == "win32", reason="a process has no limit of memory there")
def test_mutated_files_do_no_harm(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    paths = list(files(tmp_path, pytestconfig.getoption("--mutations")))

    assert find_killers(paths, SECONDS_EACH, (sys.executable, "-c", CHILD)) == {}


def test_the_child_tells_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded("PNG"))
    refusing = CHILD.replace("ours(data, side)", "raise UnreadableImage('no reason')")

    killers = find_killers([str(path)], SECONDS_EACH, (sys.executable, "-c", refusing))

    assert "exit code 9" in killers[str(path)]
