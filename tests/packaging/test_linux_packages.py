"""The .deb and the archive, made of a bundle of one small script: what is in them, and how they come and go."""

import gzip
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import build
import imagefinder
import linux_package
from elf import needs
from identity import IDENTIFIER
from imagefinder.display import why_no_screenshot
from imagefinder.integrate import desktop_entry

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="packages of Linux")
needs_qt = pytest.mark.skipif(bool(why_no_screenshot()), reason="Qt cannot be loaded here")


@pytest.fixture(scope="module")
def icons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("icons")
    for side in linux_package.HICOLOR_SIDES:
        (folder / f"imagefinder-{side}.png").write_bytes(b"png")
    return folder


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    (folder / "_internal").mkdir(parents=True)
    (folder / "_internal" / "ä data.txt").write_text("data")
    program = folder / "imagefinder"
    program.write_text('#!/bin/sh\necho "ran $0"\n')
    program.chmod(0o755)
    (folder / "imagefinder-window").symlink_to("imagefinder")
    return folder


def require(*names: str) -> None:
    for name in names:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")


def test_deb(tmp_path: Path, bundle: Path, icons: Path) -> None:
    require("dpkg-deb", "objdump")
    deb = linux_package.build_deb(bundle, tmp_path / "stage", icons, "notice", tmp_path)
    out = subprocess.run(["dpkg-deb", "-x", str(deb), str(tmp_path / "x")], capture_output=True, text=True, check=True)
    assert out.stderr == ""
    root = tmp_path / "x"
    names = {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}
    share = "usr/share"
    assert names >= {
        "opt/imagefinder/imagefinder",
        "opt/imagefinder/_internal/ä data.txt",
        f"{share}/applications/imagefinder.desktop",
        f"{share}/metainfo/{IDENTIFIER}.metainfo.xml",
        f"{share}/icons/hicolor/16x16/apps/imagefinder.png",
        f"{share}/icons/hicolor/scalable/apps/imagefinder.svg",
        f"{share}/man/man1/imagefinder.1.gz",
        f"{share}/doc/imagefinder/copyright",
    }
    assert not [
        name for name in names if not name.startswith(("opt/imagefinder/", "usr/bin/imagefinder", "usr/share/"))
    ]
    assert os.readlink(root / "usr/bin/imagefinder-window") == "/opt/imagefinder/imagefinder-window"
    assert gzip.decompress((root / share / "doc/imagefinder/THIRD-PARTY.txt.gz").read_bytes()) == b"notice"
    entry = (root / share / "applications/imagefinder.desktop").read_text()
    assert entry == desktop_entry("/opt/imagefinder/imagefinder-window")
    control = subprocess.run(["dpkg-deb", "-f", str(deb)], capture_output=True, text=True, check=True).stdout
    assert f"Version: {imagefinder.__version__}\n" in control
    assert "Depends: libc6 (>= " in control
    scripts = subprocess.run(["dpkg-deb", "--ctrl-tarfile", str(deb)], capture_output=True, check=True).stdout
    assert b"./postrm" in scripts
    assert b"inst\0" not in scripts  # nothing runs at installation


def test_a_gpu_flavour_is_the_same_package_under_its_own_name(tmp_path: Path, bundle: Path, icons: Path) -> None:
    require("dpkg-deb", "dpkg")
    assert (build.flavour_of(None), build.flavour_of("13.0")) == ("cpu", "cuda13.0")
    deb = linux_package.build_deb(bundle, tmp_path / "deb", icons, "notice", tmp_path, "cuda13.0")
    assert f"_{imagefinder.__version__}+cuda13.0_" in deb.name
    version = subprocess.run(["dpkg-deb", "-f", str(deb), "Version"], capture_output=True, text=True, check=True)
    assert version.stdout.strip() == f"{imagefinder.__version__}+cuda13.0"
    later = ["dpkg", "--compare-versions", version.stdout.strip(), "gt", imagefinder.__version__]
    assert subprocess.run(later, check=False).returncode == 0
    archive = linux_package.build_archive(bundle, tmp_path / "stage", icons, "notice", tmp_path, "cuda13.0")
    assert "-cuda13.0." in archive.name


