"""The networks that we know by name, each with the preprocessing it was trained with and what it is good at.

Their numbers are those of timm's ``pretrained_cfg`` and torchvision's ``weights.transforms()``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from imagefinder.domain.registry import Registry
from imagefinder.domain.specs import InputSpec, ModelSpec, Output
from imagefinder.embedding.backbones import row_length
from imagefinder.embedding.representation import NATIVE, NETWORKS_OWN
from imagefinder.embedding.seeing import IMAGENET

IMAGENET_MEAN, IMAGENET_STD = IMAGENET.mean, IMAGENET.std
HALF = (0.5, 0.5, 0.5)
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
IMAGENET_NOTE = "ImageNet's pictures are for research; the weights are published under this licence."


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network and how pictures are shown to it; ``dimension`` is the length of its features."""

    name: str
    source: str
    """"timm", "torchvision" or "open_clip"."""
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
    """Whether its source knows of published weights."""

    good_at: str = ""
    """One sentence for the person who chooses."""
    made_by: str = ""
    """Who trained the official weights, and on what."""
    approximate_bytes: int = 0
    """What a download brings; 0 where nobody has looked."""

    def spec(
        self,
        name: str | None = None,
        *,
        weights_sha256: str = "",
        provenance: str = "",
        pooling: str | None = None,
        layers: tuple[str, ...] = (),
        scales: tuple[float, ...] = (1.0,),
        output: Output = "features",
        classes: int = 0,
    ) -> ModelSpec:
        """The record of a model with this architecture.

        ``classes`` is how many its classifier has, 0 where its source says that. For another representation than the
        architecture's own, the network is built once to learn how long its rows are. Layers are averaged where
        ``pooling`` is None and the network's own pooling only fits its end. Probabilities are not centred: their cosine
        means something as it is. Raises UnknownName for a layer, ModelError for a representation that the network does
        not take.
        """
        if pooling is None:
            pooling = "average" if layers and self.pooling in NETWORKS_OWN else self.pooling
        spec = ModelSpec(
            name=name or self.name,
            source=self.source,
            architecture=self.network,
            input=self.input,
            dimension=self.dimension,
            pooling=pooling,
            options=dict(self.options),
            layers=layers,
            scales=scales,
            output=output,
            centred=output != "probabilities",
            weights_sha256=weights_sha256,
            provenance=provenance,
            licence=self.licence,
            description=self.description,
        )
        if (pooling, layers, scales, output) == (self.pooling, (), (1.0,), "features"):
            return spec
        spec = replace(spec, dimension=0 if output == "features" else classes)
        return replace(spec, dimension=row_length(spec))


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
        good_at="Quick on any computer; objects of everyday life.",
        approximate_bytes=14_200_000,
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
        good_at="Most photos: things, places, animals. The first one to download.",
        made_by="Meta AI, on LVD-142M: 142 million pictures without labels.",
        approximate_bytes=88_200_000,
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
        good_at="Fine differences between kinds, for those who can wait.",
        made_by="Meta AI, on LVD-142M: 142 million pictures without labels.",
        approximate_bytes=346_300_000,
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
        good_at="Products, logos, and pictures with writing in them.",
        made_by="Google, on WebLI: pictures of the web with their texts.",
        approximate_bytes=371_500_000,
    ),
    Architecture(
        "clip-vit-b32",
        "open_clip",
        "ViT-B-32.datacomp_xl_s13b_b90k",
        InputSpec(224, 224, mean=CLIP_MEAN, std=CLIP_STD),
        512,
        licence="MIT",
        description="CLIP ViT-B/32, DataComp. Finds what any English sentence describes; 151 million parameters.",
        pooling=NATIVE,
        good_at="Photos that you describe in a sentence of your own.",
        made_by="LAION, on DataComp-1B: 1.3 billion pictures of the web with their texts.",
        approximate_bytes=605_200_000,
    ),
    Architecture(
        "siglip2-b16",
        "open_clip",
        "ViT-B-16-SigLIP2.webli",
        InputSpec(224, 224, "squash", mean=HALF, std=HALF),
        768,
        licence="Apache-2.0",
        description="SigLIP 2 ViT-B/16 with its words. Finds what a sentence in any of a hundred languages describes; "
        "375 million parameters.",
        pooling=NATIVE,
        good_at="Sentences of your own in many languages; products and writing in pictures.",
        made_by="Google, on WebLI: pictures of the web with their texts.",
        approximate_bytes=1_530_000_000,
    ),
    Architecture(
        "convnext-tiny",
        "timm",
        "convnext_tiny.in12k_ft_in1k",
        InputSpec(224, 235, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        768,
        licence="Apache-2.0",
        description=f"ConvNeXt-T, trained on ImageNet-12k. 28 million parameters. {IMAGENET_NOTE}",
        good_at="What is in a picture: animals, things, food.",
        made_by="The authors of timm, on ImageNet-12k and then ImageNet-1k.",
        approximate_bytes=114_400_000,
    ),
    Architecture(
        "resnet50",
        "torchvision",
        "resnet50",
        InputSpec(224, 232, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        2048,
        licence="BSD-3-Clause",
        description=f"ResNet-50, torchvision's IMAGENET1K_V2. The classic; 24 million parameters. {IMAGENET_NOTE}",
        good_at="A well-known yardstick; objects and animals.",
        made_by="The authors of torchvision, on ImageNet-1k.",
        approximate_bytes=102_500_000,
    ),
    Architecture(
        "efficientnet-b0",
        "timm",
        "efficientnet_b0.ra_in1k",
        InputSpec(224, 256, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        1280,
        licence="Apache-2.0",
        description=f"EfficientNet-B0. Small; 4 million parameters. {IMAGENET_NOTE}",
        good_at="A good compromise on a computer without a graphics card.",
        made_by="The authors of timm, on ImageNet-1k.",
        approximate_bytes=21_400_000,
    ),
    Architecture(
        "mobilenetv3-large",
        "timm",
        "mobilenetv3_large_100.ra_in1k",
        InputSpec(224, 256, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        1280,
        licence="Apache-2.0",
        description=f"MobileNetV3-Large. Small and fast; 4 million parameters. {IMAGENET_NOTE}",
        good_at="Old and small computers.",
        made_by="The authors of timm, on ImageNet-1k.",
        approximate_bytes=22_100_000,
    ),
    Architecture(
        "mobilenetv4-small",
        "timm",
        "mobilenetv4_conv_small.e2400_r224_in1k",
        InputSpec(224, 256, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        1280,
        licence="Apache-2.0",
        description=f"MobileNetV4-Conv-Small. 4 million parameters, made for phones. {IMAGENET_NOTE}",
        good_at="The quickest of these, for large libraries on small computers.",
        made_by="The authors of timm, on ImageNet-1k.",
        approximate_bytes=15_200_000,
    ),
):
    ARCHITECTURES.register(_preset.name, _preset)
