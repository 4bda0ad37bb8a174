"""Poolings against loops over numbers, and against each other where they must meet."""

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.embedding.pooling import MAP_POOLINGS, as_map, build_pooling, generalised_mean

if TYPE_CHECKING:
    from torch import Tensor

Floats = npt.NDArray[np.float64]


def features(*shape: int) -> "Tensor":
    import torch

    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def pooled(name: str, given: "Tensor") -> Floats:
    import torch

    with torch.inference_mode():
        return build_pooling(name)(given).numpy().astype(np.float64)  # type: ignore[no-any-return]  # nn.Module's call


def by_loops(name: str, given: Floats) -> Floats:
    rows = np.zeros(given.shape[:2])
    for i, picture in enumerate(given):
        for j, plane in enumerate(picture):
            numbers = [float(x) for line in plane for x in line]
            rows[i, j] = {
                "average": sum(numbers) / len(numbers),
                "max": max(numbers),
                "mac": max(numbers),
                "spoc": sum(numbers),
                "gem": (sum(max(x, 1e-6) ** 3 for x in numbers) / len(numbers)) ** (1 / 3),
            }[name]
    return rows


@pytest.mark.parametrize("name", ["average", "max", "mac", "spoc", "gem"])
@pytest.mark.parametrize("shape", [(2, 5, 4, 4), (1, 3, 7, 7), (2, 3, 1, 1), (1, 2, 3, 6)])
def test_poolings_are_what_their_names_say(name: str, shape: tuple[int, ...]) -> None:
    given = features(*shape)
    np.testing.assert_allclose(pooled(name, given), by_loops(name, given.numpy()), rtol=1e-4, atol=1e-5)


def test_the_sum_is_the_average_at_unit_length() -> None:
    given = features(3, 6, 5, 5)
    total, average = pooled("spoc", given), pooled("average", given)
    np.testing.assert_allclose(
        total / np.linalg.norm(total, axis=1)[:, None], average / np.linalg.norm(average, axis=1)[:, None], atol=1e-6
    )


# Left, top and side of every region of a 7 x 7 map, by hand from the paper: sides 7, 14/3 and 7/2, rounded down.
REGIONS_OF_SEVEN = (
    [(0, 0, 7)]
    + [(left, top, 4) for top in (0, 3) for left in (0, 3)]
    + [(left, top, 3) for top in (0, 2, 4) for left in (0, 2, 4)]
)


def test_regions_by_hand() -> None:
    given = features(2, 4, 7, 7).numpy().astype(np.float64)
    expected = np.zeros((2, 4))
    for left, top, side in REGIONS_OF_SEVEN:
        region = given[:, :, top : top + side, left : left + side].max(axis=(2, 3))
        expected += region / np.linalg.norm(region, axis=1, keepdims=True)
    np.testing.assert_allclose(pooled("rmac", features(2, 4, 7, 7)), expected, rtol=1e-5)


@pytest.mark.parametrize("side", [1, 2, 3])
def test_regions_of_tiny_maps(side: int) -> None:
    rows = pooled("rmac", features(1, 4, side, side))
    assert np.isfinite(rows).all()
    if side == 1:
        alone = features(1, 4, 1, 1).numpy().reshape(1, 4)
        np.testing.assert_allclose(rows, 14 * alone / np.linalg.norm(alone), rtol=1e-5)


def test_regions_see_places() -> None:
    """One bright spot in a corner lies in fewer regions than one in the middle, next to another feature."""
    import torch

    corner, middle = torch.full((1, 2, 7, 7), 0.1), torch.full((1, 2, 7, 7), 0.1)
    corner[0, 0, 0, 0] = 1.0
    middle[0, 0, 3, 3] = 1.0
    assert pooled("rmac", middle)[0, 0] > pooled("rmac", corner)[0, 0]


def test_gem_lies_between_the_average_and_the_maximum() -> None:
    import torch

    given = features(2, 5, 6, 6).abs()
    average, largest = pooled("average", given), pooled("max", given)
    one, three, thousand = (generalised_mean(given, torch.tensor([p])).numpy() for p in (1.0, 3.0, 1000.0))
    np.testing.assert_allclose(one, average, rtol=1e-5)
    np.testing.assert_allclose(thousand, largest, rtol=5e-3)
    assert ((average < three) & (three < largest)).all()


def test_the_power_of_gem_is_learned() -> None:
    import torch

    gem = build_pooling("gem")
    assert [name for name, _ in gem.named_parameters()] == ["p"]
    given = features(2, 3, 4, 4).abs().double().requires_grad_()
    power = torch.tensor([2.5], dtype=torch.float64, requires_grad=True)
    loss = gem(given.float()).sum()
    loss.backward()
    (parameter,) = gem.parameters()
    assert parameter.grad is not None
    assert parameter.grad.abs().item() > 1e-4
    # The derivatives, though the scale is left out of them, are those of the plain formula.
    ours = torch.autograd.grad(generalised_mean(given, power).sum(), (given, power))
    plain = torch.autograd.grad(given.clamp_min(1e-6).pow(power).mean((2, 3)).pow(1 / power).sum(), (given, power))
    for mine, theirs in zip(ours, plain, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("size", [1e-20, 1e12])
def test_no_power_overflows(size: float) -> None:
    import torch

    rows = generalised_mean(features(1, 3, 4, 4).abs() * size, torch.tensor([64.0]))
    assert torch.isfinite(rows).all()
    assert (rows >= 1e-6 * 0.99).all()


def test_halves_are_pooled_in_full_precision() -> None:
    import torch

    given = (features(1, 3, 8, 8).abs() * 100).half()
    rows = build_pooling("gem")(given)
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows, build_pooling("gem")(given.float()))


def test_unknown_poolings_list_the_known_ones() -> None:
    with pytest.raises(ModelError, match="average, gem, mac, max, rmac, spoc"):
        build_pooling("whirl")
    assert set(MAP_POOLINGS) | {"gem"} == {"average", "gem", "mac", "max", "rmac", "spoc"}


@pytest.mark.parametrize(
    ("tokens", "prefixes", "dropped"), [(17, 1, 1), (17, None, 1), (21, 5, 5), (16, 1, 0), (16, None, 0), (49, 0, 0)]
)
def test_tokens_are_laid_out_as_a_square(tokens: int, prefixes: int | None, dropped: int) -> None:
    import torch

    given = features(2, tokens, 3)
    laid_out = as_map(given, prefixes)
    side = math.isqrt(tokens - dropped)
    assert laid_out.shape == (2, 3, side, side)
    for row in range(side):
        for column in range(side):
            assert torch.equal(laid_out[:, :, row, column], given[:, dropped + row * side + column])


def test_tokens_that_are_no_square_stand_in_a_row() -> None:
    assert as_map(features(2, 13, 3), 1).shape == (2, 3, 1, 12)


def test_channels_may_come_last() -> None:
    import torch

    given = features(2, 5, 5, 3)
    assert torch.equal(as_map(given, None), given.permute(0, 3, 1, 2))
    same = features(2, 3, 5, 5)
    assert as_map(same, None) is same


def test_rows_are_maps_of_one_pixel_and_other_things_are_no_maps() -> None:
    assert as_map(features(2, 9), None).shape == (2, 9, 1, 1)
    with pytest.raises(ModelError, match="no map"):
        as_map(features(2), None)
