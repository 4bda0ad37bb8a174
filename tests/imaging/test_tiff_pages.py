import io
import time
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, TiffImagePlugin

from bad_files import encoded
from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging import limits
from imagefinder.imaging.decode import decode
from imagefinder.imaging.tiff_pages import pages, with_best_page_first

tifffile = pytest.importorskip("tifffile")
pytest.importorskip("imagecodecs")

Samples = npt.NDArray[Any]


def photo(width: int = 120, height: int = 80) -> Image.Image:
    pixels = np.random.default_rng(8).integers(0, 256, (5, 7, 3), np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)


PIXELS = np.asarray(photo())
FLOATS = PIXELS.astype(np.float32) / 255
ALPHA = np.full(PIXELS.shape[:2], 255, np.uint8)
INK = 255 - PIXELS
BLACK = np.zeros(PIXELS.shape[:2], np.uint8)


def written(values: Samples, **options: Any) -> bytes:
    target = io.BytesIO()
    tifffile.imwrite(target, values, **options)
    return target.getvalue()


def looks_like(data: bytes, picture: Samples, most: float = 3) -> bool:
    image, info, damage = decode(data)
    assert (info.width, info.height, info.format, damage) == (120, 80, "TIFF", "")
    return bool(abs(np.asarray(image, int) - picture.astype(int)).mean() < most)


DEEP: dict[str, tuple[Samples, dict[str, Any]]] = {
    "16-bit": (PIXELS.astype(np.uint16) * 257, {"photometric": "rgb"}),
    "32-bit": (PIXELS.astype(np.uint32) * 16_843_009, {"photometric": "rgb"}),
    "half floats": (FLOATS.astype(np.float16), {"photometric": "rgb"}),
    "floats": (FLOATS, {"photometric": "rgb"}),
    "doubles": (FLOATS.astype(np.float64), {"photometric": "rgb"}),
    "planes": (np.moveaxis(FLOATS, -1, 0), {"photometric": "rgb", "planarconfig": "separate"}),
    "tiles": (FLOATS, {"photometric": "rgb", "tile": (64, 64)}),
    "lzw": (FLOATS, {"photometric": "rgb", "compression": "lzw", "predictor": 3}),
    "deflate": (FLOATS, {"photometric": "rgb", "compression": "zlib", "predictor": True}),
    "zstd": (FLOATS, {"photometric": "rgb", "compression": "zstd"}),
    "big-endian": (FLOATS, {"photometric": "rgb", "byteorder": ">"}),
    "BigTIFF": (FLOATS, {"photometric": "rgb", "bigtiff": True}),
    "float and alpha": (np.dstack([FLOATS, np.ones_like(FLOATS[..., 0])]), {"extrasamples": ["unassalpha"]}),
    "half-size floats and alpha": (np.dstack([FLOATS / 2, FLOATS[..., 0] * 0 + 0.5]), {"extrasamples": ["assocalpha"]}),
    "CMYK and alpha": (np.dstack([INK, BLACK, ALPHA]), {"photometric": "separated", "extrasamples": ["unassalpha"]}),
    "10-bit": (PIXELS.astype(np.uint16) * 4, {"photometric": "rgb", "bitspersample": 10}),
}