def test_archive_installs_and_leaves_nothing_behind(tmp_path: Path, bundle: Path, icons: Path) -> None:
    require("tar", "xz")
    archive = linux_package.build_archive(bundle, tmp_path / "stage", icons, "notice", tmp_path, "cpu")
    subprocess.run(["tar", "-C", str(tmp_path), "-xf", str(archive)], check=True)
    top = tmp_path / archive.name.removesuffix(archive.suffix).removesuffix(".tar")
    prefix = tmp_path / "my apps"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}

    def run(*command: str | Path, code: int = 0) -> str:
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == code, result.stderr
        return result.stdout

    run(top / "install.sh", prefix)
    run(top / "install.sh", prefix)  # again, as an update does
    program = prefix / "lib/imagefinder/imagefinder-window"
    assert run(prefix / "bin/imagefinder-window").startswith("ran ")
    entry = (prefix / "share/applications/imagefinder.desktop").read_text()
    assert f'Exec="{program}" %F\n' in entry
    assert "~/.local/share/imagefinder" in run(prefix / "lib/imagefinder/uninstall.sh")
    assert list(prefix.rglob("*")) == []
    run(top / "install.sh", f"{tmp_path}/100%", code=2)
    run(top / "install.sh", "relative", code=2)


def test_archive_leaves_what_others_have_installed(tmp_path: Path, bundle: Path, icons: Path) -> None:
    require("tar")
    linux_package.build_archive(bundle, tmp_path / "stage", icons, "notice", tmp_path, "cpu")
    prefix = tmp_path / "prefix"
    others = [prefix / "bin/other", prefix / "share/applications/other.desktop", prefix / "share/man/man1/other.1"]
    for other in others:
        other.parent.mkdir(parents=True)
        other.write_text("[Desktop Entry]\nType=Application\nName=Other\nExec=true\n")
    subprocess.run([tmp_path / "stage/tree/install.sh", prefix], check=True, capture_output=True)
    subprocess.run([prefix / "lib/imagefinder/uninstall.sh"], check=True, capture_output=True)
    left = {path for path in prefix.rglob("*") if path.is_file() and path.name != "mimeinfo.cache"}
    assert left == set(others)


@needs_qt
def test_a_library_that_nobody_decided_about_stops_the_build(tmp_path: Path) -> None:
    require("objdump")
    source = next(Path(path) for path in mapped_libraries() if "libQt6Core" in path)
    shutil.copyfile(source, tmp_path / source.name)
    with pytest.raises(RuntimeError, match="libQt6Core") as error:
        needs(tmp_path)
    for name in re.findall(r"'(lib[^']+)': ", str(error.value)):
        (tmp_path / name).write_bytes(b"bundled")
    need = needs(tmp_path)
    assert need.glibc >= (2, 17)
    assert "libstdc++6" in need.required


def mapped_libraries() -> list[str]:
    lines = Path("/proc/self/maps").read_text().splitlines()
    return sorted({"/" + line.partition("/")[2] for line in lines if ".so" in line})


@needs_qt
def test_icons_of_every_size(tmp_path: Path, qapp: object) -> None:
    from PIL import Image

    import render_icons

    written = render_icons.write_all(render_icons.DRAWING.read_bytes(), tmp_path)
    assert len(written) == len(linux_package.HICOLOR_SIDES) + 2
    for side in linux_package.HICOLOR_SIDES:
        with Image.open(tmp_path / f"imagefinder-{side}.png") as image:
            assert image.size == (side, side)
            assert image.mode == "RGBA"
    with Image.open(tmp_path / "imagefinder.ico") as ico:
        assert {(16, 16), (32, 32), (256, 256)} <= ico.info["sizes"]
    with Image.open(tmp_path / "imagefinder.icns") as icns:
        assert icns.size[0] >= 512


@needs_qt
def test_the_smallest_icon_still_has_its_three_parts(tmp_path: Path, qapp: object) -> None:
    import render_icons

    image = render_icons.render(render_icons.DRAWING.read_bytes(), 16).convert("RGBA")
    sky, sun, ring, lens = (image.getpixel(place) for place in ((9, 2), (3, 4), (10, 5), (10, 8)))
    assert all(isinstance(pixel, tuple) and pixel[3] > 200 for pixel in (sky, sun, ring, lens))

    def distance(one: object, other: object) -> int:
        assert isinstance(one, tuple)
        assert isinstance(other, tuple)
        return sum(abs(a - b) for a, b in zip(one[:3], other[:3], strict=True))

    assert distance(sky, sun) > 250
    assert distance(ring, lens) > 150
    assert image.getpixel((15, 0)) == (0, 0, 0, 0)  # transparent outside
