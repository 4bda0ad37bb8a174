"""Networks by name: the presets, and any other of timm, torchvision and open_clip, shown pictures as it was trained."""

import difflib
import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.specs import Framing, InputSpec
from imagefinder.embedding import open_clip_network, open_clip_records
from imagefinder.embedding.backbones import row_length, unknown_network
from imagefinder.embedding.presets import ARCHITECTURES, IMAGENET_NOTE, Architecture
from imagefinder.embedding.representation import NATIVE
from imagefinder.embedding.seeing import AS_USUAL, IMAGENET, Seeing
from imagefinder.embedding.torchvision_compat import import_timm, import_torchvision

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "find_architecture",
    "licence_in_words",
    "official_url",
    "other_urls",
    "tokenizer_url",
]

log = logging.getLogger(__name__)

TORCHVISION_LICENCE, SWAG_LICENCE = "BSD-3-Clause", "CC-BY-NC-4.0"
SOURCES = ("timm", "torchvision", open_clip_network.SOURCE)
TIMM_FRAMINGS: Mapping[str, Framing] = {"squash": "squash", "border": "whole"}
"""Its words for what is not a cut-out centre."""
FREE_LICENCES = ("apache", "mit", "bsd", "cc0", "cc-by-4", "cc-by-sa-4", "gpl", "lgpl", "agpl", "isc", "unlicense")
"""How the names of licences begin that permit any use."""


def find_architecture(name: str, seeing: Seeing = AS_USUAL) -> Architecture:
    """A preset, or any network of its sources, with the preprocessing that these record, but for ``seeing``.

    A name that several know is the preset's, then timm's; "timm:NAME" and "torchvision:NAME" choose, and those of
    open_clip are only known as "open_clip:NAME". Raises UnknownName, or ModelError for a network that gives no
    features or cannot be shown what ``seeing`` says.
    """
    name = full_names(name)[0]
    source, _, network = name.partition(":")
    if name in ARCHITECTURES:
        found, own = ARCHITECTURES[name], True
    elif source == open_clip_network.SOURCE:
        found, own = open_clip_records.architecture_of(name, network), True
    else:
        found, own = _from_timm(name, network) if source == "timm" else _from_torchvision(name, network), False
    seen = seeing.of(found.input)
    if own and seen == found.input:
        return found
    sized = found.source == "timm" and (seen.crop != found.input.crop or not _is_square(found.network))
    found = replace(found, input=seen)
    try:
        if sized:  # transformers must be told; other networks do not know the word
            try:
                told = replace(found, options={**found.options, "img_size": seen.crop})
                return replace(told, dimension=row_length(told.spec()))
            except ModelError as error:
                log.debug("%s is not told its size: %s", network, error)
        return replace(found, dimension=row_length(found.spec()))
    except MemoryError as error:
        raise ModelError(f"The network {network} does not fit into memory.", "Choose a smaller one.") from error


