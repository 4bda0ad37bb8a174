"""The part of what can be undone that was decided in the review."""

from PySide6.QtCore import QObject, Signal

from imagefinder.ui.undo_stack import UndoStack


class ReviewUndo(QObject):
    """A view of the window's stack that ends at what was done elsewhere, or before the list that is shown.

    Whoever decides something calls ``note_done`` and ``note_undone`` from the step itself, each time that it is done or
    undone, wherever that was asked for. Never offers a step of somebody else: after one, what was decided before it can
    only be undone in the window.
    """

    changed = Signal()
    changed_elsewhere = Signal()
    """Something was done, undone or done again that was not decided in the review."""

    def __init__(self, stack: UndoStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stack = stack
        self._own_done = 0  # the newest steps that can be undone
        self._own_undone = 0  # the next ones that can be done again
        self._noted = False
        stack.changed.connect(self._on_changed)

    @property
    def undo_text(self) -> str:
        """What would be undone; "" where nothing of this review can be."""
        return self._stack.undo_text if self._own_done else ""

    @property
    def redo_text(self) -> str:
        return self._stack.redo_text if self._own_undone else ""

    def undo(self) -> None:
        if self._own_done:
            self._stack.undo()

    def redo(self) -> None:
        if self._own_undone:
            self._stack.redo()

    def note_done(self) -> None:
        self._own_done += 1
        self._own_undone = max(0, self._own_undone - 1)
        self._noted = True

    def note_undone(self) -> None:
        self._own_done = max(0, self._own_done - 1)
        self._own_undone += 1
        self._noted = True

    def begin(self) -> None:
        """There is a new list: what was decided before has no place in it to come back to."""
        self._own_done = self._own_undone = 0
        self.changed.emit()

    def _on_changed(self) -> None:
        """Follows every step, after ``note_done`` or ``note_undone`` where it is one of the review."""
        elsewhere = not self._noted
        self._noted = False
        if elsewhere:
            self._own_done = self._own_undone = 0
        if not self._stack.redo_text:
            self._own_undone = 0  # a new step ends what could be done again
        self.changed.emit()
        if elsewhere:
            self.changed_elsewhere.emit()
