"""Networks without weights: pixels in, one row of features per picture out."""

import difflib
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding import cirtorch_file, onnx_file, open_clip_network
from imagefinder.embedding.blend import build_blend, is_blend
from imagefinder.embedding.colour_layout import build_colour_layout
from imagefinder.embedding.compact import build_compact
from imagefinder.embedding.efficientnet_lite import SCALES, build_efficientnet_lite
from imagefinder.embedding.representation import (
    NATIVE,
    POOLINGS,
    Reading,
    build_projection,
    check,
    known_layers,
    represent,
)
from imagefinder.embedding.torchvision_compat import import_timm, import_torchvision

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger(__name__)

BUILTIN: "dict[str, Callable[[ModelSpec], nn.Module]]" = {
    "colour-layout": lambda spec: build_colour_layout(),
    "compact": lambda spec: build_compact(replace(spec, dimension=_own_length(spec))),
}
"""Architecture -> its network, from the record."""
WHOLE_FILES: "dict[str, Callable[[ModelSpec], nn.Module]]" = {
    cirtorch_file.SOURCE: cirtorch_file.build_cirtorch,
    onnx_file.SOURCE: onnx_file.build_onnx,
    open_clip_network.SOURCE: open_clip_network.build_open_clip,
}
"""Source -> its network, from the record; these are taken as their files have them."""
OWN_LENGTH = "features"
"""An option of the compact network: how long its own rows are, where the record's ``dimension`` is another."""
OWN_POOLINGS = (NATIVE, "average", "none")
"""What the records of these networks say of their end, which is as it is."""
TIMM_POOLINGS = {"average": "avg", "max": "max", "token": "token", "attention": "map"}
"""Our word -> timm's ``global_pool``; these are left to timm. "native" leaves the choice to the network."""
TORCHVISION_HEADS = ("fc", "classifier", "heads", "head")
TORCHVISION_ENDS = (
    Reading("avgpool", before=True),
    Reading("encoder"),
    Reading("conv5"),
    Reading("layers"),
    Reading("features"),
)
"""Where the last map of torchvision's networks is; the first of these layers that a network has."""
REFUSALS = (TypeError, ValueError, RuntimeError, AssertionError, AttributeError, KeyError)
"""What timm raises for settings that a network does not take. Python 3.11 says KeyError, not TypeError, of an argument
that is given twice while another error is being handled."""
USUAL_CLASSES = 1000
CLASS_OUTPUTS = {"logits": "scores", "probabilities": "probabilities"}
LARGEST_LENGTH = 65536


def build(spec: ModelSpec) -> "nn.Module":
    """The network of ``spec`` in evaluation mode: (n, 3, crop, crop) normalised -> (n, dimension) features.

    Its weights are those it was initialised with. A representation at rest (the network's own features, one scale, no
    projection) is the bare network. Raises UnknownName for a network that its source does not know and for a layer
    that the network has not, ModelError for options, a pooling or a representation that it does not take.
    """
    check(spec)
    readings: tuple[Reading, ...] = tuple(map(Reading, spec.layers))
    pools = bool(readings)
    prefixes = None
    made_here = is_blend(spec) or (spec.source == "builtin" and spec.architecture in BUILTIN)
    if made_here and not pools and spec.pooling not in OWN_POOLINGS:
        raise ModelError(
            f"The end of the network {spec.architecture} cannot be pooled by {spec.pooling!r}.",
            "Name a layer to pool, or leave the pooling out.",
        )
    if is_blend(spec):
        network = build_blend(spec, build)
    elif made_here:
        network = BUILTIN[spec.architecture](spec)
    elif spec.source == "timm":
        network = _build_timm(spec)
        prefixes = getattr(network, "num_prefix_tokens", None)
        pools = pools or spec.pooling not in (NATIVE, *TIMM_POOLINGS)
    elif spec.source == "torchvision":
        ours = pools or _is_pooled_by_us(spec)
        network = _build_torchvision(spec, must_have_features=not ours)
        prefixes = 1 if spec.architecture.startswith("vit_") else None
        if ours and not readings:
            readings = (_last_map(network, spec.architecture),)
        pools = ours
    elif spec.source in WHOLE_FILES:
        network, readings = WHOLE_FILES[spec.source](spec), ()
    else:
        raise ModelError(
            f"This version does not know the network {spec.architecture!r} from {spec.source!r}.",
            "Update imagefinder, or choose another model.",
        )
    if spec.output != "features" and (pools or made_here):
        raise ModelError(
            f"The network {spec.architecture} gives no class {CLASS_OUTPUTS[spec.output]} with pooling "
            f"{spec.pooling!r}.",
            "Use the pooling 'native', or compare by features.",
        )
    if not pools and spec.scales == (1.0,) and spec.output != "probabilities" and not spec.projection:
        return network
    network = represent(spec, network, readings, pools, prefixes)
    if spec.projection:
        given = _known_length(spec) or feature_dimension(network, spec.input.crop)
        network.projection = build_projection(given, spec.dimension)
    return network


