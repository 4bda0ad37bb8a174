"""A network in two parts: what comes before one of its blocks, and what comes from there on.

Nothing is assumed about the network but that one block gets all that is known so far: the front is the network
itself, stopped as it enters the block; the tail is the network run with stand-ins for everything before the block,
which give zeros of the right shape and cost nothing, and with the block handed what the front had come to. Whether
front and tail together still are the network is tried, not assumed.
"""

import copy
import math
from collections import OrderedDict
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from imagefinder.domain.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn

AGREEMENT = 1e-4
"""The largest difference between the features of the whole and of the two parts, relative to their size."""
_PROBE = 2
"""Pictures shown to a network to see what runs when."""


class Split(NamedTuple):
    """``front``: normalised pixels (n, 3, crop, crop) -> what the block gets; ``tail``: that -> features (n, d).

    They share their weights with the network that was split. ``cut`` is the block's name in it.
    """

    front: "nn.Module"
    tail: "nn.Module"
    cut: str


def split_network(network: "nn.Module", crop: int, blocks: int = 4) -> Split:
    """Split so that the last ``blocks`` blocks are in the tail, but at most two thirds of all (and at least one).

    The blocks are found by running the network once. Raises ModelError for a network that cannot be split anywhere
    near that: one that looks at a picture more than once, or that carries more than one thing from block to block.
    """
    names = _blocks(network, crop)
    first = len(names) - max(1, min(blocks, len(names) * 2 // 3))
    nearest = sorted(range(len(names)), key=lambda place: (abs(place - first), place))
    for place in nearest:
        try:
            return split_at(network, crop, names[place])
        except ModelError:
            continue
    raise ModelError(
        "This network cannot be split into blocks.", "Train in the quick or the full mode, or choose another model."
    )


def last_blocks(network: "nn.Module", crop: int, count: int, cut: str = "") -> tuple[str, ...]:
    """The names of the last ``count`` blocks that give a map, those before the block ``cut`` left out; fewer, or none,
    where the network has no more that run once."""
    given = {call.name: call.output for call in _watch(network, crop)}
    names = _blocks(network, crop)
    if cut in names:
        names = names[names.index(cut) :]
    maps = [name for name in names if _is_map(given[name])]
    return tuple(maps[len(maps) - min(count, len(maps)) :])


def split_at(network: "nn.Module", crop: int, cut: str) -> Split:
    """Split before the block named ``cut``. Raises ModelError where the two parts would not be the whole."""
    import torch

    try:
        calls = _watch(network, crop)
        split = Split(_front(network, cut, calls), _tail(network, cut, crop, calls), cut)
        pictures = _pictures(network, crop)
        with torch.inference_mode():
            whole = network(pictures)
            parts = split.tail(split.front(pictures))
            again = split.tail(split.front(pictures[:1]))
    except (RuntimeError, AttributeError, TypeError, ValueError, KeyError, IndexError, AssertionError) as error:
        raise ModelError(f"The network cannot be split before {cut}: {error}", "Train in another mode.") from error
    size = whole.abs().max().clamp_min(1e-12)
    alike = (
        (whole - parts).abs().max() <= AGREEMENT * size
        and again.shape == whole[:1].shape
        and (whole[:1] - again).abs().max() <= 100 * AGREEMENT * size
    )
    if not alike:
        raise ModelError(f"The network cannot be split before {cut}.", "Train in another mode.")
    return split


class _Call(NamedTuple):
    name: str
    output: Any


def _watch(network: "nn.Module", crop: int) -> list[_Call]:
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
            network(_pictures(network, crop))
    finally:
        for hook in hooks:
            hook.remove()
    return [_Call(name, output) for name, output in begun]


def _shapes(output: Any) -> Any:
    """What a module gave, with the tensors reduced to (shape, dtype)."""
    import torch

    if isinstance(output, torch.Tensor):
        return (tuple(output.shape), output.dtype)
    if isinstance(output, list | tuple):
        return [_shapes(each) for each in output]
    return None


def _is_map(output: Any) -> bool:
    """Of what ``_shapes`` says: whether it is (n, c, h, w) or tokens (n, t, c), of more than one place."""
    if not isinstance(output, tuple):
        return False
    shape, _ = output
    return len(shape) in (3, 4) and math.prod(sorted(shape[1:])[:-1]) > 1


def _blocks(network: "nn.Module", crop: int) -> list[str]:
    """The names of the network's blocks in the order in which they run: each runs once, and none is within another.

    A block is an element of a sequence or list of modules, and made of modules itself. A stage that holds a sequence
    of like blocks counts as these.
    """
    from torch import nn

    calls = _watch(network, crop)
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


def _pictures(network: "nn.Module", crop: int) -> "Tensor":
    import torch

    some = next(network.parameters(), None)
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randn(_PROBE, 3, crop, crop, generator=generator)
    return pictures if some is None else pictures.to(some.device)


_handed: "ContextVar[Tensor]" = ContextVar("handed to the tail's first block")


class _Reached(Exception):
    def __init__(self, by: object, value: Any) -> None:
        self.by = by
        self.value = value


def _chain(network: "nn.Module", cut: str) -> "nn.Module":
    """The network with copies of those modules that hold the block ``cut``; all others, and the weights, are shared."""
    chain = _own(network)
    at = chain
    for part in cut.split(".")[:-1]:
        inner = _own(at._modules[part])
        at._modules[part] = inner
        at = inner
    return chain


def _own(module: "nn.Module | None") -> "nn.Module":
    assert module is not None
    copied = copy.copy(module)
    copied._modules = dict(module._modules)
    copied._parameters = dict(module._parameters)
    copied._buffers = dict(module._buffers)
    # Such a hook holds on to its module weakly, and would outlive it in the copy.
    hooks: dict[int, Any] = dict(module._load_state_dict_pre_hooks)
    copied._load_state_dict_pre_hooks = OrderedDict(
        (number, type(hook)(hook.hook, copied if hook.with_module else None)) for number, hook in hooks.items()
    )
    return copied


def _front(network: "nn.Module", cut: str, calls: list[_Call]) -> "nn.Module":
    from torch import nn

    class Stop(nn.Module):
        """Stands where the block is, and ends the run with what it was given."""

        def forward(self, value: "Tensor", *others: Any, **named: Any) -> "Tensor":
            raise _Reached(self, value)

    class Front(nn.Module):
        def __init__(self, network: "nn.Module", stop: "nn.Module") -> None:
            super().__init__()
            self.network = network
            self.__dict__["stop"] = stop  # not as a part: it is one of the network already

        def forward(self, pictures: "Tensor") -> "Tensor":
            try:
                self.network(pictures)
            except _Reached as reached:
                if reached.by is not self.__dict__["stop"]:
                    raise
                value: Tensor = reached.value
                return value
            raise RuntimeError("the network did not come to its block")

    chain, stop = _chain(network, cut), Stop()
    before, after = _before_and_after(calls, cut)
    for at, prefix, part in _levels(chain, cut):
        for sibling in at._modules:
            name = f"{prefix}{sibling}"
            if sibling != part and _ran(name, after) and not _ran(name, before):
                at._modules[sibling] = nn.Identity()  # never reached, and its weights belong to the tail
        if f"{prefix}{part}" == cut:
            at._modules[part] = stop
    return Front(chain, stop)


def _tail(network: "nn.Module", cut: str, crop: int, calls: list[_Call]) -> "nn.Module":
    from torch import nn

    class StandIn(nn.Module):
        """Gives zeros of the shape that a module of the front would give, without computing or storing them."""

        def __init__(self, output: Any) -> None:
            super().__init__()
            self.output = output

        def forward(self, value: "Tensor", *others: Any, **named: Any) -> Any:
            return _zeros(self.output, _handed.get())

    class Enter(nn.Module):
        """The first block, which gets what was handed to the tail instead of what the stand-ins came to."""

        def __init__(self, block: "nn.Module") -> None:
            super().__init__()
            self.block = block

        def forward(self, value: "Tensor", *others: Any, **named: Any) -> Any:
            return self.block(_handed.get(), *others, **named)

    class Tail(nn.Module):
        def __init__(self, network: "nn.Module") -> None:
            super().__init__()
            self.network = network

        def forward(self, activation: "Tensor") -> "Tensor":
            pictures = activation.new_zeros(1).expand(len(activation), 3, crop, crop)
            before = _handed.set(activation)
            try:
                features: Tensor = self.network(pictures)
            finally:
                _handed.reset(before)
            return features

    chain = _chain(network, cut)
    before, after = _before_and_after(calls, cut)
    outputs = dict(before)
    for at, prefix, part in _levels(chain, cut):
        for sibling, module in at._modules.items():
            name = f"{prefix}{sibling}"
            if sibling == part or module is None or not _ran(name, before):
                continue
            if not _ran(name, after):
                at._modules[sibling] = StandIn(outputs[name])
            elif next(module.parameters(), None) is not None:
                raise RuntimeError(f"{name} runs on both sides")
        if f"{prefix}{part}" == cut:
            block = at._modules[part]
            assert block is not None
            at._modules[part] = Enter(block)
    return Tail(chain)


def _levels(chain: "nn.Module", cut: str) -> "Iterator[tuple[nn.Module, str, str]]":
    """Each module around the block, from outside: it, its name with a dot, and its part that leads to the block."""
    at: nn.Module | None = chain
    prefix = ""
    for part in cut.split("."):
        assert at is not None
        yield at, prefix, part
        at = at._modules[part]
        prefix = f"{prefix}{part}."


def _before_and_after(calls: list[_Call], cut: str) -> tuple[list[_Call], list[_Call]]:
    place = next((place for place, call in enumerate(calls) if call.name == cut), None)
    if place is None:
        raise ModelError(
            f"The network has no block named {cut!r}.",
            "The model's record is damaged: remove the model and add it again.",
        )
    return calls[:place], calls[place:]


def _ran(name: str, calls: list[_Call]) -> bool:
    return any(call.name == name or call.name.startswith(f"{name}.") for call in calls)


def _zeros(output: Any, like: "Tensor") -> Any:
    """Zeros in the recorded form, for as many pictures as ``like`` has."""
    if isinstance(output, list):
        return tuple(_zeros(each, like) for each in output)
    if output is None:
        return None
    (first, *rest), dtype = output
    count = len(like) if first == _PROBE else first
    return like.new_zeros(1, dtype=like.dtype if dtype.is_floating_point else dtype).expand(count, *rest)
