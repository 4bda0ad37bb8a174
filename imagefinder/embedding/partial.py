"""A download that is not whole yet: its bytes, and beside them what the server said about the file."""

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Promise:
    """What a server said about a file."""

    url: str
    validator: str = ""
    """Its ETag, where that is a strong one, or when it was last changed: what tells whether it is still the same."""
    length: int = 0
    """In bytes; 0 where the server did not say."""
    sha256: str = ""
    """The hash that was published with it; empty where none was."""


class Partial:
    """The unfinished download of ``url`` beside ``target``: two files, NAME.part and NAME.part.json.

    What is there of another address does not count. The methods raise OSError where the disk refuses.
    """

    def __init__(self, target: Path, url: str) -> None:
        self.target = target
        self.url = url
        self.file = target.with_name(f"{target.name}.part")
        self._record = target.with_name(f"{target.name}.part.json")

    def promise(self) -> Promise:
        """What the server said when the download began; nothing but the address where that is not known."""
        return self._known() or Promise(self.url)

    def size(self) -> int:
        """How many bytes are here that a server can be asked to go on from."""
        return self.file.stat().st_size if self._known() and self.file.is_file() else 0

    def begin(self, promise: Promise) -> None:
        """Start from nothing. The old bytes go first: a crash must not leave them beside the new record."""
        self.discard()
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._record.write_text(json.dumps(asdict(promise)), "utf-8")
        self.file.touch()

    def discard(self) -> None:
        """Delete the unfinished download."""
        self.file.unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)

    def sha256(self) -> str:
        """Of the bytes that are here."""
        return sha256_of(self.file)

    def finish(self) -> None:
        """The bytes are whole and sound: they become ``target``."""
        with self.file.open("rb+") as file:
            os.fsync(file.fileno())
        self.file.replace(self.target)
        self._record.unlink(missing_ok=True)

    def _known(self) -> Promise | None:
        try:
            known = Promise(**json.loads(self._record.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return known if known.url == self.url else None


def partial_bytes(target: Path) -> int:
    """How much of ``target`` was downloaded, whole or not; 0 where nothing was."""
    for path in (target, target.with_name(f"{target.name}.part")):
        with contextlib.suppress(OSError):
            return path.stat().st_size
    return 0


def discard_download(target: Path) -> bool:
    """Delete ``target``, whole or not; whether there was anything. Raises OSError."""
    found = False
    for path in (target, target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.part.json")):
        found = found or path.is_file()
        path.unlink(missing_ok=True)
    return found


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, 64 hex digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
