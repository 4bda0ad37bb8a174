"""A bundle as a .deb and as an archive with an install script."""

import gzip
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from string import Template

import imagefinder
import texts
from elf import Needs, needs
from identity import IDENTIFIER, MAINTAINER, NAME, WINDOW_PROGRAM
from imagefinder import integrate

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
HICOLOR_SIDES = (16, 22, 24, 32, 48, 64, 128, 256, 512)


def write_share(share: Path, program: str, icons: Path, notice: str) -> None:
    """Fill what goes to /usr/share or its like: menu entry, description, icons, man page, documents."""
    _write(share / "applications" / f"{NAME}.desktop", integrate.desktop_entry(program))
    _write(share / "metainfo" / f"{IDENTIFIER}.metainfo.xml", texts.metainfo())
    for side in HICOLOR_SIDES:
        _copy(icons / f"{NAME}-{side}.png", share / "icons" / "hicolor" / f"{side}x{side}" / "apps" / f"{NAME}.png")
    _copy(ROOT / NAME / "ui" / "app_icon.svg", share / "icons" / "hicolor" / "scalable" / "apps" / f"{NAME}.svg")
    _write(share / "man" / "man1" / f"{NAME}.1.gz", _gzipped(texts.man_page()))
    (share / "man" / "man1" / f"{WINDOW_PROGRAM}.1.gz").symlink_to(f"{NAME}.1.gz")
    documents = share / "doc" / NAME
    _write(documents / "copyright", texts.debian_copyright())
    _write(documents / "changelog.gz", _gzipped(texts.debian_changelog(MAINTAINER)))
    _write(documents / "THIRD-PARTY.txt.gz", _gzipped(notice))


def build_deb(bundle: Path, stage: Path, icons: Path, notice: str, dist: Path, flavour: str = "cpu") -> Path:
    """A package that puts the bundle into /opt and everything else into /usr. Nothing is downloaded or compiled.

    A GPU flavour is the same package with a later version: it takes the place of the other one.
    """
    shutil.rmtree(stage, ignore_errors=True)
    _link_tree(bundle, stage / "opt" / NAME)
    programs = stage / "usr" / "bin"
    programs.mkdir(parents=True)
    for name in (NAME, WINDOW_PROGRAM):
        (programs / name).symlink_to(f"/opt/{NAME}/{name}")
    write_share(stage / "usr" / "share", f"/opt/{NAME}/{WINDOW_PROGRAM}", icons, notice)
    architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)
    version = imagefinder.__version__ if flavour == "cpu" else f"{imagefinder.__version__}+{flavour}"
    _write(stage / "DEBIAN" / "control", control(needs(bundle), architecture.stdout.strip(), size_of(stage), version))
    _write(stage / "DEBIAN" / "postrm", (HERE / "linux" / "postrm").read_text(encoding="utf-8"), executable=True)
    _normalise(stage)
    target = dist / f"{NAME}_{version}_{architecture.stdout.strip()}.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", str(stage), str(target)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return target


def control(need: Needs, architecture: str, installed_bytes: int, version: str) -> str:
    """The package's record. The C library is the one thing that cannot be bundled, so its version is named."""
    depends = [f"libc6 (>= {'.'.join(map(str, need.glibc))})", *need.required]
    return Template((HERE / "linux" / "control.in").read_text(encoding="utf-8")).substitute(
        version=version,
        architecture=architecture,
        size=-(-installed_bytes // 1024),
        depends=", ".join(depends),
        recommends=", ".join([*need.recommended, "shared-mime-info", "desktop-file-utils", "hicolor-icon-theme"]),
        maintainer=MAINTAINER,
        homepage=imagefinder.HOMEPAGE,
        summary=integrate.SUMMARY[0].lower() + integrate.SUMMARY[1:],
    )


def build_archive(bundle: Path, stage: Path, icons: Path, notice: str, dist: Path, flavour: str) -> Path:
    """The same for every other distribution: an archive with install.sh, for one person or for all."""
    name = f"{NAME}-{imagefinder.__version__}-linux-{os.uname().machine}-{flavour}"
    shutil.rmtree(stage, ignore_errors=True)
    top = stage / "tree"  # flatpak/imagefinder.yaml takes it from there
    _link_tree(bundle, top / "app")
    write_share(top / "share", "@PROGRAM@", icons, notice)
    for script in ("install.sh", "uninstall.sh"):
        _write(top / script, (HERE / "linux" / script).read_text(encoding="utf-8"), executable=True)
    shutil.copyfile(HERE / "linux" / "README.txt", top / "README.txt")
    _normalise(stage)
    tar = shutil.which("tar")
    if shutil.which("zstd") and tar:
        target = dist / f"{name}.tar.zst"
        command = [tar, "-C", str(stage), "--owner=0", "--group=0", "--sort=name", "-I", "zstd -T0 -12 --long=27"]
        rename = f"--transform=s,^tree,{name},"
        subprocess.run([*command, rename, "-cf", str(target), "tree"], check=True)
        return target
    target = dist / f"{name}.tar.xz"
    with tarfile.open(target, "w:xz") as archive:
        archive.add(top, name)
    return target


def size_of(folder: Path) -> int:
    """Bytes of all files, each counted once."""
    seen: dict[int, int] = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        if not path.is_dir() or path.is_symlink():
            seen[status.st_ino] = status.st_size
    return sum(seen.values())


def _link_tree(source: Path, target: Path) -> None:
    """A copy that shares its files with the source: the bundle is large, and nothing in it changes."""
    shutil.copytree(source, target, symlinks=True, copy_function=os.link)


def _normalise(stage: Path) -> None:
    """Rights that do not depend on who built it."""
    for path in [stage, *stage.rglob("*")]:
        if path.is_symlink():
            continue
        runs = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if runs else 0o644)


def _gzipped(text: str) -> bytes:
    return gzip.compress(text.encode(), 9, mtime=0)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write(path: Path, content: str | bytes, executable: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(0o755 if executable else 0o644)
