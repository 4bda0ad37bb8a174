"""Networks of open_clip: a tower for pictures, which embeds, and one for texts, which is kept beside it.

open_clip is an extra. Its own loading of models and tokenizers asks the internet for what is not there, so none of it
is used: only its networks, built from the configurations in its package, and its tokenizers, given their files.
"""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.checkpoints import unwrapped
from imagefinder.embedding.torchvision_compat import import_timm

if TYPE_CHECKING:
    from torch import Tensor, nn

SOURCE = "open_clip"
INSTALL = "Install it: pip install 'imagefinder[text]'"
PICTURES, TEXTS = "visual.", "text."
"""How the names of the tensors of the two towers begin; checkpoints.py passes over those of texts."""
OF_TEXTS = ("transformer", "token_embedding", "positional_embedding", "ln_final", "text_projection")
"""Parts of the tower for texts, where a file has them without a name before theirs."""
KEPT = ("text", "logit_scale", "logit_bias")
"""What a model's file keeps beside the tensors of the network that embeds."""
NO_TEXTS = {"context_length": 1, "vocab_size": 1, "width": 1, "heads": 1, "layers": 1}
NO_PICTURES = {"image_size": 1, "patch_size": 1, "width": 1, "head_width": 1, "layers": 1}
"""Towers of next to nothing, where the other one is wanted."""
REFUSALS = (TypeError, ValueError, RuntimeError, AssertionError, AttributeError, KeyError)
"""What is raised for a configuration that a network does not take."""


def import_open_clip() -> Any:
    """The open_clip package. Raises ModelError that says how it is installed."""
    import_timm()
    try:
        import open_clip
    except ImportError as error:
        raise ModelError("Models of open_clip need its package, which is not installed.", INSTALL) from error
    return open_clip


def is_open_clip(spec: ModelSpec) -> bool:
    return spec.source == SOURCE


def configuration(architecture: str) -> dict[str, Any]:
    """open_clip's configuration of a network, as "ViT-B-32" or with the tag of its weights behind a dot.

    Raises UnknownName, and ModelError for a network that does more than compare pictures with texts.
    """
    open_clip = import_open_clip()
    name, _, tag = architecture.partition(".")
    known = open_clip.list_models()
    if name not in known:
        from imagefinder.embedding.backbones import unknown_network

        raise unknown_network(SOURCE, name, known)
    found: dict[str, Any] = open_clip.get_model_config(name)
    if "multimodal_cfg" in found or "hf_model_name" in found["text_cfg"]:
        raise ModelError(
            f"The tower for texts of {name} is of a kind that imagefinder does not build.",
            "Choose another network: CLIP, SigLIP, SigLIP 2 and MobileCLIP all work.",
        )
    found.pop("custom_text", None)
    if "timm_model_name" in found["vision_cfg"]:
        found["vision_cfg"]["timm_model_pretrained"] = False  # True would fetch it
    if tag and weights_record(architecture).get("quick_gelu"):
        found["quick_gelu"] = True
    return found


def weights_record(architecture: str) -> dict[str, Any]:
    """What open_clip records of the weights whose tag is behind the dot; of the first ones where there is none.

    Empty where it knows no weights. Raises UnknownName for another tag.
    """
    open_clip = import_open_clip()
    name, _, tag = architecture.partition(".")
    tags = open_clip.list_pretrained_tags_by_model(name)
    if tag and tag not in tags:
        raise UnknownName(
            f"open_clip knows no weights {tag!r} for {name}.",
            f"Known: {', '.join(tags)}." if tags else "Leave the tag out.",
        )
    return dict(open_clip.get_pretrained_cfg(name, tag or tags[0])) if tags else {}


def build_open_clip(spec: ModelSpec) -> "nn.Module":
    """The tower for pictures: (n, 3, crop, crop) normalised -> (n, dimension), what open_clip's encode_image gives.

    Raises UnknownName, and ModelError for another representation than the network's own.
    """
    from torch import nn

    if spec.pooling != "native" or spec.layers or spec.output != "features":
        raise ModelError(
            f"{spec.architecture} can only be read as it is, so that texts can be compared with it.",
            "Leave out pooling, layers and output.",
        )
    network = _towers({**configuration(spec.architecture), "text_cfg": NO_TEXTS}, spec.architecture)

    class PictureTower(nn.Module):
        def __init__(self, visual: nn.Module) -> None:
            super().__init__()
            self.visual = visual

        def forward(self, pictures: "Tensor") -> "Tensor":
            rows = self.visual(pictures)
            return (rows[0] if isinstance(rows, tuple) else rows).float()  # type: ignore[no-any-return]  # Any

    return PictureTower(network.visual).eval()


def build_texts(architecture: str, words: "Tensor") -> "nn.Module":
    """The tower for texts, its other weights as they were initialised: tokens (n, context) -> (n, dimension).

    ``words`` (vocabulary, width) are the rows of its tokens. They are not made first: they are most of the tower.
    Raises what ``configuration`` raises.
    """
    from torch import nn

    found = configuration(architecture)
    network = _towers(
        {**found, "vision_cfg": NO_PICTURES, "text_cfg": {**found["text_cfg"], "vocab_size": 1}}, architecture
    )
    tower: nn.Module = network.text
    tower.token_embedding = nn.Embedding.from_pretrained(words)  # type: ignore[no-untyped-call]  # torch has no types
    return tower.eval()


def only_as_long_as_needed(tower: "nn.Module") -> "Callable[[Tensor], Tensor]":
    """``tower`` without the work for what is behind the end of its texts, where that changes nothing: a text of CLIP is
    a dozen of 77 tokens. Safe from any thread."""
    mask = getattr(tower, "attn_mask", None)
    if mask is None or getattr(tower, "pool_type", "") != "argmax" or getattr(tower, "cls_emb", None) is not None:
        return tower
    lock = threading.Lock()

    def short(tokens: "Tensor") -> "Tensor":
        length = int(tokens.argmax(dim=1).max()) + 1  # the end is the largest token, and each sees only those before it
        with lock:
            tower.attn_mask = mask[:length, :length]
            return tower(tokens[:, :length])  # type: ignore[no-any-return]  # nn.Module's call is Any

    return short


def _towers(found: Mapping[str, Any], architecture: str) -> Any:
    """Pictures and texts under one roof, in the form that has them apart whatever the weights were trained in."""
    try:
        return import_open_clip().CustomTextCLIP(**found)
    except REFUSALS as error:
        raise ModelError(
            f"The network {architecture} cannot be built: {error}", "Update open_clip_torch, timm and imagefinder."
        ) from error


def named_as_here(state: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """Weights of either form that open_clip writes under the names of the two towers."""
    state = unwrapped((PICTURES,), state)
    return {
        f"{TEXTS}{name}" if name.partition(".")[0] in OF_TEXTS else name: tensor
        for name, tensor in state.items()
        if name != "attn_mask"
    }


def kept_beside(state: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """What of these weights is not of the network that embeds, and stays with it."""
    return {name: tensor for name, tensor in state.items() if name.partition(".")[0] in KEPT}
