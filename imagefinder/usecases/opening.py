"""Open a library. The window holds what this returns and hands it to the other use cases."""

from pathlib import Path

from imagefinder.domain.errors import LibraryError
from imagefinder.storage.library import Library

__all__ = ["Library", "open_existing", "open_library"]


def open_library(directory: Path) -> Library:
    """Open for writing, making the library where there is none.

    Raises LibraryInUse where another process writes to it, LibraryError where the disk or the file refuses.
    """
    return Library.open(directory)


def open_existing(directory: Path) -> Library:
    """Open for reading, beside a window that may be writing. Raises LibraryError where there is no library yet."""
    if not (directory / "library.db").is_file():
        raise LibraryError(f"There is no library at {directory} yet.", "Make one with: imagefinder index FOLDER")
    return Library.open(directory, read_only=True)
