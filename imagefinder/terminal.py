"""What goes to a terminal: results to stdout, everything else to stderr, and a progress line only where one is seen."""

import shutil
import sys
from types import TracebackType
from typing import TextIO

from imagefinder.domain.progress import Progress

WORDS = {
    "looking": "Looking for photos",
    "reading": "Reading photos",
    "saving": "Saving",
    "rebuilding": "Rebuilding the index",
    "embedding": "Looking at photos",
    "mining": "Looking for hard cases",
    "training": "Learning",
    "measuring": "Measuring",
    "checking": "Checking",
    "drawing": "Drawing",
    "downloading": "Downloading",
}


def say(text: str) -> None:
    """Print a result. Names that are no valid text are shown escaped."""
    _print(text, sys.stdout)


def tell(text: str) -> None:
    """Print a message that is not the result."""
    _print(text, sys.stderr)


def _print(text: str, stream: TextIO | None) -> None:
    if stream is not None:  # a program without a console has none
        encoding = stream.encoding or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=stream is sys.stderr)


def one_line(text: str) -> str:
    """A name or path with line ends and other control characters escaped: a line each, whatever a file is called."""
    return "".join(
        each if each.isprintable() or _is_surrogate(each) else each.encode("unicode_escape").decode() for each in text
    )


def _is_surrogate(character: str) -> bool:
    """Of a byte that is not UTF-8; printing escapes it where it has to be."""
    return "\ud800" <= character <= "\udfff"


def describe(progress: Progress) -> str:
    """Progress in one line: what, how far, how fast, how long still."""
    parts = [WORDS[progress.phase]]
    bytewise = progress.phase == "downloading"
    done, total = (f"{n / 1e6:,.1f}" if bytewise else f"{n:,}" for n in (progress.done, progress.total))
    unit = " MB" if bytewise else ""
    if progress.total:
        filled = round(progress.done / progress.total * 20)
        parts.append(f"[{'#' * filled}{'-' * (20 - filled)}] {done} of {total}{unit}")
    elif progress.done:
        parts.append(f"{done}{unit}")
    if progress.total and progress.per_second:
        parts.append(f"{progress.per_second / 1e6:.1f} MB/s" if bytewise else f"{progress.per_second:.0f}/s")
    if progress.seconds_left is not None and progress.done < progress.total:
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        parts.append(f"{minutes} min {seconds:02} s left" if minutes else f"{seconds} s left")
    if progress.failed:
        parts.append(f"{progress.failed:,} could not be read")
    return "  ".join(parts)


class ProgressLine:
    """A line that rewrites itself on a terminal, and is silent in a pipe. Usable as a ProgressSink."""

    def __init__(self) -> None:
        self._shown = sys.stderr is not None and sys.stderr.isatty()
        self._used = False

    def __call__(self, progress: Progress) -> None:
        if self._shown:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r\x1b[K" + describe(progress)[:width])
            sys.stderr.flush()
            self._used = True

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._used:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
