"""The models of this machine: a folder of safetensors files that carry their records."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from imagefinder.domain.errors import ImageFinderError, ModelError
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.registry import unknown_name
from imagefinder.domain.specs import ModelSpec, Output
from imagefinder.embedding import colour_layout, onnx_file
from imagefinder.embedding.architectures import (
    ARCHITECTURES,
    Architecture,
    find_architecture,
    official_url,
    other_urls,
    tokenizer_url,
)
from imagefinder.embedding.backbones import build
from imagefinder.embedding.checkpoints import load_into, read_record, read_weights, write_model
from imagefinder.embedding.device import choose_device, fastest_precision, is_usable
from imagefinder.embedding.download import OFFLINE_HINT, TIMEOUT_SECONDS
from imagefinder.embedding.download_folder import DownloadFolder
from imagefinder.embedding.embedder import TorchEmbedder, is_out_of_memory
from imagefinder.embedding.exchange import check_place, read_exchange
from imagefinder.embedding.own_files import Fitted, Wanted, fit_file, fit_state
from imagefinder.embedding.packaged import PACKAGED
from imagefinder.embedding.seeing import AS_USUAL, Seeing
from imagefinder.embedding.text_tower import with_tokenizer

if TYPE_CHECKING:
    from torch import Tensor, nn

log = logging.getLogger(__name__)

COLOUR_LAYOUT = colour_layout.SPEC.name
"""Always there: it needs no weights."""
BUILTINS = (*PACKAGED, COLOUR_LAYOUT)
"""What comes with imagefinder or is installed beside it, the best default first."""
OLDER = {"built-in": Path(__file__).with_name("built-in.safetensors")}
"""Defaults of earlier versions. They answer in the libraries that were made with them, and are offered to no other."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""Of what is on the shelf."""
NEW_NAME = re.compile(rf"(?!(?i:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)){NAME.pattern}(?<!\.)")
"""Of what comes onto it: its file can be on Windows, too, where devices have names and no name ends in a dot."""
SUFFIX = ".safetensors"


def builtin_models() -> list[str]:
    """The models that this installation has without anybody adding them, the best default first."""
    return [name for name in BUILTINS if name == COLOUR_LAYOUT or PACKAGED[name].path is not None]


def default_model() -> str:
    """The name of the model that a library gets where nobody chose one."""
    return next(name for name in builtin_models() if name == COLOUR_LAYOUT or not PACKAGED[name].extra)


def usable_default(warn: Callable[[str], None]) -> str:
    """The same, after its weights were looked at; where they are missing or damaged, ``warn`` is told what to do about
    it and that colours and composition are compared meanwhile."""
    best = BUILTINS[0]
    if best != COLOUR_LAYOUT:
        try:
            PACKAGED[best].check()
        except ModelError as error:
            warn(
                f"{error.message} Until they are in order, photos are compared by colours and composition. {error.hint}"
            )
            return COLOUR_LAYOUT
    return best


