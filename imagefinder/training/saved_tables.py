"""Tables in plain text as spreadsheets save them: decoded, and parted into rows by each delimiter that is possible."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from imagefinder.domain.training import TrainingError

_DELIMITERS = ",;\t| "
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[ \t;,]*(?:\r\n|\r|\n)', re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class Row(NamedTuple):
    """``line`` is the line of the file that it begins on."""

    line: int
    cells: list[str]


def read_tables(file: Path) -> tuple[str, Sequence[list[Row]]]:
    """The first line with something in it, "" where there is none; and the rows by each delimiter, the likeliest first.

    Raises TrainingError for what is no table in plain text.
    """
    text, delimiter = _announced(_text(file))
    try:
        tables = [list(_rows(text, each)) for each in delimiter or _DELIMITERS]
    except csv.Error as error:
        raise _unreadable(file, str(error)) from error
    first = next((line.strip() for line in re.split(r"[\r\n]+", text) if re.search(r"\w", line)), "")
    return first, tables


def _text(file: Path) -> str:
    """Decoded by its mark. Bytes that are not UTF-8 stay what they are: they may be a name on the disk."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    if data.startswith(_WORKBOOKS):
        raise TrainingError(
            f"{file.name} is a workbook of a spreadsheet, not a table in plain text.", "Save it as CSV."
        )
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    if not mark and b"\0" in data[:2]:
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    try:
        if encoding == "utf-8":
            return data[len(mark) :].decode("utf-8", "surrogateescape")
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _unreadable(file, f"it is no {encoding.upper()}, as its beginning says") from error


def _unreadable(file: Path, why: str) -> TrainingError:
    return TrainingError(f"{file.name} cannot be read: {why}.", "Save it as a CSV table in UTF-8.")


def _announced(text: str) -> tuple[str, str]:
    """The table, and the delimiter where Excel's first line ``sep=;`` names it. The line stays empty, to be counted."""
    found = _SEPARATOR_LINE.match(text)
    return (f"\n{text[found.end() :]}", found[1]) if found else (text, "")


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    """Those with anything in them, and the line that each begins on."""
    spaced = f'{delimiter} "' in text  # a quote behind a space would be taken for a letter
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=spaced)
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield Row(line, cells)
        line = reader.line_num + 1
