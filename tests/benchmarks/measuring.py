"""What the benchmarks share: times taken in turns, and one way to print a ratio."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from drawing import draw_photo

GROCERY = Path(__file__).parents[3] / "shared" / "photos" / "grocery"


def in_turns(*works: Callable[[], object], rounds: int = 3, block: int = 1) -> list[float]:
    """Median seconds of each, measured alternately so that a slow spell of the machine hits all of them.

    ``block`` repeats one work that often before the next has its turn, the first time uncounted: BLAS threads spin for
    a while after their work, and would be charged to whoever comes next.
    """
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, taken in zip(works, times, strict=True):
            if block > 1:
                work()
            for _ in range(max(1, block - 1)):
                began = time.perf_counter()
                work()
                taken.append(time.perf_counter() - began)
    return [median(taken) for taken in times]


def say(name: str, ratio: float, goal: str, details: str = "") -> None:
    """One line of the report. ``goal`` is like ">= 0.8" or "<= 1.2"."""
    relation, bound = goal.split()
    met = ratio >= float(bound) if relation == ">=" else ratio <= float(bound)
    print(f"{name}: {ratio:.2f} (goal {goal}: {'met' if met else 'MISSED'}) {details}".rstrip(), flush=True)


def some_photos(count: int, folder: Path) -> Sequence[Path]:
    """Real photographs where they are, else drawn ones of the same size."""
    real = sorted(GROCERY.rglob("*.jpg"))
    if len(real) >= count:
        return real[:: len(real) // count][:count]
    print("(drawn pictures: the development photographs are not here)")
    return [draw_photo(folder / f"{number}.jpg", number, (256, 256)) for number in range(count)]
