"""Proof that an installation works: the main job on drawn pictures, in a folder of its own that is hard to spell."""

import io
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from imagefinder.display import why_no_screenshot
from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.images import Query
from imagefinder.domain.specs import IndexSpec
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build, feature_dimension
from imagefinder.embedding.checkpoints import write_model
from imagefinder.embedding.practice import practice_step
from imagefinder.imaging.decode import decode
from imagefinder.imaging.demo_gallery import draw_gallery
from imagefinder.imaging.formats import supported
from imagefinder.imaging.probe import find_killers
from imagefinder.paths import Paths
from imagefinder.storage.library import Library
from imagefinder.storage.vectors import VectorIndex
from imagefinder.usecases.indexing import index
from imagefinder.usecases.models import Models
from imagefinder.usecases.opening import open_existing, open_library
from imagefinder.usecases.searching import search

FOLDER_NAME = "Fotos für später \N{SNOWMAN}"
PICTURES_PER_SCENE = 4
SEARCHED_ROWS = 20_000
NETWORKS = ("mobilenetv2_100_same", "torchvision:resnet18")
"""A small one of each of the two libraries of networks; their weights are random here."""
FORMATS = ("JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP", "AVIF", "HEIC", "JPEG XL", "JPEG 2000", "RAW")
"""What a complete installation reads."""
CODECS = ("PACKBITS", "DEFLATE", "LZMA", "ZSTD", "JPEG8", "AVIF", "JPEGXL")
"""What the app uses of imagecodecs, which looks for each by name: Photoshop, TIFF, odd JPEGs, HDR, animations."""
QUARTERS = ((200, 40, 40), (40, 160, 60), (50, 70, 190), (240, 220, 90))
"""The colours of a picture that is drawn in each of the rare formats."""
QUARTER = (32, 24)
FARTHEST = 4.0
"""How far the colours of a picture may be from those that were drawn, of 255 and on average."""
_OPENMP = re.compile(r"(lib(gomp|i?omp)|vcomp|iomp)", re.IGNORECASE)

Step = tuple[str, Callable[[], str]]


class NotAsExpected(ImageFinderError):
    """A step came to another result than it must."""


@dataclass(frozen=True, slots=True)
class Check:
    """What became of one step; ``detail`` is what was seen, or what went wrong."""

    name: str
    ok: bool
    seconds: float
    detail: str


def try_out(steps: Iterable[Step]) -> Iterator[Check]:
    """Take the steps one after the other, up to the first that fails: the later ones build on it."""
    for name, step in steps:
        began = time.perf_counter()
        try:
            ok, detail = True, step()
        except ImageFinderError as error:
            ok, detail = False, str(error)
        except Exception:  # whatever it is, it is what this test is for
            ok, detail = False, traceback.format_exc()
        yield Check(name, ok, time.perf_counter() - began, detail)
        if not ok:
            return


