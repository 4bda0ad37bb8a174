"""A place in the desktop's menus: the desktop entry of the packages, and of `imagefinder integrate` for pip installs.

https://specifications.freedesktop.org/desktop-entry-spec/latest/
"""

import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

from imagefinder.domain.errors import ImageFinderError

NAME = "imagefinder"
SUMMARY = "Find the photos that look like a picture you have"
MIME_TYPES = (
    "image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff", "image/bmp", "image/avif", "image/heic",
    "image/heif", "image/jxl", "image/x-adobe-dng", "image/x-canon-cr2", "image/x-canon-cr3", "image/x-canon-crw",
    "image/x-fuji-raf", "image/x-nikon-nef", "image/x-nikon-nrw", "image/x-olympus-orf", "image/x-panasonic-rw2",
    "image/x-pentax-pef", "image/x-sony-arw", "image/x-sony-sr2", "image/x-sony-srf", "inode/directory",
)  # fmt: skip
"""What "Open with" offers the app for: the pictures that it reads, and folders."""


def desktop_entry(program: str, icon: str = NAME) -> str:
    """The entry that starts ``program``, an absolute path or a name on the PATH."""
    return "\n".join(
        [
            "[Desktop Entry]",
            "Type=Application",
            "Version=1.1",
            "Name=imagefinder",
            "GenericName=Similar photo search",
            f"Comment={SUMMARY}",
            f"Exec={_quoted(program)} %F",
            f"Icon={icon}",
            "Terminal=false",
            "StartupNotify=true",
            f"StartupWMClass={NAME}",
            "Categories=Graphics;Photography;Viewer;Qt;",
            "Keywords=photo;picture;image;similar;duplicate;search;",
            f"MimeType={';'.join(MIME_TYPES)};",
            "",
        ]
    )


def integrate() -> list[Path]:
    """Put the app into this person's menus. Returns the files that were written. Raises ImageFinderError."""
    _only_on_linux()
    entry, icon = _places()
    try:
        for place in (entry, icon):
            place.parent.mkdir(parents=True, exist_ok=True)
        icon.write_bytes(resources.files("imagefinder.ui").joinpath("app_icon.svg").read_bytes())
        entry.write_text(desktop_entry(_program()), encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise ImageFinderError(f"{error.filename} cannot be written: {error.strerror}.", "Check its folder.") from error
    _refresh(entry.parent)
    return [entry, icon]


def disintegrate() -> list[Path]:
    """Take the app out of the menus again. Returns the files that were removed. Raises ImageFinderError."""
    _only_on_linux()
    there = [place for place in _places() if place.exists()]
    try:
        for place in there:
            place.unlink()
    except OSError as error:
        raise ImageFinderError(f"{error.filename} cannot be removed: {error.strerror}.", "Check its folder.") from error
    if there:
        _refresh(_places()[0].parent)
    return there


def _only_on_linux() -> None:
    if sys.platform in ("win32", "darwin"):
        raise ImageFinderError(
            "The menus of this system cannot be changed from here.", "The installer for this system does it."
        )


def _places() -> tuple[Path, Path]:
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return (
        data / "applications" / f"{NAME}.desktop",
        data / "icons" / "hicolor" / "scalable" / "apps" / f"{NAME}.svg",
    )


def _program() -> str:
    """The window program that belongs to the Python or to the bundle that runs now."""
    beside = Path(sys.executable).with_name(f"{NAME}-window")
    if beside.exists():
        return str(beside)
    found = shutil.which(f"{NAME}-window")
    if found:
        return os.path.abspath(found)
    raise ImageFinderError(f"The program {NAME}-window is not to be found.", "Install imagefinder with pip first.")


def _quoted(program: str) -> str:
    """``program`` as the first word of Exec: quoted for the command, and escaped as every string of an entry is."""
    if all(character.isalnum() or character in "/._-+" for character in program):
        return program
    inner = "".join(f"\\{character}" if character in '"`$\\' else character for character in program)
    return '"' + inner.replace("%", "%%").replace("\\", "\\\\") + '"'


def _refresh(applications: Path) -> None:
    """Desktops that keep a cache of "Open with" rebuild it with this program; the others need nothing."""
    program = shutil.which("update-desktop-database")
    if not any(applications.glob("*.desktop")):
        (applications / "mimeinfo.cache").unlink(missing_ok=True)
    elif program:
        subprocess.run([program, "-q", str(applications)], check=False)
