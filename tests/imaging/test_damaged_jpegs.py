import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bad_files import encoded
from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.specs import InputSpec
from imagefinder.imaging import limits
from imagefinder.imaging.decode import decode
from imagefinder.imaging.jpeg_stream import walk
from imagefinder.imaging.reading import read_image

NOISE = np.random.default_rng(9).bytes(300_000)
KINDS: list[dict[str, Any]] = [{}, {"progressive": True}, {"restart_marker_rows": 2}, {"subsampling": 0}]


def rows_alike(data: bytes, whole: bytes) -> int:
    """How many rows from the top are those of the whole picture."""
    ours, right = np.asarray(decode(data).image, int), np.asarray(decode(whole).image, int)
    assert ours.shape == right.shape
    wrong = (abs(ours - right).max(axis=(1, 2)) > 2).nonzero()[0]
    return int(wrong[0]) if len(wrong) else len(ours)


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("missing", [1, 2])
def test_a_missing_end_is_no_damage(options: dict[str, Any], missing: int) -> None:
    whole = encoded("JPEG", (640, 480), **options)

    assert decode(whole[:-missing]).damage == ""
    assert rows_alike(whole[:-missing], whole) == 480


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("trailer", [b"\0\0SEFT trailer" * 99, b"\0\0\0\x18ftypmp42" + NOISE, bytes(5000)])
def test_nor_is_it_with_a_trailer_in_its_place(options: dict[str, Any], trailer: bytes) -> None:
    whole = encoded("JPEG", (640, 480), **options)

    assert decode(whole[:-2] + trailer).damage == ""
    assert rows_alike(whole[:-2] + trailer, whole) == 480


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 2}, {"subsampling": 0}])
def test_a_picture_that_is_cut_off_is_kept_as_far_as_it_goes(options: dict[str, Any], share: float) -> None:
    whole = encoded("JPEG", (640, 480), **options)
    cut = whole[: int(len(whole) * share)]

    image, info, damage = decode(cut)

    assert "as far as it goes" in damage
    assert (info.width, info.height) == image.size == (640, 480)
    assert share * 480 - 60 < rows_alike(cut, whole) < 480
    assert decode(cut, at_least=50).damage == damage


def test_a_progressive_picture_that_is_cut_off_is_kept_if_coarse() -> None:
    whole = encoded("JPEG", (640, 480), progressive=True)

    image, _, damage = decode(whole[: len(whole) * 2 // 3])

    assert damage
    assert abs(np.asarray(image, int) - np.asarray(decode(whole).image, int)).mean() < 20


def test_a_progressive_picture_that_lacks_its_last_scan_is_damaged() -> None:
    whole = encoded("JPEG", (640, 480), progressive=True)

    assert decode(whole[: walk(whole).cuts[1]]).damage
    assert not decode(whole).damage


@pytest.mark.parametrize("broken", [b"\xff\x3c", b"\xff\xc0", b"\xff\xda"])
def test_what_lies_behind_a_broken_place_is_not_made_up(broken: bytes) -> None:
    whole = encoded("JPEG", (640, 480))
    middle = len(whole) * 2 // 3
    data = whole[:middle] + broken + whole[middle + 2 :]

    assert rows_alike(data, whole) > 200
    assert decode(data).damage


@pytest.mark.parametrize("keep", [30, 400, 700])
def test_with_hardly_anything_left_it_stays_unreadable(keep: int) -> None:
    with pytest.raises(UnreadableImage, match="cut off"):
        decode(encoded("JPEG", (640, 480))[:keep])


def test_the_damage_is_told_where_the_photo_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    spec = InputSpec(crop=64, resize=64)
    path.write_bytes(encoded("JPEG", (640, 480))[:-3000])
    assert read_image(str(path), spec).damage
    path.write_bytes(encoded("JPEG", (640, 480)))
    assert not read_image(str(path), spec).damage


def test_a_progressive_picture_may_have_anything_behind_it() -> None:
    whole = encoded("JPEG", (640, 480), progressive=True)
    film = b"\0\0\0\x18ftypmp42" + NOISE + b"\xff\xda\0\x0c" * (2 * limits.MAX_SCANS)

    assert np.array_equal(np.asarray(decode(whole + film).image), np.asarray(decode(whole).image))


def test_scans_are_counted_within_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = encoded("JPEG", (640, 480), progressive=True)
    monkeypatch.setattr(limits, "MAX_SCANS", len(walk(whole).scans) - 1)

    with pytest.raises(UnreadableImage, match="very long"):
        decode(whole)


def test_a_height_that_is_told_behind_the_scan_is_read() -> None:
    whole = encoded("JPEG", (64, 48))
    frame = whole.index(b"\xff\xc0")
    data = whole[: frame + 5] + b"\0\0" + whole[frame + 7 : -2] + b"\xff\xdc\0\x04\0\x30\xff\xd9"

    image, info, damage = decode(data)

    assert (info.width, info.height, damage) == (64, 48, "")
    assert np.array_equal(np.asarray(image), np.asarray(decode(whole).image))


def test_damage_does_not_cost_the_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.open(io.BytesIO(encoded("PNG", (640, 480))))

    decoded = decode(encoded("JPEG", image=image, exif=exif)[:-2000])

    assert decoded.damage
    assert decoded.image.size == (480, 640)


def test_endless_segments_are_not_followed() -> None:
    whole = encoded("JPEG", (64, 48), progressive=True)
    second = walk(whole).cuts[-1]
    endless = whole[:second] + b"\xff\xfe\0\x02" * 300_000 + whole[second:]

    assert walk(endless).endless
    with pytest.raises(UnreadableImage, match="very long"):
        decode(endless)
