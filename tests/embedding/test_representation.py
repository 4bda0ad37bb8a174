"""Layers, poolings, scales and probabilities, against the same put together by hand; and what does not go together."""

from dataclasses import replace

import pytest

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.architectures import ARCHITECTURES
from imagefinder.embedding.backbones import build, feature_dimension, layer_names
from representations import REPRESENTATIONS, RESNET, VISION, VIT, built, maps_of, pictures, rows_of, unit


def test_the_pooling_is_that_of_the_last_map() -> None:
    import torch

    (last,) = maps_of(built(RESNET), ["layer4"], pictures())
    expected = {
        "average": last.mean((2, 3)),
        "gem": last.clamp_min(1e-6).pow(3).mean((2, 3)).pow(1 / 3),
        "mac": last.amax((2, 3)),
        "max": last.amax((2, 3)),
        "spoc": last.sum((2, 3)),
    }
    for pooling, rows in expected.items():
        torch.testing.assert_close(rows_of(built(replace(RESNET, pooling=pooling)), pictures()), rows)


def test_transformers_pool_their_patches() -> None:
    """The class token is left out, and the final norm is in."""
    import torch

    bare = built(replace(VIT, pooling="native"))
    (tokens,) = maps_of(bare, ["norm"], pictures())
    assert tokens.shape == (2, 17, 192)
    expected = tokens[:, 1:].amax(1)
    torch.testing.assert_close(rows_of(built(replace(VIT, pooling="mac")), pictures()), expected)
    expected = tokens[:, 1:].clamp_min(1e-6).pow(3).mean(1).pow(1 / 3)
    torch.testing.assert_close(rows_of(built(replace(VIT, pooling="gem")), pictures()), expected)


def test_torchvision_pools_before_its_own_average() -> None:
    import torch

    (last,) = maps_of(built(VISION), ["layer4"], pictures())
    torch.testing.assert_close(rows_of(built(replace(VISION, pooling="mac")), pictures()), unit(last.amax((2, 3))))
    torch.testing.assert_close(unit(last.mean((2, 3))), unit(rows_of(built(VISION), pictures())))


@pytest.mark.parametrize(
    ("architecture", "channels"),
    [
        ("densenet121", 1024),
        ("mobilenet_v2", 1280),
        ("mobilenet_v3_small", 576),
        ("shufflenet_v2_x0_5", 1024),
        ("mnasnet0_5", 1280),
        ("squeezenet1_1", 512),
        ("swin_t", 768),
        ("convnext_tiny", 768),
        ("vgg11", 512),
        ("googlenet", 1024),
        ("regnet_y_400mf", 440),
    ],
)
def test_torchvisions_families_pool_by_gem(architecture: str, channels: int) -> None:
    assert feature_dimension(build(replace(VISION, architecture=architecture, pooling="gem")), 64) == channels


def test_the_sum_is_the_average_where_a_relu_follows() -> None:
    import torch

    dense = replace(VISION, architecture="densenet121")
    own, ours = (unit(rows_of(built(replace(dense, pooling=p)), pictures())) for p in ("native", "spoc"))
    torch.testing.assert_close(own, ours)


def test_torchvisions_transformer_has_a_token_and_patches() -> None:
    import torch

    spec = replace(VISION, architecture="vit_b_16", options={"image_size": 32}, input=InputSpec(32, 32))
    given = pictures(1, 32)
    bare = built(spec)
    (tokens,) = maps_of(bare, ["encoder"], given)
    torch.testing.assert_close(rows_of(built(replace(spec, pooling="token")), given), tokens[:, 0])
    torch.testing.assert_close(rows_of(built(replace(spec, pooling="average")), given), unit(tokens[:, 1:].mean(1)))


def test_layers_stand_side_by_side_at_unit_length() -> None:
    import torch

    names = ["layer1", "layer3", "layer4"]
    maps = maps_of(built(RESNET), names, pictures())
    expected = torch.cat([unit(given.amax((2, 3))) for given in maps], 1)
    rows = rows_of(built(replace(RESNET, pooling="mac", layers=tuple(names))), pictures())
    torch.testing.assert_close(rows, expected)


def test_layers_of_transformers() -> None:
    import torch

    names = ["blocks.3", "blocks.11"]
    tokens = maps_of(built(VIT), names, pictures())
    expected = {
        "average": [unit(given[:, 1:].mean(1)) for given in tokens],
        "token": [unit(given[:, 0]) for given in tokens],
    }
    for pooling, parts in expected.items():
        rows = rows_of(built(replace(VIT, pooling=pooling, layers=tuple(names))), pictures())
        torch.testing.assert_close(rows, torch.cat(parts, 1))


def test_layers_with_channels_last() -> None:
    import torch

    swin = replace(RESNET, architecture="swin_tiny_patch4_window7_224", options={"img_size": 64})
    (given,) = maps_of(built(swin), ["layers.1"], pictures())
    assert given.shape == (2, 8, 8, 192)
    rows = rows_of(built(replace(swin, layers=("layers.1",))), pictures())
    torch.testing.assert_close(rows, unit(given.mean((1, 2))))


