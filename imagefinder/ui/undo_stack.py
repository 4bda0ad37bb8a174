"""What can be undone, and done again."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

MOST = 200


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done. ``text`` says what, within a sentence: "label 3 photos"."""

    text: str
    undo: Callable[[], object]
    redo: Callable[[], object]


class UndoStack(QObject):
    """The newest step is undone first. Remembers the last 200."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._done: list[Step] = []
        self._undone: list[Step] = []

    @property
    def undo_text(self) -> str:
        """What would be undone; "" where nothing can be."""
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        return self._undone[-1].text if self._undone else ""

    def push(self, step: Step) -> None:
        """Remember a step that has just been done."""
        self._done = [*self._done[1 - MOST :], step]
        self._undone.clear()
        self.changed.emit()

    def undo(self) -> None:
        if self._done:
            step = self._done.pop()
            self._undone.append(step)
            step.undo()
            self.changed.emit()

    def redo(self) -> None:
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            step.redo()
            self.changed.emit()