class ModelShelf:
    """Models by name: the built-in ones, those added as files to ``directory``, and presets that could be.

    The directory need not exist; it is made when the first model is added.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._downloads = DownloadFolder(directory)

    def names(self) -> list[str]:
        """Every name to choose from: what is here first, then packages and presets whose weights are not here.

        ``spec`` knows those of OLDER beside them.
        """
        here = [*builtin_models(), *self.added()]
        packages = [name for name in PACKAGED if name not in here and PACKAGED[name].command]
        return [*here, *packages, *(name for name in ARCHITECTURES if name not in here)]

    def added(self) -> list[str]:
        """The models that were added as files, damaged ones too."""
        try:
            return sorted(
                path.stem
                for path in self.directory.glob(f"*{SUFFIX}")
                if NAME.fullmatch(path.stem) and path.stem not in BUILTINS and path.stem not in OLDER
            )
        except OSError:
            return []

    def spec(self, name: str) -> ModelSpec:
        """The record of a model; of a preset without weights, the one it would have.

        Raises UnknownName, or ModelError for a damaged file.
        """
        if name == COLOUR_LAYOUT:
            return colour_layout.SPEC
        if name in PACKAGED:
            return PACKAGED[name].spec
        file = self.file(name)
        if file is not None:
            return replace(read_record(file), name=name)
        if name in ARCHITECTURES:
            return ARCHITECTURES[name].spec()
        raise unknown_name("model", name, dict.fromkeys(self.names()))

    def file(self, name: str) -> Path | None:
        """Where a model's weights are; None where it has none, or none here."""
        if name in PACKAGED:
            return PACKAGED[name].path
        if name in OLDER:
            return OLDER[name]
        return self._path(name) if name in self.added() else None

    def bytes(self, name: str) -> int:
        """What a model takes on disk; of one that could be downloaded, roughly what that would bring. 0 if unknown."""
        file = self.file(name)
        if file is not None:
            return file.stat().st_size
        return ARCHITECTURES[name].approximate_bytes if name in ARCHITECTURES else 0

    def available(self, name: str) -> bool:
        """Whether the model can be loaded now, without a download. Raises UnknownName."""
        self.spec(name)
        return name == COLOUR_LAYOUT or self.file(name) is not None

    def downloadable(self, name: str) -> bool:
        """Whether its network offers weights to download."""
        return name in ARCHITECTURES and ARCHITECTURES[name].download

    def downloaded_bytes(self, name: str) -> int:
        """How much of an unfinished download is here, to go on from."""
        return self._downloads.bytes(name)

    def name_of(self, spec: ModelSpec) -> str:
        """The name under which the very model of ``spec`` is here: a library may know it by an older one.

        Raises ModelError where it is not here, even if another model has its name.
        """
        name = self._same_model(spec)
        if name is not None:
            return name
        if spec.name in self.added():
            self.spec(spec.name)  # a damaged file explains itself
        if self.file(spec.name) is None and spec.name in (*ARCHITECTURES, *PACKAGED):
            raise _missing(spec.name)
        if spec.name in (*BUILTINS, *OLDER):
            newer = default_model() if spec.name in OLDER else spec.name
            raise ModelError(
                f"The library was made with another version of the model {spec.name} than this one.",
                f"Let it look at the photos again: imagefinder models use {newer}",
            )
        raise ModelError(
            f"The model {spec.name}, which this library was made with, is not here.",
            "Add it again, or go on with another: imagefinder models use NAME",
        )

    def load(
        self,
        name: str,
        device: str = "auto",
        precision: str | None = None,
        warn: Callable[[str], None] = log.warning,
    ) -> TorchEmbedder:
        """The model, ready to embed. Raises UnknownName, or ModelError, also for a file that is not as it was written.

        ``precision`` is an earlier answer of the self-test; without it, or where the device cannot work in it, the
        self-test runs (about a second on a CPU).
        """
        spec = self.spec(name)
        if not self.available(name):
            raise _missing(name)
        device = "cpu" if spec.source == onnx_file.SOURCE else choose_device(device)
        network = build(spec)
        file = self.file(name)
        if file is not None:
            load_into(network, self.weights(name))
        try:
            return _on_device(spec, network, device, precision, warn)
        except RuntimeError as error:
            if device == "cpu" or not is_out_of_memory(error):
                raise
            log.warning("out of memory on %s: %s", device, error)
        warn(f"Memory on {device} is not enough for the model {name}. Using the CPU.")
        return _on_device(spec, network, "cpu", None, warn)

    def add(
        self,
        file: Path,
        architecture: str | None = None,
        name: str | None = None,
        *,
        pooling: str | None = None,
        layers: tuple[str, ...] = (),
        scales: tuple[float, ...] = (1.0,),
        output: Output = "features",
        seeing: Seeing = AS_USUAL,
        classes: Path | None = None,
        say: Callable[[str], None] = log.info,
    ) -> ModelSpec:
        """Copy a file of weights, an ONNX file or a checkpoint of cirtorch onto the shelf.

        Without a ``name`` it gets the architecture's, or that of the file where no architecture has to be given. The
        other arguments are those of Wanted. The network is built and shown pictures first; ``file`` stays as it is.
        ``say`` is told what was chosen where there was a choice. Raises UnknownName for the architecture or a layer and
        ModelError for a name that is taken and for weights that cannot be read or do not fit.
        """
        if name is not None:
            self.free_name(name)
        wanted = Wanted(pooling, layers, scales, output, seeing, classes)
        found = fit_file(file, architecture, wanted, say)
        return self._write(found, name or found.spec.name)

    def put(self, spec: ModelSpec, state: Mapping[str, "Tensor"]) -> ModelSpec:
        """Write a model with this record and these weights, after its network was shown pictures.

        Raises ModelError for a name that is taken, weights that do not fit, and a disk that refuses.
        """
        self.free_name(spec.name)
        return self._write(fit_state(spec, state), spec.name)

    def _write(self, found: Fitted, name: str) -> ModelSpec:
        spec = replace(found.spec, name=self.free_name(name))
        write_model(self._path(name), found.state, spec)
        return spec

    def download(
        self,
        name: str,
        progress: Callable[[int, int], None],
        token: CancelToken,
        *,
        own_name: str | None = None,
        pooling: str | None = None,
        layers: tuple[str, ...] = (),
        scales: tuple[float, ...] = (1.0,),
        output: Output = "features",
        seeing: Seeing = AS_USUAL,
        accept_changed: bool = False,
        timeout: float = TIMEOUT_SECONDS,
    ) -> ModelSpec:
        """Fetch the official weights of a preset, or of any network by its name, onto the shelf.

        It gets ``own_name``, or the network's; the five arguments after that are those of ``add``.
        ``progress`` gets bytes done and in all (0 while unknown). What arrived is kept when it breaks off or is
        cancelled, and the next call goes on from there. A file other than the one that came from the same place
        before is refused, unless ``accept_changed``. Raises UnknownName, ModelError and Cancelled.
        """
        architecture = find_architecture(name, seeing)
        own_name = self.free_name(own_name or _name_on_shelf(name))
        asked = architecture.spec(own_name, pooling=pooling, layers=layers, scales=scales, output=output)
        urls = (official_url(architecture), *other_urls(architecture))
        beside = tokenizer_url(architecture)
        fetched = self._downloads.fetched(own_name, urls, progress, token, accept_changed, timeout, beside)
        with _naming_the_command(architecture), fetched as came:
            spec = replace(asked, weights_sha256=came.sha256, provenance=f"Downloaded from {came.url}")
            try:
                found = fit_state(spec, with_tokenizer(spec, read_weights(came.file), came.beside))
            except ImageFinderError:  # a file itself is wrong, and would be the next time
                self._downloads.discard(own_name)
                raise
            return self._write(found, own_name)

    def export(self, name: str, file: Path, overwrite: bool = False) -> ModelSpec:
        """Write a model with record and checksum into one file. Raises UnknownName, and ModelError where that cannot
        be, as for a model whose own file is damaged."""
        spec, source = self.spec(name), self.file(name)
        if source is None:
            raise ModelError(
                f"The model {name} has no file to export.",
                "Every imagefinder has it." if name == COLOUR_LAYOUT else _missing(name).hint,
            )
        if file.exists() and source.samefile(file):
            raise ModelError(f"{file} is the model itself.", "Choose another place.")
        check_place(file, overwrite)
        write_model(file, self.weights(name), spec)
        return spec

    def import_model(self, file: Path, name: str | None = None) -> ModelSpec:
        """Put an exported model onto the shelf, under its own name if none is given.

        Record and checksum are checked and the network shown pictures first; ``file`` stays as it is. A file of old
        without a checksum is taken, as nothing can be compared. Raises UnknownName for a network that this version
        does not know, ModelError for a name that is taken and for anything damaged or unsound.
        """
        spec = read_exchange(file)
        state = read_weights(file)  # before anything is said about a model that only its record names
        known = self._same_model(spec)
        if known is not None:
            raise ModelError(f"This model is here already, as {known}.", "There is nothing to import.")
        own_name = self.free_name(name or spec.name, "Choose another one with --name.")
        return self.put(replace(spec, name=own_name), state)

    def remove(self, name: str) -> None:
        """Delete a model's file, or an unfinished download. Raises UnknownName, or ModelError if there is neither."""
        try:
            if name in self.added():
                self._path(name).unlink()
                return
            if NAME.fullmatch(name) and self._downloads.discard(name):
                return
        except OSError as error:
            raise ModelError(
                f"The model {name} cannot be removed: {error.strerror or error}.", f"Check the folder {self.directory}."
            ) from error
        self.spec(name)
        raise ModelError(f"The model {name} has no file to remove.", "Only added and downloaded models can be removed.")

    def free_name(self, name: str, otherwise: str = "Choose another name, or remove that one first.") -> str:
        """``name``, if a model can be given it. Raises ModelError with what to do ``otherwise``."""
        if not NEW_NAME.fullmatch(name):
            raise ModelError(
                f"{name!r} cannot name a model.",
                "Use up to 64 letters, digits, dots, dashes and underscores, no dot at the end, and no name that "
                "Windows has for a device, such as con.",
            )
        if name.casefold() in {taken.casefold() for taken in (*BUILTINS, *OLDER, *self.added())}:
            raise ModelError(f"There is a model named {name} already.", otherwise)
        return name

    def _same_model(self, spec: ModelSpec) -> str | None:
        """What gives the same embeddings, under its own name if it can be."""
        for name in sorted([*builtin_models(), *OLDER, *self.added()], key=lambda known: known != spec.name):
            try:
                if self.spec(name).fingerprint == spec.fingerprint:
                    return name
            except ModelError as error:  # one damaged file must not hide the others
                log.warning("%s", error)
        return None

    def weights(self, name: str) -> "dict[str, Tensor]":
        """The tensors of a model that has a file. Raises ModelError where that is damaged."""
        if name in PACKAGED:
            return PACKAGED[name].weights()
        file = self.file(name)
        assert file is not None
        try:
            return read_weights(file)
        except ModelError as error:
            again = "Install imagefinder" if name in OLDER else "Remove the model, then download, import or add it"
            raise ModelError(f"The model {name} cannot be used. {error.message}", f"{again} again.") from error

    def _path(self, name: str) -> Path:
        return self.directory / f"{name}{SUFFIX}"


