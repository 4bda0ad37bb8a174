"""Calls to the file system that may never come back, made where nobody has to wait for them for ever."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from imagefinder.domain.errors import FolderError

Result = TypeVar("Result")

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.1


class NoAnswer(FolderError):
    """A drive or a network that says nothing, for longer than anybody waits."""


class GaveUp(Exception):
    """Something took longer than it was waited for."""


def on_its_own(call: Callable[[], Result], name: str) -> "Future[Result]":
    """Begin a call on a daemon thread: hanging in a dead network drive, it does not keep the program from ending."""
    future: Future[Result] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # handed to whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=work, name=name, daemon=True).start()
    return future


def wait_for(future: "Future[Result]", patience: float, check: Callable[[], None]) -> Result:
    """The result, looking up between short waits. Raises GaveUp, and whatever ``check`` or the call raises."""
    until = time.monotonic() + patience
    while not future.done():
        check()
        left = until - time.monotonic()
        if left <= 0:
            raise GaveUp
        wait([future], timeout=min(LOOK_SECONDS, left))
    return future.result()


def patiently(
    call: Callable[[], Result],
    place: str,
    patience: float = PATIENCE_SECONDS,
    check: Callable[[], None] = lambda: None,
) -> Result:
    """What ``call`` gives, which asks the file system about ``place``; meant for a single short question.

    Raises NoAnswer after ``patience`` seconds, and whatever the call, or ``check`` while waiting, raises. A call that
    was given up ends by itself whenever the system lets it, and nobody sees its result.
    """
    try:
        return wait_for(on_its_own(call, "patience"), patience, check)
    except GaveUp:
        raise NoAnswer(f"{place} does not answer.", "Check its drive, or the network.") from None
