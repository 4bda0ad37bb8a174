"""Networks by name: the presets, and any other of timm and torchvision with the preprocessing it was trained with."""

import math
from dataclasses import replace
from typing import Any

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.specs import InputSpec
from imagefinder.embedding.backbones import build, feature_dimension, unknown_network
from imagefinder.embedding.presets import ARCHITECTURES, IMAGENET_MEAN, IMAGENET_NOTE, IMAGENET_STD, Architecture
from imagefinder.embedding.representation import NATIVE
from imagefinder.embedding.torchvision_compat import import_timm, import_torchvision

__all__ = ["ARCHITECTURES", "Architecture", "find_architecture", "licence_in_words", "official_url"]

FREE_LICENCES = ("apache", "mit", "bsd", "cc0", "cc-by-4", "cc-by-sa-4", "gpl", "lgpl", "agpl", "isc", "unlicense")
"""How the names of licences begin that permit any use."""


def find_architecture(name: str) -> Architecture:
    """A preset, or any network as "timm:NAME" or "torchvision:NAME" with the preprocessing its source records.

    Raises UnknownName, or ModelError for a network that gives no features.
    """
    source, colon, network = name.partition(":")
    if not colon:
        return ARCHITECTURES[name]
    if source == "timm":
        found = _from_timm(name, network)
    elif source == "torchvision":
        found = _from_torchvision(name, network)
    else:
        raise UnknownName(f"There is no source of networks named {source!r}.", "Known: timm, torchvision.")
    try:
        return replace(found, dimension=feature_dimension(build(found.spec()), found.input.crop))
    except MemoryError as error:
        raise ModelError(f"The network {network} does not fit into memory.", "Choose a smaller one.") from error


def licence_in_words(licence: str, commercial_use: bool) -> str:
    """What the licence of a model means for the person who uses it, as half a sentence."""
    if not commercial_use:
        return "not for commercial use"
    if not licence:
        return "unknown: ask whoever gave you the file"
    if licence.lower().startswith(FREE_LICENCES):
        return "free for any use, also commercial"
    return f"has terms of its own: {licence}"


def official_url(architecture: Architecture) -> str:
    """Where timm or torchvision publish the weights of ``architecture``. Opens no connection. Raises ModelError."""
    if architecture.source == "torchvision":
        weights = _torchvision_weights(architecture.network)
        url = str(weights.url) if weights is not None else ""
    else:
        cfg = import_timm().get_pretrained_cfg(architecture.network)
        if cfg is not None and cfg.hf_hub_id:
            from huggingface_hub import hf_hub_url

            url = hf_hub_url(cfg.hf_hub_id, cfg.hf_hub_filename or "model.safetensors")
        else:
            url = (cfg.url or "") if cfg is not None else ""
    if not (architecture.download and url):
        raise ModelError(
            f"Nobody publishes weights for {architecture.name} that imagefinder could download.",
            f"Add a file: imagefinder models add FILE --architecture {architecture.name}",
        )
    return url


def _from_timm(name: str, network: str) -> Architecture:
    timm = import_timm()
    if not timm.is_model(network):
        raise unknown_network("timm", network, timm.list_models())
    try:
        cfg = timm.get_pretrained_cfg(network)
    except RuntimeError as error:  # an unknown tag after the dot
        raise unknown_network("timm", network, timm.list_pretrained()) from error
    crop = int(cfg.input_size[-1])
    squash = cfg.crop_mode == "squash"
    licence = str(cfg.license or "")
    return Architecture(
        name,
        "timm",
        network,
        InputSpec(
            crop,
            crop if squash else math.floor(crop / cfg.crop_pct),
            "squash" if squash else "crop",
            mean=_triple(cfg.mean),
            std=_triple(cfg.std),
        ),
        dimension=0,
        licence=licence,
        pooling=NATIVE,
        commercial_use=not any(word in licence.lower() for word in ("-nc", "research", "amlr")),
        download=bool(cfg.hf_hub_id or cfg.url),
    )


def _from_torchvision(name: str, network: str) -> Architecture:
    models = import_torchvision().models
    known = models.list_models(module=models)
    if network not in known:
        raise unknown_network("torchvision", network, known)
    weights = _torchvision_weights(network)
    swag = weights is not None and "SWAG" in weights.name
    if weights is None:  # no published weights, so no published preprocessing either: the usual one
        seen = InputSpec(224, 256, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    else:
        shown = weights.transforms()
        crop, resize = int(shown.crop_size[0]), int(shown.resize_size[0])
        seen = InputSpec(crop, max(crop, resize), mean=_triple(shown.mean), std=_triple(shown.std))
    return Architecture(
        name,
        "torchvision",
        network,
        seen,
        dimension=0,
        licence="CC-BY-NC-4.0" if swag else "BSD-3-Clause",
        description="" if swag else IMAGENET_NOTE,
        pooling=NATIVE,
        commercial_use=not swag,
        download=weights is not None,
    )


def _torchvision_weights(network: str) -> Any:
    """torchvision's recommended weights of a network, an enum member; None where there are none."""
    choices = import_torchvision().models.get_model_weights(network)
    return getattr(choices, "DEFAULT", None)


def _triple(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
