"""A network in two parts: what comes before one of its blocks, and what comes from there on.

Nothing is assumed about the network but that one block gets all that is known so far: the front is the network
itself, stopped as it enters the block; the tail is the network run with stand-ins for everything before the block,
which give zeros of the right shape and cost nothing, and with the block handed what the front had come to. Whether
front and tail together still are the network is tried, not assumed.
"""

import copy
from collections import OrderedDict
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from imagefinder.domain.errors import ModelError
from imagefinder.embedding.blocks import PROBE, Call, blocks_of, probe_pictures, watch

if TYPE_CHECKING:
    from torch import Tensor, nn

AGREEMENT = 1e-4
"""The largest difference between the features of the whole and of the two parts, relative to their size."""


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
    names = blocks_of(network, crop)
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


def split_at(network: "nn.Module", crop: int, cut: str) -> Split:
    """Split before the block named ``cut``. Raises ModelError where the two parts would not be the whole."""
    import torch

    try:
        calls = watch(network, crop)
        split = Split(_front(network, cut, calls), _tail(network, cut, crop, calls), cut)
        pictures = probe_pictures(network, crop)
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


def _front(network: "nn.Module", cut: str, calls: list[Call]) -> "nn.Module":
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


def _tail(network: "nn.Module", cut: str, crop: int, calls: list[Call]) -> "nn.Module":
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


def _before_and_after(calls: list[Call], cut: str) -> tuple[list[Call], list[Call]]:
    place = next((place for place, call in enumerate(calls) if call.name == cut), None)
    if place is None:
        raise ModelError(
            f"The network has no block named {cut!r}.",
            "The model's record is damaged: remove the model and add it again.",
        )
    return calls[:place], calls[place:]


def _ran(name: str, calls: list[Call]) -> bool:
    return any(call.name == name or call.name.startswith(f"{name}.") for call in calls)


def _zeros(output: Any, like: "Tensor") -> Any:
    """Zeros in the recorded form, for as many pictures as ``like`` has."""
    if isinstance(output, list):
        return tuple(_zeros(each, like) for each in output)
    if output is None:
        return None
    (first, *rest), dtype = output
    count = len(like) if first == PROBE else first
    return like.new_zeros(1, dtype=like.dtype if dtype.is_floating_point else dtype).expand(count, *rest)
