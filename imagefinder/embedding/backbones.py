"""Networks without their classifiers and without weights: pixels in, one row of features per picture out."""

import difflib
from typing import TYPE_CHECKING, Any

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.colour_layout import build_colour_layout
from imagefinder.embedding.torchvision_compat import import_timm, import_torchvision

if TYPE_CHECKING:
    from torch import nn

NATIVE = "native"
TIMM_POOLINGS = {"average": "avg", "max": "max", "token": "token", "attention": "map"}
"""Our word -> timm's ``global_pool``. "native" leaves the choice to the network."""
TORCHVISION_HEADS = ("fc", "classifier", "heads", "head")


def build(spec: ModelSpec) -> "nn.Module":
    """The network of ``spec`` in evaluation mode: (n, 3, crop, crop) normalised -> (n, dimension) features.

    Its weights are those it was initialised with. Raises UnknownName for a network that its source does not know,
    ModelError for options or a pooling that it does not take.
    """
    if spec.source == "builtin" and spec.architecture == "colour-layout":
        return build_colour_layout()
    if spec.source == "timm":
        return _build_timm(spec)
    if spec.source == "torchvision":
        return _build_torchvision(spec)
    raise ModelError(
        f"This version does not know the network {spec.architecture!r} from {spec.source!r}.",
        "Update imagefinder, or choose another model.",
    )


def feature_dimension(network: "nn.Module", crop: int) -> int:
    """How long a row of features is, by showing the network one grey picture. Raises ModelError if there is no row."""
    import torch

    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    try:
        with torch.inference_mode():
            features = network(torch.zeros(1, 3, crop, crop, device=device))
    except (RuntimeError, AssertionError, ValueError, TypeError) as error:
        raise ModelError(
            f"This network cannot look at {crop} x {crop} pixels: {error}", "Choose another network."
        ) from error
    if not isinstance(features, torch.Tensor) or features.ndim != 2:
        raise ModelError("This network does not give one row of numbers per picture.", "Choose another network.")
    return features.shape[1]


def _build_timm(spec: ModelSpec) -> "nn.Module":
    timm = import_timm()
    if not timm.is_model(spec.architecture):
        raise unknown_network("timm", spec.architecture, timm.list_models())
    options = dict(spec.options)
    if spec.pooling != NATIVE:
        options["global_pool"] = _pooling(spec)
    try:
        # Named here, these can not come from the options of a record that somebody sent.
        network: nn.Module = timm.create_model(
            spec.architecture,
            pretrained=False,
            pretrained_cfg=None,
            pretrained_cfg_overlay=None,
            checkpoint_path=None,
            cache_dir=None,
            num_classes=0,
            **options,
        )
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise _refused(spec, error) from error
    return network.eval()


def _build_torchvision(spec: ModelSpec) -> "nn.Module":
    from torch import nn

    models = import_torchvision().models
    known = models.list_models(module=models)
    if spec.architecture not in known:
        raise unknown_network("torchvision", spec.architecture, known)
    if spec.pooling not in (NATIVE, "average"):
        raise ModelError(f"torchvision's networks cannot pool by {spec.pooling!r}.", "Use the pooling 'native'.")
    arguments: dict[str, Any] = {"weights": None}
    if spec.architecture in ("googlenet", "inception_v3"):
        # Their weights expect the network to undo ImageNet's normalisation itself.
        arguments |= {"init_weights": False, "aux_logits": False, "transform_input": True}
    try:
        network: nn.Module = models.get_model(spec.architecture, **arguments, **spec.options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise _refused(spec, error) from error
    # The last linear layer gives class scores; what it is shown are the features.
    for name in TORCHVISION_HEADS:
        head = network.get_submodule(name) if hasattr(network, name) else None
        linear = [path for path, part in head.named_modules() if isinstance(part, nn.Linear)] if head else []
        if linear:
            parent, _, last = f"{name}.{linear[-1]}".rstrip(".").rpartition(".")
            setattr(network.get_submodule(parent), last, nn.Identity())
            return network.eval()
    raise ModelError(f"{spec.architecture} has no features to compare by.", "Choose another network.")


def _pooling(spec: ModelSpec) -> str:
    try:
        return TIMM_POOLINGS[spec.pooling]
    except KeyError:
        known = ", ".join([NATIVE, *TIMM_POOLINGS])
        raise ModelError(f"There is no pooling named {spec.pooling!r}.", f"Known: {known}.") from None


def _refused(spec: ModelSpec, error: Exception) -> ModelError:
    given = ", ".join(f"{key}={value!r}" for key, value in spec.options.items()) or "no options"
    return ModelError(
        f"The network {spec.architecture} cannot be built with {given} and pooling {spec.pooling!r}: {error}",
        "Check the model's record, or choose another network.",
    )


def unknown_network(source: str, name: str, known: list[str]) -> UnknownName:
    """The error for a network that ``source`` does not know, with near spellings: it knows too many to list."""
    close = difflib.get_close_matches(name, known, n=3)
    hint = f"Did you mean {', '.join(close)}?" if close else f"{source}'s documentation lists the names."
    return UnknownName(f"{source} has no network named {name!r}.", hint)
