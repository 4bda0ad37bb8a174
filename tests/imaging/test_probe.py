import sys
import time
from pathlib import Path

import pytest

from bad_files import encoded
from imagefinder.domain.errors import Cancelled, ImageFinderError
from imagefinder.domain.progress import CancelToken
from imagefinder.imaging.probe import find_killers

FRAGILE = """
import os, signal, sys, time
from imagefinder.imaging import probe
def read_file(path):
    with open(path, "rb") as file:
        data = file.read()
    if data == b"crash":
        os.abort()
    if data == b"exit":
        os._exit(7)
    if data == b"hang":
        time.sleep(1000)
    return data, None
probe.read_file = read_file
probe.main(sys.stdin.buffer, sys.stdout.buffer)
"""
"""A child whose decoder dies of certain files."""


def test_photos_and_unreadable_files_are_no_killers(tmp_path: Path) -> None:
    good, text = tmp_path / "two\nlines \N{CAMERA}.jpg", tmp_path / "text.jpg"
    good.write_bytes(encoded("JPEG"))
    text.write_text("no picture")

    assert find_killers([str(good), str(text), str(tmp_path / "missing.jpg")]) == {}


def test_nothing_to_try_starts_nothing() -> None:
    assert find_killers([], command=["/no/such/program"]) == {}


def test_killers_are_found_and_the_rest_is_tried(tmp_path: Path) -> None:
    paths = []
    for name in ("fine", "crash", "exit", "hang", "fine too"):
        path = tmp_path / f"{name}.jpg"
        path.write_bytes(name.encode())
        paths.append(str(path))

    killers = find_killers(paths, seconds_each=1, command=[sys.executable, "-c", FRAGILE])

    assert list(killers) == paths[1:4]
    assert "crashed the decoder" in killers[paths[1]]
    assert "7" in killers[paths[2]]
    assert "longer than 1 seconds" in killers[paths[3]]


def test_a_child_that_does_not_start_is_not_the_fault_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(ImageFinderError, match="could not start"):
        find_killers([str(tmp_path / "a.jpg")], command=[sys.executable, "-c", "raise SystemExit(3)"])


def test_it_can_be_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"hang")
    token = CancelToken()
    token.cancel()
    started = time.monotonic()

    with pytest.raises(Cancelled):
        find_killers([str(path)], command=[sys.executable, "-c", FRAGILE], token=token)

    assert time.monotonic() - started < 5
