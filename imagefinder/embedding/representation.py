"""What becomes of a network's features: layers, poolings, scales, probabilities and a projection, as one module.

Tensors keep the names that they have in the bare network, beside ``pool.p``, ``projection.mean`` and
``projection.matrix``: the same file of weights serves every representation of a network.
"""

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.specs import ModelSpec, Output, Projection
from imagefinder.embedding.pooling import MAP_POOLINGS, as_map, build_pooling

if TYPE_CHECKING:
    from torch import Tensor, nn

NATIVE = "native"
NETWORKS_OWN = (NATIVE, "attention")
"""Poolings that are a network's own last part: they cannot be moved to another layer."""
POOLINGS = tuple(dict.fromkeys((NATIVE, *MAP_POOLINGS, "gem", "token", "attention")))
OWN_TENSORS = ("pool.p", "projection.mean", "projection.matrix")
LARGEST_SCALE = 4.0


@dataclass(frozen=True, slots=True)
class Reading:
    """Where features are read off: behind a layer or before it, and whether a ReLU follows that is no layer."""

    layer: str
    before: bool = False
    rectified: bool = False


class Tap:
    """Keeps what a layer gave or got during one pass, apart for each thread: an embedder serves several."""

    def __init__(self) -> None:
        self._kept: dict[int, Any] = {}

    def behind(self, layer: "nn.Module", given: Any, output: Any) -> None:
        self._kept[threading.get_ident()] = output

    def before(self, layer: "nn.Module", given: Any) -> None:
        self._kept[threading.get_ident()] = given[0]

    def read(self) -> Any:
        return self._kept.get(threading.get_ident())

    def forget(self) -> None:
        self._kept.pop(threading.get_ident(), None)


def check(spec: ModelSpec) -> None:
    """Raises ModelError for a record that asks for what does not go together."""
    for what, word, known in (
        ("pooling", spec.pooling, POOLINGS if spec.source != "builtin" else (*POOLINGS, "none")),
        ("output", spec.output, get_args(Output)),
        ("projection", spec.projection, get_args(Projection)),
    ):
        if word not in known:
            raise ModelError(f"There is no {what} named {word!r}.", f"Known: {', '.join(filter(None, known))}.")
    if not spec.scales or not all(0 < scale <= LARGEST_SCALE for scale in spec.scales):
        raise ModelError(
            f"Pictures cannot be looked at in the sizes {spec.scales}.",
            f"Give one or more numbers up to {LARGEST_SCALE:g}; 1 is the usual size.",
        )
    if spec.layers and spec.pooling in (*NETWORKS_OWN, "none"):
        raise ModelError(
            f"Layers cannot be pooled by {spec.pooling!r}, which is part of the end of the network.",
            f"Choose one of: {', '.join(word for word in POOLINGS if word not in NETWORKS_OWN)}.",
        )
    if spec.output != "features" and (spec.layers or spec.projection):
        what = "scores" if spec.output == "logits" else "probabilities"
        raise ModelError(
            f"Class {what} come from the end of the network, as they are.", "Leave out layers and projection."
        )