def full_names(name: str) -> tuple[str, ...]:
    """The networks that ``name`` may mean, the one that is taken first: presets by their name, others with their
    source before it. Raises UnknownName where nobody knows it."""
    source, colon, _ = name.partition(":")
    if colon:
        if source not in SOURCES:
            raise UnknownName(f"There is no source of networks named {source!r}.", f"Known: {', '.join(SOURCES)}.")
        return (name,)
    found = [name] if name in ARCHITECTURES else []
    if _timm_knows(name):
        found.append(f"timm:{name}")
    models = import_torchvision().models
    if name in models.list_models(module=models):
        found.append(f"torchvision:{name}")
    if not found:
        known = [*ARCHITECTURES, *import_timm().list_models(), *models.list_models(module=models)]
        raise UnknownName(
            f"Neither imagefinder nor timm nor torchvision has a network named {name!r}.",
            f"{did_you_mean(name, known)}All names: imagefinder models architectures",
        )
    return tuple(found)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Half a hint with the nearest spellings; empty where nothing is near."""
    close = dict.fromkeys(difflib.get_close_matches(name, [*known], n=3))
    return f"Did you mean {', '.join(close)}? " if close else ""


def _timm_knows(name: str) -> bool:
    timm = import_timm()
    return bool(timm.is_model(name)) and (
        "." not in name or name in timm.list_pretrained(f"{name.partition('.')[0]}.*")
    )


def _is_square(network: str) -> bool:
    cfg = import_timm().get_pretrained_cfg(network)
    return cfg is None or cfg.input_size[-1] == cfg.input_size[-2]


def licence_in_words(licence: str, commercial_use: bool) -> str:
    """What the licence of a model means for the person who uses it, as half a sentence."""
    if not commercial_use:
        return "not for commercial use"
    if not licence:
        return "unknown: ask whoever gave you the file"
    if licence.lower().startswith(FREE_LICENCES):
        return "free for any use, also commercial"
    return f"has terms of its own: {licence}"


def is_for_commerce(licence: str) -> bool:
    """Whether a licence that timm names permits commercial use, as far as its name says."""
    return not any(word in licence.lower() for word in ("-nc", "noncommercial", "research", "amlr"))


def official_url(architecture: Architecture) -> str:
    """Where the weights of ``architecture`` are published. Opens no connection. Raises ModelError."""
    if architecture.source == "torchvision":
        weights = official_weights(architecture.network)
        url = str(weights.url) if weights is not None else ""
    elif _is_open_clip(architecture):
        url = next(iter(open_clip_records.addresses(architecture)), "")
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


def other_urls(architecture: Architecture) -> tuple[str, ...]:
    """Where else the weights may be, should they not be at ``official_url``. Opens no connection. Raises ModelError."""
    return open_clip_records.addresses(architecture)[1:] if _is_open_clip(architecture) else ()


def tokenizer_url(architecture: Architecture) -> str:
    """Where the tokenizer is published that its texts need; "" where they need none. Raises ModelError."""
    return open_clip_records.tokenizer_address(architecture) if _is_open_clip(architecture) else ""


def _is_open_clip(architecture: Architecture) -> bool:
    return architecture.source == open_clip_network.SOURCE


def _from_timm(name: str, network: str) -> Architecture:
    timm = import_timm()
    if not timm.is_model(network):
        raise unknown_network("timm", network, timm.list_models())
    try:
        cfg = timm.get_pretrained_cfg(network)
    except RuntimeError as error:  # an unknown tag after the dot
        raise unknown_network("timm", network, timm.list_pretrained()) from error
    licence = str(cfg.license or "")
    return Architecture(
        name,
        "timm",
        network,
        timm_input(cfg),
        dimension=0,
        licence=licence,
        pooling=NATIVE,
        commercial_use=is_for_commerce(licence),
        download=bool(cfg.hf_hub_id or cfg.url),
    )


def _from_torchvision(name: str, network: str) -> Architecture:
    models = import_torchvision().models
    known = models.list_models(module=models)
    if network not in known:
        raise unknown_network("torchvision", network, known)
    weights = official_weights(network)
    swag = weights is not None and "SWAG" in weights.name
    seen = torchvision_input(network)
    return Architecture(
        name,
        "torchvision",
        network,
        seen,
        dimension=0,
        licence=SWAG_LICENCE if swag else TORCHVISION_LICENCE,
        description="" if swag else IMAGENET_NOTE,
        pooling=NATIVE,
        commercial_use=not swag,
        download=weights is not None,
    )


def timm_input(cfg: Any) -> InputSpec:
    """What timm's record of some weights says of their preprocessing; of a rectangle, the square that fits into it."""
    crop = int(min(cfg.input_size[1:]))
    framing = TIMM_FRAMINGS.get(cfg.crop_mode, "crop")
    return InputSpec(
        crop,
        crop if framing == "squash" else math.floor(crop / cfg.crop_pct),
        framing,
        mean=_triple(cfg.mean),
        std=_triple(cfg.std),
        interpolation="bilinear" if cfg.interpolation == "bilinear" else "bicubic",
    )


def torchvision_input(network: str) -> InputSpec:
    """What torchvision's recommended weights say of theirs; the usual one where there are none."""
    weights = official_weights(network)
    if weights is None:
        return IMAGENET
    shown = weights.transforms()
    crop, resize = int(shown.crop_size[0]), int(shown.resize_size[0])
    bilinear = shown.interpolation.value == "bilinear"
    return InputSpec(
        crop,
        max(crop, resize),
        mean=_triple(shown.mean),
        std=_triple(shown.std),
        interpolation="bilinear" if bilinear else "bicubic",
    )


def official_weights(network: str) -> Any:
    """torchvision's recommended weights of a network, an enum member; None where there are none."""
    choices = import_torchvision().models.get_model_weights(network)
    return getattr(choices, "DEFAULT", None)


def _triple(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
