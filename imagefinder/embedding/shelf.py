"""The models of this machine: a folder of safetensors files that carry their records."""

import hashlib
import logging
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from imagefinder.domain.errors import ModelError
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.registry import unknown_name
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding import colour_layout
from imagefinder.embedding.architectures import ARCHITECTURES, Architecture, find_architecture, official_url
from imagefinder.embedding.backbones import build, feature_dimension
from imagefinder.embedding.checkpoints import load_into, read_record, read_weights, write_model
from imagefinder.embedding.device import choose_device, fastest_precision, is_usable
from imagefinder.embedding.download import fetch
from imagefinder.embedding.embedder import TorchEmbedder, is_out_of_memory

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger(__name__)

DEFAULT_MODEL = colour_layout.SPEC.name
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
SUFFIX = ".safetensors"


class ModelShelf:
    """Models by name: the built-in one, those added as files to ``directory``, and presets that could be.

    The directory need not exist; it is made when the first model is added.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def names(self) -> list[str]:
        """Every name that ``spec`` knows: what is here first, then presets whose weights are not here."""
        here = self._here()
        return [DEFAULT_MODEL, *here, *(name for name in ARCHITECTURES if name not in here)]

    def spec(self, name: str) -> ModelSpec:
        """The record of a model; of a preset without weights, the one it would have.

        Raises UnknownName, or ModelError for a damaged file.
        """
        if name == DEFAULT_MODEL:
            return colour_layout.SPEC
        if name in self._here():
            return replace(read_record(self._path(name)), name=name)
        if name in ARCHITECTURES:
            return ARCHITECTURES[name].spec()
        raise unknown_name("model", name, dict.fromkeys(self.names()))

    def available(self, name: str) -> bool:
        """Whether the model can be loaded now, without a download. Raises UnknownName."""
        self.spec(name)
        return name == DEFAULT_MODEL or name in self._here()

    def downloadable(self, name: str) -> bool:
        """Whether its network offers weights to download."""
        return name in ARCHITECTURES and ARCHITECTURES[name].download

    def load(
        self,
        name: str,
        device: str = "auto",
        precision: str | None = None,
        warn: Callable[[str], None] = log.warning,
    ) -> TorchEmbedder:
        """The model, ready to embed. Raises UnknownName or ModelError.

        ``precision`` is an earlier answer of the self-test; without it, or where the device cannot work in it, the
        self-test runs (about a second on a CPU).
        """
        spec = self.spec(name)
        if not self.available(name):
            raise ModelError(f"The weights of {name} are not here.", how_to_get(ARCHITECTURES[name]))
        device = choose_device(device)
        network = build(spec)
        if name != DEFAULT_MODEL:
            load_into(network, read_weights(self._path(name)))
        try:
            return _on_device(spec, network, device, precision, warn)
        except RuntimeError as error:
            if device == "cpu" or not is_out_of_memory(error):
                raise
            log.warning("out of memory on %s: %s", device, error)
        warn(f"Memory on {device} is not enough for the model {name}. Using the CPU.")
        return _on_device(spec, network, "cpu", None, warn)

    def add(self, file: Path, architecture: str, name: str | None = None) -> ModelSpec:
        """Copy a file of weights onto the shelf under ``name`` (the architecture's, if none is given).

        The network is built and shown a picture first. Raises UnknownName for the architecture and ModelError for
        a name that is taken and for weights that cannot be read or do not fit.
        """
        found = find_architecture(architecture)
        return self._put(file, found, self._free_name(name or found.name.replace(":", "-")), f"Added from {file.name}.")

    def download(self, name: str, progress: Callable[[int, int], None], token: CancelToken) -> ModelSpec:
        """Fetch the official weights of a preset (or of "timm:NAME", "torchvision:NAME") onto the shelf.

        ``progress`` gets bytes done and in all (0 while unknown). Raises UnknownName, ModelError and Cancelled.
        """
        architecture = find_architecture(name)
        own_name = self._free_name(architecture.name.replace(":", "-"))
        url = official_url(architecture)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.directory, prefix=".download-") as folder:
                file = Path(folder, "weights")
                fetch(url, file, progress, token)
                return self._put(file, architecture, own_name, f"Downloaded from {url}")
        except OSError as error:
            raise ModelError(
                f"Models cannot be saved in {self.directory}: {error.strerror or error}.",
                "Make space or check its permissions.",
            ) from error

    def remove(self, name: str) -> None:
        """Delete a model's file. Raises UnknownName, or ModelError where there is none to delete."""
        if name not in self._here():
            self.spec(name)
            raise ModelError(
                f"The model {name} has no file to remove.", "Only added and downloaded models can be removed."
            )
        try:
            self._path(name).unlink()
        except OSError as error:
            raise ModelError(
                f"The model {name} cannot be removed: {error.strerror or error}.", f"Check the folder {self.directory}."
            ) from error

    def _put(self, file: Path, architecture: Architecture, name: str, provenance: str) -> ModelSpec:
        state = read_weights(file)
        with file.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
        spec = architecture.spec(name, weights_sha256=sha256, provenance=provenance)
        network = build(spec)
        load_into(network, state)
        if feature_dimension(network, spec.input.crop) != spec.dimension:
            raise ModelError(
                f"{architecture.name} should give {spec.dimension} numbers per picture and does not.",
                "Update timm, torchvision and imagefinder together.",
            )
        write_model(self._path(name), network.state_dict(), spec)
        return spec

    def _free_name(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ModelError(
                f"{name!r} cannot name a model.", "Use up to 64 letters, digits, dots, dashes and underscores."
            )
        if name.casefold() in {taken.casefold() for taken in (DEFAULT_MODEL, *self._here())}:
            raise ModelError(
                f"There is a model named {name} already.", "Choose another name, or remove that one first."
            )
        return name

    def _here(self) -> list[str]:
        try:
            return sorted(path.stem for path in self.directory.glob(f"*{SUFFIX}") if NAME.fullmatch(path.stem))
        except OSError:
            return []

    def _path(self, name: str) -> Path:
        return self.directory / f"{name}{SUFFIX}"


def _on_device(
    spec: ModelSpec, network: "nn.Module", device: str, precision: str | None, warn: Callable[[str], None]
) -> TorchEmbedder:
    embedder = TorchEmbedder(spec, network, device, "float32", warn)
    embedder.precision = precision if is_usable(precision, device) else fastest_precision(network, spec.input, device)
    return embedder


def how_to_get(architecture: Architecture) -> str:
    """The command that brings the weights of ``architecture`` here."""
    if architecture.download:
        return f"Run: imagefinder models download {architecture.name}"
    return f"Run: imagefinder models add FILE --architecture {architecture.name}"
