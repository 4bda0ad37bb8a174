"""Drawings are drawn by a child process, which survives none of the tests' hostile ones and is replaced."""

import base64
import gzip
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bad_files import encoded
from imagefinder.display import why_no_screenshot
from imagefinder.domain.errors import UnreadableImage
from imagefinder.imaging import svg
from imagefinder.imaging.decode import decode
from imagefinder.imaging.svg import is_svg
from imagefinder.imaging.svg_child import harmless

needs_qt = pytest.mark.skipif(bool(why_no_screenshot()), reason="Qt cannot be loaded here")

NAMES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def drawing(content: str, size: str = 'width="100" height="50"') -> bytes:
    return f"<svg {NAMES} {size}>{content}</svg>".encode()


HALVES = drawing('<rect width="50" height="50" fill="red"/><rect x="50" width="50" height="50" fill="blue"/>')


@needs_qt
@pytest.mark.parametrize(
    "data",
    [
        HALVES,
        b'<?xml version="1.0"?>\n<!-- made by hand -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd">'
        + HALVES,
        b"\xef\xbb\xbf" + HALVES,
        b"\xff\xfe" + HALVES.decode().encode("utf-16-le"),
        gzip.compress(HALVES),
        HALVES.replace(b'width="100" height="50"', b'viewBox="0 0 100 50"', 1),
        b'<!DOCTYPE svg [<!ENTITY col "red">]>' + HALVES.replace(b'"red"', b'"&col;"'),
    ],
    ids=["plain", "header", "mark", "UTF-16", "packed", "box", "entity"],
)
def test_drawings_are_drawn(data: bytes) -> None:
    image, info, damage = decode(data)

    assert (image.size, info.format, damage) == ((1024, 512), "SVG", "")
    assert (info.width, info.height) == (1024, 512)
    assert (image.getpixel((200, 250)), image.getpixel((800, 250))) == (RED, BLUE)


@needs_qt
@pytest.mark.parametrize("at_least", [1, 50, 400, 512, 5000])
def test_they_are_drawn_in_the_size_that_is_wanted(at_least: int) -> None:
    image, info, _ = decode(HALVES, at_least)

    assert min(at_least, 512) <= min(image.size) <= max(2, min(at_least, 512))
    assert (info.width, info.height) == (1024, 512)


@needs_qt
def test_links_within_a_drawing_and_pictures_in_it_are_drawn() -> None:
    image = encoded("PNG", image=Image.new("RGB", (8, 8), BLUE))
    inside = f'<image width="50" height="50" xlink:href="data:image/png;base64,{base64.b64encode(image).decode()}"/>'
    use = '<defs><rect id="r" width="50" height="50" fill="red"/></defs><use xlink:href="#r" x="50"/>'
    drawn = decode(drawing(inside + use)).image
    assert (drawn.getpixel((200, 250)), drawn.getpixel((800, 250))) == (BLUE, RED)


@needs_qt
def test_text_does_not_end_the_child() -> None:
    assert decode(drawing('<text x="5" y="40" font-size="40">Text</text>')).image.size == (1024, 512)
    assert decode(HALVES).image.size == (1024, 512)


@needs_qt
def test_nothing_outside_is_read(tmp_path: Path) -> None:
    path = tmp_path / "outside.png"
    Image.new("RGB", (8, 8), BLUE).save(path)
    for address in (str(path), path.as_uri(), f"{tmp_path}/./outside.png"):
        for tag in ("image", "use"):
            outside = drawing(f'<{tag} width="100" height="50" xlink:href="{address}" href="{address}"/>')
            assert decode(outside).image.getcolors() == [(1024 * 512, WHITE)]
        entity = f'<!DOCTYPE svg [<!ENTITY out "{address}">]>'.encode()
        assert decode(entity + drawing('<image width="100" height="50" xlink:href="&out;"/>')).image.getcolors() == [
            (1024 * 512, WHITE)
        ]


def test_what_leads_out_of_a_drawing_is_taken_from_it() -> None:
    found = harmless(
        drawing(
            "<script>x</script><style>@import url(http://a/b.css); a{fill:url(http://a#b)}</style>"
            '<a xlink:href="http://a"><rect onclick="x" fill="url(http://a#b)" stroke="url(#in)"/></a>'
            '<foreignObject/><image href="http://a/b.png"/><image href="data:image/png;base64,PHN2Zz4="/>'
        )
    ).decode()

    assert "http://a" not in found
    assert "script" not in found
    assert "onclick" not in found
    assert "base64" not in found
    assert "foreignObject" not in found
    assert 'stroke="url(#in)"' in found


@needs_qt
@pytest.mark.parametrize(
    "data",
    [
        HALVES[:60],
        b'<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0"/>',
        b"<svg " + NAMES.encode() + b' width="9" height="9">' + b"<g>" * 100_000 + b"</g>" * 100_000 + b"</svg>",
        b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + number, b"&%c;" % (97 + number) * 10) for number in range(10))
        + b"]>"
        + drawing("<text>&k;</text>"),
    ],
    ids=["cut", "empty", "deep", "laughs"],
)
def test_what_cannot_be_drawn_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableImage):
        decode(data)
    assert decode(HALVES).image.size == (1024, 512)


@needs_qt
def test_a_drawing_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    many = '<rect id="a0" width="1" height="1"/>'
    for number in range(1, 12):
        many += f'<g id="a{number}">' + f'<use xlink:href="#a{number - 1}"/>' * 10 + "</g>"
    decode(HALVES)  # so that the child is there
    monkeypatch.setattr(svg, "SECONDS", 0.7)

    with pytest.raises(UnreadableImage, match=r"longer than 0\.7 seconds"):
        decode(drawing(many))
    monkeypatch.undo()
    assert decode(HALVES).image.size == (1024, 512)


@needs_qt
def test_many_threads_share_one_child() -> None:
    start = threading.Barrier(6)

    def work(number: int) -> bytes:
        start.wait()
        return decode(HALVES, 50 + number % 2).image.tobytes()

    with ThreadPoolExecutor(6) as pool:
        pictures = list(pool.map(work, range(6)))
    assert pictures == [pictures[0], pictures[1]] * 3
    assert pictures[0] != pictures[1]


def test_a_packed_drawing_has_a_limit() -> None:
    with pytest.raises(UnreadableImage, match="too large"):
        decode(gzip.compress(HALVES[:-6] + b" " * (svg.MAX_BYTES + 10) + b"</svg>"))


@pytest.mark.parametrize(
    ("child", "reason"),
    [
        ("import sys; sys.exit(3)", "crashed"),
        (
            "import sys; sys.modules['PySide6'] = None; from imagefinder.imaging.svg_child import serve; serve()",
            "PySide6",
        ),
    ],
)
def test_a_child_that_cannot_draw_says_so(child: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    painter = svg._Painter()
    monkeypatch.setattr(svg, "COMMAND", (sys.executable, "-c", child))
    monkeypatch.setattr(svg, "_painter", painter)

    with pytest.raises(UnreadableImage, match=reason):
        decode(HALVES)
    painter.stop()


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html><html><svg></svg></html>",
        b"<html>",
        b"svg",
        b"<?xml version='1.0'?><rss/>",
        gzip.compress(b"x" * 99),
    ],
)
def test_other_text_is_no_drawing(data: bytes) -> None:
    assert not is_svg(data)
    with pytest.raises(UnreadableImage, match="not an image"):
        decode(data)


@needs_qt
def test_light_drawings_show() -> None:
    image = decode(drawing('<circle cx="50" cy="25" r="20" fill="white"/>')).image
    assert np.asarray(image).std() > 40
