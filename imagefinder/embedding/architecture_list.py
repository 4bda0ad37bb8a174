"""All networks that weights can be added for, by name, without building any of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.embedding.architectures import (
    ARCHITECTURES,
    SWAG_LICENCE,
    TORCHVISION_LICENCE,
    did_you_mean,
    full_names,
    is_for_commerce,
    official_weights,
    timm_input,
    torchvision_input,
)
from imagefinder.embedding.open_clip_network import SOURCE, import_open_clip, weights_record
from imagefinder.embedding.open_clip_records import architecture_of
from imagefinder.embedding.torchvision_compat import import_timm, import_torchvision


@dataclass(frozen=True, slots=True)
class ListedNetwork:
    """A network, and what its source records of it."""

    name: str
    """To be given to ``find_architecture``."""
    source: str
    """"preset", "timm", "torchvision" or "open_clip"."""
    input_size: int
    licence: str
    """Of the official weights; empty where nobody says."""
    commercial: bool
    """Whether the licence permits that, as far as is known."""
    download: bool
    """Whether there are official weights."""


def list_networks(pattern: str = "") -> list[ListedNetwork]:
    """The networks whose name matches a pattern such as "resnet*", or has ``pattern`` in it: presets, then timm's, then
    torchvision's, then open_clip's if its package is here.

    Weights of one network under several tags, as "resnet18.a1_in1k", are listed where the pattern has a dot.
    Raises UnknownName where none matches.
    """
    asked = pattern.strip().lower()
    source, colon, rest = asked.partition(":")
    found = [
        each
        for each in (*_presets(), *_of_timm("." in asked), *_of_torchvision(), *_of_open_clip("." in asked))
        if _matches(each.name.partition(":")[2] or each.name, rest if colon else asked)
        and (not colon or each.source == source)
    ]
    if not found:
        known = (
            each.name for each in (*_presets(), *_of_timm(tags=False), *_of_torchvision(), *_of_open_clip(tags=False))
        )
        raise UnknownName(
            f"No network has a name like {pattern!r}.",
            f"{did_you_mean(asked, known)}All names: imagefinder models architectures",
        )
    return found


def _matches(name: str, asked: str) -> bool:
    name = name.lower()
    return fnmatchcase(name, asked) if any(mark in asked for mark in "*?[") else asked in name


def _presets() -> Iterator[ListedNetwork]:
    for name, each in ARCHITECTURES.items():
        yield ListedNetwork(name, "preset", each.input.crop, each.licence, each.commercial_use, each.download)


def _of_timm(tags: bool) -> Iterator[ListedNetwork]:
    timm = import_timm()
    for name in timm.list_pretrained() if tags else timm.list_models():
        cfg = timm.get_pretrained_cfg(name)
        if cfg is None:
            continue
        licence = str(cfg.license or "")
        own = f"timm:{name}" if name in ARCHITECTURES else name
        download = bool(cfg.hf_hub_id or cfg.url)
        yield ListedNetwork(own, "timm", timm_input(cfg).crop, licence, is_for_commerce(licence), download)


def _of_torchvision() -> Iterator[ListedNetwork]:
    models = import_torchvision().models
    for name in models.list_models(module=models):
        weights = official_weights(name)
        swag = weights is not None and "SWAG" in weights.name
        yield ListedNetwork(
            name if full_names(name)[0] == f"torchvision:{name}" else f"torchvision:{name}",
            "torchvision",
            torchvision_input(name).crop,
            SWAG_LICENCE if swag else TORCHVISION_LICENCE,
            not swag,
            weights is not None,
        )


def _of_open_clip(tags: bool) -> Iterator[ListedNetwork]:
    try:
        open_clip = import_open_clip()
    except ModelError:
        return
    for name in open_clip.list_models():
        known = open_clip.list_pretrained_tags_by_model(name) if tags else []
        for network in [f"{name}.{tag}" for tag in known] or [name]:
            try:
                found = architecture_of(network, network)
            except ModelError:  # one that imagefinder does not build
                continue
            published = bool(weights_record(network).get("hf_hub"))
            yield ListedNetwork(
                f"{SOURCE}:{network}", SOURCE, found.input.crop, found.licence, found.commercial_use, published
            )
