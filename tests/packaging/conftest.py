"""The modules of packaging/ are scripts beside each other, not a package."""

import sys
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"
sys.path.insert(0, str(PACKAGING))


@pytest.fixture(scope="session")
def packaging() -> Path:
    return PACKAGING
