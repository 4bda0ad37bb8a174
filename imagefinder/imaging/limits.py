"""How large a picture may be, so that no file can take all of the memory or all of the time."""

from imagefinder.domain.errors import UnreadableImage

MAX_PIXELS = 250_000_000
"""The most pixels that are decoded, after shrinking: about 1 GB of memory."""
MAX_SLOW_PIXELS = 16_000_000
"""The same for what Pillow decodes in Python (run-length BMP, plain PPM), byte by byte."""
MAX_WEBP_PIXELS = 120_000_000
"""The same for WebP, whose decoder holds the picture several times."""
MAX_DEEP_BYTES = 2**30
"""The most bytes that the samples of a picture with more than 8 bits may take, before they are brought to 8 bits."""
MAX_SCANS = 100
"""A progressive JPEG has about ten scans; a hostile one has thousands, each over the whole picture."""


def check_size(width: int, height: int, limit: int | None = None) -> None:
    """Raise UnreadableImage for more pixels than ``limit`` (MAX_PIXELS), and for none at all."""
    if width < 1 or height < 1:
        raise UnreadableImage("The picture has no pixels.")
    if width * height > (MAX_PIXELS if limit is None else limit):
        raise UnreadableImage(f"The picture is too large to open: {width:,} x {height:,} pixels.")


def check_samples(width: int, height: int, bytes_each: int) -> None:
    """The same for what is decoded as it is, with ``bytes_each`` for every pixel."""
    check_size(width, height)
    if width * height * bytes_each > MAX_DEEP_BYTES:
        raise UnreadableImage(f"The picture is too large to open: {width:,} x {height:,} pixels.")
