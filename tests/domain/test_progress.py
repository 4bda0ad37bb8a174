import threading

import pytest

from imagefinder.domain.errors import Cancelled
from imagefinder.domain.progress import REPORTS_PER_SECOND, CancelToken, Progress, ProgressMeter


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def meter(total: int = 0) -> tuple[ProgressMeter, list[Progress], Clock, CancelToken]:
    seen: list[Progress] = []
    clock, token = Clock(), CancelToken()
    return ProgressMeter(seen.append, token, "reading", total, clock), seen, clock, token


def test_at_most_fifteen_reports_a_second_and_always_the_last() -> None:
    progress, seen, clock, _ = meter(total=1000)
    for done in range(1, 1001):
        clock.now += 1 / 1000
        progress.report(done)
    assert len(seen) <= REPORTS_PER_SECOND + 2
    assert seen[-1].done == 1000


def test_rate_and_time_left_follow_the_work() -> None:
    progress, seen, clock, _ = meter(total=100)
    for done in range(1, 51):
        clock.now += 0.1
        progress.report(done)
    assert seen[-1].per_second == pytest.approx(10)
    assert seen[-1].seconds_left == pytest.approx((100 - seen[-1].done) / 10)


def test_the_rate_forgets_what_is_long_ago() -> None:
    progress, seen, clock, _ = meter(total=100_000)
    done = 0
    for _ in range(600):  # a minute at 100/s
        clock.now += 0.1
        done += 10
        progress.report(done)
    for _ in range(600):  # a minute at 10/s
        clock.now += 0.1
        done += 1
        progress.report(done)
    assert seen[-1].per_second == pytest.approx(10, rel=0.05)


def test_cancelling_stops_the_next_report() -> None:
    progress, seen, _, token = meter()
    token.cancel()
    with pytest.raises(Cancelled):
        progress.report(1)
    assert seen == []


def test_a_paused_token_holds_the_worker_until_it_is_resumed() -> None:
    token = CancelToken()
    token.pause()
    passed = threading.Event()

    def work() -> None:
        token.check()
        passed.set()

    worker = threading.Thread(target=work)
    worker.start()
    assert not passed.wait(0.05)
    token.resume()
    assert passed.wait(5)
    worker.join()


def test_cancelling_wakes_a_paused_worker() -> None:
    token = CancelToken()
    token.pause()
    token.cancel()
    with pytest.raises(Cancelled):
        token.check()
    token.pause()
    assert not token.paused, "what is cancelled cannot be paused: nobody would wake it"
