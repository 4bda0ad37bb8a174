"""Batch norms folded into the convolutions before them: the same numbers with half the work between convolutions.

At rest a batch norm multiplies and shifts each channel by constants, which the convolution before it can do at no cost
(Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference", CVPR
2018, section 3.2). Which convolution feeds which norm is watched rather than read off the names, so it works for any
network; and what comes out is compared with what came out before, so a network for which it would be wrong (because
something else reads between the two) is left as it is.
"""

import copy
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

log = logging.getLogger(__name__)

AGREEMENT = 0.9999
"""Least cosine between the rows of a network and of its folded copy, in full precision."""
SMALL = 64
"""The side of the picture that is tried first: it costs a hundredth of a second, and most networks take any size."""


def folded(network: "nn.Module", crop: int) -> "nn.Module":
    """A copy of ``network`` without the batch norms that follow a convolution; itself where there are none.

    ``network`` is in evaluation mode, and takes (n, 3, crop, crop). It stays as it was, and the copy
    shares all weights with it that the folding does not change.
    """
    import torch

    if not any(_is_norm(module) for module in network.modules()):
        return network
    device = next(network.parameters()).device
    with torch.no_grad():  # not inference_mode, whose tensors do not count their versions
        try:
            probe = _picture(min(SMALL, crop)).to(device)
            pairs, before = _watched(network, probe)
        except (RuntimeError, AssertionError, ValueError):  # how networks of one size say so
            probe = _picture(crop).to(device)
            pairs, before = _watched(network, probe)
        if not pairs:
            return network
        copied = _fold(network, pairs)
        after = copied(probe)
    if not _agree(before, after):
        log.info("the batch norms of this network cannot be folded; it runs as it is")
        return network
    return copied


def _picture(side: int) -> "Tensor":
    import torch

    noise = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return noise.contiguous(memory_format=torch.channels_last)


def _watched(network: "nn.Module", probe: "Tensor") -> tuple[dict[str, str], "Tensor"]:
    """Batch norm -> convolution that feeds it, by name, of those that run once; and what the network gives."""
    import torch
    from torch import nn

    made_by: dict[tuple[int, int], str] = {}
    kept: list[Any] = []  # an id means something only while its tensor lives
    pairs: dict[str, str] = {}
    runs: Counter[str] = Counter()
    handles = []

    def watch(name: str, module: nn.Module) -> None:
        def made(_: nn.Module, given: Any, output: Any) -> None:
            runs[name] += 1
            made_by[id(output), output._version] = name  # which changes when an activation works in place
            kept.append(output)

        def taken(_: nn.Module, given: Any) -> None:
            runs[name] += 1
            maker = made_by.get((id(given[0]), given[0]._version))
            if maker is not None:
                pairs[name] = maker

        if isinstance(module, nn.Conv2d):
            handles.append(module.register_forward_hook(made))
        elif _is_norm(module):
            handles.append(module.register_forward_pre_hook(taken))

    for name, module in network.named_modules():
        watch(name, module)
    try:
        result = network(probe)
    finally:
        for handle in handles:
            handle.remove()
    assert isinstance(result, torch.Tensor)
    shared = Counter(pairs.values())
    once = {norm: conv for norm, conv in pairs.items() if runs[norm] == runs[conv] == shared[conv] == 1}
    return once, result


def _is_norm(module: "nn.Module") -> bool:
    """Whether it is a batch norm with statistics of its own: torch's, or timm's, which may hold an activation."""
    from torch import nn

    return isinstance(module, nn.BatchNorm2d) and module.running_mean is not None and not module.training


def _fold(network: "nn.Module", pairs: dict[str, str]) -> "nn.Module":
    memo: dict[int, Any] = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    copied = copy.deepcopy(network, memo)
    modules = dict(copied.named_modules())
    for norm, conv in pairs.items():
        parent, _, own = norm.rpartition(".")
        _take_over(modules[conv], modules[norm])
        modules[parent]._modules[own] = _rest_of(modules[norm])
    return copied


def _take_over(conv: Any, norm: Any) -> None:
    """Give the convolution what the norm did, in double precision, as products of small numbers lose digits."""
    import torch
    from torch import nn

    scale = (norm.running_var.double() + norm.eps).rsqrt()
    if norm.weight is not None:
        scale = scale * norm.weight.double()
    shift = -norm.running_mean.double()
    if conv.bias is not None:
        shift = shift + conv.bias.double()
    shift = shift * scale
    if norm.bias is not None:
        shift = shift + norm.bias.double()
    weight = conv.weight.double() * scale.reshape(-1, 1, 1, 1)
    layout = (
        torch.channels_last if conv.weight.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
    )
    conv.weight = nn.Parameter(weight.to(conv.weight.dtype).contiguous(memory_format=layout), requires_grad=False)
    conv.bias = nn.Parameter(shift.to(conv.weight.dtype), requires_grad=False)


def _rest_of(norm: Any) -> "nn.Module":
    """What such a module does beside: timm's norms hold a drop and an activation, which run after it."""
    from torch import nn

    inner = [part for part in norm.children() if not isinstance(part, nn.Identity)]
    if not inner:
        return nn.Identity()
    return inner[0] if len(inner) == 1 else nn.Sequential(*inner)


def _agree(before: "Tensor", after: "Tensor") -> bool:
    from torch.nn.functional import cosine_similarity

    return bool(cosine_similarity(before.flatten(1).float(), after.flatten(1).float()).min() >= AGREEMENT)