def test_scales_are_summed_at_unit_length() -> None:
    import torch
    from torch.nn.functional import interpolate

    scales = (1.0, 0.5**0.5, 0.5)
    bare = built(RESNET)
    expected = torch.zeros(2, 512)
    for side in (64, 45, 32):
        smaller = interpolate(pictures(), size=(side, side), mode="bilinear", antialias=True)
        expected += unit(rows_of(bare, smaller))
    torch.testing.assert_close(rows_of(built(replace(RESNET, scales=scales)), pictures()), unit(expected))


def test_transformers_see_whole_patches_at_every_scale() -> None:
    network = built(replace(VIT, scales=(1.0, 0.7, 0.1)))
    sizes: list[int] = []
    network.get_submodule("backbone").register_forward_pre_hook(lambda _, given: sizes.append(given[0].shape[-1]))
    rows_of(network, pictures())
    assert sizes == [64, 48, 16]


def test_probabilities_are_stored_as_roots() -> None:
    import torch

    network = built(REPRESENTATIONS["probabilities"])
    scores = rows_of(network.get_submodule("backbone"), pictures())
    rows = rows_of(network, pictures())
    assert rows.shape == (2, 1000)
    torch.testing.assert_close(rows.square(), torch.softmax(scores, 1))
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(2))
    bhattacharyya = (torch.softmax(scores[0], 0) * torch.softmax(scores[1], 0)).sqrt().sum()
    torch.testing.assert_close(rows[0] @ rows[1], bhattacharyya)


def test_classifiers_with_classes_of_their_own() -> None:
    assert feature_dimension(build(replace(RESNET, output="probabilities", dimension=7)), 64) == 7
    assert feature_dimension(build(replace(VISION, output="probabilities", dimension=7)), 64) == 7
    assert feature_dimension(build(replace(VISION, output="probabilities", dimension=0)), 64) == 1000
    dino = ARCHITECTURES["dinov2-small"].spec()
    with pytest.raises(ModelError, match="has no classifier"):
        build(replace(dino, output="probabilities", dimension=0))


def test_unknown_layers_list_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"no layer named 'layer9'.*layer1, layer2, layer3, layer4"):
        build(replace(RESNET, layers=("layer9",)))
    with pytest.raises(UnknownName, match="layer4"):
        build(replace(VISION, pooling="gem", layers=("",)))
    assert layer_names(VIT)[-1] == "blocks.11"
    assert {"layer1", "layer4"} <= set(layer_names(VISION))
    assert layer_names(replace(RESNET, pooling="gem")) == layer_names(RESNET)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pooling": "whirl"}, "no pooling named 'whirl'.*gem"),
        ({"output": "smells"}, "no output named"),
        ({"projection": "lda"}, "no projection named.*pca, whitening"),
        ({"scales": ()}, "in the sizes"),
        ({"scales": (1.0, 0.0)}, "in the sizes"),
        ({"scales": (float("nan"),)}, "in the sizes"),
        ({"scales": (100.0,)}, "in the sizes"),
        ({"layers": ("layer1",), "pooling": "native"}, "cannot be pooled by 'native'.*average"),
        ({"output": "probabilities", "layers": ("layer1",)}, "as they are"),
        ({"output": "probabilities", "projection": "pca"}, "as they are"),
        ({"output": "probabilities", "pooling": "gem"}, "no class probabilities with pooling 'gem'"),
    ],
)
@pytest.mark.parametrize("spec", [RESNET, VISION], ids=["timm", "torchvision"])
def test_what_does_not_go_together(spec: ModelSpec, change: dict[str, object], reason: str) -> None:
    given = {"pooling": "average", **change}
    with pytest.raises(ModelError, match=reason):
        build(replace(spec, **given))  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (replace(RESNET, pooling="token"), "has no token pooling"),
        (replace(RESNET, pooling="token", layers=("layer1",)), "no token"),
        (replace(VISION, pooling="token"), "has no token pooling"),
        (replace(VISION, pooling="attention"), "has no attention pooling"),
        (replace(VISION, architecture="vit_b_16", scales=(1.0, 0.5), input=InputSpec(224, 224)), "cannot look at"),
        (replace(VISION, architecture="maxvit_t", pooling="gem", input=InputSpec(224, 224)), "name a layer: "),
    ],
)
def test_networks_that_cannot(spec: ModelSpec, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        feature_dimension(build(spec), spec.input.crop)


def test_any_part_of_a_network_can_be_read() -> None:
    assert feature_dimension(build(replace(RESNET, layers=("conv1.0",))), 64) == 24
    hidden = replace(VISION, architecture="vgg11", pooling="average", layers=("classifier.3",))
    assert feature_dimension(build(hidden), 64) == 4096
