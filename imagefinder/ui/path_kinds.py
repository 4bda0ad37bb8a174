"""What local paths are: folders, files or nothing. Asked on threads of their own, as a dead drive does not answer."""

import os
import stat
import threading
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial

from PySide6.QtCore import QObject, Qt, QTimer, Signal

SLOW_MILLISECONDS = 1_000
SILENT_MILLISECONDS = 10_000


class Kind(Enum):
    FOLDER = "folder"
    FILE = "file"
    """Anything that is there and is no folder, also a link that leads nowhere."""
    MISSING = "missing"
    SILENT = "silent"
    """Its drive does not answer."""


Kinds = Mapping[str, Kind]


class PathKinds(QObject):
    """Lives in the GUI thread, which touches no path. Nobody waits for a thread that hangs, not even the app's end."""

    _answered = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: dict[_Question, Callable[[Kinds], object]] = {}
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(partial(_drop_all, self._waiting))

    @property
    def looking(self) -> bool:
        return bool(self._waiting)

    def look(
        self,
        paths: Sequence[str],
        done: Callable[[Kinds], object],
        slow: Callable[[str], object] | None = None,
        soon: bool = False,
    ) -> None:
        """Say what each path is, in the GUI thread, and within ten seconds; ``soon``: within one.

        After a second, ``slow`` gets the path that is waited for.
        """
        question = _Question(paths, self._answered.emit)
        self._waiting[question] = done
        threading.Thread(target=question.answer, name="paths", daemon=True).start()
        if slow is not None:
            QTimer.singleShot(SLOW_MILLISECONDS, self, partial(self._tell_slow, question, slow))
        patience = SLOW_MILLISECONDS if soon else SILENT_MILLISECONDS
        QTimer.singleShot(patience, self, partial(self._deliver, question))

    def _tell_slow(self, question: "_Question", slow: Callable[[str], object]) -> None:
        if question in self._waiting:
            slow(question.waited_for())

    def _deliver(self, question: "_Question") -> None:
        done = self._waiting.pop(question, None)
        if done is not None:
            done(question.close())


class _Question:
    """What the GUI thread and the one that looks share. After ``close`` the latter holds nothing of Qt's objects."""

    def __init__(self, paths: Sequence[str], wake: Callable[["_Question"], object]) -> None:
        self._paths = tuple(dict.fromkeys(paths))
        self._lock = threading.Lock()  # guards the two below
        self._kinds: dict[str, Kind] = {}
        self._wake: Callable[[_Question], object] | None = wake

    def answer(self) -> None:
        for path in self._paths:
            kind = kind_of(path)
            with self._lock:
                if self._wake is None:
                    return
                self._kinds[path] = kind
        with self._lock:
            if self._wake is not None:
                self._wake(self)

    def waited_for(self) -> str:
        with self._lock:
            return next((path for path in self._paths if path not in self._kinds), self._paths[-1])

    def close(self) -> Kinds:
        with self._lock:
            self._wake = None
            return {path: self._kinds.get(path, Kind.SILENT) for path in self._paths}


def _drop_all(waiting: "dict[_Question, Callable[[Kinds], object]]") -> None:
    for question in waiting:
        question.close()
    waiting.clear()


def kind_of(path: str) -> Kind:
    """For a thread that may wait."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # ValueError: a path with NUL in it
        return Kind.FILE if os.path.lexists(path) else Kind.MISSING  # a link that leads nowhere is there
    return Kind.FOLDER if stat.S_ISDIR(mode) else Kind.FILE
