"""The published ground truths of the landmark benchmarks, read without trusting them.

Three forms: a folder with the text files of Oxford5k or Paris6k (NAME_query.txt, NAME_good.txt, NAME_ok.txt,
NAME_junk.txt); ``gnd_roxford5k.pkl`` and its like of the revisited benchmarks; and the same as JSON.
"""

import io
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imagefinder.domain.evaluation import EvaluationError
from imagefinder.evaluation.metrics import Ints

Box = tuple[float, float, float, float]
"""Left, top, right and bottom of what is asked for, in pixels of the upright picture."""

OXFORD_PREFIX = "oxc1_"
"""Oxford's query files put it before the names of their pictures."""
MAX_BYTES = 512 * 2**20
_FORMS = "A folder of *_query.txt files, gnd_*.pkl, or the same as .json is expected."


@dataclass(frozen=True, slots=True)
class TruthQuery:
    """One query. ``easy``, ``hard`` and ``junk`` are places in GroundTruth.images; nothing is in two of them."""

    image: str
    box: Box | None
    easy: Ints
    hard: Ints
    junk: Ints


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """``images`` are names without endings. ``revisited`` tells Easy/Medium/Hard from the one level of 2007."""

    images: tuple[str, ...]
    queries: tuple[TruthQuery, ...]
    revisited: bool
    closed: bool
    """Whether ``images`` is the whole gallery; else every photo that is there belongs to it."""


def read_ground_truth(path: Path) -> GroundTruth:
    """Read any of the forms. Raises EvaluationError, which says what is wrong with it."""
    try:
        if path.is_dir():
            return _from_folder(path)
        if path.stat().st_size > MAX_BYTES:
            raise EvaluationError(f"{path} is too large for a ground truth.", _FORMS)
        data = path.read_bytes()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise EvaluationError(f"The ground truth {path} could not be read: {reason}.", _FORMS) from error
    try:
        return _from_record(json.loads(data) if path.suffix.lower() == ".json" else load_plain_pickle(data))
    except EvaluationError as error:
        raise EvaluationError(f"{path} is not a ground truth: {error.message}", error.hint) from error
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"{path} is not a ground truth: {error}", _FORMS) from error


def load_plain_pickle(data: bytes) -> Any:
    """What a pickle holds, if that is plain containers, numbers, text and numpy arrays. Raises EvaluationError.

    A pickle is a program. This one may call nothing but numpy's constructors of arrays, types and scalars.
    """
    try:
        return _PlainUnpickler(io.BytesIO(data), encoding="latin1").load()
    except EvaluationError:
        raise
    except Exception as error:  # a damaged or hostile pickle ends in about any exception
        raise EvaluationError("The file is damaged, or no pickle.", _FORMS) from error


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise EvaluationError(
                f"It wants to run {module}.{name}, which no ground truth needs.", "Do not trust this file."
            ) from None


def _latin1(text: str, encoding: str = "latin1") -> bytes:
    """What Python 2's pickles call for bytes. Other codecs, some of which decompress, are not offered."""
    if encoding != "latin1":
        raise ValueError("only latin1 is expected")
    return text.encode("latin1")


def _from_buffer(buffer: bytes, kind: Any, shape: Any, order: Any) -> Any:
    """What numpy's own function of this name does. Arrays of objects cannot be made this way: numpy refuses."""
    return np.frombuffer(buffer, kind).reshape(shape, order=order)


