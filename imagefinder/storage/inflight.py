"""Which files are being decoded right now, so that a file that kills the process is recognised at the next start."""

import os
from collections.abc import Iterable
from pathlib import Path

from imagefinder.domain.errors import LibraryError
from imagefinder.storage.database import explained


class InFlight:
    """A note in a small file. It outlives a killed process, not a power cut: no fsync, so it costs next to nothing.

    The file holds paths, a NUL after each, and ends at an empty one; what follows is left over from a longer note.
    """

    def __init__(self, path: Path, read_only: bool = False) -> None:
        """Read what the last process left. Raises LibraryError where the file cannot be opened."""
        self._path = path
        self._file: int | None = None
        self._suspects: list[str] = []
        if read_only:  # the writer's note is about live work, not about a crash
            return
        with explained(path):
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
            note = path.read_bytes().partition(b"\0\0")[0]
        if not note.startswith(b"\0"):
            self._suspects = [os.fsdecode(entry) for entry in note.split(b"\0") if entry]

    def suspects(self) -> list[str]:
        """Paths that were being decoded when the last process died. Empty after an orderly end."""
        return list(self._suspects)

    def begin(self, paths: Iterable[str]) -> None:
        """Note that these, and only these, are being decoded."""
        self._write(b"".join(os.fsencode(path) + b"\0" for path in paths))

    def clear(self) -> None:
        """Nothing is being decoded. The suspects are forgotten, too: call it once they were dealt with."""
        self._suspects = []
        self._write(b"")

    def close(self) -> None:
        """Leave the note as it is and release the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, note: bytes) -> None:
        if self._file is None:
            raise LibraryError("The library was opened for reading only, or is closed.")
        with explained(self._path):
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, note + b"\0")
