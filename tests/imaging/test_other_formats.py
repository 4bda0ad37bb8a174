"""JPEG 2000, Photoshop, icons, Targa, Netpbm, and the rarer kinds of JPEG and BMP. What nobody writes is drawn here."""

import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from bad_files import encoded, png
from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging import formats, limits
from imagefinder.imaging.decode import decode
from imagefinder.imaging.formats import looks_like_image

Samples = npt.NDArray[Any]
imagecodecs = pytest.importorskip("imagecodecs")


def photo(width: int = 120, height: int = 80) -> Image.Image:
    pixels = np.random.default_rng(8).integers(0, 256, (5, 7, 3), np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)


PIXELS = np.asarray(photo())


def far(data: bytes, name: str, picture: Samples = PIXELS) -> float:
    """The mean distance from the picture, in 256ths; size and format must be told right, and nothing be damaged."""
    image, info, damage = decode(data)
    assert (info.width, info.height, info.format, damage) == (120, 80, name, "")
    assert looks_like_image(data)
    return float(abs(np.asarray(image, int) - picture.astype(int)).mean())


def psd(
    planes: Samples, mode: int, packed: bool = True, large: bool = False, layers: int = 0, extra: bytes = b""
) -> bytes:
    """A Photoshop file whose flat picture is these channels, (channels, height, width)."""
    channels, height, width = planes.shape
    depth = planes.dtype.itemsize * 8
    header = b"8BPS" + struct.pack(">H6xHIIHH", 2 if large else 1, channels, height, width, depth, mode)
    info = struct.pack(">h", layers)
    wide = ">Q" if large else ">I"
    section = struct.pack(wide, len(info)) + info
    start = header + struct.pack(">I", len(extra)) + extra + struct.pack(">I", 0)
    start += struct.pack(wide, len(section)) + section
    rows = [row.astype(row.dtype.newbyteorder(">")).tobytes() for plane in planes for row in plane]
    if not packed:
        return start + b"\0\0" + b"".join(rows)
    runs = [imagecodecs.packbits_encode(row) for row in rows]
    lengths = b"".join(struct.pack(">I" if large else ">H", len(run)) for run in runs)
    return start + b"\0\1" + lengths + b"".join(runs)


RGB, CMYK, GREY, INDEXED = 3, 4, 1, 2
PLANES = np.moveaxis(PIXELS, -1, 0)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("large", [True, False])
@pytest.mark.parametrize("wide", [False, True])
def test_photoshop_files_show_their_flat_picture(packed: bool, large: bool, wide: bool) -> None:
    planes = PLANES.astype(np.uint16) * 257 if wide else PLANES
    assert far(psd(planes, RGB, packed, large), "PSD") == 0


def test_photoshop_files_of_other_modes() -> None:
    grey = np.asarray(photo().convert("L"))
    assert far(psd(grey[None], GREY), "PSD", np.dstack([grey] * 3)) == 0
    ink = np.concatenate([PLANES, np.full((1, *grey.shape), 255, np.uint8)])  # ink is stored the wrong way round
    assert far(psd(ink, CMYK), "PSD") < 1
    light = np.where(PIXELS <= 10, PIXELS / 255 / 12.92, ((PIXELS / 255 + 0.055) / 1.055) ** 2.4)
    assert far(psd(np.moveaxis(light, -1, 0).astype(np.float32), RGB, packed=False), "PSD") < 1
    palette = bytes(range(256)) * 3
    assert far(psd(grey[None], INDEXED, extra=palette), "PSD", np.dstack([grey] * 3)) == 0


def test_a_saved_mask_is_not_taken_for_transparency() -> None:
    planes = np.concatenate([PLANES, np.zeros((1, 80, 120), np.uint8)])
    assert far(psd(planes, RGB), "PSD") == 0
    assert far(psd(planes, RGB, layers=2), "PSD") == 0
    assert (np.asarray(decode(psd(planes, RGB, layers=-2)).image) == 255).all()


