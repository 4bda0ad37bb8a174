"""Write an evaluation for others to read: a table, or a page with pictures."""

import contextlib
import os
from pathlib import Path

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.evaluation import EvaluationError, EvaluationReport
from imagefinder.domain.progress import CancelToken
from imagefinder.evaluation.report_html import as_html, pictures
from imagefinder.evaluation.report_text import as_csv, as_record, as_text
from imagefinder.imaging.reading import fit
from imagefinder.imaging.thumbnails import encode_pixels

__all__ = ["as_record", "as_text", "check_writable", "write_csv", "write_html"]

SIDE = 160
"""The longest side of a picture in the page, in pixels."""


def write_csv(report: EvaluationReport, target: Path) -> None:
    """A row for each model, class and metric. Raises EvaluationError where it cannot be written."""
    _write(target, as_csv(report))


def write_html(report: EvaluationReport, target: Path, token: CancelToken) -> None:
    """One file with everything in it, small pictures too. Raises EvaluationError, Cancelled."""
    thumbnails: dict[str, bytes] = {}
    for path in pictures(report):
        token.check()
        with contextlib.suppress(UnreadableImage):  # it went away since; its name is shown without a picture
            thumbnails[path] = encode_pixels(fit(path, SIDE, SIDE))
    _write(target, as_html(report, thumbnails))


def check_writable(target: Path) -> None:
    """Say now, not after an hour of work, that ``target`` cannot be written. Raises EvaluationError."""
    if not target.name or target.is_dir():
        raise EvaluationError(f"{target} is a folder.", "Name a file in it.")
    if not target.absolute().parent.is_dir():
        raise EvaluationError(f"The folder of {target} does not exist.", "Make it, or choose another place.")


def _write(target: Path, text: str) -> None:
    """The file appears whole or not at all. Names that are no valid text are written escaped."""
    check_writable(target)
    partial = target.with_name(target.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")
        os.replace(partial, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        reason = error.strerror or str(error)
        raise EvaluationError(f"{target} could not be written: {reason}.", "Choose another place.") from error