def _numpy_constructors() -> dict[tuple[str, str], Callable[..., Any]]:
    # Under the names of numpy 1 and 2, whichever of them reads here.
    reconstruct: Callable[..., Any] = np.zeros(0).__reduce__()[0]  # type: ignore[assignment]  # typed as str
    scalar: Callable[..., Any] = np.float64(0).__reduce__()[0]  # type: ignore[assignment]  # likewise
    admitted: dict[tuple[str, str], Callable[..., Any]] = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): _latin1,
        ("builtins", "set"): set,
        ("__builtin__", "set"): set,
        ("__builtin__", "bytes"): lambda: b"",  # which is how the older protocols write that there are none
    }
    for module in ("numpy.core.multiarray", "numpy._core.multiarray"):
        admitted |= {(module, "_reconstruct"): reconstruct, (module, "scalar"): scalar}
    for module in ("numpy.core.numeric", "numpy._core.numeric"):
        admitted[module, "_frombuffer"] = _from_buffer
    return admitted


_ADMITTED = _numpy_constructors()


def _from_record(record: Any) -> GroundTruth:
    """From ``{"imlist": [...], "qimlist": [...], "gnd": [{"bbx", "easy", "hard", "junk"} or {"bbx", "ok", "junk"}]}``.

    Raises ValueError.
    """
    try:
        images = tuple(_name(each) for each in record["imlist"])
        asked = [_name(each) for each in record["qimlist"]]
        entries = list(record["gnd"])
        if len(asked) != len(entries):
            raise ValueError(f"it has {len(asked)} query pictures and {len(entries)} entries")
        revisited = all("easy" in entry for entry in entries)
        queries = tuple(_entry(image, entry, len(images)) for image, entry in zip(asked, entries, strict=True))
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if not queries:
        raise ValueError("it has no queries")
    return GroundTruth(images, queries, revisited, closed=True)


def _entry(image: str, entry: Any, count: int) -> TruthQuery:
    positive = "easy" if "easy" in entry else "ok"
    box = entry.get("bbx")
    return TruthQuery(
        image,
        None if box is None else _box([float(side) for side in box]),
        *(_places(entry.get(kind, ()), count) for kind in (positive, "hard", "junk")),
    )


def _places(given: Any, count: int) -> Ints:
    numbers = np.asarray(given)
    places = np.unique(numbers.astype(np.int64)) if numbers.size else np.zeros(0, np.int64)
    if numbers.dtype.kind not in "iu" and numbers.size:
        raise ValueError("its lists must hold whole numbers")
    if len(places) and not (places[0] >= 0 and places[-1] < count):
        raise ValueError(f"it names picture {places[-1] if places[0] >= 0 else places[0]} of {count}")
    return places


def _box(sides: list[float]) -> Box:
    if len(sides) != 4 or not np.isfinite(sides).all():
        raise ValueError("a box has four sides")
    return sides[0], sides[1], sides[2], sides[3]


def _name(given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError("its lists of pictures must hold names")
    return without_ending(given)


def without_ending(name: str) -> str:
    """The name that a picture has in a ground truth: without its folder and the usual endings."""
    base = name.replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = base.rpartition(".")
    return stem if dot and ending.lower() in ("jpg", "jpeg", "png", "webp") else base


def _from_folder(folder: Path) -> GroundTruth:
    asked = sorted(folder.glob("*_query.txt"))
    if not asked:
        raise EvaluationError(f"There are no *_query.txt files in {folder}.", _FORMS)
    places: dict[str, int] = {}
    queries = []
    for file in asked:
        words = file.read_text(encoding="utf-8").split()
        try:
            box = _box([float(word) for word in words[1:5]])
        except ValueError as error:
            raise EvaluationError(f"{file} should hold a name and four numbers.", _FORMS) from error
        start = file.name.removesuffix("_query.txt")
        listed = [(folder / f"{start}_{kind}.txt").read_text(encoding="utf-8").split() for kind in _KINDS]
        easy, hard, junk = (
            np.array(sorted({places.setdefault(without_ending(name), len(places)) for name in names}), np.int64)
            for names in listed
        )
        queries.append(TruthQuery(without_ending(words[0].removeprefix(OXFORD_PREFIX)), box, easy, hard, junk))
    return GroundTruth(tuple(places), tuple(queries), revisited=False, closed=False)


_KINDS = ("good", "ok", "junk")
