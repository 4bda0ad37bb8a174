"""A folder of files as people really have them: damaged, hostile, mislabelled, or not files at all."""

import importlib
import io
import os
import socket
import struct
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

REASONS = {
    "readable": "",
    "empty": "empty",
    "cut off": "cut off",
    "not an image": "not an image",
    "too large": "too large",
    "too slow": "very long",
    "damaged": "damaged",
    "missing": "missing",
    "loop": "back to itself",
    "no permission": "permission",
    "folder": "a folder",
    "not a file": "pipe",
}
"""Each kind, and a part of the reason that a person is given for it."""


def make_bad_files(folder: Path) -> dict[str, str]:
    """Fill ``folder`` with everything that this system permits. Returns name -> kind, one of REASONS."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds: dict[str, str] = {}
    for name, (kind, data) in _contents().items():
        (folder / name).write_bytes(data)
        kinds[name] = kind
    for name, (kind, make) in _things().items():
        with suppress(OSError, AttributeError, UnicodeEncodeError):
            make(folder / name)
            kinds[name] = kind
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        kinds["secret.jpg"] = "readable"  # permissions do not hold root back
    return kinds


def encoded(
    image_format: str, size: tuple[int, int] = (160, 120), image: Image.Image | None = None, **options: Any
) -> bytes:
    """An image in any format; without one, a soft noise of this size, so that every part of the file matters."""
    if image_format == "HEIF":
        pillow_heif.register_heif_opener()
    if image_format == "JXL":
        importlib.import_module("pillow_jxl.JpegXLImagePlugin")
    if image is None:
        pixels = np.random.default_rng(5).integers(0, 256, (size[1] // 4, size[0] // 4, 3), np.uint8)
        image = Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)
    target = io.BytesIO()
    image.save(target, image_format, **options)
    return target.getvalue()


def png(
    width: int,
    height: int,
    data: bytes = b"",
    depth: int = 1,
    colour: int = 0,
    extra: tuple[bytes, bytes] = (b"tIME", bytes(7)),
) -> bytes:
    """A PNG that claims this size, with any ``data`` as its compressed pixels (of one bit each, if not told)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = chunk(b"IHDR", header), chunk(*extra), chunk(b"IDAT", data), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def jpeg_of_size(width: int, height: int, progressive: bool = False) -> bytes:
    """A JPEG whose header claims another size than it has."""
    data = bytearray(encoded("JPEG", progressive=progressive))
    frame = data.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def jpeg_with_exif(exif: bytes) -> bytes:
    """A good JPEG with any bytes as its EXIF segment."""
    data = encoded("JPEG")
    segment = b"Exif\0\0" + exif
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def _contents() -> dict[str, tuple[str, bytes]]:
    jpeg, progressive = encoded("JPEG"), encoded("JPEG", progressive=True)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    bomb = zlib.compress(bytes(30_000 * (1 + 30_000 // 8)), 9)
    entry = struct.pack("<HHII", 0x0112, 3, 1, 6)
    files = {
        "empty.jpg": ("empty", b""),
        "one-byte.jpg": ("not an image", b"\xff"),
        "cut-early.jpg": ("cut off", jpeg[:30]),
        "cut-progressive.jpg": ("readable", progressive[: len(progressive) // 2]),
        "text.jpg": ("not an image", b"Dear diary, this is not a photograph.\n" * 20),
        "web-page.jpeg": ("not an image", b"<!DOCTYPE html><html><body>404 Not Found</body></html>"),
        "drawing.eps.jpg": ("not an image", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n"),
        "zeros.png": ("not an image", bytes(4096)),
        "noise.png": ("damaged", b"\x89PNG\r\n\x1a\n" + np.random.default_rng(1).bytes(4096)),
        "jpeg-named.png": ("readable", jpeg),
        "png-named.jpg": ("readable", encoded("PNG")),
        "no-extension": ("readable", jpeg),
        "tail.jpg": ("readable", jpeg + b"<?php what some tools append ?>" * 50),
        "bomb.png": ("too large", png(30_000, 30_000, bomb)),
        "huge.png": ("too large", png(2**31 - 1, 2**31 - 1)),
        "huge.jpg": ("too large", jpeg_of_size(65_500, 65_500)),
        "huge-progressive.jpg": ("too large", jpeg_of_size(20_000, 20_000, progressive=True)),
        "huge.gif": ("too large", b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + encoded("GIF")[10:]),
        "huge.bmp": ("too large", encoded("BMP")[:18] + struct.pack("<ii", 60_000, 60_000) + encoded("BMP")[26:]),
        "huge.jxl": ("too large", b"\xff\x0a" + (0b11 << 1 | 2**29 << 3 | 1 << 33).to_bytes(12, "little")),
        "scans.jpg": ("too slow", progressive[:-2] + scan * 500 + b"\xff\xd9"),
        "zero-by-zero.png": ("damaged", png(0, 0)),
        "zero-wide.jpg": ("damaged", jpeg_of_size(0, 120)),
        "exif-noise.jpg": ("readable", jpeg_with_exif(np.random.default_rng(2).bytes(900))),
        "exif-cut.jpg": ("readable", jpeg_with_exif(b"II*\0\x08\0\0\0\xff\xff" + entry)),
        "exif-loop.jpg": ("readable", jpeg_with_exif(b"II*\0\x08\0\0\0\x01\0" + entry + b"\x08\0\0\0")),
        "exif-turned-12.jpg": (
            "readable",
            jpeg_with_exif(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x0c\0\0" + bytes(4)),
        ),
        "profile-noise.png": ("readable", encoded("PNG", icc_profile=np.random.default_rng(3).bytes(600))),
    }
    for image_format in ("JPEG", "PNG", "GIF", "TIFF", "BMP"):  # decoded row by row: two thirds of it are shown
        data = encoded(image_format)
        files[f"cut.{image_format.lower()}"] = ("readable", data[: len(data) * 2 // 3])
        files[f"cut-early.{image_format.lower()}"] = ("cut off", data[: len(data) // 30])
    for image_format in ("WEBP", "AVIF", "HEIF", "JXL"):
        data = encoded(image_format)
        files[f"cut.{image_format.lower()}"] = ("cut off", data[: len(data) * 2 // 3])
    return files


def _things() -> dict[str, tuple[str, Callable[[Path], object]]]:
    jpeg = encoded("JPEG")

    def write(path: Path) -> None:
        path.write_bytes(jpeg)

    def write_secret(path: Path) -> None:
        path.write_bytes(jpeg)
        path.chmod(0)

    def link_to(target: str) -> Callable[[Path], None]:
        return lambda path: path.symlink_to(target)

    def write_bytes_name(path: Path) -> None:
        if sys.platform in ("win32", "darwin"):
            raise OSError("names are Unicode here")
        write(path)

    return {
        os.fsdecode(b"latin-1-\xe9t\xe9.jpg"): ("readable", write_bytes_name),
        "two\nlines.jpg": ("readable", write),
        "emoji-\N{CAMERA WITH FLASH}\N{RAINBOW}.jpg": ("readable", write),
        "  spaces and 'quotes' .jpg": ("readable", write),
        "-rf.jpg": ("readable", write),
        "n" * 251 + ".jpg": ("readable", write),
        "link.jpg": ("readable", link_to("no-extension")),
        "dangling.jpg": ("missing", link_to("nothing-here.jpg")),
        "loop-a.jpg": ("loop", link_to("loop-b.jpg")),
        "loop-b.jpg": ("loop", link_to("loop-a.jpg")),
        "loop-folder": ("folder", link_to(".")),
        "folder.jpg": ("folder", Path.mkdir),
        "pipe.jpg": ("not a file", _make_pipe),
        "device.jpg": ("not a file", link_to("/dev/zero")),
        "socket.jpg": ("not a file", _make_socket),
        "secret.jpg": ("no permission", write_secret),
    }


def _make_pipe(path: Path) -> None:
    os.mkfifo(path)  # looked up when it is called: Windows has none


def _make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