@pytest.mark.parametrize("kind", DEEP)
def test_colours_of_any_depth_are_read(kind: str) -> None:
    values, options = DEEP[kind]
    data = written(values, **{"photometric": "rgb", **options})

    if kind.startswith("half-size"):
        image = decode(data, ground=(0, 0, 0)).image
        assert abs(np.asarray(image, int) - PIXELS // 2).mean() < 4
    else:
        assert looks_like(data, PIXELS, 4)


def test_deep_grey_with_alpha_is_read() -> None:
    grey = np.asarray(photo().convert("L"))
    values = np.dstack([grey, ALPHA]).astype(np.uint16) * 257
    data = written(values, photometric="minisblack", extrasamples=["unassalpha"], planarconfig="contig")

    assert looks_like(data, np.dstack([grey] * 3))


def test_it_is_turned_and_its_profile_applied() -> None:
    data = written(FLOATS, photometric="rgb", extratags=[(274, 3, 1, 6, True)])

    image, info, _ = decode(data)

    assert (info.width, info.height) == image.size == (80, 120)
    assert abs(np.asarray(image, int) - np.rot90(PIXELS, -1)).mean() < 4


def thumbnail_first(mode: str = "RGB") -> bytes:
    target = io.BytesIO()
    photo(30, 20).save(target, "TIFF", save_all=True, append_images=[photo().convert(mode)], tiffinfo={254: 1})
    return target.getvalue()


def reduced_only() -> bytes:
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    directory[254] = 1
    return encoded("TIFF", image=photo(), tiffinfo=directory)


def below_a_thumbnail() -> bytes:
    """The photo is a page below the first one, as some cameras and scanners have it."""
    target = io.BytesIO()
    with tifffile.TiffWriter(target) as file:
        file.write(np.asarray(photo(30, 20)), photometric="rgb", subfiletype=1, subifds=1)
        file.write(PIXELS, photometric="rgb", subfiletype=0)
    return target.getvalue()


@pytest.mark.parametrize("make", [thumbnail_first, reduced_only, below_a_thumbnail])
def test_a_first_page_that_is_reduced_does_not_hide_the_picture(make: Callable[[], bytes]) -> None:
    assert looks_like(make(), PIXELS)


def test_a_deep_page_behind_a_thumbnail_is_read() -> None:
    target = io.BytesIO()
    with tifffile.TiffWriter(target) as file:
        file.write(np.asarray(photo(30, 20)), photometric="rgb", subfiletype=1)
        file.write(FLOATS, photometric="rgb", subfiletype=0)

    assert looks_like(target.getvalue(), PIXELS)


def test_pages_of_a_document_stay_in_order() -> None:
    target = io.BytesIO()
    photo().save(target, "TIFF", save_all=True, append_images=[photo(400, 300)])

    assert with_best_page_first(target.getvalue()) is None
    assert len(pages(target.getvalue())) == 2
    assert looks_like(target.getvalue(), PIXELS)


def test_a_kind_that_nobody_reads_is_not_called_damaged() -> None:
    data = bytearray(written(FLOATS, photometric="rgb"))
    for page in pages(bytes(data)):
        assert page.width == 120
    at = data.index((259).to_bytes(2, "little") + b"\3\0\1\0\0\0")
    data[at + 8 : at + 10] = (34_712).to_bytes(2, "little")

    with pytest.raises(UnreadableImage) as caught:
        decode(bytes(data))
    assert "kind" in caught.value.message
    assert "damaged" not in caught.value.message


def test_a_deep_picture_that_is_cut_off_says_so() -> None:
    data = written(FLOATS, photometric="rgb")
    with pytest.raises(UnreadableImage, match="cut off"):
        decode(data[: len(data) // 2])


def test_deep_pictures_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_DEEP_BYTES", FLOATS.nbytes - 1)
    with pytest.raises(UnreadableImage, match="too large"):
        decode(written(FLOATS, photometric="rgb"))


def test_what_expands_beyond_its_page_is_refused() -> None:
    data = bytearray(written(FLOATS, photometric="rgb", compression="zlib"))
    bomb = zlib.compress(bytes(300_000_000), 9)
    (page,) = pages(bytes(data))
    assert page.data_end <= len(data)
    for tag, value in ((273, len(data)), (279, len(bomb))):
        at = data.index(tag.to_bytes(2, "little") + b"\4\0\1\0\0\0")
        data[at + 8 : at + 12] = value.to_bytes(4, "little")

    with pytest.raises(UnreadableImage):
        decode(bytes(data) + bomb)


def test_endless_tags_are_read_once() -> None:
    """Each of many pages says a thousand times where a hundred thousand strips are."""
    tag = (273).to_bytes(2, "little") + b"\4\0" + (100_000).to_bytes(4, "little") + (8).to_bytes(4, "little")
    tags = (1000).to_bytes(2, "little") + tag * 1000
    page, data = len(tags) + 4, b"II*\0\x08\0\0\0"
    for number in range(200):
        data += tags + (8 + (number + 1) * page).to_bytes(4, "little")
    started = time.monotonic()

    assert len(pages(data)) == 200
    assert time.monotonic() - started < 10
