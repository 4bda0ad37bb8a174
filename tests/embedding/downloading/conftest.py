"""Fixtures of the downloads: a server on this machine, and a place for what it sends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from download_kit import DATA, Get, ignore
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding.download import fetch
from weights_server import WeightsServer, weights_server


@pytest.fixture
def server() -> Iterator[WeightsServer]:
    with weights_server() as running:
        running.files["/net.pth"] = DATA
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "net"


@pytest.fixture
def get(server: WeightsServer, target: Path) -> Get:
    """Downloads /net.pth into ``target``."""

    def get(path: str = "/net.pth", token: CancelToken | None = None, **given: Any) -> str:
        return fetch(server.address + path, target, given.pop("progress", ignore), token or CancelToken(), **given)

    return get
