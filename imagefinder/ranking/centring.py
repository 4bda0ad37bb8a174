"""Mean-centring: compare photos by what sets them apart, not by what all of a library have in common.

The embeddings of a network lie in a cone around a common direction. Subtracting the library's mean and renormalising
opens the cone, so that cosines spread over their range (Mu and Viswanath, "All-but-the-top", ICLR 2018, without the
removal of principal components).
"""

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings

RESERVE = 100
"""How many photos at the origin are added to a library before its mean is taken. The mean of a handful of photos says
more about these photos than about what photos have in common; with thousands of photos the hundred make no difference.
"""


def shrunk_mean(total: npt.NDArray[np.floating], count: int) -> Embeddings:
    """The mean of ``count`` rows that sum to ``total`` (d,), pulled towards zero: total / (count + RESERVE)."""
    return np.asarray(np.asarray(total, np.float64) / (count + RESERVE), np.float32)


def unshrunk(mean: Embeddings, count: int) -> Embeddings:
    """The plain mean of the ``count`` rows whose shrunk mean (d,) this is; zero for no rows."""
    return np.asarray(np.asarray(mean, np.float64) * ((count + RESERVE) / count if count else 0), np.float32)


def centre(rows: Embeddings, mean: Embeddings) -> Embeddings:
    """(x - mean) / |x - mean| of each of the unit rows (n, d) or of one row (d,), float32; ``mean`` is (d,).

    Rows that are zero, and rows that are the mean, become zero: nothing sets them apart. The result of a row does not
    depend on the rows beside it, to the last bit, so that what was centred in a batch can be checked one by one.
    """
    given = np.ascontiguousarray(rows, np.float32)
    apart = given - np.asarray(mean, np.float32)
    # Converted before it is summed: a sum that converts on its way goes in blocks, which do not end where rows end.
    wide = apart.astype(np.float64)
    wide *= wide
    norms = np.sqrt(np.add.reduce(wide, axis=-1, keepdims=True)).astype(np.float32)
    kept = np.any(given, axis=-1, keepdims=True) & (norms > 0)
    return np.asarray(np.where(kept, apart / np.where(kept, norms, 1), 0), np.float32)


def uncentred(row: Embeddings, mean: Embeddings) -> Embeddings:
    """The unit row (d,) whose centred row points along ``row`` (d,). There is exactly one, as a mean is shorter than 1.

    It lies where the ray from the mean along ``row`` leaves the unit sphere: mean + s row with |mean + s row| = 1.
    Zero stays zero.
    """
    if not np.any(row):
        return np.zeros_like(row, np.float32)
    wide, middle = np.asarray(row, np.float64), np.asarray(mean, np.float64)
    wide = wide / np.sqrt(wide @ wide)
    along = float(middle @ wide)
    reach = -along + float(np.sqrt(max(0.0, along * along + 1 - float(middle @ middle))))
    return np.asarray(middle + reach * wide, np.float32)
