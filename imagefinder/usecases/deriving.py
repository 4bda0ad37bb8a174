"""Make a model of one that is here: one that reads the same network otherwise, or keeps fewer numbers of a photo.

The latter is fitted to the photos of a library or of folders. Both are models of their own, beside the first one.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from imagefinder.domain.errors import ModelError
from imagefinder.domain.excludes import DEFAULT_EXCLUDES
from imagefinder.domain.images import Embeddings
from imagefinder.domain.progress import CancelToken, ProgressSink, ignore_progress
from imagefinder.domain.specs import ModelSpec, Output, Projection
from imagefinder.embedding.backbones import build, keeping_own_length, row_length
from imagefinder.embedding.packaged import PACKAGED
from imagefinder.embedding.projection import derive, fit_pca, fit_whitening
from imagefinder.embedding.representation import NETWORKS_OWN
from imagefinder.storage.library import Library
from imagefinder.usecases.evaluation_photos import embed_photos, label_of, list_photos
from imagefinder.usecases.models import Models

if TYPE_CHECKING:
    from torch import Tensor

PARTNERS = 5
"""With how many others of its label a photo is paired."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Photos to fit to: unit rows (n, dimension) of the base model, and what each shows, empty where nobody said."""

    rows: Embeddings
    labels: tuple[str, ...]
    source: str
    """Whose photos these are, for the record."""


def represent_model(
    models: Models,
    base: str,
    name: str,
    *,
    pooling: str | None = None,
    layers: tuple[str, ...] | None = None,
    scales: tuple[float, ...] | None = None,
    output: Output | None = None,
) -> ModelSpec:
    """Put ``base`` onto the shelf once more, as ``name``, with its network read in another way.

    What is None stays as it is with ``base``; layers are averaged where its pooling only fits the end of the network.
    Of a packaged network the projection is left out: what it is derived into keeps all its numbers. Raises UnknownName
    for a layer, and ModelError: for a base that has a projection, which would not fit any more, for a classifier that
    its file has not, for what the network does not take, and for a name that is taken.
    """
    own = spec = models.shelf.spec(base)
    models.shelf.free_name(name)
    models.shelf.name_of(spec)  # a preset without weights says where they come from
    if base in PACKAGED:
        spec = PACKAGED[base].network
    if spec.projection:
        raise ModelError(
            f"The numbers of {base} were fitted to one way of reading its network.",
            "Derive from the model that it was made of, then fit again.",
        )
    classifies = base in PACKAGED or spec.output != "features" or spec.source == "onnx"
    if output in ("logits", "probabilities") and not classifies:
        raise ModelError(
            f"The file of {base} has no classifier in it.",
            f"Add or download its weights anew, under another name, with --output {output}.",
        )
    layers = spec.layers if layers is None else layers
    if pooling is None:
        pooling = "average" if layers and spec.pooling in (*NETWORKS_OWN, "none") else spec.pooling
    scales, output = scales or spec.scales, output or spec.output
    changed = replace(spec, pooling=pooling, layers=layers, scales=scales, output=output)
    if changed.fingerprint == own.fingerprint:
        raise ModelError(f"{base} is read in this way already.", "Name another pooling, other layers or sizes.")
    changed = replace(
        keeping_own_length(changed) if layers else changed,
        name=name,
        centred=spec.centred if output == spec.output else output != "probabilities",
        provenance=f"{base}, {_how_read(changed)}. {spec.provenance}".rstrip(),
    )
    changed = replace(changed, dimension=0 if output != spec.output else changed.dimension)
    changed = replace(changed, dimension=row_length(changed))
    return models.shelf.put(changed, PACKAGED[base].published() if base in PACKAGED else _weights(models, spec))


