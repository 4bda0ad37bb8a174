"""Dates as people write them: "2019", "march 2021", "15 March 2021", "2021-03", "März 2021", "2021年3月"."""

import re
from collections.abc import Sequence

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
LONGEST = 3
"""Of how many words a date is made at most."""
_MONTH = {name: number for number, names in enumerate(MONTHS, start=1) for name in names}
_YEAR = re.compile(r"(1[89]\d\d|20\d\d|21\d\d)年?")
_DAY = re.compile(r"(\d{1,2})(?:\.|st|nd|rd|th|日|号)?")
_NUMBERS = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(?:(\d{1,2})[日号])?")
_GERMAN = re.compile(r"(?:(\d{1,2})\.)?(\d{1,2})\.(\d{4})")


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
        return f"????-{_MONTH[word]:02}" if word in _MONTH and len(word) > 3 else None
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
