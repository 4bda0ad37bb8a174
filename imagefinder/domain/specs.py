"""Records: what a model is, what it wants to see, and how its vectors are indexed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

Framing = Literal["crop", "squash", "whole"]
"""How a rectangle becomes a square: resize the short side and crop the centre, squash everything in, or resize the
long side and fill the rest with the colour that the network takes for nothing, its mean."""

Interpolation = Literal["bicubic", "bilinear"]
"""How pixels are weighed where a picture is resized, both with antialiasing."""


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network looks at.

    ``crop`` is the side of the square it is shown, in pixels; ``resize`` the short side before the centre crop
    (equal to ``crop`` where framing is "squash", and the long side where it is "whole"). ``mean`` and ``std`` are on
    the 0..1 scale.
    """

    crop: int
    resize: int
    framing: Framing = "crop"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    interpolation: Interpolation = "bicubic"


Output = Literal["features", "logits", "probabilities"]
"""What of a network is compared: its features; the scores that its classifier gives each class; or the probabilities
that these stand for, as square roots, so that the inner product is the Bhattacharyya coefficient of two
distributions."""

Projection = Literal["", "pca", "whitening"]
"""A linear map behind the network: principal components of a library, or whitening learned from matching pairs."""

Comparison = Literal["cosine", "hash", "hash-rerank"]
"""By cosine; by Hamming distance of binarised embeddings; or by these first and the best again by cosine."""

Stored = Literal["float16", "int8"]
"""How a library keeps each number of an embedding. Eight bits are for rows whose numbers are of like size, as principal
components are."""

STORED_BYTES: Mapping[Stored, int] = {"float16": 2, "int8": 1}
"""What a number takes, in the catalogue and in the index."""

_LATER = ("layers", "scales", "output", "projection")


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """The record a model carries, so that its weights are never used with the wrong preprocessing."""

    name: str
    source: str
    """Who builds the network: "builtin", "timm", "torchvision", "cirtorch", "onnx", or "tuned" where it was taught."""
    architecture: str
    input: InputSpec
    dimension: int
    pooling: str = "average"
    options: Mapping[str, Any] = field(default_factory=dict)
    """Extra arguments of the architecture, such as ``{"pad_type": "same"}``."""
    layers: tuple[str, ...] = ()
    """Feature maps whose pooled features are concatenated, by the network's own names; () is the last one alone."""
    scales: tuple[float, ...] = (1.0,)
    """The sizes, relative to ``input.crop``, at which a picture is looked at; the embeddings are summed."""
    output: Output = "features"
    projection: Projection = ""
    """Its mean and matrix are tensors of the model's file."""
    centred: bool = True
    """Whether a library subtracts its mean embedding before it compares. The stored embeddings are not touched."""
    compare: Comparison = "cosine"
    """How a library searches. The stored embeddings do not depend on it."""
    stored: Stored = "float16"
    classes: tuple[str, ...] = ()
    """What its classifier's classes are called; () for ImageNet's, which are known by their number."""
    weights_sha256: str = ""
    """Of the weights file; empty where there are no weights."""
    provenance: str = ""
    licence: str = ""
    description: str = ""

    @property
    def fingerprint(self) -> str:
        """64 hex digits that change exactly when the embeddings would: the names, the prose, and the way they
        are stored and compared do not count."""
        counted = asdict(self)
        for apart in ("name", "provenance", "licence", "description", "centred", "compare", "stored", "classes"):
            del counted[apart]
        for later in _LATER:  # left out at rest: libraries are older than these
            if counted[later] == _AT_REST[later]:
                del counted[later]
        if counted["input"]["interpolation"] == "bicubic":  # likewise
            del counted["input"]["interpolation"]
        return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()

    @property
    def compared(self) -> str:
        """How a library compares, as half a sentence."""
        ways = {
            "cosine": "by cosine",
            "hash": "by hash codes",
            "hash-rerank": "by hash codes, the best again by cosine",
        }
        return f"{ways[self.compare]}, {'mean-centred' if self.centred else 'not centred'}"

    @property
    def representation(self) -> str:
        """How the network's output becomes an embedding, as half a sentence."""
        named = {"native": "the network's own pooling", "none": "no pooling"}
        said = named.get(self.pooling, f"{self.pooling} pooling")
        if self.output != "features":
            said = "class probabilities" if self.output == "probabilities" else "class scores"
        if self.layers:
            said += f" of {', '.join(self.layers)}"
        if self.scales != (1.0,):
            said += f" at scales {', '.join(f'{scale:.3g}' for scale in self.scales)}"
        return said + {"": "", "pca": ", then PCA", "whitening": ", then whitening"}[self.projection]

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "ModelSpec":
        """Raises ValueError where ``text`` is not a record of this form."""
        try:
            record = json.loads(text)
            given = record.pop("input")
            seen = InputSpec(**{**given, "mean": tuple(given["mean"]), "std": tuple(given["std"])})
            for sequence in ("layers", "scales", "classes"):
                if sequence in record:
                    record[sequence] = tuple(record[sequence])
            return cls(input=seen, **record)
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"not a model record: {error}") from error


_AT_REST: Mapping[str, Any] = {given.name: given.default for given in fields(ModelSpec) if given.name in _LATER}

IndexKind = Literal["flat", "ivf", "hash"]

# Up to here every vector is compared within a blink: 1,000,000 x 512 bytes are 512 MB.
FLAT_BYTES_LIMIT = 512 * 2**20


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """How vectors are searched. ``lists`` is the number of inverted lists, 0 for a flat index and for hash codes.

    ``stored`` is how the index keeps each number of a row; hash codes are bits whatever it says.
    """

    kind: IndexKind
    dimension: int
    lists: int = 0
    stored: Stored = "float16"

    @classmethod
    def choose(
        cls, count: int, dimension: int, compare: Comparison = "cosine", stored: Stored = "float16"
    ) -> "IndexSpec":
        """Exact while that is fast; inverted lists (4 sqrt(n), as the Faiss guidelines advise) beyond.

        Hash codes are always compared with all others: they are a sixteenth of the half floats.
        """
        if compare != "cosine":
            return cls("hash", dimension)
        if count * dimension * STORED_BYTES[stored] <= FLAT_BYTES_LIMIT:
            return cls("flat", dimension, stored=stored)
        return cls("ivf", dimension, lists=int(4 * count**0.5), stored=stored)
