"""How the window says numbers, times, sizes, dates and paths."""

import re
from datetime import datetime
from html import escape

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale
from PySide6.QtGui import Qt

from imagefinder.domain.images import FileStamp, Folder, FolderState, ImageInfo, IndexSummary
from imagefinder.domain.progress import Progress

translate = QCoreApplication.translate

_NO_BREAK = "\N{NO-BREAK SPACE}"
_WORD_JOINER = "\N{WORD JOINER}"
DOT = f"{_NO_BREAK}· "
_WEEKDAY = re.compile(r"\W*dddd?[,.]?\s*")
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def shown(path: str) -> str:
    """A path or name as one line that any widget can show: what is not a character becomes �.

    Names that are not UTF-8 hold lone surrogates, which a QString loses; so this is for the eye only.
    """
    return _HIDDEN.sub("\N{REPLACEMENT CHARACTER}", path)


def tip(text: str) -> str:
    """For a tooltip, which takes what looks like markup for markup: a name may well look so."""
    return f"<p style='white-space:pre-wrap'>{escape(text)}</p>" if Qt.mightBeRichText(text) else text


def grouped(number: int) -> str:
    """12480 -> "12,480", the way this person's country writes it."""
    return _locale().toString(number)


def photos(number: int) -> str:
    return (
        translate("wording", "1 photo")
        if number == 1
        else translate("wording", "{count} photos").format(count=grouped(number))
    )


def could_not_be_read(number: int) -> str:
    return translate("wording", "{count} could not be read").format(count=grouped(number))


def damaged(number: int) -> str:
    return translate("wording", "{count} damaged").format(count=grouped(number))


def files_could_not_be_read(number: int) -> str:
    if number == 1:
        return translate("wording", "1 file could not be read.")
    return translate("wording", "{count} files could not be read.").format(count=grouped(number))


def files_are_damaged(number: int) -> str:
    if number == 1:
        return translate("wording", "1 is damaged, and shown as far as it goes.")
    return translate("wording", "{count} are damaged, and shown as far as they go.").format(count=grouped(number))


def file_size(size: int) -> str:
    """3412345 -> "3.4 MB"."""
    precision = 0 if size < 1_000_000 else 1
    return _locale().formattedDataSize(size, precision, QLocale.DataSizeFormat.DataSizeSIFormat)


def duration(seconds: float) -> str:
    """How long something takes, as a person would say it: "a few seconds", "about 5 min", "about 2 h"."""
    if seconds < 8:
        return translate("wording", "a few seconds")
    if seconds < 50:
        return translate("wording", "about {count} s").format(count=max(10, round(seconds / 10) * 10))
    if seconds < 50 * 60:
        return translate("wording", "about {count} min").format(count=max(1, round(seconds / 60)))
    hours = seconds / 3600
    return translate("wording", "about {count} h").format(
        count=_locale().toString(max(1.0, round(hours * 2) / 2), "g", 4)
    )


def rate(per_second: float) -> str:
    number = _locale().toString(per_second, "f", 1) if 0 < per_second < 9.95 else grouped(round(per_second))
    return translate("wording", "{count} photos/s").format(count=number)


def date(info: ImageInfo, stamp: FileStamp) -> str:
    """When the photo was taken, or else when its file was last changed."""
    moment = QDateTime.fromString(info.taken_at, "yyyy-MM-dd HH:mm:ss")
    if not moment.isValid():
        moment = QDateTime.fromMSecsSinceEpoch(stamp.mtime_ns // 1_000_000)
    without_weekday = _WEEKDAY.sub("", _locale().dateFormat(QLocale.FormatType.LongFormat)).strip()
    return _locale().toString(moment, f"{without_weekday} HH:mm")


def moment(when: datetime) -> str:
    """A date with its time, as short as the desktop writes them. ``when`` has a time zone."""
    return _locale().toString(QDateTime.fromSecsSinceEpoch(int(when.timestamp())), QLocale.FormatType.ShortFormat)


def dimensions(info: ImageInfo) -> str:
    return f"{grouped(info.width)} \N{MULTIPLICATION SIGN} {grouped(info.height)}"


def folder_state(folder: Folder) -> str:
    """A folder that has photos and was never scanned to the end is not finished: a rescan goes on with it."""
    if folder.state is FolderState.NEW and folder.photos:
        return translate("wording", "not finished")
    return {
        FolderState.NEW: translate("wording", "new"),
        FolderState.INDEXED: translate("wording", "indexed"),
        FolderState.SCANNING: translate("wording", "scanning"),
        FolderState.OFFLINE: translate("wording", "offline"),
    }[folder.state]


def folder_facts(folder: Folder, short: bool = False) -> str:
    """The line under a folder's name: "12,480 photos · indexed · 480 offline"; ``short``: without the state."""
    parts = [photos(folder.photos), folder_state(folder)]
    if folder.away and folder.state is not FolderState.OFFLINE:  # which says it of all of them
        away = translate("wording", "{count} offline").format(count=grouped(folder.away))
        parts = [parts[0], away] if short else [*parts, away]
    return DOT.join(parts)


def doing(progress: Progress) -> str:
    """What the app is at, as a heading."""
    return {
        "looking": translate("wording", "Looking for photos"),
        "reading": translate("wording", "Indexing"),
        "saving": translate("wording", "Saving"),
        "rebuilding": translate("wording", "Rebuilding the index"),
        "embedding": translate("wording", "Looking at photos"),
        "mining": translate("wording", "Looking for hard cases"),
        "training": translate("wording", "Learning"),
        "measuring": translate("wording", "Measuring"),
        "checking": translate("wording", "Checking the library"),
        "drawing": translate("wording", "Drawing pictures"),
        "downloading": translate("wording", "Downloading"),
    }[progress.phase]


def how_far(progress: Progress) -> str:
    """Up to two lines, such as "1,204 of 12,480 · 41 photos/s" and "about 5 min left"."""
    if not progress.total:
        return translate("wording", "{count} found").format(count=grouped(progress.done)) if progress.done else ""
    parts = [
        translate("wording", "{done} of {total}").format(done=grouped(progress.done), total=grouped(progress.total))
    ]
    if progress.per_second > 0 and progress.phase in ("reading", "drawing", "embedding"):
        parts.append(rate(progress.per_second))
    # A narrow card breaks the line between the parts, not within them.
    line = DOT.join(part.replace(" ", _NO_BREAK).replace("/", f"/{_WORD_JOINER}") for part in parts)
    if progress.seconds_left is None or progress.done >= progress.total:
        return line
    return line + "\n" + translate("wording", "{time} left").format(time=duration(progress.seconds_left))


def outcome(summary: IndexSummary) -> str:
    """One sentence about a run of indexing that is over."""
    counts = (
        (summary.added, translate("wording", "{count} added")),
        (summary.updated, translate("wording", "{count} updated")),
        (summary.moved, translate("wording", "{count} moved")),
        (summary.removed, translate("wording", "{count} removed")),
    )
    happened = ", ".join(text.format(count=grouped(number)) for number, text in counts if number)
    if summary.cancelled:
        if happened:
            return translate("wording", "Stopped: {what}. F5 goes on.").format(what=happened)
        return translate("wording", "Stopped. F5 goes on.")
    if happened:
        return translate("wording", "Done: {what}.").format(what=happened)
    if summary.offline or summary.away:
        return translate("wording", "Everything that is connected is up to date.")
    return translate("wording", "Everything is up to date.")


def _locale() -> QLocale:
    """Without a locale (plain C) Qt groups no digits."""
    own = QLocale()
    return own if own.language() != QLocale.Language.C else QLocale(QLocale.Language.English)
