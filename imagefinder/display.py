"""Whether a window can be shown here. Qt itself would end the whole process where it cannot."""

import ctypes
import importlib.util
import os
import socket
import sys
from pathlib import Path

# What PySide6's wheels need from a Linux system, by library and by Debian's package.
SYSTEM_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
}
XCB_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


def prepare_qt() -> None:
    """Call before Qt is imported: on Windows, torch >= 2.9 fails to start after Qt has brought its own C++ runtime.

    So torch's base library is loaded first; finding it imports nothing.
    """
    if sys.platform == "win32":
        torch = importlib.util.find_spec("torch")
        if torch is not None and torch.origin is not None:
            library = Path(torch.origin).parent / "lib" / "c10.dll"
            if library.exists():
                ctypes.CDLL(str(library))


def why_no_window() -> str:
    """Empty where a window can be shown; else what is missing and what to do about it."""
    if not sys.platform.startswith("linux"):
        return ""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform.startswith(("offscreen", "minimal", "vnc", "eglfs", "linuxfb")):
        return _missing(SYSTEM_LIBRARIES)
    wayland = bool(os.environ.get("WAYLAND_DISPLAY"))
    display = os.environ.get("DISPLAY", "")
    if not wayland and not display:
        return "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can be shown."
    if not wayland and not _answers(display):
        return f"The display {display} does not answer, so no window can be shown."
    return _missing(SYSTEM_LIBRARIES if wayland else SYSTEM_LIBRARIES | XCB_LIBRARIES)


def why_no_screenshot() -> str:
    """Empty where a window can at least be drawn into memory."""
    return _missing(SYSTEM_LIBRARIES) if sys.platform.startswith("linux") else ""


def _missing(libraries: dict[str, str]) -> str:
    missing = []
    for name, package in libraries.items():
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append((name, package))
    if not missing:
        return ""
    names = ", ".join(name for name, _ in missing)
    packages = " ".join(package for _, package in missing)
    return f"The window needs {names}. On Debian and Ubuntu: apt-get install {packages}"


def _answers(display: str) -> bool:
    """Whether an X server listens. Only local displays are tried; a forwarded one (host:10) is Qt's to judge."""
    host, _, number = display.rpartition(":")
    if host not in ("", "unix"):
        return True
    path = f"/tmp/.X11-unix/X{number.split('.')[0]}"
    for address in (f"\0{path}", path):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(address)
            except OSError:
                continue
            return True
    return False
