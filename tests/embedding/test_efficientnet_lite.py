"""EfficientNet-Lite is timm's, tensor for tensor, built without it."""

from typing import TYPE_CHECKING, Any

import pytest

from imagefinder.embedding.backbones import build, layer_names
from imagefinder.embedding.efficientnet_lite import SCALES, build_efficientnet_lite
from imagefinder.embedding.packaged import LITE0

if TYPE_CHECKING:
    from torch import Tensor


def other_weights(network: Any) -> "dict[str, Tensor]":
    """Drawn at random, with batch norms as they are after training."""
    import torch

    generator = torch.Generator().manual_seed(3)
    state: dict[str, torch.Tensor] = {}
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var") or (name.endswith("weight") and tensor.ndim == 1):
            state[name] = torch.rand(tensor.shape, generator=generator) + 0.5
        elif tensor.is_floating_point():
            state[name] = torch.randn(tensor.shape, generator=generator) * (0.05 if tensor.ndim < 2 else 0.1)
        else:
            state[name] = tensor
    return state


@pytest.mark.parametrize("name", SCALES)
def test_tensors_are_those_of_timm(name: str) -> None:
    import timm
    import torch

    with torch.device("meta"):
        theirs = timm.create_model(name, pretrained=False, num_classes=7).state_dict()
        ours = build_efficientnet_lite(name, 7).state_dict()
    assert {key: tuple(tensor.shape) for key, tensor in ours.items()} == {
        key: tuple(tensor.shape) for key, tensor in theirs.items()
    }
    assert list(ours) == list(theirs)


@pytest.mark.parametrize(
    ("name", "side"), [("tf_efficientnet_lite0", 224), ("tf_efficientnet_lite0", 97), ("tf_efficientnet_lite2", 130)]
)
def test_numbers_are_those_of_timm(name: str, side: int) -> None:
    """At odd sizes, too, where TensorFlow pads more at the end."""
    import timm
    import torch

    theirs: Any = timm.create_model(name, pretrained=False, num_classes=7).eval()
    ours = build_efficientnet_lite(name, 7)
    state = other_weights(theirs)
    theirs.load_state_dict(state)
    ours.load_state_dict(state)
    pictures = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(ours(pictures), theirs(pictures), rtol=1e-4, atol=1e-4)
        bare = build_efficientnet_lite(name, pooled=False)
        bare.load_state_dict(state, strict=False)
        torch.testing.assert_close(bare(pictures), theirs.forward_features(pictures), rtol=1e-4, atol=1e-4)


def test_its_layers_have_the_names_of_timm() -> None:
    import timm

    theirs: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    assert layer_names(LITE0.network) == [each["module"] for each in theirs.feature_info]


def test_a_record_for_timm_is_served_without_it() -> None:
    network = build(LITE0.network)
    assert type(network).__module__ == "imagefinder.embedding.efficientnet_lite"
