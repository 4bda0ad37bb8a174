"""Weights are fitted to a network, or it is said which layers do not fit."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.embedding.architectures import ARCHITECTURES
from imagefinder.embedding.backbones import build
from imagefinder.embedding.checkpoints import (
    load_into,
)
from small_network import small, weights_of

if TYPE_CHECKING:
    from torch import Tensor


def test_counters_may_be_missing_and_halves_are_widened() -> None:
    import torch

    state = {name: tensor.half() for name, tensor in weights_of(small()).items() if "num_batches" not in name}
    network = small()
    load_into(network, state)
    loaded = network.state_dict()
    assert loaded["0.weight"].dtype == torch.float32
    assert torch.equal(loaded["0.weight"], state["0.weight"].float())


def test_a_classifier_is_left_out() -> None:
    import torch

    network = build(ARCHITECTURES["mobilenetv2_100_same"].spec())
    state = {**weights_of(network), "classifier.weight": torch.zeros(1000, 1280), "classifier.bias": torch.zeros(1000)}
    load_into(network, state)
    assert torch.equal(network.state_dict()["conv_stem.weight"], state["conv_stem.weight"])


def test_a_learned_pooling_is_left_out_where_there_is_none() -> None:
    """A file of a network with attention or GeM at its end also serves one that averages."""
    import torch

    preset = ARCHITECTURES["siglip2-base"]
    with torch.device("meta"):
        state = build(preset.spec()).state_dict()
    average = build(replace(preset.spec(), pooling="gem", options={"depth": 1}))
    state = {name: torch.zeros(tensor.shape) for name, tensor in state.items() if not name.startswith("blocks.")}
    state |= {name: tensor for name, tensor in average.state_dict().items() if name.startswith("blocks.")}
    assert any(name.startswith("attn_pool.") for name in state)
    load_into(average, state)
    assert average.state_dict()["norm.bias"].eq(0).all()

    plain = build(ARCHITECTURES["mobilenetv3-large"].spec())
    load_into(plain, {**weights_of(plain), "pool.p": torch.ones(1)})


@pytest.mark.parametrize("pooling", ["token", "gem"])
def test_checkpoints_in_the_form_of_a_networks_authors(pooling: str) -> None:
    """timm's conversion is used: DINOv2 was published for 518 pixels with a mask token."""
    import torch

    spec = replace(ARCHITECTURES["dinov2-small"].spec(), pooling=pooling)
    network = build(spec)
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state.pop("pool.p", None)
    state["pos_embed"] = torch.rand(1, 1 + 37 * 37, 384)
    state["mask_token"] = torch.zeros(1, 384)
    state["norm.bias"] = torch.full((384,), 0.25)
    load_into(network, state)
    assert network.state_dict()["norm.bias"].eq(0.25).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda state: state.pop("0.bias"), r"1 layers are missing \(0.bias\)"),
        (lambda state: state.update({"9.bias": state["0.bias"]}), r"not part of the network \(9.bias\)"),
        (lambda state: state.update({"0.bias": state["3.bias"]}), "0.bias is 2, needs 4"),
        (lambda state: state.clear(), "8 layers are missing"),
        (lambda state: state["3.weight"][0].fill_(float("nan")), "3.weight holds values that are not numbers"),
        (lambda state: state["3.weight"][0].fill_(float("inf")), "3.weight holds values that are not numbers"),
    ],
)
def test_weights_that_do_not_fit(change: Callable[[dict[str, "Tensor"]], object], reason: str) -> None:
    import torch

    network = small()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = weights_of(network)
    change(state)
    with pytest.raises(ModelError, match=reason):
        load_into(network, state)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_weights_of_another_network() -> None:
    other = build(ARCHITECTURES["efficientnet-b0"].spec()).state_dict()
    with pytest.raises(ModelError, match=r"do not fit.*\.\.\."):
        load_into(build(ARCHITECTURES["mobilenetv2_100_same"].spec()), other)


def test_all_layers_that_do_not_fit_are_in_the_log_in_the_order_of_the_network(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The error stays short enough for a window, and says where the rest is."""
    import torch
    from torch import nn

    network = nn.Sequential(*(nn.Linear(2, 2) for _ in range(12)))
    wanted = list(network.state_dict())
    state = {name: torch.zeros(3) for name in sorted(wanted)}  # as a file spells them: 1, 10, 11, 2
    state |= {name.replace("bias", "gamma"): torch.zeros(1) for name in sorted(wanted) if name.endswith("bias")}
    state["10.odd\x1b"] = torch.zeros(1)
    with caplog.at_level("INFO"), pytest.raises(ModelError) as error:
        load_into(network, state)
    assert error.value.message.count("needs") == 5
    assert "24 layers have another shape (0.weight is 3, needs 2 x 2; 0.bias is 3, needs 2;" in error.value.message
    assert "13 layers are not part of the network (0.gamma; 1.gamma; 2.gamma; 3.gamma; 4.gamma; ...)" in str(
        error.value
    )
    assert "--verbose" in error.value.hint
    strangers, shapes = (text.partition("\n")[2].split("\n") for text in caplog.messages)
    assert [line.strip() for line in strangers] == [
        *(f"{number}.gamma" for number in range(11)), "10.odd?", "11.gamma"
    ]  # fmt: skip
    assert [line.split()[0] for line in shapes] == wanted


def test_a_few_layers_that_do_not_fit_need_no_log(caplog: pytest.LogCaptureFixture) -> None:
    state = weights_of(small())
    del state["0.bias"]
    with caplog.at_level("INFO"), pytest.raises(ModelError) as error:
        load_into(small(), state)
    assert caplog.messages == []
    assert "--verbose" not in str(error.value)


def test_missing_layers_are_all_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"), pytest.raises(ModelError, match="layers are missing"):
        load_into(small(), {})
    assert caplog.messages[0].split()[-8:] == [name for name in small().state_dict() if "num_batches" not in name]
