"""What a bundle needs from a Linux system: the libraries that it leaves to it, and how new a C library."""

import re
import shutil
import struct
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

OPTIONAL = {"libqgtk3.so"}
"""Plug-ins that stay silent where their libraries are missing."""
PACKAGES_ELSEWHERE = {"libglib2.0-0": "libglib2.0-0t64", "libgtk-3-0": "libgtk-3-0t64"}
"""Names that other releases of Debian and Ubuntu use for the same library."""
KNOWN = {
    "libEGL.so.1": "libegl1", "libGL.so.1": "libgl1", "libGLX.so.0": "libglx0", "libOpenGL.so.0": "libopengl0",
    "libX11.so.6": "libx11-6", "libX11-xcb.so.1": "libx11-xcb1", "libxcb.so.1": "libxcb1",
    "libfontconfig.so.1": "libfontconfig1", "libfreetype.so.6": "libfreetype6", "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0", "libgobject-2.0.so.0": "libglib2.0-0", "libgio-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0", "libstdc++.so.6": "libstdc++6", "libgcc_s.so.1": "libgcc-s1",
    "libwayland-client.so.0": "libwayland-client0", "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1", "libdrm.so.2": "libdrm2", "libexpat.so.1": "libexpat1",
    "libzstd.so.1": "libzstd1", "libbrotlidec.so.1": "libbrotli1", "libbrotlicommon.so.1": "libbrotli1",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgtk-3.so.0": "libgtk-3-0", "libgdk-3.so.0": "libgtk-3-0", "libpango-1.0.so.0": "libgtk-3-0",
    "libpangocairo-1.0.so.0": "libgtk-3-0", "libcairo.so.2": "libgtk-3-0", "libgdk_pixbuf-2.0.so.0": "libgtk-3-0",
    "libcairo-gobject.so.2": "libgtk-3-0", "libatk-1.0.so.0": "libgtk-3-0", "libharfbuzz.so.0": "libgtk-3-0",
}  # fmt: skip
"""Library -> package of Debian. A library that is not here stops the build: somebody has to decide."""
_C_LIBRARY = re.compile(r"lib(c|m|dl|pthread|rt|util|mvec|resolv|anl)\.so|ld-linux|linux-vdso")

_DYNAMIC, _RPATH, _RUNPATH = 6, 15, 29
"""A section's kind, and two tags of its entries."""


@dataclass(frozen=True, slots=True)
class Needs:
    """``glibc`` as (2, 36); packages of Debian that must and that should be there."""

    glibc: tuple[int, ...]
    required: tuple[str, ...]
    recommended: tuple[str, ...]


def needs(folder: Path) -> Needs:
    """Read every ELF file below ``folder``. Raises RuntimeError for a library that is neither there nor known."""
    objdump = shutil.which("objdump")
    if objdump is None:
        raise RuntimeError("objdump is missing: apt-get install binutils")
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and _is_elf(path)]
    present = {path.name for path in folder.rglob("*")}
    newest: tuple[int, ...] = (2, 0)
    required: set[str] = set()
    recommended: set[str] = set()
    unknown: dict[str, str] = {}
    for path in files:
        text = subprocess.run([objdump, "-p", str(path)], capture_output=True, text=True, check=True).stdout
        for version in re.findall(r"GLIBC_(\d+(?:\.\d+)+)", text.partition("Version References:")[2]):
            newest = max(newest, tuple(map(int, version.split("."))))
        for name in re.findall(r"NEEDED +(\S+)", text):
            if name in present or _C_LIBRARY.match(name):
                continue
            if name in KNOWN:
                (recommended if path.name in OPTIONAL else required).add(KNOWN[name])
            elif path.name not in OPTIONAL:
                unknown[name] = str(path.relative_to(folder))
    if unknown:
        raise RuntimeError(f"These libraries are neither bundled nor assigned to a package in elf.py: {unknown}")
    return Needs(newest, tuple(_named(required)), tuple(_named(recommended - required)))


def forget_build_path(path: Path) -> bool:
    """Remove an absolute library search path from a 64-bit ELF file, as chrpath does. True if there was one.

    Pythons that were built in a home folder carry that folder's name, where nobody else's libraries should come from.
    """
    data = bytearray(path.read_bytes())
    if data[:6] != b"\x7fELF\x02\x01":
        return False
    (section_table,) = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, section_table + number * size) for number in range(count)]
    for section in sections:
        if section[1] != _DYNAMIC:
            continue
        begin, length, strings = section[4], section[5], sections[section[6]][4]
        entries = [struct.unpack_from("<qQ", data, begin + offset) for offset in range(0, length, 16)]
        kept = [
            (tag, value)
            for tag, value in entries
            if not (tag in (_RPATH, _RUNPATH) and data[strings + value : strings + value + 1] == b"/")
        ]
        if len(kept) == len(entries):
            return False
        kept += [(0, 0)] * (len(entries) - len(kept))
        for number, entry in enumerate(kept):
            struct.pack_into("<qQ", data, begin + 16 * number, *entry)
        path.write_bytes(data)
        return True
    return False


def _named(packages: Iterable[str]) -> list[str]:
    return [f"{PACKAGES_ELSEWHERE[name]} | {name}" if name in PACKAGES_ELSEWHERE else name for name in sorted(packages)]


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"
