"""What helps when something went wrong: a log that does not grow, a crash file, and the facts to send along."""

import faulthandler
import logging
import logging.handlers
import os
import platform
import sys
from pathlib import Path

import imagefinder

LOG_BYTES = 1_000_000
LOG_FILES = 3
REPORTED = (
    "PySide6-Essentials",
    "torch",
    "torchvision",
    "timm",
    "faiss-cpu",
    "numpy",
    "Pillow",
    "pillow-heif",
    "rawpy",
)


class CrashMemory:
    """Lets the interpreter write a native crash into a file, and tells the next start about it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "crash.txt"
        self._kept = folder / "last-crash.txt"

    def begin(self) -> Path | None:
        """Arm the fault handler. Returns the report of a crash of the last run, None where it ended well.

        A disk that refuses the file leaves the app without this help, and working.
        """
        crashed = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and self._path.stat().st_size > 0:
                os.replace(self._path, self._kept)
                crashed = self._kept
            self._file = self._path.open("w", encoding="utf-8")
        except OSError as error:
            logging.getLogger(__name__).warning("no crash file at %s: %s", self._path, error)
            return None
        faulthandler.enable(self._file)
        return crashed

    def end(self) -> None:
        """The run ended well: disarm, and leave no file behind."""
        if hasattr(self, "_file"):
            faulthandler.disable()
            self._file.close()
            self._path.unlink(missing_ok=True)


def start_log(folder: Path, verbose: bool = False) -> Path:
    """Send everything logged to ``imagefinder.log`` in the folder, 1 MB and three older files at most."""
    path = folder / "imagefinder.log"
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    logging.raiseExceptions = False  # a full disk must not print its own story over the results
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", errors="backslashreplace", delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"))
    root.addHandler(handler)
    if verbose:
        root.addHandler(logging.StreamHandler())
    # Pillow's and PIL plug-ins' debug lines would drown ours.
    logging.getLogger("PIL").setLevel(logging.WARNING)
    return path


def stop_log() -> None:
    """Close the log files, so that the folder can be removed and a test leaves nothing open."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, (logging.handlers.RotatingFileHandler, logging.NullHandler)):
            root.removeHandler(handler)
            handler.close()


def versions() -> list[tuple[str, str]]:
    """Name and version of the app, of Python, of the system and of what matters among the packages."""
    from importlib import metadata

    rows = [
        ("imagefinder", imagefinder.__version__),
        ("Python", platform.python_version()),
        ("System", f"{platform.system()} {platform.release()} ({platform.machine()}), {os.cpu_count()} cores"),
    ]
    for name in REPORTED:
        try:
            rows.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    if getattr(sys, "frozen", False):
        rows.append(("Installed", os.path.dirname(sys.executable)))
    return rows
