"""The commands, a module for each group: what a command does, and the words it is asked with.

Use cases are imported where they are used: `--help` and the window do not wait for them.
"""

import argparse
import json
import signal
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

from imagefinder.domain.errors import LibraryError
from imagefinder.domain.progress import CancelToken
from imagefinder.paths import Paths
from imagefinder.terminal import say, tell

INTERRUPTED = 130
COMMANDS = (
    "window",
    "index",
    "remove",
    "removed",
    "search",
    "status",
    "verify",
    "export",
    "selftest",
    "integrate",
    "demo",
    "models",
    "evaluate",
    "train",
    "pairs",
    "label",
    "compare",
)


@dataclass(slots=True)
class Run:
    """What every command gets: the parsed arguments, where things live, and how it is stopped."""

    arguments: argparse.Namespace
    paths: Paths
    token: CancelToken


class Command(Protocol):
    """Adds one command to the parser: its name, what runs it, and one sentence about it."""

    def __call__(self, name: str, run: Callable[[Run], int], text: str) -> argparse.ArgumentParser: ...


def interruptible(run: Run) -> None:
    """The first Ctrl+C asks the work to stop and keep what is done; the second one insists."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        if run.token.cancelled:
            raise KeyboardInterrupt
        run.token.cancel()
        tell("\nStopping; what is done is kept. Press Ctrl+C again to stop at once.")

    signal.signal(signal.SIGINT, interrupt)


def must_have_library(run: Run) -> None:
    """Raises LibraryError where there is no library yet: looking after one must not make it.

    Its file is looked for, not opened: one of an older version opens for writing only, which brings it up to date.
    """
    if not (run.paths.library / "library.db").is_file():
        raise LibraryError(
            f"There is no library at {run.paths.library} yet.", "Make one with: imagefinder index FOLDER"
        )


def print_json(value: Any) -> None:
    say(json.dumps(value, indent=2))


def positive(text: str) -> int:
    """A whole number from 1 on, for argparse."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return number
