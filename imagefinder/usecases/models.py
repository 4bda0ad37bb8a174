"""Which model answers: loaded once, on first need, and shared by indexing and searching."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from imagefinder.domain.errors import ModelError
from imagefinder.domain.models import ModelInfo
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.blend import origin_of
from imagefinder.embedding.checkpoints import tensor_names
from imagefinder.embedding.class_directions import ClassDirections, directions
from imagefinder.embedding.embedder import Embedder
from imagefinder.embedding.open_clip_network import SOURCE as OPEN_CLIP
from imagefinder.embedding.sentences import Sentences, TowerSentences
from imagefinder.embedding.shelf import ModelShelf, usable_default
from imagefinder.embedding.speeds import Speeds, measure
from imagefinder.embedding.text_tower import has_texts
from imagefinder.storage.library import Library
from imagefinder.usecases.better_model import note_stopgap
from imagefinder.usecases.library_list import note_library, unreadable_libraries
from imagefinder.usecases.model_catalogue import catalogue, describe

__all__ = ["Embedder", "Models"]

log = logging.getLogger(__name__)


class Models:
    """The shelf, and the one model in memory. Safe to call from any thread."""

    def __init__(self, folder: Path, device: str = "auto", warn: Callable[[str], None] = log.warning) -> None:
        self.shelf = ModelShelf(folder)
        self._device = device
        self._warn = warn
        self._lock = threading.Lock()
        self._words_lock = threading.Lock()  # words do not wait for a network that is being loaded
        self._loaded: Embedder | None = None
        self._default = ""
        self._stopgap = False
        self._directions: tuple[str, ClassDirections | None] = ("", None)
        self._sentences: tuple[str, Sentences | None] = ("", None)

    def spec(self, library: Library, name: str | None = None) -> ModelSpec:
        """The named model's record, else the library's own, else the default's. Raises UnknownName."""
        if name is not None:
            return self.shelf.spec(name)
        if active := library.active_model():
            return active
        with self._lock:
            self._default = self._default or usable_default(self._lacks_default)
        if self._stopgap and not library.read_only:
            note_stopgap(self.shelf.directory, library)
        return self.shelf.spec(self._default)

    def _lacks_default(self, sentence: str) -> None:
        self._stopgap = True
        self._warn(sentence)

    def embedder(self, library: Library, spec: ModelSpec) -> Embedder:
        """The network of this record, ready to embed. Its arithmetic, once tested here, is kept with the library.

        A model that was renamed is found; another one of the same name is not taken for it. Raises ModelError where
        its weights are missing or do not fit.
        """
        with self._lock:
            if self._loaded is None or self._loaded.spec.fingerprint != spec.fingerprint:
                name = self.shelf.name_of(spec)
                self._loaded = None  # two big networks need not be in memory at once
                remembered = library.precision(spec) if self._device == "auto" else None
                embedder = self.shelf.load(name, self._device, remembered, self._warn)
                if not library.read_only:
                    note_library(self.shelf.directory, library.directory)
                    if self._device == "auto" and embedder.precision != remembered:
                        library.set_precision(spec, embedder.precision)
                self._loaded = embedder
            return self._loaded

    def directions(self, spec: ModelSpec) -> ClassDirections | None:
        """Where the classes of a model lie among its embeddings, for a search by words; None for one without words.

        A model that was tuned here has those of the model that it came from, if that is still here. The network is
        not loaded. Raises ModelError where a file is damaged.
        """
        with self._words_lock:
            if self._directions[0] != spec.fingerprint:
                self._directions = spec.fingerprint, self._read_directions(spec)
            return self._directions[1]

    def sentences(self, spec: ModelSpec) -> Sentences | None:
        """Any sentence as a query, for a search by words; None for a model without a tower for texts.

        A model that was tuned here has those of the model that it came from, if that is still here. The tower is loaded
        at the first sentence. Raises ModelError where a file is damaged.
        """
        with self._words_lock:
            if self._sentences[0] != spec.fingerprint:
                self._sentences = spec.fingerprint, self._find_sentences(spec)
            return self._sentences[1]

    def _find_sentences(self, spec: ModelSpec) -> Sentences | None:
        name = self._origin(spec) if origin_of(spec).source == OPEN_CLIP else None
        file = self.shelf.file(name) if name is not None else None
        if name is None or file is None or not has_texts(tensor_names(file)):
            return None
        return TowerSentences(spec, partial(self.shelf.weights, name))

    def _read_directions(self, spec: ModelSpec) -> ClassDirections | None:
        name = self._origin(spec) if origin_of(spec).source != OPEN_CLIP else None  # which has texts, and no classes
        if name is None or self.shelf.file(name) is None:
            return None
        return directions(spec, self.shelf.weights(name))

    def _origin(self, spec: ModelSpec) -> str | None:
        """The name under which the model that this one came from is here."""
        try:
            return self.shelf.name_of(origin_of(spec))
        except ModelError as error:
            log.info("no words for %s: %s", spec.name, error)
            return None

    @property
    def device(self) -> str:
        """Where the loaded model runs, "" while none is loaded."""
        return self._loaded.device if self._loaded else ""

    def catalogue(self, library: Library | None = None) -> list[ModelInfo]:
        """Every model that is here or could be; ``library`` is the one that is open. Raises LibraryError."""
        return catalogue(self.shelf, library)

    def info(self, name: str, library: Library | None = None, measured: bool = True, again: bool = False) -> ModelInfo:
        """One entry of the catalogue; with ``measured``, its speed is measured if it is not known, or ``again``.

        Measuring loads the model and takes about two seconds on top. Raises UnknownName and ModelError.
        """
        entry = describe(self.shelf, name, library)
        if entry.state != "ready" or not (again or (measured and entry.photos_per_second is None)):
            return entry
        return replace(entry, photos_per_second=self.measure(name))

    def measure(self, name: str) -> float:
        """Photos a second through the network on this machine, from now on remembered. Raises what loading raises."""
        spec = self.shelf.spec(name)
        with self._lock:
            loaded = self._loaded
        if loaded is None or loaded.spec.fingerprint != spec.fingerprint:
            loaded = self.shelf.load(name, self._device, warn=self._warn)
        rate = round(measure(loaded), 1)  # without the lock: nobody waits for his answer meanwhile
        Speeds(self.shelf.directory).put(loaded, rate)
        return rate

    def remove(self, name: str, even_if_used: bool = False, library: Library | None = None) -> None:
        """Delete a model's file. Raises UnknownName, and ModelError that names the libraries which use it, or may.

        ``library`` is the one that is open. With ``even_if_used`` they cannot search any more until they get another.
        """
        if not even_if_used:
            self._check_unused(name, library)
        self.shelf.remove(name)
        with self._lock:
            if self._loaded is not None and self._loaded.spec.name == name:
                self._loaded = None

    def _check_unused(self, name: str, library: Library | None) -> None:
        entry = next((each for each in self.catalogue(library) if each.name == name), None)
        if entry is None or not entry.removable:
            return
        if entry.libraries:
            raise ModelError(
                f"The model {name} is used by {', '.join(entry.libraries)}.",
                "They cannot be searched by it any more then. Remove it all the same with --even-if-used.",
            )
        unclear = unreadable_libraries(self.shelf.directory, library)
        if unclear:
            raise ModelError(
                f"These libraries cannot be read now, and may use the model {name}: {', '.join(unclear)}.",
                "Open them once to see. Remove it all the same with --even-if-used.",
            )
