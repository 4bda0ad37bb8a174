"""What stays frozen looks at photos with its batch norms folded, and is saved with them."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.domain.training import RECIPES, Mode
from imagefinder.embedding.backbones import build
from imagefinder.training.course import take_apart
from imagefinder.training.looking import Look, normalised

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")

BASE = ModelSpec(
    "small", "builtin", "compact", InputSpec(32, 32), 16, pooling="native",
    options={"widths": [8, 12, 20], "depths": [1, 2, 1]},
)  # fmt: skip


@pytest.mark.parametrize("mode", ["quick", "thorough"])
def test_the_front_sees_the_same_without_its_norms_and_keeps_them(mode: Mode) -> None:
    torch.manual_seed(0)
    network = build(BASE)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # as if it had seen pictures
            torch.nn.init.uniform_(module.get_buffer("running_mean"), -0.5, 0.5)
            torch.nn.init.uniform_(module.get_buffer("running_var"), 0.5, 2)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    parts, _ = take_apart(network, 32, 16, RECIPES[mode])
    pixels = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3)).astype(np.uint8)
    with torch.no_grad():
        reached = parts.front(normalised(pixels, BASE.input, "cpu"))
        expected = torch.nn.functional.normalize(parts.tuned(reached)).numpy()
    before = {name: tensor.clone() for name, tensor in parts.front.state_dict().items()}
    ran: list[str] = []
    for name, module in parts.front.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.register_forward_hook(lambda *_, name=name: ran.append(name))

    look = Look(parts.front, parts.tuned, BASE.input, "cpu", "float32", 2, mode == "thorough")
    ran.clear()  # which norms there are was watched
    between, features = look.at(pixels)
    assert not ran
    assert np.allclose(features, expected, atol=1e-5)
    assert (between is None) == (mode == "quick")
    if between is not None:
        assert np.allclose(between, reached.numpy(), atol=2e-2)
    after = parts.front.state_dict()
    assert list(after) == list(before)
    assert any(name.endswith("running_mean") for name in after)
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
