"""What is shown goes through unchanged, but for its length where that is wanted."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from imagefinder.embedding.blend import build_head
from imagefinder.training.branch import build_branch
from imagefinder.training.inputs import ArrayInputs, drawn_views, middles

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn


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


def test_what_the_head_is_given_has_unit_length_unless_it_is_wanted_as_it_is() -> None:
    rows = torch.tensor([[3.0, 4.0], [0.0, 0.5]])
    head = build_head(2, 3)
    found = build_branch(nn.Identity(), head, 0.5)(rows)
    as_it_is = build_branch(nn.Identity(), head, 0.5, unit=False)(rows)
    assert torch.allclose(found, head(torch.tensor([[0.6, 0.8], [0.0, 1.0]])))
    assert torch.equal(as_it_is, head(rows))


def test_only_learning_drops_numbers_out() -> None:
    branch = build_branch(nn.Identity(), build_head(400, 2), 0.5)
    rows = torch.rand(2, 400)
    assert torch.equal(branch(rows), branch(rows))
    branch.train()
    assert not torch.equal(branch(rows), branch(rows))
