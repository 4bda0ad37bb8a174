"""SVG drawings, drawn by Qt in a child process.

Text in a drawing needs a QGuiApplication, which neither the command line nor a plain thread has, and which cannot be
where there is no display; and a hostile drawing takes for ever. So a child draws, on a platform without a screen, as
many files as there are, and is ended when one takes too long.
"""

import atexit
import re
import struct
import subprocess
import sys
import threading
import zlib
from contextlib import suppress

from PIL import Image

from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging import SVG_FLAG
from imagefinder.imaging.limits import check_size

MODULE = "imagefinder.imaging.svg_child"
COMMAND = (sys.executable, SVG_FLAG) if getattr(sys, "frozen", False) else (sys.executable, "-m", MODULE)
SECONDS = 10.0
MAX_BYTES = 32 * 2**20
DRAWN, REFUSED, NO_QT = b"d", b"r", b"q"
ANSWER = struct.Struct(">cIIIII")
"""What it is, the length of what follows, the size of the picture that follows, the size at its largest."""
REQUEST = struct.Struct(">II")
"""The least short side, and the length of the drawing that follows."""

_LOOK_AT = 16_384
_GZIP = b"\x1f\x8b\x08"
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_ROOT = re.compile(
    r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE\s[^\[>]*(?:\[.*?\]\s*)?>\s*)*<(?:[\w.-]+:)?svg[\s/>]", re.DOTALL
)


def is_svg(data: bytes) -> bool:
    """Whether the first element is that of a drawing, packed by gzip or not."""
    start = data[:_LOOK_AT]
    if start.startswith(_GZIP):
        with suppress(zlib.error):
            start = zlib.decompressobj(wbits=31).decompress(start, _LOOK_AT)
    mark, encoding = next(
        ((mark, name) for mark, name in _BYTE_ORDER_MARKS if start.startswith(mark)), (b"", "latin-1")
    )
    if not mark and start.lstrip()[:1] != b"<":
        return False
    return _ROOT.match(start[len(mark) :].decode(encoding, "replace")) is not None


def draw(data: bytes, at_least: int) -> tuple[Image.Image, tuple[int, int]]:
    """The drawing with its short side at least so long, or as long as it gets, and the size that it has then.

    A drawing has no pixels of its own: at its largest, its long side is between 1,024 and 4,096 of them.
    Raises UnreadableImage.
    """
    return _painter.draw(_unpacked(data), at_least)


def _unpacked(data: bytes) -> bytes:
    if data.startswith(_GZIP):
        stream = zlib.decompressobj(wbits=31)
        data = stream.decompress(data, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnreadableImage("The drawing is too large to open.")
    return data


class _Painter:
    """The child, which is started when it is needed. Several threads may ask; they wait for one another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def draw(self, data: bytes, at_least: int) -> tuple[Image.Image, tuple[int, int]]:
        with self._lock:
            answer = self._ask(data, at_least) or self._ask(data, at_least)  # it may just have ended, being idle
            if not answer:
                raise UnreadableImage("Drawing the picture crashed the program that draws it.")
        kind, _, width, height, full_width, full_height = ANSWER.unpack_from(answer)
        content = answer[ANSWER.size :]
        if kind == NO_QT:
            text = "SVG drawings need the package PySide6 (Qt), which cannot be loaded here."
            raise UnreadableImage(text, content.decode("utf-8", "replace"), lasting=False)
        if kind == REFUSED:
            raise UnreadableImage(content.decode("utf-8", "replace"))
        check_size(width, height)
        return Image.frombytes("RGBA", (width, height), content), (full_width, full_height)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError, AttributeError):
                    pipe.close()  # type: ignore[union-attr]  # both are pipes
            self._process = None

    def _ask(self, data: bytes, at_least: int) -> bytes:
        """The whole answer; nothing if the child ended without one."""
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        process, late = self._process, threading.Event()
        assert process.stdin is not None
        assert process.stdout is not None

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(SECONDS, end)
        timer.daemon = True
        timer.start()
        try:
            with suppress(OSError):
                process.stdin.write(REQUEST.pack(at_least, len(data)) + data)
                process.stdin.flush()
                head = process.stdout.read(ANSWER.size)
                if len(head) == ANSWER.size:
                    content = process.stdout.read(ANSWER.unpack(head)[1])
                    if len(content) == ANSWER.unpack(head)[1]:
                        return head + content
        finally:
            timer.cancel()
        self.stop()
        if late.is_set():
            raise UnreadableImage(f"Drawing the picture takes longer than {SECONDS:g} seconds.")
        return b""


_painter = _Painter()
atexit.register(_painter.stop)
