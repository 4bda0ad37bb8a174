import time
from pathlib import Path

import pytest

from bad_files import REASONS, make_bad_files
from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.specs import InputSpec
from imagefinder.imaging.names import OTHERS, extension_of
from imagefinder.imaging.reading import fit, read_image

SPEC = InputSpec(crop=64, resize=64)


def test_each_bad_file_is_read_or_has_its_reason(tmp_path: Path) -> None:
    kinds = make_bad_files(tmp_path)
    assert set(kinds.values()) >= set(REASONS) - {"no permission", "not a file", "loop", "missing"}  # needs a Unix

    wrong = {}
    for name, kind in kinds.items():
        started = time.monotonic()
        try:
            read_image(str(tmp_path / name), SPEC)
            found = ""
        except UnreadableImage as error:
            found = error.message
        if (found == "") != (kind == "readable") or REASONS[kind] not in found or time.monotonic() - started > 5:
            wrong[name] = (kind, found)
    assert not wrong


def test_bad_files_have_names_that_a_scan_looks_at(tmp_path: Path) -> None:
    assert not {extension_of(name) for name in make_bad_files(tmp_path)} & OTHERS


def test_the_preview_says_the_same(tmp_path: Path) -> None:
    make_bad_files(tmp_path)
    with pytest.raises(UnreadableImage, match="not an image"):
        fit(str(tmp_path / "text.jpg"), 100, 100)
