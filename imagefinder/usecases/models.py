"""Which model answers: loaded once, on first need, and shared by indexing and searching."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.embedder import Embedder
from imagefinder.embedding.shelf import DEFAULT_MODEL, ModelShelf
from imagefinder.storage.library import Library

__all__ = ["Embedder", "Models"]

log = logging.getLogger(__name__)


class Models:
    """The shelf, and the one model in memory. Safe to call from any thread."""

    def __init__(self, folder: Path, device: str = "auto", warn: Callable[[str], None] = log.warning) -> None:
        self.shelf = ModelShelf(folder)
        self._device = device
        self._warn = warn
        self._lock = threading.Lock()
        self._loaded: Embedder | None = None

    def spec(self, library: Library, name: str | None = None) -> ModelSpec:
        """The named model's record, else the library's own, else the default's. Raises UnknownName."""
        if name is not None:
            return self.shelf.spec(name)
        return library.active_model() or self.shelf.spec(DEFAULT_MODEL)

    def embedder(self, library: Library, spec: ModelSpec) -> Embedder:
        """The network of this record, ready to embed. Its arithmetic, once tested here, is kept with the library.

        Raises ModelError where its weights are missing or do not fit.
        """
        with self._lock:
            if self._loaded is None or self._loaded.spec.fingerprint != spec.fingerprint:
                self._loaded = None  # two big networks need not be in memory at once
                remembered = library.precision(spec) if self._device == "auto" else None
                embedder = self.shelf.load(spec.name, self._device, remembered, self._warn)
                if self._device == "auto" and not library.read_only and embedder.precision != remembered:
                    library.set_precision(spec, embedder.precision)
                self._loaded = embedder
            return self._loaded

    @property
    def device(self) -> str:
        """Where the loaded model runs, "" while none is loaded."""
        return self._loaded.device if self._loaded else ""
