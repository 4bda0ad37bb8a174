"""Each loss against explicit loops over embeddings at known angles, and in batches with nothing to learn from."""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from imagefinder.domain.errors import ImageFinderError, UnknownName
from imagefinder.training.losses import LOSSES, build_loss

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")

ANGLES = (0, 20, 50, 73, 104, 131, 163, 201, 292)
LABELS = (0, 0, 0, 1, 1, 2, 2, 2, 1)


def at(angles: Sequence[float], length: float = 3.0) -> torch.Tensor:
    """Rows in the plane, longer than 1: losses bring them to unit length themselves."""
    turned = torch.tensor([math.radians(angle) for angle in angles], dtype=torch.float64)
    return torch.stack([turned.cos(), turned.sin()], 1) * length


def cosine(i: int, j: int) -> float:
    return math.cos(math.radians(ANGLES[i] - ANGLES[j]))


def distance(i: int, j: int) -> float:
    return 2 * abs(math.sin(math.radians(ANGLES[i] - ANGLES[j]) / 2))


def others(i: int, same: bool) -> list[int]:
    return [j for j in range(len(LABELS)) if j != i and (LABELS[i] == LABELS[j]) is same]


EVERY = range(len(LABELS))


def mean_of_nonzero(values: Sequence[float]) -> float:
    kept = [value for value in values if value > 0]
    return sum(kept) / len(kept) if kept else 0.0


def contrastive() -> float:
    alike = [max(0.0, distance(i, j) - 0.2) for i in EVERY for j in others(i, True)]
    unlike = [max(0.0, 0.9 - distance(i, j)) for i in EVERY for j in others(i, False)]
    return mean_of_nonzero(alike) + mean_of_nonzero(unlike)


def contrastive_cosine() -> float:
    alike = [max(0.0, 1.0 - cosine(i, j)) for i in EVERY for j in others(i, True)]
    unlike = [max(0.0, cosine(i, j) - 0.5) for i in EVERY for j in others(i, False)]
    return mean_of_nonzero(alike) + mean_of_nonzero(unlike)


def triplets() -> list[float]:
    return [distance(i, j) - distance(i, k) for i in EVERY for j in others(i, True) for k in others(i, False)]


def triplet() -> float:
    return mean_of_nonzero([max(0.0, difference + 0.2) for difference in triplets()])


def triplet_soft() -> float:
    found = [math.log1p(math.exp(difference)) for difference in triplets()]
    return sum(found) / len(found)


def multi_similarity() -> float:
    total = 0.0
    for i in EVERY:
        alike = sum(math.exp(-2 * (cosine(i, j) - 0.5)) for j in others(i, True))
        unlike = sum(math.exp(50 * (cosine(i, j) - 0.5)) for j in others(i, False))
        total += math.log(1 + alike) / 2 + math.log(1 + unlike) / 50
    return total / len(LABELS)


def supcon() -> float:
    total = 0.0
    for i in EVERY:
        everyone = sum(math.exp(cosine(i, j) / 0.1) for j in EVERY if j != i)
        alike = others(i, True)
        total -= sum(math.log(math.exp(cosine(i, j) / 0.1) / everyone) for j in alike) / len(alike)
    return total / len(LABELS)


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("contrastive", contrastive),
        ("contrastive-cosine", contrastive_cosine),
        ("triplet", triplet),
        ("triplet-soft", triplet_soft),
        ("multi-similarity", multi_similarity),
        ("supcon", supcon),
    ],
)
def test_pairs_and_triplets_by_hand(name: str, by_hand: Callable[[], float]) -> None:
    found = build_loss(name, 3, 2)(at(ANGLES), torch.tensor(LABELS))
    assert found.item() == pytest.approx(by_hand(), rel=1e-9)


PROXIES = (10, 110, 190)


def proxy_cosine(i: int, label: int) -> float:
    return math.cos(math.radians(ANGLES[i] - PROXIES[label]))


def softmax_loss(logits: Callable[[int, int], float]) -> float:
    total = 0.0
    for i in EVERY:
        total -= math.log(
            math.exp(logits(i, LABELS[i])) / sum(math.exp(logits(i, label)) for label in range(len(PROXIES)))
        )
    return total / len(LABELS)


def normsoftmax() -> float:
    return softmax_loss(lambda i, label: proxy_cosine(i, label) / 0.05)


