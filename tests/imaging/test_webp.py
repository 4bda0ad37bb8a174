import pytest
from PIL import Image

from bad_files import encoded
from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging import limits
from imagefinder.imaging.decode import decode
from imagefinder.imaging.webp import is_webp, webp_size

SIZE = (37, 100)
PICTURE = Image.new("RGB", SIZE, "red")
KINDS = {
    "lossy": encoded("WEBP", image=PICTURE),
    "lossless": encoded("WEBP", image=PICTURE, lossless=True),
    "alpha": encoded("WEBP", image=PICTURE.convert("RGBA")),
    "extended": encoded("WEBP", image=PICTURE, exif=b"Exif\0\0" + bytes(20)),
    "animated": encoded("WEBP", image=PICTURE, save_all=True, append_images=[Image.new("RGB", SIZE)]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_size_is_in_the_header(kind: str) -> None:
    assert is_webp(KINDS[kind])
    assert webp_size(KINDS[kind]) == SIZE


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_takes_too_much_memory_is_refused_before_it_does(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_WEBP_PIXELS", 37 * 100 - 1)
    with pytest.raises(UnreadableImage, match="too large to open: 37 x 100"):
        decode(KINDS[kind])


def test_a_header_that_says_nothing_is_left_to_the_decoder() -> None:
    assert webp_size(b"RIFF\0\0\0\0WEBPVP8 ") == (1, 1)