def sample_of_library(library: Library, spec: ModelSpec) -> Sample:
    """The photos that ``library`` has looked at by this model. Raises ModelError where it searches by another one."""
    active = library.active_model()
    if active is None or active.fingerprint != spec.fingerprint:
        raise ModelError(
            f"The library does not search by {spec.name}.",
            f"Switch it first: imagefinder models use {spec.name}; or name a folder with --folder.",
        )
    paths, rows, _ = library.export()
    named = library.labelled_photos()
    label_at = {photo.path: named[id_] for id_, photo in library.photos(named).items()}
    return Sample(rows, tuple(label_at.get(path, "") for path in paths), "the library")


def sample_of_folders(
    models: Models,
    spec: ModelSpec,
    folders: Sequence[Path],
    device: str = "auto",
    token: CancelToken | None = None,
    progress: ProgressSink = ignore_progress,
) -> Sample:
    """The photos below ``folders``; what they show is the name of the folder that they lie in.

    Raises EvaluationError for a folder that cannot be read, ModelError, and Cancelled.
    """
    token = token or CancelToken()
    listing = list_photos(folders, DEFAULT_EXCLUDES, token, progress)
    found = embed_photos(listing.paths, models, [spec.name], device, token, progress)
    named = ", ".join(folder.absolute().name for folder in folders)
    return Sample(found.rows[spec.name], tuple(map(label_of, found.paths)), named)


def derive_model(
    models: Models, base: str, name: str, sample: Sample, kind: Projection, dimension: int, power: float = 0.25
) -> ModelSpec:
    """Put ``base`` with a projection to ``dimension`` numbers behind it onto the shelf as ``name``.

    "pca" keeps the principal components of the sample, divided by their variance to the power of ``power``;
    "whitening" learns from its labels what does not matter. ``base`` stays as it is. Raises UnknownName and
    ModelError: for too few photos or pairs, for a base that has a projection, for a name that is taken.
    """
    spec = models.shelf.spec(base)
    models.shelf.free_name(name)
    if not len(sample.rows):
        raise ModelError("There are no photos to fit to.", "Name another folder, or index some photos.")
    if kind == "pca":
        mean, matrix = fit_pca(sample.rows, dimension, power)
        how = f"{dimension} principal components (power {power:g})"
    else:
        mean, matrix = fit_whitening(sample.rows, *_pairs(sample.labels), dimension)
        how = f"whitening to {dimension} numbers"
    derived, tensors = derive(spec, kind, mean, matrix)
    source = "".join(character if character.isprintable() else "?" for character in sample.source)
    provenance = f"{base} with {how}, fitted to {len(sample.rows):,} photos of {source}. {spec.provenance}".rstrip()
    return models.shelf.put(replace(derived, name=name, provenance=provenance), {**_weights(models, spec), **tensors})


def _weights(models: Models, spec: ModelSpec) -> "Mapping[str, Tensor]":
    """The tensors of a model that is here; one without a file makes its own."""
    return models.shelf.weights(spec.name) if models.shelf.file(spec.name) is not None else build(spec).state_dict()


def _how_read(spec: ModelSpec) -> str:
    parts = [f"layers {', '.join(spec.layers)}"] if spec.layers else []
    seen = {"features": f"pooling {spec.pooling}", "logits": "class scores", "probabilities": "class probabilities"}
    parts.append(seen[spec.output])
    if spec.scales != (1.0,):
        parts.append(f"sizes {', '.join(f'{scale:g}' for scale in spec.scales)}")
    return ", ".join(parts)


def _pairs(labels: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Numbers of photos of the same label, each with the next few of it, round in a circle. Raises ModelError."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, label in enumerate(labels):
        if label:
            groups[label].append(number)
    pairs = [
        (one, group[(place + step) % len(group)])
        for group in groups.values()
        for place, one in enumerate(group)
        for step in range(1, min(PARTNERS + 1, len(group)))
    ]
    if not pairs:
        raise ModelError(
            "No two photos have the same label.", "Name a folder with --folder that has a folder of photos for each."
        )
    table = np.array(pairs, np.int64)
    return table[:, 0], table[:, 1]
