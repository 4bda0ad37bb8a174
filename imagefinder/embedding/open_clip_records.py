"""What open_clip records of its networks: how pictures are shown to them, and where their files are published."""

import re
from collections.abc import Mapping
from typing import Any

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import Framing, InputSpec
from imagefinder.embedding.open_clip_network import SOURCE, configuration, import_open_clip, weights_record
from imagefinder.embedding.presets import Architecture
from imagefinder.embedding.representation import NATIVE

FRAMINGS: Mapping[str, Framing] = {"shortest": "crop", "squash": "squash", "longest": "whole"}
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
"""What the file is called in a repository of the hub, the better form first."""
TOKENIZER = "tokenizer.json"
LICENCES = {r"laion/.*": "MIT", r"timm/vit.*-siglip.*": "Apache-2.0", r".*mobileclip.*": "apple-amlr"}
"""Of the weights, by their repository in small letters. open_clip itself does not say."""


def architecture_of(name: str, network: str) -> Architecture:
    """A network of open_clip, ``network`` with or without the tag of its weights; ``name`` is what it was asked for by.

    Raises UnknownName and ModelError.
    """
    found = configuration(network)
    tags = import_open_clip().list_pretrained_tags_by_model(network.partition(".")[0])
    if "." not in network and len(tags) == 1:
        network = f"{network}.{tags[0]}"
    record = weights_record(network)
    licence = _licence(record)
    return Architecture(
        name,
        SOURCE,
        network,
        open_clip_input(found, record),
        dimension=int(found["embed_dim"]),
        licence=licence,
        pooling=NATIVE,
        commercial_use=licence != "apple-amlr",
        download="." in network and bool(record.get("hf_hub")),
    )


def open_clip_input(found: Mapping[str, Any], record: Mapping[str, Any]) -> InputSpec:
    """How pictures are shown to a network of this configuration with these weights."""
    constants = import_open_clip().constants
    size = found["vision_cfg"].get("image_size", 224)
    crop = int(min(size) if isinstance(size, list | tuple) else size)
    mean = record.get("mean") or constants.OPENAI_DATASET_MEAN
    std = record.get("std") or constants.OPENAI_DATASET_STD
    return InputSpec(
        crop,
        crop,
        FRAMINGS.get(record.get("resize_mode", "shortest"), "crop"),
        mean=(float(mean[0]), float(mean[1]), float(mean[2])),
        std=(float(std[0]), float(std[1]), float(std[2])),
        interpolation="bilinear" if record.get("interpolation") == "bilinear" else "bicubic",
    )


def addresses(architecture: Architecture) -> tuple[str, ...]:
    """Where its weights are published, one of which is enough. Opens no connection. Raises ModelError
    where its name leaves open which of several are meant."""
    from huggingface_hub import hf_hub_url

    tags = import_open_clip().list_pretrained_tags_by_model(architecture.network)
    if tags:
        raise ModelError(
            f"There are several weights for {architecture.network}.",
            f"Say which, as {SOURCE}:{architecture.network}.{tags[0]}. Known: {', '.join(tags)}.",
        )
    repository, _, file = str(weights_record(architecture.network).get("hf_hub", "")).rpartition("/")
    if not (architecture.download and repository):
        return ()
    return tuple(hf_hub_url(repository, each) for each in ((file,) if file else WEIGHTS))


def tokenizer_address(architecture: Architecture) -> str:
    """Where the file of its tokenizer is published; "" where that is in open_clip's package. Raises ModelError."""
    from huggingface_hub import hf_hub_url

    repository = configuration(architecture.network)["text_cfg"].get("hf_tokenizer_name", "")
    return hf_hub_url(repository, TOKENIZER) if repository else ""


def _licence(record: Mapping[str, Any]) -> str:
    repository = str(record.get("hf_hub", "")).lower()
    return next((licence for pattern, licence in LICENCES.items() if re.fullmatch(pattern, repository)), "")
