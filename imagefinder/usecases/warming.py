"""Make the first search of a picture quick: what it needs is loaded before anybody asks."""

import logging
from typing import TYPE_CHECKING

import numpy as np

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.progress import CancelToken

if TYPE_CHECKING:
    from imagefinder.storage.library import Library
    from imagefinder.usecases.models import Models

log = logging.getLogger(__name__)


def warm_up(library: "Library", models: "Models", token: CancelToken) -> None:
    """Load the model that answers and let it look at a grey picture, if there are photos to find. Raises Cancelled.

    Whatever is in its way is told when the model is needed, and where it is.
    """
    try:
        spec = models.spec(library)  # which says what is missing
        if not library.count():
            return
        import faiss  # noqa: F401  # which the search that follows imports
        import torch  # noqa: F401

        token.check()
        embedder = models.embedder(library, spec)
        token.check()
        side = embedder.spec.input.crop
        embedder.embed(np.full((1, side, side, 3), 128, np.uint8))
    except ImageFinderError as error:
        log.info("the model is not ready in advance: %s", error)
