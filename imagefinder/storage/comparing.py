"""How the rows of a model are compared in an index: what is subtracted from them, and by which measure."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import Comparison
from imagefinder.ranking.centring import centre, uncentred, unshrunk
from imagefinder.storage.centre_table import Centre

ROUNDING = 1e-5
"""A value this near to its threshold is on it: which side of it rounding puts it differs from one CPU to the next."""


@dataclass(frozen=True, eq=False)
class Comparing:
    """From embeddings as they are stored to rows as they are compared. Every row takes the same way, alone or not.

    ``pinned`` is the mean that is subtracted; before there is one, nothing is. It sits in the index's file as a
    ``digest``, so that rows made with one mean are never compared with queries made with another.
    """

    compare: Comparison
    centred: bool
    """Whether cosines are those of centred rows. Hash codes have the mean as their threshold in any case."""
    pinned: Centre | None

    @property
    def hashed(self) -> bool:
        return self.compare != "cosine"

    @cached_property
    def _mean(self) -> Embeddings | None:
        return self.pinned.mean if self.pinned is not None and self.centred else None

    @cached_property
    def _threshold(self) -> Embeddings | None:
        # A bit should be as often set as not, however few the photos are: the plain mean does that, the shrunk one not.
        return unshrunk(self.pinned.mean, self.pinned.count) if self.pinned is not None else None

    @cached_property
    def digest(self) -> str:
        """Stands for what was subtracted from the rows of the index; empty where that is nothing."""
        subtracted = self._threshold if self.hashed else self._mean
        return "" if subtracted is None else hashlib.sha256(subtracted.tobytes()).hexdigest()[:32]

    def is_as(self, other: "Comparing") -> bool:
        """Whether rows, and cosines, come out the same."""
        ours, theirs = (self.compare, self.centred, self.digest), (other.compare, other.centred, other.digest)
        return ours == theirs

    def centre(self, rows: Embeddings) -> Embeddings:
        """Unit rows (n, dimension), or one row, as cosines are taken of them; the same where nothing is centred."""
        return rows if self._mean is None else centre(rows, self._mean)

    def to_index(self, rows: Embeddings) -> Embeddings:
        """Unit rows (n, dimension) as the index takes them, float32."""
        if not self.hashed:
            return self.centre(rows)
        if self._threshold is None:
            return rows
        above = rows - self._threshold
        # A picture without any feature keeps a row, and a code, of zeros; so has the only photo of a library.
        kept = np.any(rows, axis=-1, keepdims=True) & (np.abs(above) > ROUNDING)
        return np.asarray(np.where(kept, above, 0), np.float32)

    def centred_query(self, row: Embeddings, already: bool) -> Embeddings:
        """A query (dimension,) as cosines are taken of it; ``already`` says that it is."""
        return row if already else self.centre(row)

    def index_query(self, row: Embeddings, already: bool) -> Embeddings:
        """A query (dimension,) as the index takes it; ``already`` says that it was centred."""
        if not self.hashed:
            return self.centred_query(row, already)
        raw = uncentred(row, self._mean) if already and self._mean is not None else row
        return self.to_index(raw.reshape(1, -1)).reshape(-1)
