import threading
from collections.abc import Sequence

import pytest

from imagefinder.domain.errors import UnreadableImage
from imagefinder.usecases.reading import read_ahead


def test_everything_comes_back_once_and_in_order() -> None:
    numbers = list(range(500))
    assert list(read_ahead(numbers, lambda n: n * n, threads=3, window=16)) == [(n, n * n) for n in numbers]


def test_nothing_to_read_is_no_work() -> None:
    assert list(read_ahead([], str, threads=2, window=4)) == []


@pytest.mark.parametrize("window", [1, 2, 7])
def test_never_more_than_a_window_ahead(window: int) -> None:
    lock, started, taken, most = threading.Lock(), 0, 0, 0

    def read(number: int) -> int:
        nonlocal started, most
        with lock:
            started += 1
            most = max(most, started - taken)
        return number

    for _ in read_ahead(range(100), read, threads=4, window=window):
        with lock:
            taken += 1
    assert most <= window + 1  # the one that was just handed out is counted until the loop body ran


def test_an_unreadable_file_is_a_result_and_stops_nothing() -> None:
    def read(number: int) -> int:
        if number % 3 == 0:
            raise UnreadableImage("It is a multiple of three.")
        return number

    results = dict(read_ahead(range(9), read, threads=2, window=4))
    assert [n for n, result in results.items() if isinstance(result, UnreadableImage)] == [0, 3, 6]


def test_a_bug_in_the_reader_is_not_hidden() -> None:
    def read(number: int) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(read_ahead([1], read, threads=1, window=1))


def test_a_file_that_hangs_is_given_up_and_the_rest_goes_on() -> None:
    release = threading.Event()

    def read(number: int) -> int:
        if number == 3:
            release.wait(30)
        return number

    results = dict(read_ahead(range(20), read, threads=1, window=8, patience=0.3))
    release.set()
    assert list(results) == list(range(20))
    hung = results.pop(3)
    assert isinstance(hung, UnreadableImage)
    assert "longer than" in hung.message
    assert all(result == number for number, result in results.items())


def test_who_is_in_flight_is_told_before_it_flies() -> None:
    told: set[int] = set()
    unannounced = []

    def starting(flying: Sequence[int]) -> None:
        told.clear()
        told.update(flying)

    def read(number: int) -> int:
        if number not in told:
            unannounced.append(number)
        return number

    list(read_ahead(range(200), read, threads=2, window=10, starting=starting))
    assert unannounced == []


def test_stopping_early_cancels_what_waits() -> None:
    read: list[int] = []
    gate = threading.Event()

    def slow(number: int) -> int:
        read.append(number)
        gate.wait(0.01)
        return number

    results = read_ahead(range(1000), slow, threads=1, window=100)
    next(results)
    results.close()
    assert len(read) < 100
