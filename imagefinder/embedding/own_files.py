"""A file that somebody has becomes a model: what is in it, for which network, and how that is to be read."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.specs import ModelSpec, Output
from imagefinder.embedding.architectures import Architecture, find_architecture, full_names
from imagefinder.embedding.backbones import row_length, sketched
from imagefinder.embedding.checkpoints import read_content, tensors_of, unwrapped
from imagefinder.embedding.cirtorch_file import SOURCE as CIRTORCH
from imagefinder.embedding.cirtorch_file import CirtorchFile, read_cirtorch
from imagefinder.embedding.class_files import check_count, classifier, list_beside, read_names
from imagefinder.embedding.fitting import fitted
from imagefinder.embedding.onnx_file import is_onnx, read_onnx
from imagefinder.embedding.open_clip_network import SOURCE as OPEN_CLIP
from imagefinder.embedding.open_clip_records import TOKENIZER as TOKENIZER_FILE
from imagefinder.embedding.partial import sha256_of
from imagefinder.embedding.seeing import AS_USUAL, Seeing
from imagefinder.embedding.text_tower import has_texts, kept_texts, with_tokenizer

if TYPE_CHECKING:
    from torch import Tensor, nn

log = logging.getLogger(__name__)

LONGEST_STEM = 50
PROBES = (7, 11)
"""Numbers of classes that are tried to see which tensors depend on them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a network is to be read, where that is not its own way."""

    pooling: str | None = None
    layers: tuple[str, ...] = ()
    scales: tuple[float, ...] = (1.0,)
    output: Output = "features"
    seeing: Seeing = AS_USUAL
    classes: Path | None = None
    """A text file with the names of the classes; one beside the file of weights is found without it."""

    def of(self, found: Architecture, state: "Mapping[str, Tensor]") -> ModelSpec:
        """The record of ``found`` with weights that may have any number of classes, read in this way."""
        classes = _class_count(found, state) if self.output != "features" else 0
        return found.spec(
            pooling=self.pooling, layers=self.layers, scales=self.scales, output=self.output, classes=classes
        )


def _class_count(found: Architecture, state: "Mapping[str, Tensor]") -> int:
    """How many classes the weights in a file have scores for; 0 where that cannot be seen."""
    plain = sketched(found.spec()).state_dict()
    for rows in classifier(state, plain, found.dimension).values():
        return len(rows)
    # Some have several classifiers, or more than one layer in it: it is what is longer with more classes.
    fewer, more = (sketched(replace(found.spec(), output="logits", dimension=count)).state_dict() for count in PROBES)
    names = [name for name, tensor in fewer.items() if tensor.shape != more[name].shape]
    own = unwrapped(fewer, state)
    return next((len(own[name]) for name in names if name in own), 0)


class Fitted(NamedTuple):
    """A model that has seen pictures. Its tensors are those of its network, and a classifier's that this leaves out."""

    spec: ModelSpec
    network: "nn.Module"
    state: "Mapping[str, Tensor]"


def fit_state(spec: ModelSpec, state: "Mapping[str, Tensor]") -> Fitted:
    """Weights in the network of their record, after it was shown pictures.

    Of a classifier behind features its matrix is kept, and a tower for texts: words are looked up by them. Raises as
    ``fitted`` does, and ModelError for names of classes that are not as many as these are, and for texts' weights that
    do not fit.
    """
    network = fitted(spec, state)
    own = network.state_dict()
    if spec.source == OPEN_CLIP:
        return Fitted(spec, network, {**kept_texts(spec, state), **own})
    kept: dict[str, Tensor] = {}
    if spec.output == "features" and not spec.layers:
        projection = own.get("projection.matrix")
        kept = classifier(state, own, spec.dimension if projection is None else projection.shape[1])
    count = max((len(tensor) for tensor in kept.values()), default=0) or spec.dimension
    if spec.classes and (kept or spec.output != "features"):
        check_count(spec.classes, count, "Its record")
    return Fitted(spec, network, {**kept, **own})


