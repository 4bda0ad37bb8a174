import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from bad_files import encoded
from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging.decode import decode

WHOLE = encoded("PNG", (160, 120))
HEADER = 33
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def chunk(kind: bytes, content: bytes, wrong: bool = False) -> bytes:
    checksum = zlib.crc32(kind + content) ^ wrong
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def with_chunks(*chunks: bytes) -> bytes:
    """The picture with these chunks before its pixels."""
    return WHOLE[:HEADER] + b"".join(chunks) + WHOLE[HEADER:]


def same_picture(data: bytes) -> bool:
    image, info, damage = decode(data)
    assert (info.width, info.height, info.format, damage) == (160, 120, "PNG", "")
    return np.array_equal(np.asarray(image), np.asarray(decode(WHOLE).image))


LARGE = zlib.compress(b'{"nodes":[{"id":1}]},' * 150_000, 9)


@pytest.mark.parametrize(
    "chunks",
    [
        (chunk(b"zTXt", b"workflow\0\0" + LARGE),),
        (chunk(b"iTXt", b"parameters\0\1\0\0\0" + LARGE),),
        tuple(chunk(b"iTXt", b"p%d\0\1\0\0\0" % n + zlib.compress(bytes(1_000_000))) for n in range(70)),
        (chunk(b"iCCP", b"press\0\0" + zlib.compress(SRGB + bytes(2_000_000))),),
        (chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(bytes(3_000_000))),),
    ],
    ids=["zTXt", "iTXt", "many texts", "profile", "raw profile"],
)
def test_large_metadata_costs_no_picture(chunks: tuple[bytes, ...]) -> None:
    assert same_picture(with_chunks(*chunks))


@pytest.mark.parametrize("kind", [b"tEXt", b"pHYs", b"iCCP", b"eXIf", b"gAMA", b"tIME", b"caNv"])
def test_nor_does_metadata_with_a_wrong_checksum(kind: bytes) -> None:
    assert same_picture(with_chunks(chunk(kind, b"Software\0\0x", wrong=True)))


def test_nor_does_it_behind_the_pixels() -> None:
    end = len(WHOLE) - 12
    assert same_picture(WHOLE[:end] + chunk(b"zTXt", b"workflow\0\0" + LARGE) + WHOLE[end:])
    assert same_picture(WHOLE[:end] + chunk(b"tEXt", b"a\0b", wrong=True) + WHOLE[end:])


def test_nor_does_a_chunk_whose_header_is_damaged() -> None:
    assert same_picture(with_chunks(b"\0\0\0\x05\x01\x02xt" + bytes(9)))
    assert same_picture(with_chunks(b"\xff\xff\xff\xfftEXt" + bytes(9)))


@pytest.mark.parametrize(
    "kind", [b"tRNS", b"gAMA", b"cHRM", b"pHYs", b"sRGB", b"acTL", b"fcTL", b"iCCP", b"eXIf", b"zTXt"]
)
def test_nor_does_metadata_that_makes_no_sense(kind: bytes) -> None:
    for content in (b"", b"\0", b"a\0\7", b"\xff" * 30):
        assert same_picture(with_chunks(chunk(kind, content)))


def test_a_large_profile_is_applied() -> None:
    swapped = SRGB
    for one, other in ((b"rXYZ", b"bXYZ"), (b"rTRC", b"bTRC")):
        swapped = swapped.replace(one, b"swap").replace(other, one).replace(b"swap", other)
    red = encoded("PNG", image=Image.new("RGB", (8, 8), (255, 0, 0)))
    packed = chunk(b"iCCP", b"press\0\0" + zlib.compress(swapped + bytes(2_000_000)))

    image, *_ = decode(red[:HEADER] + packed + red[HEADER:])

    assert image.getpixel((4, 4)) == (0, 0, 255)


def test_transparency_and_orientation_are_kept() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    clear = Image.new("P", (20, 10), 0)
    clear.putpalette([0, 0, 0, 255, 0, 0])
    data = encoded("PNG", image=clear, transparency=0, exif=exif)

    image, info, _ = decode(data[:HEADER] + chunk(b"zTXt", b"workflow\0\0" + LARGE) + data[HEADER:])

    assert (info.width, info.height) == image.size == (10, 20)
    assert image.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("image_format", ["PNG", "GIF", "BMP", "TIFF"])
def test_a_picture_that_is_cut_off_is_kept_as_far_as_it_goes(image_format: str, share: float) -> None:
    whole = encoded(image_format, (160, 120))

    image, info, damage = decode(whole[: int(len(whole) * share)])

    alike = (np.asarray(image) == np.asarray(decode(whole).image)).all(axis=2).mean()
    assert "as far as it goes" in damage
    assert (info.width, info.height) == image.size == (160, 120)
    assert share - 0.2 < alike < 1


def test_broken_pixels_are_damage_too() -> None:
    middle = WHOLE.index(b"IDAT") + len(WHOLE) // 2
    assert decode(WHOLE[:middle] + b"\0\xff\0\xff" * 9 + WHOLE[middle + 36 :]).damage


def test_a_broken_header_is_not_shown() -> None:
    with pytest.raises(UnreadableImage, match="damaged"):
        decode(WHOLE[:17] + b"\x01" + WHOLE[18:])


def interlaced(image: Image.Image) -> bytes:
    """The picture in the seven passes of Adam7."""
    pixels = np.asarray(image)
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    rows = b"".join(
        b"\0" + row.tobytes() for top, left, down, across in passes for row in pixels[top::down, left::across]
    )
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("share", "most"), [(0.1, 32), (0.3, 20), (0.6, 11)])
def test_the_first_passes_of_an_interlaced_picture_are_shown(share: float, most: float) -> None:
    right = np.asarray(decode(WHOLE).image, int)
    data = interlaced(decode(WHOLE).image)
    assert np.array_equal(np.asarray(decode(data).image), right)

    image, _, damage = decode(data[: int(len(data) * share)])

    assert damage
    assert abs(np.asarray(image, int) - right).mean() < most
