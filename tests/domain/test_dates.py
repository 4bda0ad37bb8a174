"""Dates as people write them."""

from datetime import date

import pytest

from imagefinder.domain.dates import days_of, moments_of

TODAY = date(2024, 1, 17)
"""A Wednesday in winter."""


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("2019", "2019"),
        ("2019年", "2019"),
        ("march 2021", "2021-03"),
        ("2021 march", "2021-03"),
        ("maerz 2021", "2021-03"),
        ("15 march 2021", "2021-03-15"),
        ("march 15, 2021", "2021-03-15"),
        ("15th march", "????-03-15"),
        ("march", "????-03"),
        ("2021-03", "2021-03"),
        ("2021-3-5", "2021-03-05"),
        ("2021/03/05", "2021-03-05"),
        ("5.3.2021", "2021-03-05"),
        ("3.2021", "2021-03"),
        ("2021年3月", "2021-03"),
        ("2021年3月5日", "2021-03-05"),
        ("3月", "????-03"),
        ("may", None),
        ("may 2020", "2020-05"),
        ("2021-13", None),
        ("32.3.2021", None),
        ("32 march", None),
        ("12 2021", None),
        ("1066", None),
        ("march april", None),
        ("dog", None),
        ("dog 2021", None),
    ],
)
def test_how_moments_begin(text: str, moments: str | None) -> None:
    assert moments_of(text.split()) == moments


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("2019", ["2019-01-01", "2019-12-31"], ["2018-12-31", "2020-01-01"]),
        ("march", ["1999-03-01", "2021-03-31"], ["2021-04-01"]),
        ("15 march", ["1999-03-15"], ["2021-03-16"]),
        ("2019-2021", ["2019-01-01", "2020-06-01", "2021-12-31"], ["2018-12-31", "2022-01-01"]),
        ("2021\u20132019", ["2020-06-01"], ["2022-01-01"]),
        ("2019 to 2021", ["2021-12-31"], ["2022-01-01"]),
        ("between 2019 and 2021", ["2019-01-01"], ["2018-12-31"]),
        ("von 2019 bis 2021", ["2019-01-01"], ["2018-12-31"]),
        ("since 2020", ["2020-01-01", "2030-01-01"], ["2019-12-31"]),
        ("seit 2020-03", ["2020-03-01"], ["2020-02-29"]),
        ("before 2020", ["2019-12-31", "1950-01-01"], ["2020-01-01"]),
        ("after 2020", ["2021-01-01"], ["2020-12-31"]),
        ("until 2020", ["2020-12-31"], ["2021-01-01"]),
        ("summer 2020", ["2020-06-01", "2020-08-31"], ["2020-09-01", "2021-07-01"]),
        ("winter 2020", ["2020-12-01", "2021-02-28"], ["2020-01-15", "2021-03-01"]),
        ("sommer", ["2020-06-01", "2023-08-31"], ["2020-09-01"]),
        ("winter", ["2020-12-01", "2023-01-31"], ["2020-03-01"]),
        ("last summer", ["2023-07-01"], ["2022-07-01"]),
        ("last winter", ["2022-12-24", "2023-02-01"], ["2023-12-24", "2024-01-01"]),
        ("this winter", ["2023-12-24", "2024-01-01"], ["2022-12-24"]),
        ("today", ["2024-01-17"], ["2024-01-16"]),
        ("gestern", ["2024-01-16"], ["2024-01-17"]),
        ("this week", ["2024-01-15", "2024-01-21"], ["2024-01-14", "2024-01-22"]),
        ("letzte woche", ["2024-01-08", "2024-01-14"], ["2024-01-15"]),
        ("last month", ["2023-12-31"], ["2024-01-01", "2023-11-30"]),
        ("last year", ["2023-05-05"], ["2024-01-01"]),
        ("去年", ["2023-05-05"], ["2024-01-01"]),
    ],
)
def test_the_days_that_are_asked_for(text: str, inside: list[str], outside: list[str]) -> None:
    days = days_of(text.split(), TODAY)
    assert days is not None
    assert [day for day in inside if not days.include(day)] == []
    assert [day for day in outside if days.include(day)] == []


@pytest.mark.parametrize(
    "text", ["spring", "since dogs", "since march", "last dog", "2019 or 2021", "dog to 2021", "summer dog"]
)
def test_what_is_no_date(text: str) -> None:
    assert days_of(text.split(), TODAY) is None


def test_last_summer_is_the_one_that_is_over() -> None:
    in_july = days_of(["last", "summer"], date(2024, 7, 20))
    in_september = days_of(["last", "summer"], date(2024, 9, 20))
    assert in_july is not None
    assert in_september is not None
    assert in_july.include("2023-07-01")
    assert in_september.include("2024-07-01")
