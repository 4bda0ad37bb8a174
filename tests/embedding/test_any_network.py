"""A file of weights for any network of timm and torchvision, by its plain name, with any number of classes."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.specs import InputSpec
from imagefinder.embedding.architecture_list import list_networks
from imagefinder.embedding.architectures import find_architecture, full_names, timm_input
from imagefinder.embedding.backbones import build
from imagefinder.embedding.checkpoints import read_weights
from imagefinder.embedding.seeing import Seeing
from imagefinder.embedding.shelf import ModelShelf
from imagefinder.embedding.torchvision_compat import import_timm
from own_models import CLASSES, random_pixels, save_classifier

if TYPE_CHECKING:
    from torch import Tensor

SMALL = Seeing(size=64)
FAMILIES = {
    "resnet10t": "fc",
    "mobilenetv3_small_050": "classifier",
    "tf_efficientnet_lite0": "classifier",
    "regnetx_002": "head.fc",
    "vit_tiny_patch16_224": "head",
    "deit_tiny_distilled_patch16_224": "head",
    "convnext_atto": "head.fc",
    "mobilenetv4_conv_small_035": "classifier",
    "ghostnet_050": "classifier",
    "lcnet_035": "classifier",
    "tinynet_e": "classifier",
    "mnasnet_small": "classifier",
    "fastvit_t8": "head.fc",
    "edgenext_xx_small": "head.fc",
    "mobilevit_xxs": "head.fc",
    "pit_ti_224": "head",
    "xcit_nano_12_p16_224": "head",
    "pvt_v2_b0": "head",
    "eva02_tiny_patch14_224": "head",
    "mixer_s32_224": "head",
    "hgnetv2_b0": "head.fc",
    "repvgg_a0": "head.fc",
    "shufflenet_v2_x0_5": "fc",
    "squeezenet1_1": "classifier.1",
    "torchvision:mobilenet_v3_small": "classifier.3",
    "torchvision:resnet18": "fc",
}
"""Smallest of its family -> what gives its class scores."""
OF_ONE_SIZE = ("mixer_s32_224", "fastvit_t8")


@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_is_added_by_its_name(tmp_path: Path, name: str) -> None:
    seeing = Seeing() if name in OF_ONE_SIZE else SMALL
    file = save_classifier(tmp_path / "mine.pth", name, seeing=seeing)
    shelf = ModelShelf(tmp_path / "models")

    spec = shelf.add(file, name, seeing=seeing)

    found = find_architecture(name, seeing)
    assert (spec.name, spec.dimension, spec.input) == (name.replace(":", "-"), found.dimension, found.input)
    rows = shelf.load(spec.name, "cpu", "float32").embed(random_pixels(spec.input.crop))
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-4)
    kept = read_weights(shelf.directory / f"{spec.name}.safetensors")[f"{FAMILIES[name]}.weight"]
    assert kept.flatten(1).shape == (CLASSES, found.dimension)


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        ("resnet50", "resnet50"),
        ("resnet18", "timm:resnet18"),
        ("resnet18.a1_in1k", "timm:resnet18.a1_in1k"),
        ("shufflenet_v2_x0_5", "torchvision:shufflenet_v2_x0_5"),
        ("torchvision:resnet18", "torchvision:resnet18"),
    ],
)
def test_a_name_is_the_presets_then_timms_then_torchvisions(asked: str, taken: str) -> None:
    assert full_names(asked)[0] == taken
    assert find_architecture(asked).name == taken


def test_a_file_decides_between_two_networks_of_one_name(tmp_path: Path, shelf: ModelShelf) -> None:
    said: list[str] = []
    for source in ("timm", "torchvision"):
        file = save_classifier(tmp_path / f"{source}.pth", f"{source}:efficientnet_b0", seeing=SMALL)
        spec = shelf.add(file, "efficientnet_b0", source, seeing=SMALL, say=said.append)
        assert spec.source == source
    assert said == [
        "efficientnet_b0 is timm:efficientnet_b0 here; torchvision:efficientnet_b0 can be named so, too.",
        "efficientnet_b0 is torchvision:efficientnet_b0 here; timm:efficientnet_b0 can be named so, too.",
    ]


def test_the_record_of_the_source_says_how_pictures_are_shown() -> None:
    assert find_architecture("resnet18.tv_in1k").input.interpolation == "bilinear"
    assert find_architecture("torchvision:resnet18").input.interpolation == "bilinear"
    assert find_architecture("resnet18").input.interpolation == "bicubic"
    of_timm = import_timm().get_pretrained_cfg
    assert timm_input(of_timm("resnet18")).framing == "crop"
    squashed, whole = timm_input(of_timm("dm_nfnet_f0")), timm_input(of_timm("deepseek_vit_412m"))
    assert (squashed.framing, whole.framing) == ("squash", "whole")
    assert squashed.crop == squashed.resize


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "resnet10t", "dinov2-small"])
def test_a_size_of_ones_own(name: str) -> None:
    found = find_architecture(name, Seeing(size=112))
    assert found.input.crop == 112
    assert build(found.spec())(_grey(112)).shape == (1, found.dimension)


def _grey(side: int) -> "Tensor":
    import torch

    return torch.zeros(1, 3, side, side)


USUAL = InputSpec(224, 256, mean=(0.5,) * 3, std=(0.25,) * 3)


@pytest.mark.parametrize(
    ("seeing", "seen"),
    [
        (Seeing(), USUAL),
        (Seeing(size=112), replace(USUAL, crop=112, resize=128)),
        (Seeing(size=112, resize=112), replace(USUAL, crop=112, resize=112)),
        (Seeing(framing="squash"), replace(USUAL, resize=224, framing="squash")),
        (Seeing(framing="whole", size=64), replace(USUAL, crop=64, resize=64, framing="whole")),
        (Seeing(framing="crop", resize=300), replace(USUAL, resize=300)),
        (Seeing(mean=(0.0,) * 3, std=(1.0,) * 3), replace(USUAL, mean=(0.0,) * 3, std=(1.0,) * 3)),
        (Seeing(interpolation="bilinear"), replace(USUAL, interpolation="bilinear")),
    ],
)
def test_what_is_said_is_seen(seeing: Seeing, seen: InputSpec) -> None:
    assert seeing.of(USUAL) == seen


@pytest.mark.parametrize(
    ("seeing", "reason"),
    [
        (Seeing(mean=(123.675, 116.28, 103.53)), r"scale of 0 to 255.*Divided by 255 it is 0\.485,0\.456,0\.406\."),
        (Seeing(std=(58.4, 57.1, 57.4)), "scale of 0 to 255"),
        (Seeing(std=(0.2, 0.0, 0.2)), "cannot be divided by"),
        (Seeing(std=(-0.2,) * 3), "cannot be divided by"),
        (Seeing(mean=(float("nan"),) * 3), "is no number"),
        (Seeing(size=100_000), "from 1 to 4096"),
        (Seeing(size=300, resize=256), "cannot be cut out"),
        (Seeing(framing="squash", resize=256), "Leave out --resize"),
    ],
)
def test_what_cannot_be_seen(seeing: Seeing, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        seeing.of(USUAL)


def test_a_size_that_the_network_does_not_take(tmp_path: Path, shelf: ModelShelf) -> None:
    with pytest.raises(ModelError, match="cannot look at 64 x 64 pixels"):
        find_architecture("torchvision:vit_b_32", Seeing(size=64))


def test_all_names_are_listed() -> None:
    found = list_networks()
    names = [each.name for each in found]
    assert len(names) == len(set(names)) > 1000
    assert [each.source for each in found] == sorted((each.source for each in found), key=_ORDER.index)
    assert all(each.input_size > 0 for each in found)
    for name in ("dinov2-small", "resnet18", "torchvision:resnet18", "shufflenet_v2_x0_5"):
        assert name in names
    for each in found[:: len(found) // 40]:
        taken = full_names(each.name)[0]
        assert taken == (each.name if each.source == "preset" or ":" in each.name else f"{each.source}:{each.name}")


_ORDER = ("preset", "timm", "torchvision", "open_clip")


def test_names_are_found_by_a_part_or_a_pattern() -> None:
    assert all("net18" in each.name for each in list_networks("Net18"))
    assert [each.name for each in list_networks("resnet1[08]")] == ["resnet18", "torchvision:resnet18"]
    assert {each.source for each in list_networks("torchvision:*")} == {"torchvision"}
    assert "resnet18.a1_in1k" in [each.name for each in list_networks("resnet18.")]
    assert next(iter(list_networks("fastvit_mci0"))).commercial is False
    with pytest.raises(UnknownName, match=r"like 'resnet1b8'.*resnet18"):
        list_networks("resnet1b8")


def test_a_wrong_network_is_explained(tmp_path: Path, shelf: ModelShelf) -> None:
    file = save_classifier(tmp_path / "mine.pth", "resnet10t", seeing=SMALL)
    with pytest.raises(ModelError, match="layers are missing"):
        shelf.add(file, "mobilenetv3_small_050", seeing=SMALL)
    with pytest.raises(ModelError, match=r"Nothing in mine\.pth says.*models architectures"):
        shelf.add(file)
    with pytest.raises(UnknownName, match=r"neither|Neither.*Did you mean.*resnet10t"):
        shelf.add(file, "resnet10")