def _on_device(
    spec: ModelSpec, network: "nn.Module", device: str, precision: str | None, warn: Callable[[str], None]
) -> TorchEmbedder:
    embedder = TorchEmbedder(spec, network, device, "float32", warn)
    if is_usable(precision, device):
        embedder.precision = precision
    else:
        embedder.precision = fastest_precision(embedder.quick, spec.input, device)
    return embedder


def _name_on_shelf(architecture: str) -> str:
    return architecture.replace(":", "-")


def _missing(name: str) -> ModelError:
    how = PACKAGED[name].remedy if name in PACKAGED else how_to_get(ARCHITECTURES[name])
    return ModelError(f"The weights of {name} are not here.", how)


def how_to_get(architecture: Architecture) -> str:
    """The command that brings the weights of ``architecture`` here."""
    if architecture.download:
        return f"Run: imagefinder models download {architecture.name}"
    return f"Run: {_how_to_add(architecture)}"


def _how_to_add(architecture: Architecture) -> str:
    return f"imagefinder models add FILE --architecture {architecture.name}"


@contextmanager
def _naming_the_command(architecture: Architecture) -> Iterator[None]:
    """Add to OFFLINE_HINT how a file for ``architecture`` is added: what fetches knows no more than an address."""
    try:
        yield
    except ModelError as error:
        if error.hint != OFFLINE_HINT:
            raise
        raise ModelError(error.message, f"{OFFLINE_HINT} The command: {_how_to_add(architecture)}") from error
