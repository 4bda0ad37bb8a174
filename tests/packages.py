"""Packages of weights, as they are installed or are not."""

import sys
from pathlib import Path

import pytest

from imagefinder.embedding.packaged import LITE0, Packaged


def lay_out(patch: pytest.MonkeyPatch, folder: Path, packaged: Packaged = LITE0) -> Path:
    """Let a package be a folder below ``folder``, without its file of weights; the folder."""
    package = folder / "installed" / packaged.package
    (package / packaged.file).parent.mkdir(parents=True)
    (package / "__init__.py").touch()
    patch.syspath_prepend(str(package.parent))
    return package


def take_away(patch: pytest.MonkeyPatch, packaged: Packaged = LITE0) -> None:
    """Let a package be one that is not installed."""
    patch.setitem(sys.modules, packaged.package, None)