class Trial:
    """The main job below ``home``, step by step. ``device`` is that of the model, once there is one."""

    def __init__(self, home: Path, device: str = "auto") -> None:
        self.paths = Paths.resolve(basedir=home / FOLDER_NAME / "app")
        self.device = device
        self._photos = home / FOLDER_NAME / "photos"
        self._pictures: list[Path] = []

    def steps(self) -> list[Step]:
        """All that needs no window, in the order in which it must be taken."""
        return [
            ("image formats", self.read_formats),
            ("rare formats", self.read_rare),
            ("draw pictures", self.draw),
            ("decode in a child process", self.probe),
            ("index", self.index),
            ("find each picture", self.find),
            ("networks", self.build_networks),
            ("train, then search", self.train),
            ("save and reopen", self.reopen),
        ]

    @property
    def query(self) -> Path:
        """A picture to show in the window."""
        return self._pictures[0]

    def read_formats(self) -> str:
        """Every decoder loads."""
        missing = set(FORMATS) - set(supported())
        if missing:
            raise NotAsExpected(f"There is no decoder for {', '.join(sorted(missing))}.")
        try:
            import imagecodecs
        except ImportError as error:
            raise NotAsExpected(f"The package imagecodecs cannot be loaded: {error}.") from error
        missing = {name for name in CODECS if not getattr(imagecodecs, name).available}
        if missing:
            raise NotAsExpected(f"The package imagecodecs lacks {', '.join(sorted(missing))}.")
        return ", ".join(supported())

    def read_rare(self) -> str:
        """Decoders that load only when their format comes, and the child process that draws, show what they must."""
        reason = why_no_screenshot() if find_spec("PySide6") else "The package PySide6 is not installed."
        files = {"JPEG 2000": _jpeg_2000(), "TIFF": _float_tiff(), **({} if reason else {"SVG": _svg()})}
        picture = _quarters()
        for name, data in files.items():
            image, info, damage = decode(data)
            height, width, _ = picture.shape
            far = np.abs(np.asarray(image.resize((width, height)), float) - picture).mean()
            if (info.format, damage) != (name, "") or not far < FARTHEST:
                raise NotAsExpected(f"{name} is read as {info.format}, {far:.1f} from what was drawn. {damage}")
        return ", ".join(files) + (f"; SVG was skipped: {reason}" if reason else "")

    def draw(self) -> str:
        self._pictures = draw_gallery(self._photos, each=PICTURES_PER_SCENE)
        return f"{len(self._pictures)} pictures in {self._photos}"

    def probe(self) -> str:
        """The app can start itself as the process in which suspect files are decoded."""
        killers = find_killers([str(path) for path in self._pictures[:2]])
        if killers:
            raise NotAsExpected(f"Good pictures are said to crash the decoder: {killers}")
        return "the child process answers"

    def index(self) -> str:
        with open_library(self.paths.library) as library:
            library.add_folder(str(self._photos))
            models = Models(self.paths.models, self.device)
            embedder = models.embedder(library, models.spec(library))
            self.device = embedder.device
            summary = index(library, embedder)
        if summary.added != len(self._pictures) or summary.failed:
            raise NotAsExpected(f"{summary.added} of {len(self._pictures)} were read; failed: {summary.failed}")
        return f"{summary.added} photos with {embedder.spec.name} on {embedder.device} ({embedder.precision})"

    def find(self) -> str:
        with open_existing(self.paths.library) as library:
            self._each_finds_itself(library)
        return "each is its own nearest neighbour"

    def build_networks(self) -> str:
        """timm and torchvision are there, and a model of theirs goes to the shelf and comes back from it."""
        shelf = Models(self.paths.models).shelf
        for name in NETWORKS:
            spec = find_architecture(name).spec(name="selftest")
            network = build(spec)
            dimension = feature_dimension(network, spec.input.crop)
            write_model(
                shelf.directory / "selftest.safetensors", network.state_dict(), replace(spec, dimension=dimension)
            )
            embedder = shelf.load("selftest", self.device, "float32")
            side = spec.input.crop
            rows = embedder.embed(np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8))
            shelf.remove("selftest")
            if rows.shape != (2, dimension):
                raise NotAsExpected(f"{name} gives {rows.shape}, not {(2, dimension)}.")
        return ", ".join(NETWORKS)

    def train(self) -> str:
        """Torch's threads in a backward pass, and then Faiss's: two OpenMP runtimes in one process can clash here."""
        with open_existing(self.paths.library) as library:
            paths, embeddings, _ = library.export()
        scenes = sorted({Path(path).parent.name for path in paths})
        before, after = practice_step(embeddings, [scenes.index(Path(path).parent.name) for path in paths], self.device)
        if not after < before:  # so that NaN fails too
            raise NotAsExpected(f"One training step took the loss from {before:.4f} to {after:.4f}.")
        dimension = embeddings.shape[1]
        rows = np.random.default_rng(0).standard_normal((SEARCHED_ROWS, dimension)).astype(np.float32)
        rows[: len(embeddings)] = embeddings
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        vectors = VectorIndex(IndexSpec("flat", dimension))
        vectors.add(np.arange(SEARCHED_ROWS), rows)
        for number in (0, len(embeddings) - 1, SEARCHED_ROWS - 1):
            ids, _ = vectors.search(rows[number], 5)
            if ids[0] != number:
                raise NotAsExpected(f"Row {number} of {SEARCHED_ROWS:,} is not its own nearest neighbour.")
        return f"loss {before:.3f} to {after:.3f}, then {SEARCHED_ROWS:,} rows searched"

    def reopen(self) -> str:
        with open_library(self.paths.library) as library:
            report = library.verify(repair=False)
            if report.problems:
                raise NotAsExpected(" ".join(report.problems))
            self._each_finds_itself(library)
        return f"{report.photos} photos, {report.vectors} vectors, {report.indexed} in the index: all agree"

    def _each_finds_itself(self, library: Library) -> None:
        models = Models(self.paths.models, self.device)
        for path in self._pictures:
            query = Query(path.name, path=str(path))
            result = search(library, lambda: models.embedder(library, models.spec(library)), query, 3)
            if not result.hits or result.hits[0].photo.path != str(path):
                raise NotAsExpected(f"{path.name} is not its own nearest neighbour.")


