"""The decoders that read photos, and what their files begin with."""

import importlib
import importlib.util
import logging
import threading
import warnings

from PIL import Image

from imagefinder.imaging.icons import is_icon
from imagefinder.imaging.pnm import is_pnm
from imagefinder.imaging.psd import is_psd
from imagefinder.imaging.raw import is_raw
from imagefinder.imaging.svg import is_svg
from imagefinder.imaging.tga import is_tga

log = logging.getLogger(__name__)

MAX_DECLARED_PIXELS = 2_000_000_000
"""The largest picture that is even looked at: a JPEG of this size still fits in memory when it is shrunk by 8."""

# Only these are ever tried. Pillow's other plug-ins are rarely photos, and some of them start programs (EPS) or
# decode in pure Python. AVIF stands before HEIF: they share a container, and only the former hands over politely.
_DECODERS = (
    ("JPEG", "PIL.JpegImagePlugin"),
    ("PNG", "PIL.PngImagePlugin"),
    ("WEBP", "PIL.WebPImagePlugin"),
    ("GIF", "PIL.GifImagePlugin"),
    ("TIFF", "PIL.TiffImagePlugin"),
    ("BMP", "PIL.BmpImagePlugin"),
    ("AVIF", "PIL.AvifImagePlugin"),
    ("HEIF", "pillow_heif"),
    ("JXL", "pillow_jxl.JpegXLImagePlugin"),
    ("JPEG2000", "PIL.Jpeg2KImagePlugin"),
)
# What is read without asking Pillow what it is: formats that have no signature, or that it does not know well.
_OTHERS = ("ICO", "TGA", "PNM", "PSD")
_NAMES = {"WEBP": "WebP", "HEIF": "HEIC", "JXL": "JPEG XL", "JPEG2000": "JPEG 2000", "DIB": "BMP"}
_BUILT_IN = {"WEBP": "PIL._webp", "AVIF": "PIL._avif"}

_lock = threading.Lock()
_formats: tuple[str, ...] = ()
_silence: object = None


def decoders() -> tuple[str, ...]:
    """Pillow's names of the formats to try, in this order. The first call loads them; any thread may make it."""
    global _formats, _silence  # noqa: PLW0603  # once per process
    if not _formats:
        with _lock:
            if not _formats:
                Image.MAX_IMAGE_PIXELS = MAX_DECLARED_PIXELS  # of what is declared; decode() looks at what is decoded
                _formats = tuple(name for name, module in _DECODERS if _load(name, module))
    if not warnings.filters or warnings.filters[0] is not _silence:
        # Pillow warns about odd metadata in photos, which is nothing a person can act on. Each decode looks, because
        # whoever leaves a catch_warnings block drops this filter; a block of our own would not be thread-safe.
        warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif|pillow_jxl)\b")
        _silence = warnings.filters[0]
    return _formats


def supported() -> tuple[str, ...]:
    """The formats that this installation reads, as people call them."""
    raw = ("RAW",) if importlib.util.find_spec("rawpy") else ()
    svg = ("SVG",) if importlib.util.find_spec("PySide6") else ()
    return (*(_NAMES.get(name, name) for name in decoders()), *_OTHERS, *svg, *raw)


def display_name(pillow_name: str | None) -> str:
    """What people call a format: "HEIC" rather than "HEIF"."""
    return _NAMES.get(pillow_name or "", pillow_name or "")


def looks_like_image(data: bytes) -> bool:
    """Whether the first bytes, of which there should be 16, are those of a format that is read here."""
    prefix = data[:16]
    if is_raw(data) or is_psd(data) or is_icon(data) or is_pnm(data) or is_svg(data) or is_tga(data):
        return True
    openers = (Image.OPEN[name][1] for name in decoders())
    return any(accept is None or accept(prefix) is True for accept in openers)


def _load(name: str, module: str) -> bool:
    try:
        importlib.import_module(_BUILT_IN.get(name, module))
        plugin = importlib.import_module(module)
    except ImportError as error:
        log.info("no decoder for %s: %s", name, error)
        return False
    if name == "HEIF":
        # The embedded thumbnails are never used: they may show something other than the photo.
        plugin.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    return True
