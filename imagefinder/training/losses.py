"""What training makes smaller: losses of pytorch-metric-learning under names that can be chosen.

All of them bring the embeddings to unit length themselves. The numbers are those of the papers, or those that
measured best on photographs of groceries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.registry import Registry

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class LossKind:
    """A loss that can be chosen. ``make`` takes (number of labels, dimension, options)."""

    make: Callable[[int, int, Mapping[str, float]], "nn.Module"]
    options: Mapping[str, float]
    """What can be set, with its defaults."""
    mined: bool = True
    """Whether it looks at pairs or triplets, which a miner can choose."""
    learns: bool = False
    """Whether it has parameters of its own: a proxy for each label."""
    description: str = field(default="")


LOSSES: Registry[LossKind] = Registry("loss")


def build_loss(name: str, labels: int, dimension: int, options: Mapping[str, float] | None = None) -> "nn.Module":
    """The loss ``name`` for embeddings of this dimension: (rows, label numbers[, mined]) -> a number.

    Raises UnknownName, or ImageFinderError for an option that the loss does not have.
    """
    kind = LOSSES[name]
    unknown = set(options or {}) - set(kind.options)
    if unknown:
        known = ", ".join(kind.options)
        raise ImageFinderError(f"The loss {name} has no option {min(unknown)!r}.", f"It has: {known}.")
    return kind.make(labels, dimension, {**kind.options, **(options or {})})


def _contrastive(labels: int, dimension: int, options: Mapping[str, float]) -> "nn.Module":
    from pytorch_metric_learning.losses import ContrastiveLoss

    return _module(ContrastiveLoss(**options))


def _contrastive_cosine(labels: int, dimension: int, options: Mapping[str, float]) -> "nn.Module":
    from pytorch_metric_learning.distances import CosineSimilarity
    from pytorch_metric_learning.losses import ContrastiveLoss

    return _module(ContrastiveLoss(**options, distance=CosineSimilarity()))


def _triplet(labels: int, dimension: int, options: Mapping[str, float]) -> "nn.Module":
    from pytorch_metric_learning.losses import TripletMarginLoss

    return _module(TripletMarginLoss(**options))


def _triplet_soft(labels: int, dimension: int, options: Mapping[str, float]) -> "nn.Module":
    from pytorch_metric_learning.losses import TripletMarginLoss

    return _module(TripletMarginLoss(margin=0.0, smooth_loss=True))


def _multi_similarity(labels: int, dimension: int, options: Mapping[str, float]) -> "nn.Module":
    from pytorch_metric_learning.losses import MultiSimilarityLoss

    return _module(MultiSimilarityLoss(**options))


def _supcon(labels: int, dimension: int, options: Mapping[str, float]) -> "nn.Module":
    from pytorch_metric_learning.losses import SupConLoss

    return _module(SupConLoss(**options))


def _proxy_anchor(labels: int, dimension: int, options: Mapping[str, float]) -> "nn.Module":
    from pytorch_metric_learning.losses import ProxyAnchorLoss

    return _module(ProxyAnchorLoss(labels, dimension, **options))


def _arcface(labels: int, dimension: int, options: Mapping[str, float]) -> "nn.Module":
    from pytorch_metric_learning.losses import ArcFaceLoss

    return _module(ArcFaceLoss(labels, dimension, **options))


def _normsoftmax(labels: int, dimension: int, options: Mapping[str, float]) -> "nn.Module":
    from pytorch_metric_learning.losses import NormalizedSoftmaxLoss

    return _module(NormalizedSoftmaxLoss(labels, dimension, **options))


def _module(loss: Any) -> "nn.Module":
    """The library has no types."""
    made: nn.Module = loss
    return made


for _name, _kind in {
    "contrastive": LossKind(
        _contrastive,
        {"pos_margin": 0.2, "neg_margin": 0.9},
        description="Similar pairs nearer than one distance, others farther than another (Hadsell et al. 2006).",
    ),
    "contrastive-cosine": LossKind(
        _contrastive_cosine,
        {"pos_margin": 1.0, "neg_margin": 0.5},
        description="The same with cosines instead of distances.",
    ),
    "triplet": LossKind(
        _triplet,
        {"margin": 0.2},
        description="A similar photo nearer than any other, by a margin (FaceNet, Schroff et al. 2015).",
    ),
    "triplet-soft": LossKind(
        _triplet_soft, {}, description="The same with a soft margin (Hermans et al. 2017): log(1 + exp(d+ - d-))."
    ),
    "multi-similarity": LossKind(
        _multi_similarity,
        {"alpha": 2.0, "beta": 50.0, "base": 0.5},
        description="Weighs all pairs of a batch by how wrong they are (Wang et al. 2019). The default.",
    ),
    "supcon": LossKind(
        _supcon,
        {"temperature": 0.1},
        description="Supervised contrastive (Khosla et al. 2020): softmax over all others of the batch.",
    ),
    "proxy-anchor": LossKind(
        _proxy_anchor,
        {"margin": 0.1, "alpha": 32.0},
        mined=False,
        learns=True,
        description="A learned stand-in for each label (Kim et al. 2020). Keeps what the network knew.",
    ),
    "arcface": LossKind(
        _arcface,
        {"margin": 28.6, "scale": 64.0},
        mined=False,
        learns=True,
        description="Classification with an angle between labels, in degrees (Deng et al. 2019).",
    ),
    "normsoftmax": LossKind(
        _normsoftmax,
        {"temperature": 0.05},
        mined=False,
        learns=True,
        description="Classification by cosine (Zhai and Wu 2019). Changes the least.",
    ),
}.items():
    LOSSES.register(_name, _kind)