def row_length(spec: ModelSpec) -> int:
    """How long the rows of the network of ``spec`` are, where its ``dimension`` does not say it yet. Raises ModelError,
    and UnknownName as ``build`` does.

    Networks of others are only sketched where that tells, without memory for their weights.
    """
    if _known_length(spec):
        build(spec)  # which says what it does not take
        return _known_length(spec)
    try:
        return feature_dimension(sketched(spec), spec.input.crop)
    except ModelError as error:
        log.debug("%s cannot be sketched: %s", spec.architecture, error)
    return feature_dimension(build(spec), spec.input.crop)


def sketched(spec: ModelSpec) -> "nn.Module":
    """The same as ``build``, but of networks of timm and torchvision only names and shapes where that can be."""
    import torch

    if spec.source in ("timm", "torchvision"):
        import_timm()  # not within the sketch: what a module makes as it is imported would be without values for good
        try:
            with torch.device("meta"):
                return build(spec)
        except (ModelError, *REFUSALS) as error:
            log.debug("%s cannot be sketched: %s", spec.architecture, error)
    return build(spec)


def _known_length(spec: ModelSpec) -> int:
    """Of the rows that an ONNX file gives, which only runs once it is loaded; 0 for any other network."""
    return onnx_file.own_length(spec) if spec.source == onnx_file.SOURCE else 0


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


def keeping_own_length(spec: ModelSpec) -> ModelSpec:
    """``spec``, ready to be given another dimension by what comes behind its network: that stays as it is."""
    if (spec.source, spec.architecture) != ("builtin", "compact") or OWN_LENGTH in spec.options:
        return spec
    return replace(spec, options={**spec.options, OWN_LENGTH: spec.dimension})


def _own_length(spec: ModelSpec) -> int:
    length = spec.options.get(OWN_LENGTH, spec.dimension)
    if not isinstance(length, int) or not 0 < length <= LARGEST_LENGTH:
        raise ModelError(
            f"The network {spec.architecture} cannot give {length!r} numbers.",
            "The model's record is damaged: remove the model and add it again.",
        )
    return length


def layer_names(spec: ModelSpec) -> list[str]:
    """The layers of the network of ``spec`` that are worth reading, first ones first. Raises what ``build`` raises."""
    return known_layers(build(spec))


def _build_timm(spec: ModelSpec) -> "nn.Module":
    if spec.architecture in SCALES and not spec.options and spec.pooling not in ("max", "token", "attention"):
        maps = spec.pooling not in (NATIVE, "average") and not spec.layers
        classes = spec.dimension or USUAL_CLASSES
        return build_efficientnet_lite(spec.architecture, classes if spec.output != "features" else 0, not maps)
    timm = import_timm()
    if not timm.is_model(spec.architecture):
        raise unknown_network("timm", spec.architecture, timm.list_models())
    try:
        network = _pooled_timm(timm, spec)
    except REFUSALS as error:
        fitting = _poolings_of_timm(timm, spec)
        if fitting and spec.pooling not in fitting:
            raise _no_pooling(spec, fitting) from error
        raise _refused(spec, error) from error
    return network.eval()  # type: ignore[no-any-return]  # timm has no types


def _pooled_timm(timm: Any, spec: ModelSpec) -> Any:
    options = dict(spec.options)
    # With layers the end of the network stays as it is: it is not what is read.
    if spec.pooling in TIMM_POOLINGS and not spec.layers:
        options["global_pool"] = TIMM_POOLINGS[spec.pooling]
    network = _create_timm(timm, spec, options)
    if spec.pooling not in (NATIVE, *TIMM_POOLINGS) and not spec.layers:
        network.reset_classifier(0, global_pool="")
    return network


