"""Add a folder to a library, without waiting for ever for a drive that does not answer."""

import contextlib
import os
import time
from collections.abc import Callable, Collection
from functools import partial

from imagefinder.domain.images import Folder
from imagefinder.patience import PATIENCE_SECONDS, GaveUp, on_its_own, patiently, wait_for
from imagefinder.storage.library import Library

ROOTS_PATIENCE_SECONDS = 5.0
"""For the roots that are there already, all together: they only tell whether this one lies in one of them."""


def add_folder(
    library: Library,
    path: str,
    patience: float = PATIENCE_SECONDS,
    roots_patience: float = ROOTS_PATIENCE_SECONDS,
    check: Callable[[], None] = lambda: None,
) -> Folder:
    """As ``Library.add_folder``. Raises NoAnswer, too, and what ``check``, called while waiting, raises.

    A root whose drive does not answer is known by the name that it was added by.
    """
    path = os.path.abspath(path)
    roots = [folder.path for folder in library.folders()]
    if path in roots:
        return library.add_folder(path, real={})
    real = {path: patiently(partial(_look, path), path, patience, check)}
    real |= _real_paths(roots, roots_patience, check)
    return library.add_folder(path, real=real)


def _look(path: str) -> str:
    """Where a path really lies. Listing it may hang where finding it does not; whatever is wrong is told later."""
    with contextlib.suppress(OSError):
        os.scandir(path).close()
    return os.path.realpath(path)


def _real_paths(paths: Collection[str], patience: float, check: Callable[[], None]) -> dict[str, str]:
    """Those that answer in time."""
    until = time.monotonic() + patience
    asked = {path: on_its_own(partial(os.path.realpath, path), "real path") for path in paths}
    found: dict[str, str] = {}
    for path, answer in asked.items():
        with contextlib.suppress(GaveUp):
            found[path] = wait_for(answer, until - time.monotonic(), check)
    return found
