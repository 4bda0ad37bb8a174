"""Networks of cirtorch (github.com/filipradenovic/cnnimageretrieval-pytorch), as they are published.

A checkpoint of its training holds "state_dict" and "meta", which says everything that the weights were trained with:
the network of torchvision whose feature maps are taken, their pooling, and the whitening behind it, either a layer of
the network or, as "Lw", a projection learned afterwards (Radenovic et al., TPAMI 2018).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.pooling import build_pooling, maximum, regional_maxima, regions
from imagefinder.embedding.torchvision_compat import import_torchvision

if TYPE_CHECKING:
    from torch import Tensor, nn

SOURCE = "cirtorch"
FAMILIES = ("alexnet", "vgg", "resnet", "densenet", "squeezenet")
POOLINGS = ("gem", "mac", "spoc", "rmac")
SWITCHES = ("local_whitening", "regional", "whitening")
"""What "meta" says yes or no to."""
SIDE = 362
"""The long side of the pictures that the published networks were trained with."""
PREFIX, OWN_PREFIX = "pool.", "pooling."
"""Tensors of the pooling in a checkpoint and here, where "pool.p" is of a pooling behind the network."""


@dataclass(frozen=True, slots=True)
class CirtorchFile:
    """A checkpoint, taken apart."""

    architecture: str
    options: Mapping[str, Any]
    input: InputSpec
    state: "Mapping[str, Tensor]"
    whitenings: Mapping[str, Any]
    """Learned afterwards: on which pictures -> for one size of a picture ("ss") and for several ("ms")."""

    def spec(self, scales: tuple[float, ...]) -> ModelSpec:
        """The record without name, checksum and dimension, which a projection may change."""
        whitened = self.projection(scales)
        return ModelSpec(
            "",
            SOURCE,
            self.architecture,
            self.input,
            dimension=len(whitened["projection.matrix"]) if whitened else 0,
            pooling="native",
            options=self.options,
            scales=scales,
            projection="whitening" if whitened else "",
            description=f"A network of cirtorch: {self._what()}. It sees the whole picture, its long side "
            f"{self.input.resize} pixels; it was published for 362 in training and 1,024 in tests.",
        )

    def projection(self, scales: tuple[float, ...]) -> "dict[str, Tensor]":
        """The tensors of the whitening that was learned afterwards; none where there is one in the network, or none."""
        import torch

        if self.options["whitening"] or not self.whitenings:
            return {}
        learned = next(iter(self.whitenings.values()))
        try:
            way = learned["ms" if len(scales) > 1 else "ss"]
            mean, matrix = (np.array(way[part], np.float32) for part in ("m", "P"))
        except (KeyError, TypeError, ValueError) as error:
            raise _unknown("its whitening Lw is not of the form that cirtorch writes") from error
        if matrix.ndim != 2 or mean.size != matrix.shape[1]:
            raise _unknown("its whitening Lw is not of the form that cirtorch writes")
        return {"projection.mean": torch.from_numpy(mean.reshape(-1)), "projection.matrix": torch.from_numpy(matrix)}

    def _what(self) -> str:
        parts = [self.architecture, f"{self.options['pooling']} pooling"]
        if self.options["regional"]:
            parts.append("region by region")
        if self.options["whitening"] or self.whitenings:
            parts.append("whitening")
        return ", ".join(parts)


def read_cirtorch(content: Any) -> CirtorchFile | None:
    """What is in a checkpoint that was read; None where it is not one of cirtorch. Raises ModelError for one with
    parts that are not known here."""
    import torch

    if not isinstance(content, dict):
        return None
    meta, state = content.get("meta"), content.get("state_dict")
    if not isinstance(meta, dict) or not isinstance(state, dict) or not {"architecture", "pooling"} <= meta.keys():
        return None
    architecture, pooling = meta["architecture"], meta["pooling"]
    if not isinstance(architecture, str) or not architecture.startswith(FAMILIES):
        raise _unknown(f"it is of the network {architecture!r}")
    if pooling not in POOLINGS:
        raise _unknown(f"it pools by {pooling!r}")
    try:
        seen = InputSpec(
            SIDE,
            SIDE,
            "whole",
            mean=_triple(meta.get("mean", (0.485, 0.456, 0.406))),
            std=_triple(meta.get("std", (0.229, 0.224, 0.225))),
        )
    except (TypeError, ValueError) as error:
        raise _unknown("its mean and deviation are not three numbers each") from error
    own = {
        OWN_PREFIX + name.removeprefix(PREFIX) if name.startswith(PREFIX) else name: tensor
        for name, tensor in ((str(name).removeprefix("module."), tensor) for name, tensor in state.items())
        if isinstance(tensor, torch.Tensor)
    }
    options = {"pooling": pooling, **{word: bool(meta.get(word, False)) for word in SWITCHES}}
    whitenings = meta.get("Lw")
    return CirtorchFile(architecture, options, seen, own, whitenings if isinstance(whitenings, dict) else {})


def build_cirtorch(spec: ModelSpec) -> "nn.Module":
    """The network of a record in evaluation mode: (n, 3, crop, crop) -> (n, d) of unit length. Raises ModelError."""
    import torch
    from torch import nn
    from torch.nn.functional import normalize

    if spec.layers or spec.pooling != "native" or spec.output != "features":
        raise ModelError(
            "A network of cirtorch is taken with the pooling that it was trained with.",
            "Leave out pooling, layers and output.",
        )
    options = spec.options
    if options.get("pooling") not in POOLINGS or not all(isinstance(options.get(word), bool) for word in SWITCHES):
        raise _unknown("its record does not say how it pools")
    parts = _feature_parts(spec.architecture)
    try:
        with torch.inference_mode():
            length = nn.Sequential(*parts).eval()(torch.zeros(1, 3, 64, 64)).shape[1]
    except RuntimeError as error:
        raise _unknown(f"it is of the network {spec.architecture!r}") from error

    class Regional(nn.Module):
        """Each region is pooled and whitened for itself; their sum is the row."""

        def __init__(self, pool: nn.Module) -> None:
            super().__init__()
            self.rpool = pool
            self.whiten = nn.Linear(length, length)

        def forward(self, maps: "Tensor") -> "Tensor":
            rows = [normalize(self.rpool(region)) for region in (maps, *regions(maps))]
            return torch.stack([normalize(self.whiten(row)) for row in rows]).sum(0)

    class RegionalMaxima(nn.Module):
        def forward(self, maps: "Tensor") -> "Tensor":
            return normalize(maximum(maps)) + regional_maxima(maps)  # the whole map counts twice there

    class Cirtorch(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = nn.Sequential(*parts)
            self.lwhiten = nn.Linear(length, length) if options["local_whitening"] else None
            pool = RegionalMaxima() if options["pooling"] == "rmac" else build_pooling(options["pooling"])
            self.pooling = Regional(pool) if options["regional"] else pool
            self.whiten = nn.Linear(length, length) if options["whitening"] else None

        def forward(self, pictures: "Tensor") -> "Tensor":
            maps: Tensor = self.features(pictures)
            if self.lwhiten is not None:
                maps = self.lwhiten(maps.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            rows = normalize(self.pooling(maps).float())
            return rows if self.whiten is None else normalize(self.whiten(rows).float())

    return Cirtorch().eval()


def _feature_parts(architecture: str) -> "list[nn.Module]":
    """The parts of torchvision's network whose last maps are pooled, under the numbers that cirtorch gives them."""
    from torch import nn

    models = import_torchvision().models
    if not architecture.startswith(FAMILIES) or architecture not in models.list_models(module=models):
        raise _unknown(f"it is of the network {architecture!r}")
    network = models.get_model(architecture, weights=None)
    if architecture.startswith("resnet"):
        return list(network.children())[:-2]  # without its pooling and its classifier
    parts = list(network.features.children())
    if architecture.startswith(("alexnet", "vgg")):
        return parts[:-1]  # so that the maps end with a ReLU
    return [*parts, nn.ReLU(inplace=True)] if architecture.startswith("densenet") else parts


def _triple(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def _unknown(what: str) -> ModelError:
    return ModelError(
        f"This version does not know every part of this cirtorch network: {what}.",
        f"Known: {', '.join(FAMILIES)} with {', '.join(POOLINGS)}.",
    )
