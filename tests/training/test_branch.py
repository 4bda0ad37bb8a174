"""The head starts as principal components, and what is shown goes through unchanged but for that."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from imagefinder.training.branch import build_branch, pca_head
from imagefinder.training.inputs import ArrayInputs, drawn_views, middles

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn


@pytest.mark.parametrize("count", [6, 300])
def test_the_head_starts_as_principal_components(count: int) -> None:
    rng = np.random.default_rng(0)
    rows = (rng.standard_normal((count, 12)) * np.arange(12, 0, -1)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    head = pca_head(rows, 4, 12)
    with torch.no_grad():
        found = build_branch(nn.Identity(), head, 0.5)(torch.from_numpy(rows)).numpy()
    centred = rows - rows.mean(0)
    _, _, components = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    expected = centred @ components[:4].T
    assert np.allclose(np.abs(found), np.abs(expected), atol=1e-5)
    assert np.allclose(found.mean(0), 0, atol=1e-6)


def test_where_components_are_missing_the_rest_starts_small() -> None:
    rows = np.eye(3, 12, dtype=np.float32)
    weight = pca_head(rows, 8, 12).get_parameter("weight").detach().numpy()
    lengths = np.linalg.norm(weight, axis=1)
    assert np.allclose(lengths[:2], 1, atol=1e-5)
    assert (lengths[3:] < 0.01).all()
    assert np.array_equal(weight, pca_head(rows, 8, 12).get_parameter("weight").detach().numpy())


def test_photos_are_shown_in_the_views_that_were_asked_for() -> None:
    array = np.arange(5 * 3 * 2, dtype=np.float16).reshape(5, 3, 2)
    inputs = ArrayInputs(array, np.array([4, 0, 2]))
    batches = [(np.array([0, 2]), np.array([1, 2])), *middles(np.arange(3), 2)]
    shown = [batch.tolist() for batch in inputs.stream(batches)]
    assert shown == [
        array[[4, 2], [1, 2]].tolist(), array[[4, 0], 0].tolist(), array[[2], 0].tolist(),
    ]  # fmt: skip
    assert inputs.views == 3
    assert inputs.prepare(torch.zeros(2, 2, dtype=torch.float16)).dtype == torch.float32
    photos, views = drawn_views(list(range(200)), 3, np.random.default_rng(0))
    assert photos.tolist() == list(range(200))
    assert set(views.tolist()) == {0, 1, 2}


def test_a_few_of_many_components_are_about_the_first_ones() -> None:
    rng = np.random.default_rng(0)
    rows = (rng.standard_normal((900, 300)) * 0.97 ** np.arange(300)) @ np.linalg.qr(rng.standard_normal((300, 300)))[0]
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    found = pca_head(rows, 20, 300).get_parameter("weight").detach().numpy()
    assert np.array_equal(found, pca_head(rows, 20, 300).get_parameter("weight").detach().numpy())
    assert np.allclose(found @ found.T, np.eye(20), atol=1e-4)
    centred = rows - rows.mean(0)
    _, _, exact = np.linalg.svd(centred, full_matrices=False)
    assert np.square(centred @ found.T).sum() > 0.99 * np.square(centred @ exact[:20].T).sum()
    assert np.abs(found[0] @ exact[0]) > 0.99