def arcface() -> float:
    def logit(i: int, label: int) -> float:
        angle = math.acos(proxy_cosine(i, label))
        if label != LABELS[i]:
            return 64 * math.cos(angle)
        margin = math.radians(28.6)
        beyond = angle > math.pi - margin
        return 64 * (math.cos(angle) - margin * math.sin(margin) if beyond else math.cos(angle + margin))

    return softmax_loss(logit)


def proxy_anchor() -> float:
    alike = unlike = 0.0
    for label in range(len(PROXIES)):
        own = [i for i in EVERY if LABELS[i] == label]
        alike += math.log(1 + sum(math.exp(-32 * (proxy_cosine(i, label) - 0.1)) for i in own))
        foreign = [i for i in EVERY if LABELS[i] != label]
        unlike += math.log(1 + sum(math.exp(32 * (proxy_cosine(i, label) + 0.1)) for i in foreign))
    return alike / len(PROXIES) + unlike / len(PROXIES)


@pytest.mark.parametrize(
    ("name", "by_hand"), [("normsoftmax", normsoftmax), ("arcface", arcface), ("proxy-anchor", proxy_anchor)]
)
def test_losses_with_a_proxy_for_each_label_by_hand(name: str, by_hand: Callable[[], float]) -> None:
    loss = build_loss(name, 3, 2).double()
    (proxies,) = loss.parameters()
    placed = at(PROXIES)
    with torch.no_grad():
        proxies.copy_(placed if proxies.shape == placed.shape else placed.T)
    found = loss(at(ANGLES), torch.tensor(LABELS))
    assert found.item() == pytest.approx(by_hand(), rel=1e-6)
    assert LOSSES[name].learns
    assert not LOSSES[name].mined


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(
    ("angles", "labels"),
    [
        pytest.param((0, 90, 180, 270), (0, 1, 2, 3), id="nothing alike"),
        pytest.param((0, 30, 60, 90), (0, 0, 0, 0), id="one label"),
        pytest.param((45, 45, 45, 45), (0, 0, 1, 1), id="all in one point"),
        pytest.param((0, 180, 0, 180), (0, 0, 1, 1), id="opposite"),
        pytest.param((10,), (2,), id="one photo"),
    ],
)
def test_batches_with_little_in_them_give_numbers(name: str, angles: Sequence[int], labels: Sequence[int]) -> None:
    rows = at(angles).float().requires_grad_()
    loss = build_loss(name, 4, 2)
    value = loss(rows, torch.tensor(labels))
    assert math.isfinite(value.item())
    value.backward()
    assert rows.grad is not None
    assert rows.grad.isfinite().all()
    assert all(own.grad is None or own.grad.isfinite().all() for own in loss.parameters())


@pytest.mark.parametrize("name", LOSSES)
def test_rows_of_zeros_give_numbers(name: str) -> None:
    rows = torch.zeros(4, 2, requires_grad=True)
    value = build_loss(name, 2, 2)(rows, torch.tensor([0, 0, 1, 1]))
    value.backward()
    assert math.isfinite(value.item())
    assert rows.grad is not None
    assert rows.grad.isfinite().all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_step_downhill_lowers_the_loss(name: str) -> None:
    rows = at(ANGLES, 1.0).requires_grad_()
    torch.manual_seed(0)
    loss = build_loss(name, 3, 2).double()
    before = loss(rows, torch.tensor(LABELS))
    before.backward()
    assert rows.grad is not None
    with torch.no_grad():
        after = loss(rows - 1e-4 * rows.grad, torch.tensor(LABELS))
    assert after.item() < before.item()


def test_options_are_taken_and_unknown_ones_refused() -> None:
    rows, labels = at(ANGLES), torch.tensor(LABELS)
    wide = build_loss("triplet", 3, 2, {"margin": 1.5})(rows, labels)
    assert wide.item() > build_loss("triplet", 3, 2)(rows, labels).item()
    with pytest.raises(ImageFinderError, match=r"no option 'scale'.*margin"):
        build_loss("triplet", 3, 2, {"scale": 2})
    with pytest.raises(UnknownName, match=r"Did you mean 'triplet'\?.*supcon"):
        build_loss("tripplet", 3, 2)


def test_making_losses_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, kind in LOSSES.items():
            assert build_loss(name, 3, 4) is not None
            assert kind.description
