"""Runs in the installed program before anything of the app."""

import os
import sys

if sys.platform.startswith("linux"):
    # PyInstaller's launcher points the loader at our libraries. The loader has read that by now; the programs that we
    # start (a file manager, a browser) must find their own.
    original = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if original is None:
        os.environ.pop("LD_LIBRARY_PATH", None)
    else:
        os.environ["LD_LIBRARY_PATH"] = original

# A window program on Windows has no terminal to write to, and the app writes as if there were one.
for name in ("stdout", "stderr"):
    if getattr(sys, name) is None:
        setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))

if sys.platform == "win32":
    # torch >= 2.9 fails to start after Qt has brought its own C++ runtime, so its base library goes first.
    import ctypes

    library = os.path.join(sys._MEIPASS, "torch", "lib", "c10.dll")  # PyInstaller's name
    if os.path.exists(library):
        ctypes.CDLL(library)
