"""Render imagefinder/ui/app_icon.svg to every size and format that systems ask for, into build/icons.

Usage: python packaging/render_icons.py [FOLDER]        (needs PySide6 and Pillow, which the app needs anyway)
"""

import io
import os
import sys
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ROOT = Path(__file__).resolve().parents[1]
DRAWING = ROOT / "imagefinder" / "ui" / "app_icon.svg"
HICOLOR_SIDES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
ICO_SIDES = (16, 20, 24, 32, 40, 48, 64, 256)
ICNS_SIDES = (16, 32, 64, 128, 256, 512)


def render(drawing: bytes, side: int) -> Image.Image:
    """The drawing on a transparent square of ``side`` pixels."""
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    with QPainter(image) as painter:
        QSvgRenderer(QByteArray(drawing)).render(painter)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # a QBuffer is a QIODevice; the stubs know str only
    return Image.open(io.BytesIO(data.data()))


def write_all(drawing: bytes, folder: Path) -> list[Path]:
    """imagefinder-SIDE.png, .ico and .icns. Returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    images = {side: render(drawing, side) for side in sorted({*HICOLOR_SIDES, *ICO_SIDES, *ICNS_SIDES})}
    written = []
    for side in HICOLOR_SIDES:
        written.append(folder / f"imagefinder-{side}.png")
        images[side].save(written[-1], optimize=True)
    ico, icns = folder / "imagefinder.ico", folder / "imagefinder.icns"
    largest, *rest = (images[side] for side in sorted(ICO_SIDES, reverse=True))
    largest.save(ico, sizes=[(side, side) for side in ICO_SIDES], append_images=rest)
    images[512].save(icns, append_images=[images[side] for side in ICNS_SIDES])
    return [*written, ico, icns]


def render_all(folder: Path) -> list[Path]:
    """Render the app's drawing, in a process that has no window."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    written = write_all(DRAWING.read_bytes(), folder)
    del application
    return written


if __name__ == "__main__":
    for path in render_all(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "icons"):
        print(f"{path.stat().st_size:>8,}  {path.name}")
