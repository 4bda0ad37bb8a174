"""The file that the tests of downloads fetch, and what they do with it again and again."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from imagefinder.domain.errors import ModelError
from weights_server import WeightsServer

DATA = b"".join(hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(6000))
SHA256 = hashlib.sha256(DATA).hexdigest()

Get = Callable[..., str]


def ignore(done: int, total: int) -> None:
    pass


def left(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def break_off(server: WeightsServer, get: Get, at: int = 50_000) -> None:
    """Fail once with ``at`` bytes kept: the server goes silent."""
    server.stall_at = at
    with pytest.raises(ModelError, match="sent nothing for"):
        get(timeout=0.2)
    server.released.set()
    server.stall_at = None
    server.requests.clear()
