"""Presets say what their sources say; other networks are found by name."""

import math

import pytest

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.embedding.architectures import ARCHITECTURES, find_architecture, licence_in_words, official_url
from imagefinder.embedding.backbones import build, feature_dimension
from imagefinder.embedding.open_clip_network import configuration, import_open_clip
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
        ("https://huggingface.co/timm/", "https://huggingface.co/laion/", "https://download.pytorch.org/")
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


FINGERPRINTS = {
    "mobilenetv2_100_same": "1f68262326a84cf9a489e70751a18715ccf2a95003a2e7899fd78a20da4d3af5",
    "dinov2-small": "46962d33bfde99816bace5fc2fc3a800dc04525c5af10fb4328d955c2ee2bde7",
    "siglip2-base": "9839eee05aeb44079246db2b8655413d164c1576eb748beb6ef8c5576d9f586f",
    "resnet50": "4382b425ec90bb1ee33fc0a7d2be46bf07211e6f8ad93ad33aa54b22851e8fda",
}
"""As computed before records knew of layers, scales, outputs and projections."""


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_libraries_stay_with_their_models(name: str) -> None:
    spec = ARCHITECTURES[name].spec(weights_sha256="ab")
    assert spec.fingerprint == FINGERPRINTS[name]
    assert ARCHITECTURES[name].spec(weights_sha256="ab", pooling=spec.pooling, scales=(1.0,)) == spec


def test_other_representations_know_how_long_their_rows_are() -> None:
    found = find_architecture("timm:resnet10t")
    assert found.spec(pooling="gem").dimension == 512
    assert found.spec(pooling="mac", layers=("layer2", "layer4")).dimension == 128 + 512
    layered = found.spec(layers=("layer3",), scales=(1.0, 0.5))
    assert (layered.pooling, layered.dimension, layered.scales) == ("average", 256, (1.0, 0.5))
    assert len({found.spec(pooling=p).fingerprint for p in ("native", "gem", "mac")}) == 3
    with pytest.raises(UnknownName, match="layer1, layer2"):
        found.spec(layers=("layer7",))


def test_probabilities_are_not_centred() -> None:
    spec = find_architecture("timm:mobilenetv3_small_050.lamb_in1k").spec(output="probabilities")
    assert (spec.output, spec.centred, spec.dimension) == ("probabilities", False, 1000)
    with pytest.raises(ModelError, match="has no classifier"):
        ARCHITECTURES["dinov2-small"].spec(output="probabilities")


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_presets_say_what_they_are_good_at(name: str) -> None:
    preset = ARCHITECTURES[name]
    assert preset.good_at.endswith(".")
    assert len(preset.good_at) < 80
    assert ("first one to download" in preset.good_at) == (name == "dinov2-small")


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_presets_say_about_what_a_download_brings(name: str) -> None:
    import torch

    preset = ARCHITECTURES[name]
    with torch.device("meta"):
        if preset.source == "torchvision":
            network = import_torchvision().models.get_model(preset.network)
        elif preset.source == "open_clip":
            network = import_open_clip().CustomTextCLIP(**configuration(preset.network))
        else:
            cfg = import_timm().get_pretrained_cfg(preset.network)
            network = import_timm().create_model(preset.network, num_classes=cfg.num_classes)
    assert preset.approximate_bytes == pytest.approx(
        4 * sum(t.numel() for t in network.state_dict().values()), rel=0.02
    )


@pytest.mark.parametrize(
    ("licence", "commercial_use", "words"),
    [
        ("Apache-2.0", True, "free for any use, also commercial"),
        ("BSD-3-Clause", True, "free for any use, also commercial"),
        ("mit", True, "free for any use, also commercial"),
        ("GPL-3.0-or-later", True, "free for any use, also commercial"),
        ("CC-BY-NC-4.0", False, "not for commercial use"),
        ("apple-amlr", False, "not for commercial use"),
        ("", True, "unknown: ask whoever gave you the file"),
        ("dinov3-license", True, "has terms of its own: dinov3-license"),
    ],
)
def test_licences_in_words(licence: str, commercial_use: bool, words: str) -> None:
    assert licence_in_words(licence, commercial_use) == words
