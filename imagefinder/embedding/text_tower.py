"""Sentences as rows among a model's embeddings, by the tower for texts that its file keeps.

Nothing here goes online: the tokens of CLIP are in open_clip's package, and those of SigLIP come with the model.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.checkpoints import load_into
from imagefinder.embedding.open_clip_network import (
    INSTALL,
    SOURCE,
    TEXTS,
    build_texts,
    configuration,
    import_open_clip,
    kept_beside,
    named_as_here,
    only_as_long_as_needed,
)

if TYPE_CHECKING:
    from torch import Tensor

TOKENIZER = f"{TEXTS}tokenizer_json"
"""A tensor of bytes in the model's file: the tokenizer's own file."""
MIDDLE = f"{TEXTS}middle"
"""(dimension,) the mean of the rows of everyday words."""
WORDS = f"{TEXTS}token_embedding.weight"
TEMPLATES = ("{}", "a photo of {}", "a photo of a {}.", "a picture of {}.", "a close-up photo of a {}.")
LONGEST_PHRASE = 4
"""Of how many words a text is at most that is put into them; a longer one is a sentence already."""
BATCH = 32
END = 1
"""The token behind a text, in the tokenizers of SigLIP."""
EVERYDAY = (
    *("person", "child", "crowd", "face", "hand", "dog", "cat", "bird", "horse", "fish", "insect", "flower", "tree"),
    *("forest", "mountain", "beach", "sea", "river", "sky", "cloud", "snow", "sunset", "field", "garden", "street"),
    *("house", "building", "bridge", "church", "room", "kitchen", "window", "door", "chair", "table", "bed", "lamp"),
    *("car", "bicycle", "train", "ship", "aeroplane", "road", "sign", "book", "letter", "map", "screen", "telephone"),
    *("camera", "clock", "bottle", "cup", "plate", "bread", "fruit", "vegetable", "meat", "cake", "meal", "drink"),
    *("shirt", "dress", "shoe", "hat", "bag", "ring", "toy", "ball", "tool", "machine", "instrument", "painting"),
    *("drawing", "pattern", "text", "logo", "stone", "wood", "metal", "glass", "water", "fire", "light", "shadow"),
)


class TextTower:
    """Texts to unit vectors, on the CPU. Safe to ask from any thread."""

    def __init__(self, network: "Callable[[Tensor], Tensor]", tokens: "Callable[[Sequence[str]], Tensor]") -> None:
        self._network, self._tokens = network, tokens

    def encode(self, sentences: Sequence[str]) -> Embeddings:
        """Unit rows (n, dimension) of one text or more as they are, in the space of the pictures' rows.

        Raises ModelError where the tower gives no numbers.
        """
        import torch

        rows = []
        with torch.inference_mode():
            for start in range(0, len(sentences), BATCH):
                given = self._network(self._tokens(sentences[start : start + BATCH]))
                rows.append(given.float().numpy())
        found = np.concatenate(rows)
        if not np.isfinite(found).all():
            raise ModelError("The model's tower for texts gives no numbers.", "Remove the model and add it again.")
        return unit(found)

    def row(self, text: str) -> Embeddings:
        """A unit row (dimension,): the mean over a few sentences about ``text`` where it is a word or a phrase."""
        return unit(self.encode(prompts(text)).mean(axis=0))

    def middle(self) -> Embeddings:
        """(dimension,) the mean of the rows of everyday words. Takes as long as a hundred searches."""
        return np.asarray(self.encode([TEMPLATES[1].format(word) for word in EVERYDAY]).mean(axis=0), np.float32)


def prompts(text: str) -> list[str]:
    """What is encoded for a text. Punctuation and capitals at its ends mean nothing."""
    text = " ".join(text.split())
    if len(text.split()) > LONGEST_PHRASE:
        return [text]
    return [template.format(text) for template in TEMPLATES]


def has_texts(names: Collection[str]) -> bool:
    """Whether a file with tensors of these names can understand texts."""
    return WORDS in names and MIDDLE in names


def with_tokenizer(spec: ModelSpec, state: "Mapping[str, Tensor]", file: Path | None) -> "Mapping[str, Tensor]":
    """Weights as they were published, and the tokenizer that came with them, if any, as this keeps them.

    Those of other sources than open_clip stay as they are. Raises ModelError.
    """
    import torch

    if spec.source != SOURCE:
        return state
    state = named_as_here(state)
    if file is None or not _has_tokens_of_its_own(spec.architecture):
        return state
    try:
        return {**state, TOKENIZER: torch.frombuffer(bytearray(file.read_bytes()), dtype=torch.uint8)}
    except (OSError, ValueError) as error:
        raise ModelError(f"{file.name} cannot be read: {error}.", "Check the file.") from error


def kept_texts(spec: ModelSpec, state: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """What a model's file keeps for its texts, after its tower was shown everyday words; nothing for other models.

    Raises as ``read_tower`` does.
    """
    import torch

    kept = kept_beside(state) if spec.source == SOURCE else {}
    tower = read_tower(spec.architecture, kept)
    middle = kept.pop(MIDDLE, None)
    if tower is None:
        return kept
    if middle is None or middle.shape != tower.encode(EVERYDAY[:1]).shape[1:] or not middle.isfinite().all():
        middle = torch.from_numpy(tower.middle())
    return {**kept, MIDDLE: middle}


def read_tower(architecture: str, state: "Mapping[str, Tensor]") -> TextTower | None:
    """The tower in the weights of a network of open_clip, under the names of open_clip_network.py.

    None where these have none, or nothing turns texts into its tokens. Raises ModelError for a tower that does not fit
    or is damaged, and where a package is missing.
    """
    if WORDS not in state:
        return None
    texts = configuration(architecture)["text_cfg"]
    tokens = _tokens(architecture, texts, state.get(TOKENIZER))
    if tokens is None:
        return None
    words = state[WORDS]
    needed = (texts.get("vocab_size", 49408), texts.get("width", 512))
    if tuple(words.shape) != needed:
        raise ModelError(
            f"The weights do not fit the network: {WORDS} is {' x '.join(map(str, words.shape))}, needs "
            f"{needed[0]} x {needed[1]}.",
            "Choose the architecture that the weights were trained with.",
        )
    apart = (WORDS, TOKENIZER, MIDDLE)
    own = {
        name.removeprefix(TEXTS): tensor
        for name, tensor in state.items()
        if name.startswith(TEXTS) and name not in apart
    }
    own["token_embedding.weight"] = words.float()
    tower = build_texts(architecture, words.float())
    load_into(tower, own)
    return TextTower(only_as_long_as_needed(tower), tokens)


def _tokens(
    architecture: str, texts: Mapping[str, Any], file: "Tensor | None"
) -> "Callable[[Sequence[str]], Tensor] | None":
    """What turns texts into tokens (n, context); None where nothing here can."""
    length = int(texts.get("context_length", 77))
    clean = (texts.get("tokenizer_kwargs") or {}).get("clean")
    if not _has_tokens_of_its_own(architecture):
        tokenizer = import_open_clip().SimpleTokenizer(context_length=length, clean=clean or "lower")
        return lambda sentences: tokenizer(list(sentences))
    if "siglip" not in architecture.lower() or file is None:
        return None
    return _tokens_of_siglip(file, length, clean or "whitespace", 0 if "siglip2" in architecture.lower() else 1)


def _has_tokens_of_its_own(architecture: str) -> bool:
    return bool(configuration(architecture)["text_cfg"].get("hf_tokenizer_name"))


def _tokens_of_siglip(file: "Tensor", length: int, clean: str, padding: int) -> "Callable[[Sequence[str]], Tensor]":
    """By the tokenizer's file, as open_clip has transformers do it: the text, its end, and then padding."""
    import torch

    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ModelError("The words of this model need the package tokenizers.", INSTALL) from error
    import_open_clip()
    from open_clip.tokenizer import get_clean_fn

    cleaned = get_clean_fn(clean)
    try:
        tokenizer = Tokenizer.from_buffer(file.numpy().tobytes())
    except Exception as error:  # it raises nothing narrower
        raise ModelError(
            "The tokenizer in the model's file is damaged.", "Remove the model, then download it again."
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()

    def tokens(sentences: Sequence[str]) -> "Tensor":
        found = tokenizer.encode_batch([cleaned(sentence) for sentence in sentences], add_special_tokens=False)
        rows = torch.full((len(found), length), padding)
        for row, each in zip(rows, found, strict=True):
            ids = [*each.ids[: length - 1], END]
            row[: len(ids)] = torch.tensor(ids)
        return rows

    return tokens


def unit(rows: Embeddings) -> Embeddings:
    """Rows (n, d) or one (d,) at unit length."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, np.float32(1e-12)), np.float32)