def fit_file(file: Path, architecture: str | None, wanted: Wanted, say: Callable[[str], None] = log.info) -> Fitted:
    """What is in a file of weights, an ONNX file or a checkpoint of cirtorch; the latter two need no ``architecture``.

    The record has the name that such a model would be called by. ``say`` is told what was chosen where there was a
    choice. Raises UnknownName and ModelError.
    """
    if is_onnx(file):
        if architecture is not None:
            raise ModelError("An ONNX file has its network in it.", "Leave out --architecture.")
        spec, state = read_onnx(file, wanted.seeing)
        if wanted.seeing.mean is None and wanted.seeing.std is None and spec.input.std != (1.0, 1.0, 1.0):
            say("An ONNX file does not say how pixels are scaled: as ImageNet's are. --mean and --std say otherwise.")
        spec = replace(
            spec,
            pooling=wanted.pooling or spec.pooling,
            layers=wanted.layers,
            scales=wanted.scales,
            output=wanted.output,
            centred=wanted.output != "probabilities",
        )
        return _with_names(file, wanted, fit_state(_from(file, spec, _name_of(file)), state), say)
    content = read_content(file)
    cirtorch = read_cirtorch(content)
    if cirtorch is not None:
        return fit_state(*_of_cirtorch(file, cirtorch, architecture, wanted))
    state = tensors_of(content, file.name)
    if architecture is None:
        raise ModelError(
            f"Nothing in {file.name} says for which network these weights are.",
            "Name it with --architecture; imagefinder models architectures lists all names.",
        )
    return _with_names(file, wanted, _first_that_fits(file, architecture, state, wanted, say), say)


def _first_that_fits(
    file: Path, architecture: str, state: "Mapping[str, Tensor]", wanted: Wanted, say: Callable[[str], None]
) -> Fitted:
    """Of networks with the same name, the first that the weights are for."""
    names = full_names(architecture)
    first: ModelError | UnknownName | None = None
    for name in names:
        try:
            spec = wanted.of(find_architecture(name, wanted.seeing), state)
            spec = _from(file, spec, architecture.replace(":", "-"))
            found = fit_state(spec, with_tokenizer(spec, state, _tokenizer_beside(file)))
        except (ModelError, UnknownName) as error:
            first = first or error
            continue
        others = [other for other in names if other != name]
        if others:
            say(f"{architecture} is {_called(name)} here; {' and '.join(map(_called, others))} can be named so, too.")
        return found
    assert first is not None
    raise first


def _tokenizer_beside(file: Path) -> Path | None:
    found = file.with_name(TOKENIZER_FILE)
    return found if found.is_file() else None


def _called(name: str) -> str:
    return name if ":" in name else f"the preset {name}"


def _of_cirtorch(
    file: Path, found: CirtorchFile, architecture: str | None, wanted: Wanted
) -> "tuple[ModelSpec, Mapping[str, Tensor]]":
    if architecture not in (None, CIRTORCH, found.architecture):
        raise ModelError(
            f"{file.name} is a network of cirtorch, and says itself that it is a {found.architecture}.",
            "Leave out --architecture.",
        )
    found = replace(found, input=wanted.seeing.of(found.input))
    spec = replace(
        found.spec(wanted.scales), pooling=wanted.pooling or "native", layers=wanted.layers, output=wanted.output
    )
    if not spec.dimension:
        spec = replace(spec, dimension=row_length(spec))
    return _from(file, spec, _name_of(file)), {**found.state, **found.projection(wanted.scales)}


def _from(file: Path, spec: ModelSpec, name: str) -> ModelSpec:
    provenance = f"Added from {''.join(each if each.isprintable() else '?' for each in file.name)}."
    return replace(spec, name=name, weights_sha256=sha256_of(file), provenance=provenance)


def _name_of(file: Path) -> str:
    """What a model may be called that is called after its file."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", file.stem)[:LONGEST_STEM].strip("-._") or "mine"


def _with_names(file: Path, wanted: Wanted, found: Fitted, say: Callable[[str], None]) -> Fitted:
    """The names of its classes put into the record, from the file that was named, or else from one that lies beside."""
    spec, network, state = found
    count = spec.dimension
    if spec.source == OPEN_CLIP:
        count = 0
        if not has_texts(state):
            say(f"Without a {TOKENIZER_FILE} beside {file.name}, texts cannot be compared with this model's photos.")
    elif spec.output == "features":
        kept = [name for name in state if name not in network.state_dict()]
        count = len(state[kept[0]]) if kept else 0
    given = wanted.classes or list_beside(file)
    if given is None:
        return found
    try:
        names = check_count(read_names(given), count, given.name)
    except ModelError as error:
        if wanted.classes is not None:
            raise
        if count:
            say(f"The names of the classes are left out: {error.message}")
        return found
    say(f"The classes are called as in {given}.")
    where = "".join(each if each.isprintable() else "?" for each in given.name)
    named = replace(spec, classes=names, provenance=f"{spec.provenance} Its classes are called as in {where}.")
    return Fitted(named, network, state)
