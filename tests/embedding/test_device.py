"""The device and the precision are chosen by what is there and by trying."""

from typing import TYPE_CHECKING

import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import InputSpec
from imagefinder.embedding.colour_layout import SPEC, build_colour_layout
from imagefinder.embedding.device import available_devices, choose_device, fastest_precision, is_usable

if TYPE_CHECKING:
    from torch import Tensor, nn

INPUT = InputSpec(32, 32)


def network(hard_when_reduced: bool, factor: float = 1.0) -> "nn.Module":
    """A linear layer that does much more in full precision (or in reduced precision) than in the other."""
    import torch
    from torch import nn

    class Work(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.linear = nn.Linear(3 * 32 * 32, 64)
            self.ballast = torch.rand(300, 300)

        def forward(self, pictures: "Tensor") -> "Tensor":
            reduced = torch.is_autocast_enabled("cpu")
            if reduced is hard_when_reduced:
                with torch.autocast("cpu", enabled=False):
                    for _ in range(20):
                        torch.mm(self.ballast, self.ballast)
            features: Tensor = self.linear(pictures.flatten(1))
            return features * (factor if reduced else 1.0)

    return Work()


def test_the_cpu_is_always_there() -> None:
    assert available_devices()[-1] == "cpu"
    assert choose_device("cpu") == "cpu"
    assert choose_device() == available_devices()[0]


@pytest.mark.parametrize("wanted", ["cuda:97", "tpu", ""])
def test_an_absent_device_is_answered_with_those_present(wanted: str) -> None:
    with pytest.raises(ModelError, match=r"Choose one of: auto, .*cpu"):
        choose_device(wanted)


def test_reduced_precision_where_it_is_faster() -> None:
    assert fastest_precision(network(hard_when_reduced=False), INPUT, "cpu") == "bfloat16"


def test_full_precision_where_reduced_is_slower() -> None:
    assert fastest_precision(network(hard_when_reduced=True), INPUT, "cpu") == "float32"


@pytest.mark.parametrize("factor", [-1.0, float("nan")])
def test_full_precision_where_reduced_disagrees(factor: float) -> None:
    assert fastest_precision(network(hard_when_reduced=False, factor=factor), INPUT, "cpu") == "float32"


def test_without_weights_there_is_nothing_to_reduce() -> None:
    assert fastest_precision(build_colour_layout(), SPEC.input, "cpu") == "float32"


def test_precisions_of_devices() -> None:
    assert is_usable("float32", "mps")
    assert is_usable("float16", "cuda:1")
    assert is_usable("bfloat16", "cpu")
    assert not is_usable("float16", "cpu")
    assert not is_usable(None, "cpu")
    assert not is_usable("int4", "cuda")
