"""`imagefinder integrate`: into the menus and out again."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from imagefinder import integrate
from imagefinder.cli import main
from imagefinder.domain.errors import ImageFinderError

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="menus of Linux")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this person's menu entries go, and a program beside a Python in a folder with an awkward name."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    programs = tmp_path / 'my "apps" $1 100%'
    programs.mkdir()
    (programs / "imagefinder-window").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (programs / "imagefinder-window").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(programs / "python"))
    return tmp_path / "data"


def test_the_entry_starts_the_program_with_the_files(data: Path) -> None:
    entry, icon = integrate.integrate()
    assert entry == data / "applications" / "imagefinder.desktop"
    assert icon.read_bytes().lstrip().startswith(b"<svg")
    (line,) = [line for line in entry.read_text().splitlines() if line.startswith("Exec=")]
    # First the escapes of strings in an entry, then the quotes of commands (shlex leaves the one of $), then codes.
    words = shlex.split(line.removeprefix("Exec=").replace("\\\\", "\\"))
    assert words[1:] == ["%F"]
    program = words[0].replace("\\$", "$").replace("%%", "%")
    said = subprocess.run([program, "a b.jpg"], capture_output=True, text=True, check=True).stdout
    assert said == "a b.jpg\n"


def test_removing_leaves_what_others_put_there(data: Path) -> None:
    other = data / "applications" / "other.desktop"
    other.parent.mkdir(parents=True)
    other.write_text("[Desktop Entry]\nType=Application\nName=Other\nExec=true\n")
    written = integrate.integrate()
    assert integrate.disintegrate() == written
    assert not any(place.exists() for place in written)
    assert other.exists()
    assert integrate.disintegrate() == []


def test_the_command_says_what_it_did(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = ["--basedir", str(tmp_path / "base")]
    assert main(["integrate", *base]) == 0
    assert f"Wrote {data / 'applications' / 'imagefinder.desktop'}" in capsys.readouterr().out
    assert main(["integrate", "--remove", *base]) == 0
    assert "Removed" in capsys.readouterr().out
    assert [path for path in data.rglob("*") if path.is_file()] == []


def test_a_folder_that_refuses_is_explained(data: Path) -> None:
    data.write_text("a file where a folder should be")
    with pytest.raises(ImageFinderError, match="cannot be written"):
        integrate.integrate()


def test_an_app_that_is_not_installed_is_explained(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageFinderError, match="imagefinder-window"):
        integrate.integrate()
