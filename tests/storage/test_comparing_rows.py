"""From stored embeddings to rows that are compared."""

import numpy as np
import pytest

from imagefinder.ranking.centring import shrunk_mean
from imagefinder.storage.centre_table import Centre
from imagefinder.storage.comparing import Comparing
from storage_kit import row


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_photo_that_equals_the_mean_has_a_code_of_zeros_however_the_mean_was_rounded(count: int) -> None:
    for seed in range(100):
        alike = row(seed)
        mean = shrunk_mean(count * alike.astype(np.float64), count)
        comparing = Comparing("hash", True, Centre(count, count, mean))
        assert not comparing.to_index(alike.reshape(1, -1)).any()
