from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from imagefinder.domain.indexing_plan import Batch, IndexingPlan

FOLDERS = st.integers(1, 4)


def test_an_interrupted_run_goes_on_after_the_edit_with_what_the_edit_added() -> None:
    plan = IndexingPlan()
    plan.want([1], plan.generation)
    assert plan.next() == Batch(frozenset({1}), frozenset())
    plan.edit_begins()
    plan.ended(completed=False)
    assert plan.next() is None
    plan.want([2], plan.generation)
    plan.edit_ends()
    assert plan.next() == Batch(frozenset({1, 2}), frozenset())


def test_the_leave_to_forget_ends_with_a_cancel() -> None:
    plan = IndexingPlan()
    plan.want([1], plan.generation, forget=True)
    plan.next()
    plan.cancel()
    plan.ended(completed=False)
    plan.want([1], plan.generation)
    assert plan.next() == Batch(frozenset({1}), frozenset())


def test_what_was_asked_for_before_a_cancel_stays_cancelled() -> None:
    plan = IndexingPlan()
    asked = plan.generation
    plan.edit_begins()
    plan.cancel()
    plan.want([1], asked)
    plan.edit_ends()
    assert plan.next() is None


def test_it_comes_to_rest_once_also_when_the_folder_of_the_run_was_removed() -> None:
    plan = IndexingPlan()
    plan.want([1], plan.generation)
    plan.next()
    plan.edit_begins()
    plan.ended(completed=False)
    assert not plan.comes_to_rest()
    plan.drop(1)
    plan.edit_ends()
    assert plan.next() is None
    assert plan.comes_to_rest()
    assert not plan.comes_to_rest()


def test_forgetting_what_is_missing_is_not_lost_when_the_folder_is_just_being_scanned() -> None:
    plan = IndexingPlan()
    plan.want([4, 5], plan.generation)
    plan.next()
    plan.want([4], plan.generation, forget=True)
    plan.ended(completed=True)
    assert plan.next() == Batch(frozenset({4}), frozenset({4}))
    plan.ended(completed=True)
    assert plan.next() is None


class PlanMachine(RuleBasedStateMachine):
    """Whatever people do in whatever order: nothing wanted is lost, nothing cancelled comes back, rest is reached."""

    def __init__(self) -> None:
        super().__init__()
        self.plan = IndexingPlan()
        self.owed: set[int] = set()
        self.to_forget: set[int] = set()
        self.rests = 0
        self.starts = 0

    @rule(folder=FOLDERS, forget=st.booleans())
    def want(self, folder: int, forget: bool) -> None:
        self.plan.want([folder], self.plan.generation, forget)
        self.owed.add(folder)
        if forget:
            self.to_forget.add(folder)

    @rule(folder=FOLDERS)
    def remove(self, folder: int) -> None:
        self.plan.drop(folder)
        self.owed.discard(folder)
        self.to_forget.discard(folder)

    @rule()
    def cancel(self) -> None:
        self.plan.cancel()
        self.owed.clear()
        self.to_forget.clear()

    @rule()
    def edit(self) -> None:
        self.plan.edit_begins()

    @precondition(lambda self: self.plan.edits)
    @rule()
    def edited(self) -> None:
        self.plan.edit_ends()

    @rule()
    def go_on(self) -> None:
        batch = self.plan.next()
        if batch is not None:
            assert batch.folders == self.owed
            assert batch.forget == self.to_forget
            self.starts += 1
        self.rests += self.plan.comes_to_rest()

    @precondition(lambda self: self.plan.running)
    @rule(completed=st.booleans())
    def end(self, completed: bool) -> None:
        assert self.plan.running is not None
        if completed:
            done = {
                folder
                for folder in self.plan.running.folders
                if folder in self.plan.running.forget or folder not in self.to_forget
            }
            self.owed -= done
            self.to_forget -= done
        self.plan.ended(completed)

    @invariant()
    def rest_follows_work(self) -> None:
        assert self.rests <= self.starts
        if self.plan.busy is False:
            assert self.plan.running is None


TestPlan = PlanMachine.TestCase
TestPlan.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
