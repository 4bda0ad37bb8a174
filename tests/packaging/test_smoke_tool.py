"""The tools that the smoke test and the build are made of, where they are clever enough to be wrong."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import elf
import smoke_test
from imagefinder.integrate import desktop_entry


def test_a_screenshot_is_written_as_it_was_seen(tmp_path: Path) -> None:
    width, height = 5, 3
    pixels = random.Random(0).randbytes(4 * width * height)
    smoke_test.write_png(tmp_path / "seen.png", width, height, pixels)
    with Image.open(tmp_path / "seen.png") as image:
        assert image.size == (width, height)
        got = image.convert("RGB").tobytes()
    expected = b"".join(
        pixels[at + 2 : at + 3] + pixels[at + 1 : at + 2] + pixels[at : at + 1] for at in range(0, 60, 4)
    )
    assert got == expected


@pytest.mark.parametrize("program", ["/opt/a/b", "/home/a b/c", "/x/100%/y", '/a "quoted" one/b', "/a$b/`c`"])
def test_the_command_of_a_menu_entry_is_read_as_a_desktop_reads_it(tmp_path: Path, program: str) -> None:
    entry = tmp_path / "x.desktop"
    entry.write_text(desktop_entry(program), encoding="utf-8")
    assert smoke_test.exec_line(entry, ["/p/a b.jpg"]) == [program, "/p/a b.jpg"]


def test_removal_is_checked_in_the_places_that_packages_write_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke_test, "WATCHED", (str(tmp_path),))
    before = smoke_test.files_now()
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "over").touch()
    (tmp_path / "mimeinfo.cache").touch()
    assert smoke_test.files_now() - before == {str(tmp_path / "left"), str(tmp_path / "left" / "over")}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ELF")
def test_the_search_path_of_the_building_machine_is_removed(tmp_path: Path) -> None:
    compiler, objdump = shutil.which("cc"), shutil.which("objdump")
    if compiler is None or objdump is None:
        pytest.skip("cc and objdump are not installed")
    source, library, program = tmp_path / "a.c", tmp_path / "liba.so", tmp_path / "a"
    source.write_text("int main(void) { return 7; }\n")
    for target, path in ((library, "/somebody/lib"), (program, "/somebody/lib")):
        shared = ["-shared", "-fPIC"] if target is library else []
        subprocess.run([compiler, *shared, str(source), f"-Wl,-rpath,{path}", "-o", str(target)], check=True)
        assert "/somebody/lib" in dynamic_section(objdump, target)
        assert elf.forget_build_path(target)
        assert "/somebody/lib" not in dynamic_section(objdump, target)
        assert not elf.forget_build_path(target)
    assert subprocess.run([str(program)], check=False).returncode == 7
    own = tmp_path / "own.so"
    subprocess.run([compiler, "-shared", "-fPIC", str(source), "-Wl,-rpath,$ORIGIN", "-o", str(own)], check=True)
    assert not elf.forget_build_path(own)


def dynamic_section(objdump: str, path: Path) -> str:
    return subprocess.run([objdump, "-p", str(path)], capture_output=True, text=True, check=True).stdout
