"""Finding the file that killed the process: suspects are decoded in a child process, one after the other.

Native decoders can crash. The paths that were in flight when the app died are tried here before they are read again.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO

from imagefinder.domain.errors import ImageFinderError, UnreadableImage
from imagefinder.domain.progress import CancelToken
from imagefinder.imaging import PROBE_FLAG
from imagefinder.imaging.decode import decode
from imagefinder.imaging.files import read_file

MODULE = "imagefinder.imaging.probe"
# An installed program is an executable of its own, which takes a flag instead of a module's name.
COMMAND = (sys.executable, PROBE_FLAG) if getattr(sys, "frozen", False) else (sys.executable, "-m", MODULE)
READY, DONE = b"r", b"d"
START_SECONDS = 60.0
AT_LEAST = 512
"""About what indexing asks for, which is what the file was being read for when the app died."""
_LOOK_SECONDS = 0.1


def find_killers(
    paths: Sequence[str],
    seconds_each: float = 60,
    command: Sequence[str] = COMMAND,
    token: CancelToken | None = None,
) -> dict[str, str]:
    """Decode each path in a child process: path -> reason for those that crashed it or took too long.

    Files that are merely unreadable are not among them. ``command`` starts a process that runs ``main``.
    Raises ImageFinderError if that process does not start, Cancelled once the token is cancelled.
    """
    killers: dict[str, str] = {}
    left = deque(paths)
    while left:
        with _Child(command, token or CancelToken()) as child:
            if child.answer(START_SECONDS) != READY:
                raise ImageFinderError("The check of suspect files could not start.", child.last_words())
            while left:
                path = left.popleft()
                reason = child.try_path(path, seconds_each)
                if reason:
                    killers[path] = reason
                    break  # and go on with a new child
    return killers


def main(requests: BinaryIO, answers: BinaryIO) -> None:
    """The child's side: file system encoded paths that end with NUL come in, a byte goes out after each was decoded."""
    answers.write(READY)
    answers.flush()
    for path in _paths(requests):
        with suppress(UnreadableImage):  # no killer; indexing will say why
            decode(read_file(path)[0], AT_LEAST)
        answers.write(DONE)
        answers.flush()


def serve() -> None:
    """``main`` on this process's own pipes."""
    own_stdout = os.dup(1)
    os.dup2(2, 1)  # what a native decoder prints must not be taken for an answer
    with os.fdopen(0, "rb", closefd=False) as requests, os.fdopen(own_stdout, "wb") as answers:
        main(requests, answers)


class _Child:
    """A process that runs ``main``, and the thread that waits for its answers. It ends with the block."""

    def __init__(self, command: Sequence[str], token: CancelToken) -> None:
        self._token = token
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, name="probe", daemon=True)
        self._listener.start()

    def __enter__(self) -> "_Child":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):  # of what was still buffered for a child that died
                pipe.close()

    def try_path(self, path: str, seconds: float) -> str:
        """What happened to the child with this path; nothing if it went well."""
        assert self._process.stdin is not None
        with suppress(OSError):  # it died; the answer says so
            self._process.stdin.write(os.fsencode(path) + b"\0")
            self._process.stdin.flush()
        answer = self.answer(seconds)
        if answer is None:
            return f"Opening the file took longer than {seconds:g} seconds."
        return "" if answer == DONE else f"Opening the file crashed the decoder. {self.last_words()}"

    def answer(self, seconds: float) -> bytes | None:
        """The next byte, nothing at the end of the child, None where it took too long. Raises Cancelled."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._token.check()
            with suppress(queue.Empty):
                return self._answers.get(timeout=_LOOK_SECONDS)
        return None

    def last_words(self) -> str:
        self._process.kill()
        code = self._process.wait()
        ended = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"The process ended with {ended}."

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while answer := self._process.stdout.read(1):
            self._answers.put(answer)
        self._answers.put(b"")


def _paths(requests: BinaryIO) -> Iterator[str]:
    """Each path as soon as its NUL has arrived."""
    path = bytearray()
    while byte := requests.read(1):
        if byte == b"\0":
            yield os.fsdecode(bytes(path))
            path.clear()
        else:
            path += byte


if __name__ == "__main__":
    serve()
