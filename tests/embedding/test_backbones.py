"""Networks come without classifiers, and refuse what a record should not ask for."""

from dataclasses import replace
from pathlib import Path

import pytest

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.architectures import ARCHITECTURES
from imagefinder.embedding.backbones import build, feature_dimension
from imagefinder.embedding.representation import POOLINGS

SMALL = InputSpec(64, 64)


def spec_of(source: str, architecture: str, pooling: str = "native") -> ModelSpec:
    return ModelSpec("test", source, architecture, SMALL, dimension=1, pooling=pooling)


@pytest.mark.parametrize(
    ("architecture", "dimension"),
    [
        ("resnet18", 512),
        ("mobilenet_v3_small", 1024),
        ("densenet121", 1024),
        ("convnext_tiny", 768),
        ("swin_t", 768),
        ("googlenet", 1024),
        ("mnasnet0_5", 1280),
        ("regnet_y_400mf", 440),
        ("squeezenet1_0", 512),
    ],
)
def test_torchvision_families_lose_their_last_layer(architecture: str, dimension: int) -> None:
    network = build(spec_of("torchvision", architecture))
    assert not network.training
    assert feature_dimension(network, 64) == dimension


@pytest.mark.parametrize(("pooling", "dimension"), [("native", 512), ("average", 512), ("max", 512)])
def test_timm_pools_as_told(pooling: str, dimension: int) -> None:
    assert feature_dimension(build(spec_of("timm", "resnet18", pooling)), 64) == dimension


def test_poolings_differ() -> None:
    import torch

    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    average = build(spec_of("timm", "resnet18", "average"))
    largest = build(spec_of("timm", "resnet18", "max"))
    largest.load_state_dict(average.state_dict())
    with torch.inference_mode():
        assert (largest(picture) >= average(picture)).all()
        assert not torch.equal(largest(picture), average(picture))


@pytest.mark.parametrize(("source", "architecture"), [("timm", "resnet18"), ("torchvision", "resnet18")])
def test_unknown_pooling(source: str, architecture: str) -> None:
    with pytest.raises(ModelError, match="native"):
        build(spec_of(source, architecture, "whirl"))


EVERYWHERE = [word for word in POOLINGS if word not in ("token", "attention")]


@pytest.mark.parametrize(
    ("spec", "fitting"),
    [
        (replace(ARCHITECTURES["mobilenetv2_100_same"].spec(), pooling="token"), EVERYWHERE),
        (replace(ARCHITECTURES["mobilenetv2_100_same"].spec(), pooling="attention"), EVERYWHERE),
        (spec_of("timm", "vit_base_patch16_siglip_224", "token"), [*EVERYWHERE, "attention"]),
        (spec_of("timm", "xcit_nano_12_p16_224", "attention"), [*(w for w in EVERYWHERE if w != "max"), "token"]),
        (spec_of("torchvision", "resnet18", "token"), EVERYWHERE),
        (spec_of("torchvision", "vit_b_16", "attention"), [*EVERYWHERE, "token"]),
    ],
    ids=lambda given: f"{given.architecture}-{given.pooling}" if isinstance(given, ModelSpec) else "",
)
def test_a_pooling_that_a_network_has_not_is_answered_with_those_that_fit(spec: ModelSpec, fitting: list[str]) -> None:
    with pytest.raises(ModelError) as error:
        build(spec)
    assert error.value.message == f"The network {spec.architecture} has no {spec.pooling} pooling."
    assert error.value.hint == f"Choose one of: {', '.join(fitting)}."


@pytest.mark.parametrize("option", ["nonsense", "num_classes"])
def test_options_are_not_blamed_on_the_pooling(option: str) -> None:
    with pytest.raises(ModelError, match=f"cannot be built with {option}=1"):
        build(replace(spec_of("timm", "resnet18", "token"), options={option: 1}))


@pytest.mark.parametrize("key", ["checkpoint_path", "pretrained", "pretrained_cfg", "num_classes", "no_such_option"])
def test_a_record_cannot_smuggle_in_options(key: str, tmp_path: Path) -> None:
    bad = replace(spec_of("timm", "resnet18"), options={key: str(tmp_path / "evil.pth")})
    with pytest.raises(ModelError, match="cannot be built"):
        build(bad)


def test_a_record_cannot_start_a_torchvision_download() -> None:
    with pytest.raises(ModelError, match="cannot be built"):
        build(replace(spec_of("torchvision", "resnet18"), options={"weights": "DEFAULT"}))
    with pytest.raises(ModelError, match="cannot be built"):
        build(replace(spec_of("torchvision", "resnet18"), options={"nonsense": 1}))


@pytest.mark.parametrize(("source", "name"), [("timm", "resnet18q"), ("torchvision", "resnet18q")])
def test_unknown_network(source: str, name: str) -> None:
    with pytest.raises(UnknownName, match="resnet18"):
        build(spec_of(source, name))


def test_unknown_source() -> None:
    with pytest.raises(ModelError, match="Update imagefinder"):
        build(spec_of("builtin", "from-the-future"))


def test_a_size_that_does_not_fit() -> None:
    with pytest.raises(ModelError, match="100 x 100"):
        feature_dimension(build(spec_of("timm", "vit_tiny_patch16_224")), 100)
