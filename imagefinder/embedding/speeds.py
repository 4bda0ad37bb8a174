"""How many photos a second a model looks at on this machine: measured once, then remembered."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.embedder import Embedder
from imagefinder.embedding.notes import read_notes, write_notes

FILE = "speeds.json"
SECONDS = 1.5


def measure(embedder: Embedder, seconds: float = SECONDS, clock: Callable[[], float] = time.perf_counter) -> float:
    """Photos a second through the network, without reading them from disk, in batches of the size that indexing uses.

    Takes ``seconds``, and one batch before that which does not count: the first one warms up.
    """
    side = embedder.spec.input.crop
    pixels = np.random.default_rng(0).integers(0, 256, (embedder.batch_size, side, side, 3), np.uint8)
    embedder.embed(pixels)
    done, began = 0, clock()
    while (took := clock() - began) < seconds:
        embedder.embed(pixels)
        done += len(pixels)
    return done / took


class Speeds:
    """The measurements of one folder of models, by fingerprint, device and precision."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def get(self, spec: ModelSpec) -> float | None:
        """Photos a second as last measured, on whatever device that was; None where nobody measured."""
        rates = read_notes(self._file).get(spec.fingerprint)
        found = list(rates.values()) if isinstance(rates, dict) else []
        return float(found[-1]) if found and isinstance(found[-1], int | float) else None

    def put(self, embedder: Embedder, rate: float) -> None:
        """Remember what ``measure`` gave."""
        notes = read_notes(self._file)
        rates = notes.get(embedder.spec.fingerprint)
        rates = dict(rates) if isinstance(rates, dict) else {}
        key = f"{embedder.device} {embedder.precision}"
        rates.pop(key, None)  # the last one stands for what the machine does now
        notes[embedder.spec.fingerprint] = {**rates, key: round(rate, 1)}
        write_notes(self._file, notes)
