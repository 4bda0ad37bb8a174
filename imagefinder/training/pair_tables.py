"""Pairs and triplets as tables (CSV), as this app writes them and as spreadsheets and statistics programs save them."""

import contextlib
import csv
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from imagefinder.domain.file_addresses import local_path
from imagefinder.domain.training import Pair, TrainingError
from imagefinder.training.pairs import Triplet
from imagefinder.training.saved_tables import Row, read_tables

COLUMNS = ("path_a", "path_b", "similar")
_EXPECTED = f"Its first line must be {','.join(COLUMNS)}; each line below has two paths, and 1 for similar or else 0."
_YES = ("1", "true", "t", "yes", "y", "similar", "same", "wahr", "ja", "vrai", "oui", "vero", "verdadero", "si", "waar")
_NO = (
    "0", "false", "f", "no", "n", "dissimilar", "different", "falsch", "nein", "faux", "non", "falso", "onwaar", "nee",
)  # fmt: skip
_LEGACY = ("cp1252", "latin-1", "cp1250", "mac_roman", "cp850")
"""What spreadsheets save in where they do not save UTF-8. Tried where a file is found by what it says."""
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_FORMS: tuple[Literal["NFC"], Literal["NFD"]] = ("NFC", "NFD")
LONGEST_SHOWN = 80
"""Characters of a line that a message repeats."""


def read_pairs(file: Path) -> list[Pair]:
    """A table with the columns path_a, path_b and similar (1 or 0), in any order, or three such columns without names.

    Commas, semicolons, tabs, | or spaces part the columns. Paths are relative to the folder of the table, or file:
    addresses. Raises TrainingError that names the line that is not like that.
    """
    first, tables = read_tables(file)
    for rows in filter(None, tables):
        places = _places([_as_name(cell) for cell in rows[0].cells])
        if places is not None:
            return _pairs(file, _without_row_names(rows), places)
    for rows in filter(None, tables):
        if _is_plainly_a_pair(rows[0].cells):
            return _pairs(file, rows, (0, 1, 2))
    if not first:
        raise TrainingError(f"There are no pairs in {file.name}: it is empty.", _EXPECTED)
    shown = first if len(first) <= LONGEST_SHOWN else f"{first[:LONGEST_SHOWN]}…"
    raise TrainingError(
        f"The first line of {file.name} must be {','.join(COLUMNS)}; it is {_visible(shown)}.", _EXPECTED
    )


def write_pairs(file: Path, pairs: Sequence[Pair]) -> None:
    """Such a table, whole or not at all; paths below its folder are written relative to it. Raises TrainingError."""
    _write(file, COLUMNS, [(_short(pair.first, file), _short(pair.second, file), int(pair.similar)) for pair in pairs])


def write_triplets(file: Path, triplets: Sequence[Triplet]) -> None:
    """A table with the columns anchor, positive and negative; the rest is as for pairs. Raises TrainingError."""
    _write(file, Triplet._fields, [tuple(_short(path, file) for path in triplet) for triplet in triplets])


def _as_name(cell: str) -> str:
    return re.sub(r"[\s-]+", "_", cell.strip().strip("'\"").strip().casefold())


def _places(names: Sequence[str]) -> tuple[int, int, int] | None:
    """Where the three columns are; None where one is missing or there twice."""
    if any(names.count(column) != 1 for column in COLUMNS):
        return None
    first, second, similar = (names.index(column) for column in COLUMNS)
    return first, second, similar


def _without_row_names(rows: Sequence[Row]) -> list[Row]:
    """The rows below the header. R's write.table puts a name before each, of which the header says nothing."""
    head, below = rows[0], list(rows[1:])
    if below and all(len(row.cells) == len(head.cells) + 1 and row.cells[-1].strip() for row in below):
        return [Row(row.line, row.cells[1:]) for row in below]
    return below


def _is_plainly_a_pair(cells: Sequence[str]) -> bool:
    return len(cells) > 2 and all(re.search(r"[./\\]", cell) for cell in cells[:2]) and _similar(cells[2]) is not None


def _similar(cell: str) -> bool | None:
    """None where the cell says neither."""
    said = cell.strip().strip("'\"").casefold()
    if said in _YES or said in _NO:
        return said in _YES
    try:
        number = float(said.replace(",", "."))
    except ValueError:
        return None
    return bool(number) if number in (0, 1) else None


def _pairs(file: Path, rows: Sequence[Row], places: tuple[int, int, int]) -> list[Pair]:
    pairs = []
    for line, cells in rows:
        first, second, said = (cells[place] if place < len(cells) else "" for place in places)
        similar = _similar(said)
        missing = [name for name, cell in zip(COLUMNS, (first, second, said), strict=True) if not cell.strip()]
        if missing:
            raise TrainingError(
                f"Line {line} of {file.name} is no pair: it has no {' and no '.join(missing)}.", _EXPECTED
            )
        if similar is None:
            raise TrainingError(
                f"Line {line} of {file.name} is no pair: similar is 1 or 0, and not {_visible(said.strip())}.",
                _EXPECTED,
            )
        pairs.append(Pair(_path(first, file.parent, line, file), _path(second, file.parent, line, file), similar))
    if not pairs:
        raise TrainingError(f"There are no pairs in {file.name}, only its first line.", _EXPECTED)
    return pairs


def _path(cell: str, folder: Path, line: int, file: Path) -> str:
    """The first reading of the cell that is there on the disk; where none is, the plain one, as will be told later."""
    readings = [str(folder / reading) for reading in _readings(cell) if "\0" not in reading]
    if not readings:
        raise TrainingError(
            f"Line {line} of {file.name} has an address that is no path of this computer: {_visible(cell.strip())}.",
            "Write the path of the file.",
        )
    plain = cell.isascii() and cell == cell.strip() and "\\" not in cell
    return readings[0] if plain else next((path for path in readings if os.path.exists(path)), readings[0])


def _readings(cell: str) -> Iterator[str]:
    """What a cell may mean, the most likely first."""
    bare = cell.strip()
    if bare[:5].lower() == "file:":
        path = local_path(bare)
        if path is not None:
            yield os.path.normpath(path)
        return
    spellings = [bare, cell]  # a name may begin or end with a space
    raw = bare.encode("utf-8", "surrogateescape")
    if _NOT_UTF8.search(bare):
        spellings += [raw.decode(name) for name in _LEGACY if _can(raw, name)]
    if os.sep == "/":
        spellings += [spelling.replace("\\", "/") for spelling in spellings if "\\" in spelling]
    yield from spellings
    for form in _FORMS:  # a table and a disk may compose letters in different ways
        yield from (unicodedata.normalize(form, each) for each in spellings)


def _can(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _visible(text: str) -> str:
    """For a message: line ends and bytes that are no text do not get into it."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _write(file: Path, columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    """With names that are not UTF-8 byte for byte, so that they are found again."""
    partial = file.with_name(f".{file.name}.part")
    try:
        with partial.open("w", encoding="utf-8", errors="surrogateescape", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(columns)
            writer.writerows(rows)
        partial.replace(file)
    except OSError as error:
        raise TrainingError(f"{file} cannot be written: {error.strerror or error}.", "Choose another place.") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _short(path: str, file: Path) -> str:
    try:
        return Path(path).relative_to(file.parent).as_posix()
    except ValueError:
        return path