def represent(
    spec: ModelSpec, backbone: "nn.Module", readings: tuple[Reading, ...], pools: bool, prefixes: int | None
) -> "nn.Module":
    """``backbone`` with the representation of ``spec`` behind it, in evaluation mode; its projection comes later.

    Features are those read off at ``readings``, pooled by ``spec.pooling`` and brought to unit length one by one;
    without readings the output of the backbone, pooled where ``pools`` says that it is a map. ``prefixes`` are the
    tokens that stand for no patch. Over several scales the rows, at unit length, are summed (as in Radenovic et al.,
    TPAMI 2018, with an exponent of 1). Probabilities come out as square roots. Raises UnknownName for a layer.
    """
    import torch
    from torch import nn
    from torch.nn import functional

    taps = [Tap() for _ in readings]
    for tap, reading in zip(taps, readings, strict=True):
        layer = _layer(backbone, reading.layer)
        if reading.before:
            layer.register_forward_pre_hook(tap.before)
        else:
            layer.register_forward_hook(tap.behind)
    step = _patch_side(backbone)

    class Representation(nn.Module):
        represents = True

        def __init__(self) -> None:
            super().__init__()
            self.backbone = backbone
            self.pool = build_pooling(spec.pooling) if pools and spec.pooling != "token" else nn.Identity()
            self.projection: nn.Module = nn.Identity()
            self.taps = taps
            self.register_state_dict_post_hook(_without_prefix)  # type: ignore[no-untyped-call]  # torch has no types
            self.register_load_state_dict_pre_hook(_with_prefix)  # type: ignore[no-untyped-call]  # for these two

        def forward(self, pictures: "Tensor") -> "Tensor":
            if spec.scales == (1.0,):
                return self.projection(self._look(pictures))  # type: ignore[no-any-return]  # nn.Module's call is Any
            rows = torch.stack([functional.normalize(self._look(self._resized(pictures, s))) for s in spec.scales])
            return self.projection(functional.normalize(rows.sum(0)))  # type: ignore[no-any-return]  # as above

        def _look(self, pictures: "Tensor") -> "Tensor":
            try:
                last = self.backbone(pictures)
                seen = [tap.read() for tap in self.taps]
            finally:  # where memory ran out, what was kept must not stay
                for tap in self.taps:
                    tap.forget()
            if spec.output == "probabilities":
                return functional.softmax(last.float(), 1).sqrt()
            if not seen:
                return self._pooled(last) if pools else last.float()
            rows = []
            for reading, output in zip(readings, seen, strict=True):
                if not isinstance(output, torch.Tensor):
                    raise ModelError(f"The layer {reading.layer} gives no map of features.", "Choose another layer.")
                rows.append(functional.normalize(self._pooled(output.relu() if reading.rectified else output)))
            return torch.cat(rows, 1)

        def _pooled(self, output: "Tensor") -> "Tensor":
            if spec.pooling == "token":
                if output.ndim != 3 or not prefixes:
                    raise ModelError("This network has no token for the whole picture.", "Choose another pooling.")
                return output[:, 0].float()
            return self.pool(as_map(output, prefixes))  # type: ignore[no-any-return]  # as above

        def _resized(self, pictures: "Tensor", scale: float) -> "Tensor":
            if scale == 1:
                return pictures
            side = max(1, round(pictures.shape[-1] * scale / step)) * step
            return functional.interpolate(pictures, (side, side), mode="bilinear", antialias=True)

    return Representation().eval()


def build_projection(given: int, kept: int) -> "nn.Module":
    """(n, given) -> (n, kept): rows at unit length, less the mean, times the matrix, in full precision."""
    import torch
    from torch import nn
    from torch.nn.functional import normalize

    class LinearMap(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", torch.zeros(given))
            self.register_buffer("matrix", torch.eye(kept, given))

        def forward(self, rows: "Tensor") -> "Tensor":
            with torch.autocast(rows.device.type, enabled=False):
                return (normalize(rows.float()) - self.get_buffer("mean")) @ self.get_buffer("matrix").T

    return LinearMap().eval()


def bare(network: "nn.Module") -> "nn.Module":
    """The network as its source built it, without a representation around it."""
    return network.get_submodule("backbone") if getattr(network, "represents", False) else network


def known_layers(network: "nn.Module") -> list[str]:
    """The layers that are worth reading, in order: the stages that timm records, or all parts that have parts."""
    network = bare(network)
    recorded = getattr(network, "feature_info", None)
    if isinstance(recorded, list) and recorded:
        return [str(stage["module"]) for stage in recorded]
    return [
        name
        for name, part in network.named_modules()
        if 0 < len(name.split(".")) <= 2 and name and any(part.children())
    ]


def _layer(network: "nn.Module", name: str) -> "nn.Module":
    try:
        if name:
            return network.get_submodule(name)
    except AttributeError:
        pass
    raise UnknownName(f"The network has no layer named {name!r}.", f"Known: {', '.join(known_layers(network))}.")


def _patch_side(network: "nn.Module") -> int:
    """Pictures must be a multiple of this many pixels wide."""
    size = getattr(getattr(network, "patch_embed", network), "patch_size", 1)
    return math.lcm(*size) if isinstance(size, tuple) else int(size) if isinstance(size, int) else 1


def _without_prefix(module: "nn.Module", state: dict[str, Any], prefix: str, metadata: Any) -> None:
    inner = f"{prefix}backbone."
    for name in [name for name in state if name.startswith(prefix)]:  # all, so that the order stays
        tensor = state.pop(name)
        state[prefix + name.removeprefix(inner) if name.startswith(inner) else name] = tensor


def _with_prefix(module: "nn.Module", state: dict[str, Any], prefix: str, *_: Any) -> None:
    for name in [name for name in state if name.startswith(prefix)]:
        own = name.removeprefix(prefix)
        if own not in OWN_TENSORS:
            state[f"{prefix}backbone.{own}"] = state.pop(name)