def _quarters() -> npt.NDArray[np.uint8]:
    across, down = QUARTER
    return np.array(QUARTERS, np.uint8).reshape(2, 2, 3).repeat(down, 0).repeat(across, 1)


def _jpeg_2000() -> bytes:
    target = io.BytesIO()
    Image.fromarray(_quarters()).save(target, "JPEG2000")
    return target.getvalue()


def _float_tiff() -> bytes:
    import tifffile

    target, values = io.BytesIO(), _quarters().astype(np.float32) / 255
    tifffile.imwrite(target, values, photometric="rgb", compression="zlib", predictor=True)
    return target.getvalue()


def _svg() -> bytes:
    across, down = QUARTER
    size = f'width="{across}" height="{down}"'
    drawn = "".join(
        f'<rect x="{number % 2 * across}" y="{number // 2 * down}" {size} fill="rgb{colour}"/>'
        for number, colour in enumerate(QUARTERS)
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * across}" height="{2 * down}">'
    return f"{head}{drawn}</svg>".encode()


def openmp_runtimes() -> list[str]:
    """The OpenMP libraries in this process by file name; call this after torch and Faiss were used."""
    return sorted({os.path.basename(path) for path in _loaded_libraries() if _OPENMP.match(os.path.basename(path))})


def _loaded_libraries() -> Iterator[str]:
    if sys.platform.startswith("linux"):
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
            for line in maps:
                _, slash, path = line.rstrip("\n").partition("/")
                if slash:
                    yield slash + path
    elif sys.platform == "darwin":
        import ctypes

        system = ctypes.CDLL(None)
        system._dyld_get_image_name.restype = ctypes.c_char_p
        for number in range(system._dyld_image_count()):
            yield os.fsdecode(system._dyld_get_image_name(number) or b"")
    elif sys.platform == "win32":
        import ctypes
        from ctypes import wintypes

        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        modules = (wintypes.HMODULE * 4096)()
        kernel.K32EnumProcessModules.argtypes = [wintypes.HANDLE, ctypes.c_void_p, wintypes.DWORD, ctypes.c_void_p]
        kernel.GetModuleFileNameW.argtypes = [wintypes.HMODULE, wintypes.LPWSTR, wintypes.DWORD]
        needed = wintypes.DWORD()
        kernel.K32EnumProcessModules(kernel.GetCurrentProcess(), modules, ctypes.sizeof(modules), ctypes.byref(needed))
        name = ctypes.create_unicode_buffer(1024)
        for module in modules[: needed.value // ctypes.sizeof(wintypes.HMODULE)]:
            kernel.GetModuleFileNameW(module, name, len(name))
            yield name.value