def _poolings_of_timm(timm: Any, spec: ModelSpec) -> list[str]:
    """The poolings that the network of ``spec`` can be built with; none where it is not for the pooling that it fails.

    timm builds attention behind any transformer, but only one that was trained with it has weights for it.
    """
    import torch

    fitting: list[str] = []
    attends = False
    for pooling in POOLINGS:  # the network's own is the first
        try:
            with torch.device("meta"):  # without values: only whether it can be built is asked
                network = _pooled_timm(timm, replace(spec, pooling=pooling))
        except REFUSALS:
            if pooling == NATIVE:
                return []
            continue
        if pooling == NATIVE:
            attends = getattr(network, "global_pool", "") == TIMM_POOLINGS["attention"]
        if pooling != "attention" or attends:
            fitting.append(pooling)
    return fitting


def _create_timm(timm: Any, spec: ModelSpec, options: dict[str, Any]) -> Any:
    if spec.scales != (1.0,) and "dynamic_img_size" not in options:
        try:  # transformers must be told that sizes vary; other networks do not know the word
            return _create_timm(timm, spec, {**options, "dynamic_img_size": True})
        except TypeError:
            pass
    # Named here, these can not come from the options of a record that somebody sent.
    return timm.create_model(
        spec.architecture,
        pretrained=False,
        pretrained_cfg=None,
        pretrained_cfg_overlay=None,
        checkpoint_path=None,
        cache_dir=None,
        num_classes=_timm_classes(timm, spec) if spec.output != "features" else 0,
        **options,
    )


def _timm_classes(timm: Any, spec: ModelSpec) -> int:
    """The record says it by its dimension; while that is not known, timm's record of the weights does."""
    cfg = timm.get_pretrained_cfg(spec.architecture)
    count = spec.dimension or (USUAL_CLASSES if cfg is None else cfg.num_classes)
    if not count:
        raise ModelError(f"The network {spec.architecture} has no classifier.", "Compare by its features.")
    return int(count)


def _build_torchvision(spec: ModelSpec, must_have_features: bool) -> "nn.Module":
    from torch import nn

    models = import_torchvision().models
    known = models.list_models(module=models)
    if spec.architecture not in known:
        raise unknown_network("torchvision", spec.architecture, known)
    if spec.pooling == "attention" or (spec.pooling == "token" and not spec.architecture.startswith("vit_")):
        ours = [word for word in POOLINGS if word != "attention"]
        raise _no_pooling(
            spec, ours if spec.architecture.startswith("vit_") else [word for word in ours if word != "token"]
        )
    arguments: dict[str, Any] = {"weights": None}
    if spec.architecture in ("googlenet", "inception_v3"):
        # Their weights expect the network to undo ImageNet's normalisation itself.
        arguments |= {"init_weights": False, "aux_logits": False, "transform_input": True}
    if spec.output != "features":
        arguments["num_classes"] = spec.dimension or USUAL_CLASSES
    try:
        network: nn.Module = models.get_model(spec.architecture, **arguments, **spec.options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise _refused(spec, error) from error
    if spec.output != "features":
        return network.eval()
    # The last linear layer, or convolution, gives class scores; what it is shown are the features.
    for name in TORCHVISION_HEADS:
        head = network.get_submodule(name) if hasattr(network, name) else None
        scoring = nn.Linear | nn.Conv2d
        scores = [path for path, part in head.named_modules() if isinstance(part, scoring)] if head else []
        if scores:
            parent, _, last = f"{name}.{scores[-1]}".rstrip(".").rpartition(".")
            setattr(network.get_submodule(parent), last, nn.Identity())
            return network.eval()
    if must_have_features:
        raise ModelError(f"{spec.architecture} has no features to compare by.", "Choose another network.")
    return network.eval()


def _is_pooled_by_us(spec: ModelSpec) -> bool:
    """Convolutional networks of torchvision average by themselves, and its transformers take the token."""
    own = (NATIVE, "token") if spec.architecture.startswith("vit_") else (NATIVE, "average")
    return spec.pooling not in own


def _last_map(network: "nn.Module", architecture: str) -> Reading:
    for end in TORCHVISION_ENDS:
        if hasattr(network, end.layer):
            return Reading(end.layer, end.before, rectified=architecture.startswith("densenet"))
    raise ModelError(
        f"The last feature map of {architecture} is not known.",
        f"Use the pooling 'native', or name a layer: {', '.join(known_layers(network))}.",
    )


def _no_pooling(spec: ModelSpec, fitting: list[str]) -> ModelError:
    return ModelError(
        f"The network {spec.architecture} has no {spec.pooling} pooling.", f"Choose one of: {', '.join(fitting)}."
    )


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
