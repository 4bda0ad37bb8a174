"""The nearest neighbours of every row, from a table of similarities."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Similarities: TypeAlias = npt.NDArray[np.float32]
"""Higher is nearer."""
Places: TypeAlias = npt.NDArray[np.intp]
"""Positions of rows."""


def nearest(similarities: Similarities, k: int) -> Places:
    """The columns of the ``k`` highest values of each row, best first: (n, m) -> (n, min(k, m)).

    Of equal values the earlier column comes first, as far as they are found: which of those at the very end of the
    ``k`` are taken is not defined.
    """
    k = max(0, min(k, similarities.shape[1]))
    if k < similarities.shape[1]:
        places = np.sort(np.argpartition(similarities, -k, axis=1)[:, similarities.shape[1] - k :], axis=1)
    else:
        places = np.broadcast_to(np.arange(k), similarities.shape)
    order = np.argsort(-np.take_along_axis(similarities, places, axis=1), axis=1, kind="stable")
    return np.take_along_axis(places, order, axis=1)


def neighbours(gallery: npt.NDArray[np.float32], k: int) -> tuple[Places, Similarities]:
    """The ``k`` other rows nearest to each unit row, best first, and their cosines: (n, d) -> two (n, min(k, n - 1)).

    A row is not its own neighbour; its duplicate is.
    """
    cosines = gallery @ gallery.T
    np.fill_diagonal(cosines, -np.inf)
    places = nearest(cosines, min(k, len(gallery) - 1))
    return places, np.take_along_axis(cosines, places, axis=1)
