"""What the review undoes: only its own decisions, whoever else shares the stack."""

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from imagefinder.ui.review_undo import ReviewUndo
from imagefinder.ui.undo_stack import MOST, Step, UndoStack


class Shared:
    """A stack that the review and others push to; ``done`` is what holds at the moment."""

    def __init__(self) -> None:
        self.stack = UndoStack()
        self.undo = ReviewUndo(self.stack)
        self.done: list[str] = []

    def decide(self, name: str) -> None:
        self._push(name, self.undo.note_done, self.undo.note_undone)

    def elsewhere(self, name: str) -> None:
        self._push(name, lambda: None, lambda: None)

    def _push(self, name: str, done: Callable[[], None], undone: Callable[[], None]) -> None:
        def redo() -> None:
            self.done.append(name)
            done()

        def undo() -> None:
            self.done.remove(name)
            undone()

        redo()
        self.stack.push(Step(name, undo, redo))


@pytest.fixture
def shared() -> Shared:
    return Shared()


def test_it_stops_at_what_was_done_before(shared: Shared) -> None:
    shared.elsewhere("folder names")
    assert shared.undo.undo_text == ""
    shared.decide("a")
    shared.decide("b")
    assert shared.undo.undo_text == "b"
    for _ in range(3):
        shared.undo.undo()
    assert shared.done == ["folder names"]
    assert (shared.undo.undo_text, shared.undo.redo_text) == ("", "a")
    for _ in range(3):
        shared.undo.redo()
    assert shared.done == ["folder names", "a", "b"]
    assert (shared.undo.undo_text, shared.undo.redo_text) == ("b", "")


def test_it_does_not_do_again_what_was_undone_elsewhere(shared: Shared) -> None:
    shared.elsewhere("folder names")
    shared.stack.undo()
    shared.undo.redo()
    assert shared.done == []
    assert shared.undo.redo_text == ""


def test_a_step_from_elsewhere_on_top_is_not_touched(shared: Shared, qtbot: QtBot) -> None:
    shared.decide("a")
    with qtbot.waitSignal(shared.undo.changed_elsewhere):
        shared.elsewhere("folder names")
    shared.undo.undo()
    assert shared.done == ["a", "folder names"]
    shared.decide("b")
    shared.undo.undo()
    shared.undo.undo()
    assert shared.done == ["a", "folder names"]


def test_its_own_step_may_be_undone_and_done_again_from_the_window(shared: Shared, qtbot: QtBot) -> None:
    shared.decide("a")
    with qtbot.assertNotEmitted(shared.undo.changed_elsewhere):
        shared.stack.undo()
    assert (shared.undo.undo_text, shared.undo.redo_text) == ("", "a")
    with qtbot.assertNotEmitted(shared.undo.changed_elsewhere):
        shared.stack.redo()
    assert shared.undo.undo_text == "a"


def test_a_new_decision_ends_what_could_be_done_again(shared: Shared) -> None:
    shared.decide("a")
    shared.undo.undo()
    shared.decide("b")
    assert (shared.undo.undo_text, shared.undo.redo_text) == ("b", "")
    shared.undo.redo()
    assert shared.done == ["b"]


def test_a_new_list_begins_anew(shared: Shared, qtbot: QtBot) -> None:
    shared.decide("a")
    with qtbot.waitSignal(shared.undo.changed):
        shared.undo.begin()
    shared.undo.undo()
    assert shared.done == ["a"]


def test_what_the_stack_has_forgotten_is_not_offered(shared: Shared) -> None:
    for number in range(MOST + 5):
        shared.decide(str(number))
    for _ in range(MOST):
        shared.undo.undo()
    assert shared.undo.undo_text == ""
    assert shared.done == [str(number) for number in range(5)]
