"""Presets say what their sources say; other networks are found by name."""

import math

import pytest

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.embedding.architectures import ARCHITECTURES, find_architecture, official_url
from imagefinder.embedding.backbones import build, feature_dimension
from imagefinder.embedding.torchvision_compat import import_timm, import_torchvision

DOWNLOADS = [name for name, preset in ARCHITECTURES.items() if preset.download]


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_presets_build_and_have_the_dimension_they_say(name: str) -> None:
    preset = ARCHITECTURES[name]
    assert feature_dimension(build(preset.spec()), preset.input.crop) == preset.dimension


@pytest.mark.parametrize("name", [name for name in DOWNLOADS if ARCHITECTURES[name].source == "timm"])
def test_timm_presets_use_the_recorded_preprocessing(name: str) -> None:
    preset = ARCHITECTURES[name]
    cfg = import_timm().get_pretrained_cfg(preset.network)
    assert (preset.input.mean, preset.input.std) == (cfg.mean, cfg.std)
    assert preset.licence.lower() == cfg.license
    if preset.input.framing == "crop":
        assert preset.input.resize == math.floor(preset.input.crop / cfg.crop_pct)
    if "img_size" not in preset.options:
        assert preset.input.crop == cfg.input_size[-1]


def test_torchvision_preset_uses_the_recorded_preprocessing() -> None:
    shown = import_torchvision().models.get_model_weights("resnet50").DEFAULT.transforms()
    seen = ARCHITECTURES["resnet50"].input
    assert ([seen.crop], [seen.resize]) == (shown.crop_size, shown.resize_size)
    assert (list(seen.mean), list(seen.std)) == (shown.mean, shown.std)


@pytest.mark.parametrize("name", DOWNLOADS)
def test_official_addresses_are_secure_ones(name: str) -> None:
    assert official_url(ARCHITECTURES[name]).startswith(
        ("https://huggingface.co/timm/", "https://download.pytorch.org/")
    )


def test_no_address_where_nothing_is_published() -> None:
    with pytest.raises(ModelError, match="models add FILE --architecture mobilenetv2_100_same"):
        official_url(ARCHITECTURES["mobilenetv2_100_same"])


@pytest.mark.parametrize(
    ("name", "dimension", "crop", "resize"),
    [
        ("timm:mobilenetv3_small_050.lamb_in1k", 1024, 224, 256),
        ("timm:resnet18", 512, 224, 235),
        ("torchvision:mobilenet_v3_small", 1024, 224, 256),
        ("torchvision:shufflenet_v2_x0_5", 1024, 224, 256),
    ],
)
def test_any_other_network(name: str, dimension: int, crop: int, resize: int) -> None:
    found = find_architecture(name)
    assert (found.dimension, found.input.crop, found.input.resize) == (dimension, crop, resize)
    assert found.name == name


def test_weights_that_are_not_for_sale_say_so() -> None:
    assert find_architecture("timm:fastvit_mci0.apple_mclip").commercial_use is False
    assert find_architecture("torchvision:resnet18").commercial_use is True


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("dinov2-smal", "dinov2-small"),
        ("timm:resnet18x", "resnet18"),
        ("timm:resnet18.nonsense", "resnet18"),
        ("timm:hf-hub:someone/something", "timm"),
        ("torchvision:resnet19", "resnet18"),
        ("keras:resnet50", "timm, torchvision"),
        ("timm:", "timm"),
    ],
)
def test_unknown_names(name: str, hint: str) -> None:
    with pytest.raises(UnknownName, match=hint):
        find_architecture(name)
