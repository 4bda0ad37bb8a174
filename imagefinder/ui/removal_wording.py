"""How the window says what is missing, what leaves the library, and that it can be brought back."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from imagefinder.domain.images import KEPT_DAYS, FolderState, Removal, RemovalReason
from imagefinder.ui import wording

if TYPE_CHECKING:
    from imagefinder.usecases.missing import Going

translate = QCoreApplication.translate

KINDS_SHOWN = 6
"""Of the kinds of files that were passed over."""


def reason(why: RemovalReason) -> str:
    """Why photos left the library, as an entry of a list."""
    return {
        "deleted": translate("removals", "Their files were deleted or moved away"),
        "replaced": translate("removals", "Another picture has their place"),
        "excluded": translate("removals", "Left out by exclude patterns"),
        "forgotten": translate("removals", "Missing, and forgotten"),
        "trashed": translate("removals", "Moved to the trash"),
        "folder": translate("removals", "Their folder was removed from the library"),
    }[why]


def hint(why: RemovalReason) -> str:
    """What to know before bringing them back."""
    return {
        "deleted": translate("removals", "Photos whose files are missing come back as offline."),
        "replaced": translate("removals", "Photos whose place another one has by now stay here."),
        "excluded": translate("removals", "Change the exclude patterns of the folder first, or they leave again."),
        "forgotten": translate("removals", "Photos whose files are missing come back as offline."),
        "trashed": translate(
            "removals", "Restore the files from the trash as well. Until then, the photos are offline."
        ),
        "folder": translate("removals", "The folder is added again, with its exclude patterns."),
    }[why]


def left(photos: int, labelled: int, reasons: Iterable[RemovalReason]) -> str:
    """What a run of indexing took out of the library: "7 photos left the library: their files were deleted."

    ``labelled`` counts also those in whose place another picture was found, which are not among ``photos``.
    """
    one = photos == 1 or (photos == 0 and labelled == 1)
    words = [_because(why, one) for why in reasons]
    if photos:
        start = (
            translate("removals", "1 photo left the library")
            if one
            else translate("removals", "{count} photos left the library").format(count=wording.grouped(photos))
        )
        sentences = [f"{start}: {_or(words)}." if words else f"{start}."]
        if labelled:
            text = (
                translate("removals", "One of them had a label that you gave it.")
                if labelled == 1
                else translate("removals", "{count} of them had labels that you gave them.")
            )
            if labelled >= photos:
                text = (
                    translate("removals", "It had a label that you gave it.")
                    if one
                    else translate("removals", "They had labels that you gave them.")
                )
            sentences.append(text.format(count=wording.grouped(labelled)))
        return " ".join(sentences)
    start = (
        translate("removals", "The label of 1 photo is set aside")
        if one
        else translate("removals", "The labels of {count} photos are set aside").format(count=wording.grouped(labelled))
    )
    return f"{start}: {_or(words)}." if words else f"{start}."


def _because(why: RemovalReason, one: bool) -> str:
    if one:
        return {
            "deleted": translate("removals", "its file was deleted or moved away"),
            "replaced": translate("removals", "another picture has its place"),
            "excluded": translate("removals", "an exclude pattern leaves it out"),
            "forgotten": translate("removals", "its file was missing"),
            "trashed": translate("removals", "it is in the trash"),
            "folder": translate("removals", "its folder was removed"),
        }[why]
    return {
        "deleted": translate("removals", "their files were deleted or moved away"),
        "replaced": translate("removals", "other pictures have their places"),
        "excluded": translate("removals", "exclude patterns leave them out"),
        "forgotten": translate("removals", "their files were missing"),
        "trashed": translate("removals", "they are in the trash"),
        "folder": translate("removals", "their folder was removed"),
    }[why]


def _or(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return translate("removals", "{first}, or {last}").format(first=", ".join(words[:-1]), last=words[-1])


def removing(going: "Going") -> str:
    """What removing a folder from the library touches."""
    folder = going.folder
    stay = translate("removals", "The files in {path} stay as they are.").format(path=wording.shown(folder.path))
    if not going.photos:
        return stay
    gone = translate("removals", "{photos} will no longer be found{labelled}.")
    gone = gone.format(photos=wording.photos(going.photos), labelled=_with_labels(going))
    return f"{gone} {stay}\n\n{_kept()}"


def forgetting(going: "Going") -> str:
    """What it touches to say that all that is missing from a folder is gone."""
    folder = going.folder
    if folder.state is FolderState.OFFLINE:
        text = translate(
            "removals", "Of its {photos}{labelled}, those whose files are not in {path} now leave the library."
        )
    elif going.photos == 1:
        text = translate("removals", "{photos} whose file is not in {path} now leaves the library{labelled}.")
    else:
        text = translate("removals", "{photos} whose files are not in {path} now leave the library{labelled}.")
    gone = text.format(
        photos=wording.photos(going.photos), labelled=_with_labels(going), path=wording.shown(folder.path)
    )
    return f"{gone} {translate('removals', 'No file is touched.')}\n\n{_kept()}"


def _with_labels(going: "Going") -> str:
    if not going.labelled:
        return ""
    if going.labelled == going.photos:
        return (
            translate("removals", ", with the label that you gave it")
            if going.photos == 1
            else translate("removals", ", all with labels that you gave them")
        )
    text = (
        translate("removals", ", {count} of them with a label that you gave it")
        if going.labelled == 1
        else translate("removals", ", {count} of them with labels that you gave them")
    )
    return text.format(count=wording.grouped(going.labelled))


def _kept() -> str:
    return translate(
        "removals", "They can be brought back for {days} days, labels included: Edit > Bring back removed photos."
    ).format(days=KEPT_DAYS)


def removed_folder(name: str, photos: int) -> str:
    if not photos:
        return translate("removals", "“{folder}” was removed.").format(folder=name)
    return translate("removals", "“{folder}” was removed with {photos}.").format(
        folder=name, photos=wording.photos(photos)
    )


def brought_back(wanted: int, count: int) -> str:
    """``count`` of the ``wanted`` photos are back; the places of the others are taken."""
    if count == wanted == 1:
        return translate("removals", "1 photo is back.")
    if count == wanted:
        return translate("removals", "{count} photos are back.").format(count=wording.grouped(count))
    if not count:
        return translate("removals", "Nothing was brought back: other photos have their places.")
    return translate("removals", "{count} of {photos} are back. Other photos have the places of the rest.").format(
        count=wording.grouped(count), photos=wording.photos(wanted)
    )


def missing_labelled(folder: str, count: int) -> str:
    if count == 1:
        return translate("removals", "1 labelled photo is missing from “{folder}”. It is kept.").format(folder=folder)
    return translate("removals", "{count} labelled photos are missing from “{folder}”. They are kept.").format(
        count=wording.grouped(count), folder=folder
    )


def row(removal: Removal) -> tuple[str, str, str, str, str]:
    """When, how many, how many of them labelled, from where, and why."""
    labelled = wording.grouped(removal.labelled) if removal.labelled else ""
    return (
        wording.moment(removal.at),
        wording.grouped(removal.photos),
        labelled,
        wording.shown(removal.root),
        reason(removal.why),
    )


def passed_over(others: Mapping[str, int]) -> str:
    """ "9 files of other kinds were passed over: 4 txt, 3 psd, 2 without an extension."; "" for none."""
    total = sum(others.values())
    if not total:
        return ""
    most = sorted(others.items(), key=lambda item: (-item[1], item[0]))
    without = translate("removals", "without an extension")
    kinds = [f"{wording.grouped(count)} {wording.shown(kind) or without}" for kind, count in most[:KINDS_SHOWN]]
    if len(most) > KINDS_SHOWN:
        rest = sum(count for _, count in most[KINDS_SHOWN:])
        kinds.append(translate("removals", "{count} others").format(count=wording.grouped(rest)))
    text = (
        translate("removals", "1 file of another kind was passed over: {kinds}.")
        if total == 1
        else translate("removals", "{count} files of other kinds were passed over: {kinds}.")
    )
    return text.format(count=wording.grouped(total), kinds=", ".join(kinds))
