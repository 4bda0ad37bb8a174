"""Which blocks a network has, found by running it once and seeing what runs when, and what it gives."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor, nn

PROBE = 2
"""Pictures shown to a network to see what runs when."""


class Call(NamedTuple):
    name: str
    output: Any


def watch(network: "nn.Module", crop: int) -> list[Call]:
    """All modules in the order in which they begin, once for each time, with what they gave."""
    import torch

    begun: list[list[Any]] = []
    names = {module: name for name, module in network.named_modules()}
    open_calls: list[list[Any]] = []

    def begin(module: "nn.Module", given: Any) -> None:
        call = [names[module], None]
        begun.append(call)
        open_calls.append(call)

    def end(module: "nn.Module", given: Any, output: Any) -> None:
        open_calls.pop()[1] = _shapes(output)

    hooks = [
        hook
        for module in names
        for hook in (module.register_forward_pre_hook(begin), module.register_forward_hook(end))
    ]
    try:
        with torch.inference_mode():
            network(probe_pictures(network, crop))
    finally:
        for hook in hooks:
            hook.remove()
    return [Call(name, output) for name, output in begun]


def last_blocks(network: "nn.Module", crop: int, count: int, cut: str = "") -> tuple[str, ...]:
    """The names of the last ``count`` blocks that give a map, those before the block ``cut`` left out; fewer, or none,
    where the network has no more that run once."""
    given = {call.name: call.output for call in watch(network, crop)}
    names = blocks_of(network, crop)
    if cut in names:
        names = names[names.index(cut) :]
    maps = [name for name in names if _is_map(given[name])]
    return tuple(maps[len(maps) - min(count, len(maps)) :])


def blocks_of(network: "nn.Module", crop: int) -> list[str]:
    """The names of the network's blocks in the order in which they run: each runs once, and none is within another.

    A block is an element of a sequence or list of modules, and made of modules itself. A stage that holds a sequence
    of like blocks counts as these.
    """
    from torch import nn

    calls = watch(network, crop)
    times: dict[str, int] = {}
    for call in calls:
        times[call.name] = times.get(call.name, 0) + 1
    modules = dict(network.named_modules())
    found: list[str] = []
    within: tuple[str, ...] = ()
    for call in calls:
        name = call.name
        parent, _, _ = name.rpartition(".")
        module = modules[name]
        listed = name and type(modules[parent]) in (nn.Sequential, nn.ModuleList)
        compound = any(True for _ in module.children()) and type(module) not in (nn.Sequential, nn.ModuleList)
        if not (listed and compound) or times[name] != 1 or name.startswith(within):
            continue
        if any(_is_stage(part) for part in module.modules() if part is not module):
            continue
        found.append(name)
        within = (*within, f"{name}.")
    if len(found) >= 3:
        return found
    return [
        name
        for name, _ in network.named_children()
        if times.get(name) == 1 and next(modules[name].parameters(), None) is not None
    ]


def _is_stage(module: "nn.Module") -> bool:
    """Whether this is a sequence of several like blocks."""
    from torch import nn

    parts = list(module.children())
    return (
        type(module) in (nn.Sequential, nn.ModuleList)
        and len(parts) > 1
        and len({type(part) for part in parts}) == 1
        and any(True for _ in parts[0].children())
    )


def _is_map(output: Any) -> bool:
    """Of what ``_shapes`` says: whether it is (n, c, h, w) or tokens (n, t, c), of more than one place."""
    if not isinstance(output, tuple):
        return False
    shape, _ = output
    return len(shape) in (3, 4) and math.prod(sorted(shape[1:])[:-1]) > 1


def _shapes(output: Any) -> Any:
    """What a module gave, with the tensors reduced to (shape, dtype)."""
    import torch

    if isinstance(output, torch.Tensor):
        return (tuple(output.shape), output.dtype)
    if isinstance(output, list | tuple):
        return [_shapes(each) for each in output]
    return None


def probe_pictures(network: "nn.Module", crop: int) -> "Tensor":
    import torch

    some = next(network.parameters(), None)
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randn(PROBE, 3, crop, crop, generator=generator)
    return pictures if some is None else pictures.to(some.device)
