"""What models made of photos, kept between evaluations: so that another way to compare is measured in seconds.

A file for each model and device: for every photo a key of its path, size and time of change, never the path itself.
Losing a file costs the time to look at the photos again, nothing else.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import imagefinder
from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import ModelSpec

FOLDER = "evaluated"
LIMIT_BYTES = 2**30
"""Of all files together: the ones not used for the longest time are deleted first."""
KEY_BYTES = 16
TIME_BYTES = 32

Keys = npt.NDArray[np.uint8]
"""(n, KEY_BYTES); zeros for a photo that is not to be remembered."""


@dataclass(frozen=True, slots=True)
class Looked:
    """How long a model looked at how many photos, reading them included, and in which arithmetic it did."""

    photos: int = 0
    seconds: float = 0.0
    device: str = ""
    precision: str = ""


@dataclass(frozen=True, slots=True)
class Recalled:
    """``rows`` (n, dimension) and ``times`` of the photos that are ``known`` (n,); zeros and "" of the others."""

    rows: Embeddings
    times: list[str]
    known: npt.NDArray[np.bool_]
    looked: Looked


def key_of(path: str, box: object = None) -> bytes:
    """16 bytes that change with the file or the part of it that is looked at; zeros where there is no such file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return bytes(KEY_BYTES)
    text = f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0{box}"
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=KEY_BYTES).digest()


def keys_of(paths: Sequence[str], boxes: Sequence[object] | None = None) -> Keys:
    """The keys of photos or, with a box for each, of parts of them."""
    keys = b"".join(key_of(path, boxes[place] if boxes else None) for place, path in enumerate(paths))
    return np.frombuffer(keys, np.uint8).reshape(len(paths), KEY_BYTES)


class RememberedRows:
    """One model's rows on one device, as it was asked for: "auto" is a device of its own."""

    def __init__(self, models: Path, spec: ModelSpec, device: str) -> None:
        name = f"{spec.fingerprint}-{imagefinder.__version__}-{device}".encode()
        self._file = models / FOLDER / f"{hashlib.sha256(name).hexdigest()[:32]}.npz"
        self._dimension = spec.dimension

    def recall(self, keys: Keys) -> Recalled:
        """What is known of these photos. A damaged file knows nothing."""
        rows, times = np.zeros((len(keys), self._dimension), np.float32), [""] * len(keys)
        known = np.zeros(len(keys), bool)
        found = self._load()
        if found is None:
            return Recalled(rows, times, known, Looked())
        there, their_times, their_rows, looked = found
        places = {key.tobytes(): place for place, key in enumerate(there)}
        for number, key in enumerate(keys):
            place = places.get(key.tobytes())
            if place is not None and key.any():
                rows[number], times[number], known[number] = their_rows[place], their_times[place].decode(), True
        with contextlib.suppress(OSError):
            os.utime(self._file)
        return Recalled(rows, times, known, looked)

    def remember(self, keys: Keys, times: Sequence[str], rows: Embeddings, looked: Looked) -> None:
        """Add these photos, and ``looked`` where it tells more than what is known. No error where that fails."""
        lasting = keys.any(axis=1)
        keys, rows = keys[lasting], rows[lasting]
        stamps = np.array([time.encode("ascii", "ignore")[:TIME_BYTES] for time in times], f"S{TIME_BYTES}")[lasting]
        before = self._load()
        if before is not None and before[3].precision in ("", looked.precision):
            fresh = {key.tobytes() for key in keys}
            kept = np.array([key.tobytes() not in fresh for key in before[0]], bool)
            keys, rows = np.concatenate([keys, before[0][kept]]), np.concatenate([rows, before[2][kept]])
            stamps = np.concatenate([stamps, before[1][kept]])
            looked = max(looked, before[3], key=lambda each: each.photos)
        room = LIMIT_BYTES // (4 * self._dimension + KEY_BYTES + TIME_BYTES)
        note = json.dumps([looked.photos, looked.seconds, looked.device, looked.precision])
        with contextlib.suppress(OSError):
            self._write(keys[:room], stamps[:room], rows[:room], np.array(note))
            _forget_oldest(self._file.parent, LIMIT_BYTES)

    def _load(self) -> tuple[Keys, npt.NDArray[np.bytes_], Embeddings, Looked] | None:
        try:
            with self._file.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                keys, times, rows = stored["keys"], stored["times"], stored["rows"]
                photos, seconds, device, precision = json.loads(str(stored["looked"]))
            looked = Looked(int(photos), float(seconds), str(device), str(precision))
        except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        whole = (
            keys.shape == (len(keys), KEY_BYTES)
            and times.shape == (len(keys),)
            and rows.shape == (len(keys), self._dimension)
            and (keys.dtype, times.dtype.kind, rows.dtype) == (np.uint8, "S", np.float32)
        )
        return (keys, times, rows, looked) if whole else None

    def _write(self, keys: Keys, times: npt.NDArray[np.bytes_], rows: Embeddings, looked: npt.NDArray[np.str_]) -> None:
        """The file appears whole or not at all. Raises OSError."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._file.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, keys=keys, times=times, rows=rows, looked=looked)
            os.replace(name, self._file)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise


def _forget_oldest(folder: Path, limit: int) -> None:
    """Delete the files not used for the longest time until the others take at most ``limit`` bytes; one always stays.

    Raises OSError.
    """
    files = sorted(((file.stat(), file) for file in folder.glob("*.npz")), key=lambda each: -each[0].st_mtime_ns)
    total = 0
    for rank, (status, file) in enumerate(files):
        total += status.st_size
        if rank and total > limit:
            file.unlink(missing_ok=True)
