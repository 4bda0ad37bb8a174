"""The networks we know by name, each with the preprocessing it was trained with, and any other of timm and torchvision.

Numbers of the presets are those of timm's ``pretrained_cfg`` and torchvision's ``weights.transforms()``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.registry import Registry
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.backbones import NATIVE, build, feature_dimension, unknown_network
from imagefinder.embedding.torchvision_compat import import_timm, import_torchvision

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)
IMAGENET_NOTE = "ImageNet's pictures are for research; the weights are published under this licence."


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network and how pictures are shown to it; ``dimension`` is the length of its features."""

    name: str
    source: str
    """"timm" or "torchvision"."""
    network: str
    """The network's name there; where ``download`` is set, with the tag of the weights meant."""
    input: InputSpec
    dimension: int
    licence: str
    """Of the official weights; empty where nobody says."""
    description: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    pooling: str = "average"
    commercial_use: bool = True
    """Whether the licence permits it."""
    download: bool = True
    """Whether timm or torchvision publish weights for it."""

    def spec(self, name: str | None = None, *, weights_sha256: str = "", provenance: str = "") -> ModelSpec:
        """The record of a model with this architecture."""
        return ModelSpec(
            name=name or self.name,
            source=self.source,
            architecture=self.network,
            input=self.input,
            dimension=self.dimension,
            pooling=self.pooling,
            options=dict(self.options),
            weights_sha256=weights_sha256,
            provenance=provenance,
            licence=self.licence,
            description=self.description,
        )


ARCHITECTURES: Registry[Architecture] = Registry("network")

for _preset in (
    Architecture(
        "mobilenetv2_100_same",
        "timm",
        "mobilenetv2_100",
        InputSpec(224, 256, mean=(128 / 255,) * 3, std=(128 / 255,) * 3),
        1280,
        licence="",
        description="MobileNetV2 with TensorFlow's padding and scaling. Small and fast; weights come from a file.",
        options={"pad_type": "same"},
        download=False,
    ),
    Architecture(
        "dinov2-small",
        "timm",
        "vit_small_patch14_dinov2.lvd142m",
        InputSpec(224, 224, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        384,
        licence="Apache-2.0",
        description="DINOv2 ViT-S/14. Strong on objects and scenes; 21 million parameters.",
        options={"img_size": 224},
        pooling="token",
    ),
    Architecture(
        "dinov2-base",
        "timm",
        "vit_base_patch14_dinov2.lvd142m",
        InputSpec(224, 224, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        768,
        licence="Apache-2.0",
        description="DINOv2 ViT-B/14. Stronger and four times slower than the small one; 86 million parameters.",
        options={"img_size": 224},
        pooling="token",
    ),
    Architecture(
        "siglip2-base",
        "timm",
        "vit_base_patch16_siglip_224.v2_webli",
        # SigLIP was trained on squashed pictures; timm's record only has its usual crop.
        InputSpec(224, 224, "squash", mean=HALF, std=HALF),
        768,
        licence="Apache-2.0",
        description="SigLIP 2 ViT-B/16. Strong on products, logos and text in pictures; 93 million parameters.",
        pooling="attention",
    ),
    Architecture(
        "convnext-tiny",
        "timm",
        "convnext_tiny.in12k_ft_in1k",
        InputSpec(224, 235, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        768,
        licence="Apache-2.0",
        description=f"ConvNeXt-T, trained on ImageNet-12k. 28 million parameters. {IMAGENET_NOTE}",
    ),
    Architecture(
        "resnet50",
        "torchvision",
        "resnet50",
        InputSpec(224, 232, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        2048,
        licence="BSD-3-Clause",
        description=f"ResNet-50, torchvision's IMAGENET1K_V2. The classic; 24 million parameters. {IMAGENET_NOTE}",
    ),
    Architecture(
        "efficientnet-b0",
        "timm",
        "efficientnet_b0.ra_in1k",
        InputSpec(224, 256, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        1280,
        licence="Apache-2.0",
        description=f"EfficientNet-B0. Small; 4 million parameters. {IMAGENET_NOTE}",
    ),
    Architecture(
        "mobilenetv3-large",
        "timm",
        "mobilenetv3_large_100.ra_in1k",
        InputSpec(224, 256, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        1280,
        licence="Apache-2.0",
        description=f"MobileNetV3-Large. The fastest one here; 4 million parameters. {IMAGENET_NOTE}",
    ),
):
    ARCHITECTURES.register(_preset.name, _preset)


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
