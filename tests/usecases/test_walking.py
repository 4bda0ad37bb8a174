import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imagefinder.domain.errors import Cancelled
from imagefinder.usecases import walking
from imagefinder.usecases.scanning import Walk
from imagefinder.usecases.walking import Silent, walk_roots

Root = tuple[str, str, tuple[str, ...]]


def nothing(*_: object) -> None:
    pass


def photos(outcome: Walk | Silent | None) -> int:
    assert isinstance(outcome, Walk)
    return len(outcome.found)


@pytest.fixture
def roots(tmp_path: Path) -> list[Root]:
    """Three roots of two photos each."""
    for name in "abc":
        for number in range(2):
            path = tmp_path / name / f"{number}" / "photo.jpg"
            path.parent.mkdir(parents=True)
            path.write_bytes(b"x")
    return [(name, str(tmp_path / name), ()) for name in "abc"]


@pytest.fixture
def stall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], threading.Event]]:
    """Makes the listing of a folder wait for the event that it returns, as a dead network drive does."""
    scandir, events = os.scandir, dict[tuple[int, int], threading.Event]()

    def identity(folder: str | int) -> tuple[int, int]:
        return os.stat(folder).st_dev, os.stat(folder).st_ino

    def stalling(folder: str | int) -> object:
        event = events.get(identity(folder))
        if event:
            assert event.wait(60)
        return scandir(folder)

    def begin(folder: str) -> threading.Event:
        return events.setdefault(identity(folder), threading.Event())

    monkeypatch.setattr(os, "scandir", stalling)
    yield begin
    for event in events.values():
        event.set()


def walks() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "walk"]


def walks_have_ended() -> bool:
    until = time.monotonic() + 30
    while walks() and time.monotonic() < until:
        time.sleep(0.01)
    return not walks()


def test_every_root_comes_with_what_is_in_it_and_progress_counts_over_all(roots: list[Root], tmp_path: Path) -> None:
    visits: list[tuple[int, str]] = []
    threads: set[int] = set()

    def visit(files: int, where: str) -> None:
        visits.append((files, where))
        threads.add(threading.get_ident())

    outcomes = dict(walk_roots([*roots, ("gone", str(tmp_path / "nowhere"), ())], visit, nothing))

    assert list(outcomes) == ["a", "b", "c", "gone"]
    assert [photos(outcomes[key]) for key in "abc"] == [2, 2, 2]
    assert outcomes["gone"] is None
    assert [files for files, _ in visits] == sorted(files for files, _ in visits)
    assert (2, roots[0][1]) in visits
    assert visits[-1][0] == 6
    assert threads == {threading.get_ident()}


def test_a_root_that_hangs_is_silent_and_the_others_go_on(
    roots: list[Root], stall: Callable[[str], threading.Event]
) -> None:
    inside = os.path.join(roots[0][1], "1")
    event = stall(inside)

    outcomes = list(walk_roots(roots, nothing, nothing, patience=3, hurry=0.5))

    assert [key for key, _ in outcomes] == ["b", "c", None, "a"]
    assert outcomes[-2:] == [(None, None), ("a", Silent(inside))]
    event.set()
    assert walks_have_ended()


def test_a_root_that_wakes_up_in_time_comes_later(roots: list[Root], stall: Callable[[str], threading.Event]) -> None:
    event = stall(roots[0][1])
    outcomes = walk_roots(roots, nothing, nothing, patience=30, hurry=0.2)

    assert [next(outcomes)[0] for _ in range(3)] == ["b", "c", None]
    event.set()
    ((key, result),) = outcomes
    assert key == "a"
    assert photos(result) == 2


def test_if_all_hang_it_is_said_at_once_that_the_rest_is_slow(
    roots: list[Root], stall: Callable[[str], threading.Event]
) -> None:
    for _, path, _ in roots:
        stall(path)
    outcomes = walk_roots(roots, nothing, nothing, patience=30, hurry=0.1)

    assert next(outcomes) == (None, None)
    outcomes.close()


def test_roots_are_walked_one_after_the_other_while_they_answer(
    roots: list[Root], monkeypatch: pytest.MonkeyPatch
) -> None:
    walked = 0  # not the threads: one that handed in its result may take a moment to end
    at_once: list[int] = []

    def slow_walk(root: str, excludes: object, visit: Callable[[int, str], None]) -> Walk:
        nonlocal walked
        walked += 1
        for _ in range(6):
            visit(0, root)
            at_once.append(walked)
            time.sleep(0.05)
        walked -= 1
        return Walk()

    monkeypatch.setattr(walking, "walk", slow_walk)
    outcomes = list(walk_roots(roots, nothing, nothing, patience=10, hurry=5))

    assert [key for key, _ in outcomes] == ["a", "b", "c"]  # nor is any of them silent: each gave signs all the time
    assert set(at_once) == {1}


def test_what_the_caller_does_between_two_results_is_nobodys_silence(
    roots: list[Root], stall: Callable[[str], threading.Event]
) -> None:
    event = stall(roots[0][1])
    outcomes = walk_roots(roots, nothing, nothing, patience=2, hurry=0.5)

    assert next(outcomes)[0] == "b"
    time.sleep(2.5)
    assert [next(outcomes)[0] for _ in range(2)] == ["c", None]
    event.set()
    assert isinstance(next(outcomes)[1], Walk)


def test_walks_pause_while_the_check_does_not_return(roots: list[Root], monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[float] = []
    resumed = threading.Event()
    checks = 0

    def endless_walk(root: str, excludes: object, visit: Callable[[int, str], None]) -> Walk:
        while not resumed.is_set():
            visit(len(steps), root)
            steps.append(time.monotonic())
            time.sleep(0.001)
        return Walk()

    def check() -> None:
        nonlocal checks
        checks += 1
        if checks == 2:
            time.sleep(0.05)  # for the step that was under way
            before = len(steps)
            time.sleep(0.5)
            assert 0 < before == len(steps)
        if checks == 3:
            resumed.set()

    monkeypatch.setattr(walking, "walk", endless_walk)
    ((key, result),) = walk_roots(roots[:1], nothing, check, patience=0.3)
    assert (key, result) == ("a", Walk())


@pytest.mark.parametrize("stopper", ["visit", "check"])
def test_whoever_watches_can_stop_it_at_once_and_the_walks_end_by_themselves(
    roots: list[Root], stall: Callable[[str], threading.Event], stopper: str
) -> None:
    event = stall(roots[0][1])
    began = time.monotonic()

    def stop(*_: object) -> None:
        if time.monotonic() - began > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(walk_roots(roots, stop if stopper == "visit" else nothing, stop if stopper == "check" else nothing))
    assert time.monotonic() - began < 5
    event.set()
    assert walks_have_ended()


def test_a_bug_in_a_walk_is_raised_where_the_results_are_taken(
    roots: list[Root], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Walk:
        raise ZeroDivisionError

    monkeypatch.setattr(walking, "walk", broken)
    with pytest.raises(ZeroDivisionError):
        list(walk_roots(roots, nothing, nothing))
