"""Give the embeddings away as a plain numpy file."""

import contextlib
import os
from pathlib import Path

import numpy as np

from imagefinder.domain.errors import LibraryError
from imagefinder.storage.library import Library


def export(library: Library, target: Path) -> int:
    """Write ``paths`` (str), ``embeddings`` (n x d float32, unit rows) and ``model`` (str) as .npz, without pickles.

    The file appears whole or not at all. Returns n. Raises LibraryError where it cannot be written.
    """
    paths, embeddings, model = library.export()
    if not target.name or target.is_dir():
        raise LibraryError(f"{target} is a folder.", "Name a file in it, such as embeddings.npz.")
    partial = target.with_name(target.name + ".partial")
    try:
        with partial.open("wb") as file:
            np.savez(
                file,
                paths=np.array(paths, dtype=np.str_),
                embeddings=embeddings,
                model=np.array(model, dtype=np.str_),
            )
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        reason = error.strerror or str(error)
        raise LibraryError(f"{target} could not be written: {reason}.", "Choose another place.") from error
    return len(paths)