@pytest.mark.parametrize("packed", [True, False])
def test_a_photoshop_file_that_is_cut_off_is_kept_as_far_as_it_goes(packed: bool) -> None:
    whole = psd(PLANES[[0, 0, 0]], RGB, packed)
    assert decode(whole[: len(whole) * 9 // 10]).damage
    with pytest.raises(UnreadableImage, match="cut off"):
        decode(whole[:200])


def test_a_huge_photoshop_file_is_refused() -> None:
    whole = bytearray(psd(PLANES, RGB))
    whole[14:22] = struct.pack(">II", 300_000, 300_000)
    with pytest.raises(UnreadableImage, match="too large"):
        decode(bytes(whole))


@pytest.mark.parametrize("bare", [False, True])
def test_jpeg_2000(bare: bool) -> None:
    assert far(encoded("JPEG2000", image=photo(), no_jp2=bare), "JPEG 2000") < 2


@pytest.mark.parametrize("at_least", [1, 60, 130, 500])
def test_jpeg_2000_is_shrunk_while_it_is_decoded(at_least: int) -> None:
    image, info, _ = decode(encoded("JPEG2000", (640, 480)), at_least)

    assert min(at_least, 480) <= min(image.size) < 2 * max(at_least, 20) or image.size == (640, 480)
    assert (info.width, info.height) == (640, 480)


def test_the_colour_profile_of_a_jpeg_2000_is_applied() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for one, other in ((b"rXYZ", b"bXYZ"), (b"rTRC", b"bTRC")):  # red and blue exchanged
        profile = profile.replace(one, b"swap").replace(other, one).replace(b"swap", other)
    data = encoded("JPEG2000", image=photo())
    header, colour = data.index(b"jp2h") - 4, data.index(b"colr") - 4
    (length, told) = (int.from_bytes(data[at : at + 4], "big") for at in (header, colour))
    box = struct.pack(">I4sBBB", 11 + len(profile), b"colr", 2, 0, 0) + profile
    start = struct.pack(">I", length - told + len(box)) + data[header + 4 : colour]

    assert far(data[:header] + start + box + data[colour + told :], "JPEG 2000", PIXELS[..., ::-1]) < 4


def test_deep_grey_and_transparency_in_jpeg_2000() -> None:
    grey = np.asarray(photo().convert("L"))
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    assert far(encoded("JPEG2000", image=deep), "JPEG 2000", np.dstack([grey] * 3)) < 2
    clear = photo().convert("RGBA")
    clear.putalpha(0)
    assert (np.asarray(decode(encoded("JPEG2000", image=clear)).image) > 250).all()


def icon(*pictures: tuple[bytes, int, int, int], kind: int = 1) -> bytes:
    """An icon of encoded pictures: bytes, width, height, bits."""
    head, bodies, at = struct.pack("<HHH", 0, kind, len(pictures)), b"", 6 + 16 * len(pictures)
    for data, width, height, bits in pictures:
        head += struct.pack("<BBBBHHII", width % 256, height % 256, 0, 0, 1, bits, len(data), at + len(bodies))
        bodies += data
    return head + bodies


def dib(image: Image.Image, alpha: int | None = None) -> bytes:
    """The picture as an icon holds it: twice as high, with a mask behind it."""
    bits = 24 if alpha is None else 32
    rows = np.asarray(image.convert("RGB"))[::-1, :, ::-1]
    if alpha is not None:
        rows = np.dstack([rows, np.full(rows.shape[:2], alpha, np.uint8)])
    mask = bytes((image.width + 31) // 32 * 4 * image.height)
    info = struct.pack("<IiiHHIIiiII", 40, image.width, 2 * image.height, 1, bits, 0, rows.size + len(mask), 0, 0, 0, 0)
    return info + rows.tobytes() + mask


@pytest.mark.parametrize("kind", [1, 2])
def test_the_largest_picture_of_an_icon_is_shown(kind: int) -> None:
    small = photo(16, 16)
    for largest, bits in (
        (encoded("PNG", image=photo()), 32),
        (dib(photo()), 24),
        (dib(photo(), 255), 32),
        (dib(photo(), 0), 32),
    ):
        data = icon(
            (dib(small), 16, 16, 24), (largest, 120, 80, bits), (encoded("PNG", image=small), 16, 16, 32), kind=kind
        )
        assert far(data, "ICO") == 0


def test_an_icon_does_not_hide_a_huge_picture() -> None:
    for bomb in (png(30_000, 30_000), dib(photo())[:4] + struct.pack("<ii", 60_000, 60_000) + dib(photo())[12:]):
        with pytest.raises(UnreadableImage, match="too large"):
            decode(icon((bomb, 16, 16, 32)))


def test_an_icon_without_any_picture_is_damaged() -> None:
    with pytest.raises(UnreadableImage, match="damaged"):
        decode(icon((b"nothing of the kind, and rather long", 16, 16, 32)))


@pytest.mark.parametrize("options", [{}, {"compression": "tga_rle"}, {"orientation": 1}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_targa(mode: str, options: dict[str, Any]) -> None:
    image = photo().convert(mode)
    assert far(encoded("TGA", image=image, **options), "TGA", np.asarray(image.convert("RGB"))) == 0


def test_a_targa_file_whose_alpha_is_empty_has_none() -> None:
    image = photo().convert("RGBA")
    image.putalpha(0)
    assert far(encoded("TGA", image=image), "TGA") == 0


def test_other_files_are_not_taken_for_targa() -> None:
    rng = np.random.default_rng(7)
    for data in (bytes(500), b"\0\0\2" * 200, b"Dear diary, " * 50, *(rng.bytes(300) for _ in range(3000))):
        with pytest.raises(UnreadableImage):
            decode(data)


NUMBERS = " ".join(str(value) for value in PIXELS.reshape(-1)).encode()
SIZE = b"120 80"
BITS = np.asarray(photo().convert("1"))
PNM: dict[str, tuple[bytes, Samples]] = {
    "P6": (b"P6\n# a comment\n" + SIZE + b"\n255\n" + PIXELS.tobytes(), PIXELS),
    "P6 of 16 bits": (b"P6 " + SIZE + b" 65535\n" + (PIXELS.astype(">u2") * 257).tobytes(), PIXELS),
    "P6 of 4 bits": (b"P6 " + SIZE + b" 15\n" + (PIXELS >> 4).tobytes(), (PIXELS >> 4) * 17),
    "P3": (b"P3\n" + SIZE + b"\n255\n" + NUMBERS, PIXELS),
    "P5": (b"P5\n" + SIZE + b"\n255\n" + PIXELS[..., 0].tobytes(), np.dstack([PIXELS[..., 0]] * 3)),
    "P4": (b"P4\n" + SIZE + b"\n" + np.packbits(~BITS, axis=1).tobytes(), np.dstack([BITS] * 3) * 255),
    "P1": (
        b"P1\n" + SIZE + b"\n" + "".join(str(int(not bit)) for bit in BITS.reshape(-1)).encode(),
        np.dstack([BITS] * 3) * 255,
    ),
    "P7": (b"P7\nWIDTH 120\nHEIGHT 80\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n" + PIXELS.tobytes(), PIXELS),
    "PF": (b"PF\n" + SIZE + b"\n-1.0\n" + (PIXELS[::-1] / 255).astype("<f4").tobytes(), PIXELS),
    "Pf": (
        b"Pf\n" + SIZE + b"\n1.0\n" + (PIXELS[::-1, :, 0] / 255).astype(">f4").tobytes(),
        np.dstack([PIXELS[..., 0]] * 3),
    ),
}


@pytest.mark.parametrize("kind", PNM)
def test_netpbm(kind: str) -> None:
    data, picture = PNM[kind]
    assert far(data, "PNM", picture) <= 0.5


def test_netpbm_that_is_cut_off_or_huge() -> None:
    data = PNM["P6"][0]
    image, _, damage = decode(data[: len(data) // 2])
    assert damage
    assert np.array_equal(np.asarray(image)[:39], PIXELS[:39])
    for huge in (b"P6 90000 90000 255\n", b"P3 90000 90000 255\n", b"P4 900000 90000\n", b"PF 90000 90000 1\n"):
        with pytest.raises(UnreadableImage, match="too large"):
            decode(huge + bytes(100))
    for broken in (b"P6 8 8 0\n", b"P5 8 8\n", b"P7\nWIDTH 8\nENDHDR\n", b"P3 9 9 255\nwords words"):
        with pytest.raises(UnreadableImage):
            decode(broken + bytes(10))


def test_plain_text_is_read_only_while_it_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SLOW_PIXELS", 100)
    with pytest.raises(UnreadableImage, match="too large"):
        decode(PNM["P3"][0])


def test_a_bitmap_without_its_file_header() -> None:
    assert far_from_bmp(encoded("BMP", image=photo())[14:]) == 0


def far_from_bmp(data: bytes) -> float:
    image, info, _ = decode(data)
    assert info.format == "BMP"
    return float(abs(np.asarray(image, int) - PIXELS).max())


@pytest.mark.parametrize(
    "options", [{"bitspersample": 12}, {"lossless": True}, {"lossless": True, "bitspersample": 16}]
)
def test_rarer_kinds_of_jpeg(options: dict[str, Any]) -> None:
    wide = PIXELS.astype(np.uint16)
    values = {8: PIXELS, 12: wide << 4, 16: wide * 257}[options.get("bitspersample", 8)]
    assert far(imagecodecs.jpeg8_encode(values, level=98, **options), "JPEG") < 2


def test_a_kind_of_jpeg_that_nobody_reads_is_not_called_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    data = imagecodecs.jpeg8_encode(PIXELS.astype(np.uint16) << 4, bitspersample=12)

    def refuse(_: bytes) -> None:
        raise ValueError

    monkeypatch.setattr(imagecodecs, "jpeg8_decode", refuse)
    with pytest.raises(UnreadableImage) as caught:
        decode(data)
    assert "kind of JPEG (12 bits" in caught.value.message
    assert "damaged" not in caught.value.message


def test_a_codec_in_a_known_container_that_nobody_reads_is_not_called_damaged() -> None:
    data = encoded("HEIF", image=photo())
    assert data.count(b"hvc1") >= 1
    with pytest.raises(UnreadableImage) as caught:
        decode(data.replace(b"hvc1", b"vvc1"))
    assert "kind" in caught.value.message
    assert "damaged" not in caught.value.message


def test_all_of_it_is_promised() -> None:
    assert {"JPEG 2000", "PSD", "ICO", "TGA", "PNM"} <= set(formats.supported())


def test_pillow_alone_opens_none_of_the_weak_ones() -> None:
    assert not {"TGA", "ICO", "PPM", "PSD", "EPS"} & set(formats.decoders())
