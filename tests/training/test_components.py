"""Principal components are what they are said to be, and a head on them is one on the features."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from imagefinder.training import components
from imagefinder.training.components import Components

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")


def features(count: int, width: int = 12, views: int = 2) -> np.ndarray:
    """Unit rows that differ less and less from direction to direction, of which no axis is one."""
    rng = np.random.default_rng(count)
    turned = np.linalg.qr(rng.standard_normal((width, width)))[0]
    rows = (rng.standard_normal((count, views, width)) * 0.9 ** np.arange(width)) @ turned + 0.3
    return np.asarray(rows / np.linalg.norm(rows, axis=2, keepdims=True), np.float32)


def exact(rows: np.ndarray) -> np.ndarray:
    """As rows, by a decomposition of the rows themselves."""
    _, _, found = np.linalg.svd((rows - rows.mean(0)).astype(np.float64), full_matrices=False)
    return np.asarray(found)


@pytest.mark.parametrize("count", [3, 300])
def test_they_are_the_principal_components_of_the_rows_at_these_places(count: int) -> None:
    given = features(count + 2)
    places = np.arange(count) + 2
    found = Components.fit(given, places)
    rows = given[places].reshape(-1, 12)
    assert found.directions.shape == (12, min(12, 2 * count))
    expected = exact(rows)
    kept = min(12, 2 * count - 1)  # as many as differ: one fewer than there are rows
    turns = np.abs(found.directions.T[:kept] @ expected[:kept].T)
    assert np.allclose(turns, np.eye(kept), atol=1e-3)
    assert np.allclose(found.mean, rows.mean(0), atol=1e-6)


def test_for_few_rows_nothing_is_lost() -> None:
    given = features(5, width=40)
    turned = Components.fit(given, np.arange(5))(given).reshape(10, -1)
    rows = given.reshape(10, 40)
    assert np.allclose(turned @ turned.T, (rows - rows.mean(0)) @ (rows - rows.mean(0)).T, atol=1e-5)


def test_a_few_of_many_are_about_the_first_ones_and_the_same_each_time() -> None:
    given = features(900, width=300, views=1)
    found, again = (Components.fit(given, np.arange(900), most=20) for _ in range(2))
    assert np.array_equal(found.directions, again.directions)
    assert np.allclose(found.directions.T @ found.directions, np.eye(20), atol=1e-4)
    rows = given[:, 0] - given[:, 0].mean(0)
    best = np.square(rows @ exact(rows)[:20].T).sum()
    assert np.square(rows @ found.directions).sum() > 0.99 * best


def test_their_signs_are_settled() -> None:
    directions = Components.fit(features(50), np.arange(50)).directions
    assert (directions[np.abs(directions).argmax(0), np.arange(12)] > 0).all()


def test_of_very_many_rows_a_sample_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    given = features(400)
    monkeypatch.setattr(components, "ENOUGH_ROWS", 100)
    found = Components.fit(given, np.arange(400))
    assert np.allclose(found.mean, given[::8].mean((0, 1)), atol=1e-6)


def test_equal_rows_have_none_and_do_no_harm() -> None:
    given = np.ones((6, 1, 8), np.float32) / np.float32(8**0.5)
    found = Components.fit(given, np.arange(6))
    assert np.isfinite(found.directions).all()
    assert np.allclose(found(given), 0, atol=1e-6)


@pytest.mark.parametrize(("count", "dimension"), [(300, 5), (3, 9)])
def test_a_head_on_components_is_one_on_features(count: int, dimension: int) -> None:
    given = features(count)
    found = Components.fit(given, np.arange(count))
    turned = found(given)
    head = found.start(dimension)
    with torch.no_grad():
        started = head(torch.from_numpy(turned)).numpy()
        known = min(dimension, turned.shape[-1])
        assert np.allclose(started[..., :known], turned[..., :known], atol=1e-6)
        assert np.abs(started[..., known:]).max(initial=0) < 0.02
        for parameter in head.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))
        on_features = found.unfolded(head)(torch.from_numpy(given)).numpy()
        assert np.allclose(on_features, head(torch.from_numpy(turned)).numpy(), atol=1e-4)


def test_more_photos_than_fit_at_once_are_turned_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    given = features(30)
    found = Components.fit(given, np.arange(30))
    whole = found(given)
    monkeypatch.setattr(components, "AT_ONCE", 7)
    assert np.allclose(found(given), whole, atol=1e-6)
