"""Networks of open_clip small enough for a test, drawn at random, and a hub on this machine that publishes them."""

import json
from pathlib import Path
from typing import Any

import pytest

from imagefinder.embedding.open_clip_network import import_open_clip
from weights_server import WeightsServer

TINY, TINY_SIGLIP = "tiny-clip", "tiny-SigLIP2"
TAG, REPOSITORY = "drawn", "tests/{name}"
SIDE = 32
VISION = {"image_size": SIDE, "layers": 2, "width": 64, "patch_size": 8, "head_width": 32}
TEXT = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2}
SIGLIP_TEXT = {
    "context_length": 8,
    "vocab_size": 16,
    "width": 64,
    "heads": 2,
    "layers": 2,
    "hf_tokenizer_name": REPOSITORY.format(name=TINY_SIGLIP),
    "tokenizer_kwargs": {"clean": "canonicalize"},
    "no_causal_mask": True,
    "proj_bias": True,
    "pool_type": "last",
}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    TINY: {"embed_dim": 32, "vision_cfg": VISION, "text_cfg": TEXT},
    TINY_SIGLIP: {
        "embed_dim": 32,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": VISION,
        "text_cfg": SIGLIP_TEXT,
    },
}
WORDS = {"<pad>": 0, "<eos>": 1, "<bos>": 2, "<unk>": 3, "a": 4, "red": 5, "dress": 6, "chair": 7, "photo": 8, "of": 9}


def register(folder: Path) -> None:
    """Make the tiny networks known to open_clip, by files in ``folder``."""
    for name, configuration in CONFIGURATIONS.items():
        file = folder / f"{name}.json"
        file.write_text(json.dumps(configuration), "utf-8")
        import_open_clip().add_model_config(file)


def draw(name: str = TINY, seed: int = 0) -> Any:
    """open_clip's own model with weights drawn at random."""
    import torch

    torch.manual_seed(seed)
    open_clip = import_open_clip()
    configuration = open_clip.get_model_config(name)
    build = open_clip.CustomTextCLIP if configuration.pop("custom_text", False) else open_clip.CLIP
    return build(**configuration).eval()


def save(file: Path, model: Any) -> Path:
    """Its weights as open_clip's training writes them."""
    import torch

    state = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save({"epoch": 3, "name": "run", "state_dict": state}, file)
    return file


def tokenizer_file() -> bytes:
    """A tokenizer of the words above, in the form of those that SigLIP's repositories have."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel(WORDS, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    return tokenizer.to_str().encode()


def publish(monkeypatch: pytest.MonkeyPatch, server: WeightsServer, name: str) -> str:
    """Have open_clip record weights of a network on the hub that ``server`` plays; the path of their repository."""
    from huggingface_hub import constants

    template = server.address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", server.address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    repository = REPOSITORY.format(name=name)
    record = {"hf_hub": f"{repository}/", "mean": (0.5,) * 3, "std": (0.5,) * 3}
    record |= {"interpolation": "bicubic", "resize_mode": "squash"}
    monkeypatch.setitem(import_open_clip().pretrained._PRETRAINED, name, {TAG: record})
    return f"/{repository}/resolve/main"
