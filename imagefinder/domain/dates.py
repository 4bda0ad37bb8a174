"""Dates as people write them: "2019", "march 2021", "15.3.2021", "März", "2019-2021", "last year", "2021年3月"."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

MONTHS = (
    ("january", "jan", "januar", "jaenner", "一月", "1月"),
    ("february", "feb", "februar", "二月", "2月"),
    ("march", "mar", "maerz", "三月", "3月"),
    ("april", "apr", "四月", "4月"),
    ("may", "mai", "五月", "5月"),
    ("june", "jun", "juni", "六月", "6月"),
    ("july", "jul", "juli", "七月", "7月"),
    ("august", "aug", "八月", "8月"),
    ("september", "sep", "sept", "九月", "9月"),
    ("october", "oct", "oktober", "okt", "十月", "10月"),
    ("november", "nov", "十一月", "11月"),
    ("december", "dec", "dezember", "dez", "十二月", "12月"),
)
SEASONS = (
    ("spring", "fruehling", "春天"),
    ("summer", "sommer", "夏天"),
    ("autumn", "herbst", "秋天"),
    ("winter", "winter", "冬天"),
)
LONGEST = 4
"""Of how many words a date is made at most."""
_MONTH = {name: number for number, names in enumerate(MONTHS, start=1) for name in names}
_YEAR = re.compile(r"(1[89]\d\d|20\d\d|21\d\d)年?")
_DAY = re.compile(r"(\d{1,2})(?:\.|st|nd|rd|th|日|号)?")
_NUMBERS = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(?:(\d{1,2})[日号])?")
_GERMAN = re.compile(r"(?:(\d{1,2})\.)?(\d{1,2})\.(\d{4})")
_YEARS = re.compile(r"(\d{4})[-\u2013\u2014](\d{4})")
_SEASON = {name: 3 + 3 * number for number, names in enumerate(SEASONS) for name in names}
"""The month that each begins with, in the northern half of the world."""
_NO_OBJECTS = frozenset(name for names in SEASONS[1:] for name in names)
"""A spring is also a piece of wire."""
_SINCE = frozenset(["since", "seit", "ab"])
_BEFORE = frozenset(["before", "vor"])
_AFTER = frozenset(["after", "nach"])
_UNTIL = frozenset(["until", "till", "bis"])
_TO = frozenset(["to", "till", "until", "bis"])
_BETWEEN = {"between": "and", "from": "to", "von": "bis", "zwischen": "und"}
_THIS = frozenset(["this", "dieser", "diese", "dieses", "diesen", "diesem"])
_LAST = frozenset(["last", "letzter", "letzte", "letztes", "letzten", "letztem"])
_UNITS = {"week": "week", "woche": "week", "month": "month", "monat": "month", "year": "year", "jahr": "year"}
_NEAR = {
    "today": ("day", 0), "heute": ("day", 0), "今天": ("day", 0),
    "yesterday": ("day", 1), "gestern": ("day", 1), "昨天": ("day", 1),
    "本周": ("week", 0), "上周": ("week", 1), "本月": ("month", 0), "上个月": ("month", 1),
    "今年": ("year", 0), "去年": ("year", 1),
}  # fmt: skip
_END = "~"
"""Sorts after everything that may follow the beginning of a date."""


class Days(NamedTuple):
    """A set of days, each as "YYYY-MM-DD": from ``first`` to what begins with ``last``, and in any of ``months``."""

    first: str = ""
    last: str = _END
    months: tuple[str, ...] = ()
    """How the rest after the year may begin, as "-03" or "-03-15"; empty for any."""

    def include(self, day: str) -> bool:
        return self.first <= day <= self.last + _END and (not self.months or day[4:].startswith(self.months))


def days_of(words: Sequence[str], today: date) -> Days | None:
    """The days that words ask for: a date, a season, a time between two years, or one near ``today``; else None.

    ``words`` are in small letters, umlauts as "ae".
    """
    moments = moments_of(words)
    if moments is not None:
        return Days(months=(moments[4:],)) if moments.startswith("?") else Days(moments, moments)
    if len(words) == 1 and (match := _YEARS.fullmatch(words[0])):
        return _years(match[1], match[2])
    if len(words) == 3 and words[1] in _TO:
        return _years(words[0], words[2])
    if len(words) == 4 and _BETWEEN.get(words[0]) == words[2]:
        return _years(words[1], words[3])
    if len(words) == 2 and words[0] in _SINCE | _BEFORE | _AFTER | _UNTIL:
        return _open_ended(words[0], words[1])
    return _season(words, today) or _near(words, today)


def _years(first: str, last: str) -> Days | None:
    if not (_YEAR.fullmatch(first) and _YEAR.fullmatch(last)):
        return None
    return Days(min(first, last)[:4], max(first, last)[:4])


def _open_ended(word: str, moment: str) -> Days | None:
    moments = _written_as_one(moment)
    if moments is None or moments.startswith("?"):
        return None
    if word in _SINCE:
        return Days(first=moments)
    if word in _UNTIL:
        return Days(last=moments)
    year = int(moments[:4])
    if len(moments) > 4:  # of a month or day the limit itself belongs to it
        return Days(first=moments) if word in _AFTER else Days(last=moments)
    return Days(first=f"{year + 1:04}") if word in _AFTER else Days(last=f"{year - 1:04}")


def _season(words: Sequence[str], today: date) -> Days | None:
    if len(words) == 1 and words[0] in _NO_OBJECTS:
        start = _SEASON[words[0]]
        return Days(months=tuple(f"-{(start + month - 1) % 12 + 1:02}" for month in range(3)))
    if len(words) != 2:
        return None
    year_of = {word: int(word[:4]) for word in words if _YEAR.fullmatch(word)}
    season = next((word for word in words if word in _SEASON), "")
    if not season:
        return None
    start = _SEASON[season]
    if words[0] in _LAST:  # the latest that is over
        over = date(today.year, start, 1) + timedelta(days=93) < today
        year = today.year if over else today.year - 1
        if start == 12 and today.month < 3:  # the one of this winter is not over yet
            year = today.year - 2
    elif words[0] in _THIS:
        year = today.year - 1 if start == 12 and today.month < 3 else today.year
    elif year_of:
        year = next(iter(year_of.values()))
    else:
        return None
    end_year, end = (year + 1, 2) if start == 12 else (year, start + 2)
    return Days(f"{year:04}-{start:02}", f"{end_year:04}-{end:02}")


def _near(words: Sequence[str], today: date) -> Days | None:
    if len(words) == 1:
        unit, back = _NEAR.get(words[0], ("", 0))
    elif len(words) == 2 and words[0] in _THIS | _LAST and words[1] in _UNITS:
        unit, back = _UNITS[words[1]], int(words[0] in _LAST)
    else:
        return None
    if unit == "day":
        day = (today - timedelta(days=back)).isoformat()
        return Days(day, day)
    if unit == "week":
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return Days(monday.isoformat(), (monday + timedelta(days=6)).isoformat())
    if unit == "month":
        month = (today.replace(day=1) - timedelta(days=back)).isoformat()[:7]
        return Days(month, month)
    if unit == "year":
        return Days(f"{today.year - back:04}", f"{today.year - back:04}")
    return None


def moments_of(words: Sequence[str]) -> str | None:
    """How the moments of photos begin, "YYYY-MM-DD...", of that year, month or day; None for words that are no date.

    ``words`` are in small letters, umlauts as "ae". A month without a year gives "????-MM".
    """
    if len(words) == 1:
        return _written_as_one(words[0])
    found: dict[str, int] = {}
    for word in words:
        kind, number = _part(word)
        if kind in (None, *found):
            return None
        found[str(kind)] = number
    if "month" not in found or ("day" in found and not 1 <= found["day"] <= 31):
        return None
    year = f"{found['year']:04}" if "year" in found else "????"
    return f"{year}-{found['month']:02}" + (f"-{found['day']:02}" if "day" in found else "")


def _written_as_one(word: str) -> str | None:
    if _YEAR.fullmatch(word):
        return word[:4]
    if match := _NUMBERS.fullmatch(word) or _CHINESE.fullmatch(word):
        year, month, day = match.groups()
    elif match := _GERMAN.fullmatch(word):
        day, month, year = match.groups()
    else:
        # "may" and "mar" alone are more often words than months.
        clear = word in _MONTH and (len(word) > 3 or word.endswith("月"))
        return f"????-{_MONTH[word]:02}" if clear else None
    if not 1 <= int(month) <= 12 or not 1 <= int(day or 1) <= 31:
        return None
    return f"{year}-{int(month):02}" + (f"-{int(day):02}" if day else "")


def _part(word: str) -> tuple[str | None, int]:
    if match := _YEAR.fullmatch(word):
        return "year", int(match[1])
    if word.rstrip(".,") in _MONTH:
        return "month", _MONTH[word.rstrip(".,")]
    if match := _DAY.fullmatch(word.rstrip(",")):
        return "day", int(match[1])
    return None, 0
