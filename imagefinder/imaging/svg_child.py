"""The child process that draws SVG drawings: nothing but their own elements, no scripts, no other files."""

import base64
import io
import math
import os
import re
import threading
import xml.etree.ElementTree as ET
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from imagefinder.imaging.svg import ANSWER, DRAWN, NO_QT, REFUSED, REQUEST

LEAST_LONG_SIDE, MOST_LONG_SIDE = 1024, 4096
IDLE_SECONDS = 60.0
MAX_MEMORY = 3 * 2**30
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_UNWANTED = frozenset({"script", "foreignObject", "iframe", "audio", "video", "handler", "listener"})
_OUTSIDE = re.compile(r"""url\(\s*['"]?\s*(?!#)[^)]*\)|@import[^;]*;?""", re.IGNORECASE)
_EMBEDDED = re.compile(r"\s*data:image/[\w.+-]+;base64,", re.IGNORECASE)
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
_NAMES = {"": _SVG, "xlink": _XLINK}


class Drawn(NamedTuple):
    width: int
    height: int
    full_width: int
    full_height: int
    pixels: bytes
    """RGBA."""


class RefusedError(Exception):
    """Why a drawing is not drawn, in a sentence."""


def serve() -> None:
    """Answer requests on this process's own pipes, until there are no more, or none for a while."""
    own_stdout = os.dup(1)
    os.dup2(2, 1)  # what Qt prints must not be taken for an answer
    with os.fdopen(0, "rb", closefd=False) as requests, os.fdopen(own_stdout, "wb") as answers:
        main(requests, answers)


def main(requests: BinaryIO, answers: BinaryIO) -> None:
    """The same on any pipes."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # it needs no display, whatever the app shows itself on
    try:
        from PySide6.QtGui import QGuiApplication
        from PySide6.QtSvg import QSvgRenderer  # noqa: F401  # so that a missing one is told at once

        application: object = QGuiApplication([])
        problem = ""
    except Exception as error:  # a package or a library of the system that is missing
        application, problem = None, f"{error}"
    _limit_memory()
    while True:
        idle = threading.Timer(IDLE_SECONDS, os._exit, (0,))
        idle.daemon = True
        idle.start()
        head = requests.read(REQUEST.size)
        idle.cancel()
        if len(head) < REQUEST.size:
            return
        at_least, length = REQUEST.unpack(head)
        data = requests.read(length)
        answers.write(_answer(data, at_least, problem if application is None else None))
        answers.flush()


def _answer(data: bytes, at_least: int, problem: str | None) -> bytes:
    if problem is not None:
        return _packed(NO_QT, problem.encode("utf-8", "replace"))
    try:
        drawn = draw(harmless(data), at_least)
    except RefusedError as error:
        return _packed(REFUSED, str(error).encode())
    except MemoryError:
        return _packed(REFUSED, b"There is not enough memory to open the picture.")
    except Exception:  # parsers answer hostile text with about anything
        return _packed(REFUSED, b"The drawing is damaged or cut off.")
    return ANSWER.pack(DRAWN, len(drawn.pixels), *drawn[:4]) + drawn.pixels


def _packed(kind: bytes, text: bytes) -> bytes:
    return ANSWER.pack(kind, len(text), 0, 0, 0, 0) + text


def harmless(data: bytes) -> bytes:
    """The same drawing without scripts, and without anything that leads out of it."""
    for prefix, name in _NAMES.items():
        ET.register_namespace(prefix, name)
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise RefusedError("The drawing is damaged or cut off.") from error
    _clean(root)
    for parent in root.iter():
        for child in list(parent):
            if not isinstance(child.tag, str) or _local(child.tag) in _UNWANTED:
                parent.remove(child)
            else:
                _clean(child)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _clean(element: ET.Element) -> None:
    for name, value in list(element.attrib.items()):
        local = _local(name)
        leads_out = local == "href" and not (value.lstrip().startswith("#") or _is_embedded(value))
        if leads_out or local.lower().startswith("on"):
            del element.attrib[name]
        elif "url(" in value.lower():
            element.attrib[name] = _OUTSIDE.sub("none", value)
    if _local(element.tag) == "style" and element.text:
        element.text = _OUTSIDE.sub("none", element.text)


def _is_embedded(value: str) -> bool:
    """Whether it is a picture within the drawing: pixels, and not another drawing that leads elsewhere."""
    start = _EMBEDDED.match(value)
    if start is None:
        return False
    with suppress(ValueError):
        return base64.b64decode("".join(value[start.end() : start.end() + 64].split())[:16]).startswith(_PICTURES)
    return False


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def draw(data: bytes, at_least: int) -> Drawn:
    """Draw it with Qt; there is an application. Raises RefusedError."""
    from PySide6.QtCore import QByteArray, QRectF, Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer()
    renderer.setAnimationEnabled(False)
    if not renderer.load(QByteArray(data)):
        raise RefusedError("The drawing is damaged, or of a kind that the app cannot read.")
    size = renderer.defaultSize()
    box = renderer.viewBoxF()
    width, height = (size.width(), size.height()) if not size.isEmpty() else (box.width(), box.height())
    if not (width > 0 and height > 0):
        raise RefusedError("The picture has no pixels.")
    full = min(max(LEAST_LONG_SIDE, width, height), MOST_LONG_SIDE) / max(width, height)
    largest = max(1, round(width * full)), max(1, round(height * full))
    scale = min(1.0, at_least / min(largest)) if at_least else 1.0
    across, down = (max(1, math.ceil(side * scale)) for side in largest)
    image = QImage(across, down, QImage.Format.Format_RGBA8888)
    if image.isNull():
        raise MemoryError
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, 0, across, down))
    painter.end()
    pixels = io.BytesIO()
    row = 4 * across
    view, stride = memoryview(image.constBits()), image.bytesPerLine()
    for line in range(down):
        pixels.write(view[line * stride : line * stride + row])
    return Drawn(across, down, *largest, pixels.getvalue())


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):  # a Unix only
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    serve()
