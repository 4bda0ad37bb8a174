"""How the window speaks of models: badges, sizes, speeds, and what a switch costs."""

from PySide6.QtCore import QCoreApplication

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.models import ModelInfo
from imagefinder.domain.progress import Progress
from imagefinder.ui import wording

translate = QCoreApplication.translate
MEGABYTE = 1_000_000


def problem(error: ImageFinderError) -> str:
    """What happened and what to do, as sentences. What others report, as a server or a library, ends without a dot."""
    happened = error.message if error.message.endswith((".", "!", "?")) else f"{error.message}."
    return f"{happened} {error.hint}".rstrip()


def badge(info: ModelInfo) -> str:
    """The state in two or three words."""
    if info.active:
        return translate("models", "in use")
    if info.state == "ready":
        return translate("models", "default") if info.default else translate("models", "ready")
    if info.state == "to install":
        return translate("models", "to install")
    if info.state == "to download":
        if not info.bytes:
            return translate("models", "download")
        return translate("models", "download {size}").format(size=size(info.bytes))
    if info.state == "damaged":
        return translate("models", "damaged")
    return translate("models", "needs a file")


def good_at(info: ModelInfo) -> str:
    """One sentence, or two for the default."""
    default = translate("models", "New libraries begin with it.") if info.default else ""
    return f"{info.good_at} {default}".strip()


def traits(info: ModelInfo) -> str:
    """The line below the name in the list: what tells one model from the next, warnings first."""
    kept = info.in_library.bytes if info.in_library is not None and not info.active else 0
    parts = [
        translate("models", "Not for commercial use") if info.commercial is False else "",
        translate("models", "{size} kept").format(size=size(kept)) if kept else "",
        wording.rate(info.photos_per_second) if info.photos_per_second else "",
        info.good_at,
    ]
    return wording.DOT.join(part for part in parts if part)


def size(count: int) -> str:
    """88241000 -> "88 MB": nobody chooses by a decimal, except among the small ones and the huge ones."""
    if not 10 * MEGABYTE <= count < 1000 * MEGABYTE:
        return wording.file_size(count)
    return translate("models", "{count} MB").format(count=wording.grouped(round(count / MEGABYTE)))


def part_of(done: int, total: int) -> str:
    """ "34 of 88 MB"."""
    if not total:
        return size(done)
    if not 10 * MEGABYTE <= total < 1000 * MEGABYTE:
        return translate("models", "{done} of {total}").format(done=size(done), total=size(total))
    return translate("models", "{done} of {total} MB").format(
        done=wording.grouped(round(done / MEGABYTE)), total=wording.grouped(round(total / MEGABYTE))
    )


def download_button(info: ModelInfo) -> str:
    if info.downloaded_bytes:
        return translate("models", "Resume download ({part})…").format(part=part_of(info.downloaded_bytes, info.bytes))
    if info.bytes:
        return translate("models", "Download ({size})…").format(size=size(info.bytes))
    return translate("models", "Download…")


def download_question(info: ModelInfo, host: str) -> tuple[str, str]:
    """The question before a download, and what it touches: which server, how much, and what not."""
    left = max(0, info.bytes - info.downloaded_bytes)
    much = size(left) if left else translate("models", "A file of unknown size")
    return (
        translate("models", "Download {name}?").format(name=info.name),
        translate(
            "models",
            "{much} will be fetched from {host}, which may hand over to a file server of its own. Nothing is sent of "
            "your photos, and imagefinder goes nowhere else.",
        ).format(much=much, host=host or translate("models", "its publisher")),
    )


def how_far(progress: Progress) -> str:
    """Of a download: "34 of 88 MB · 2.1 MB/s · about 30 s left"."""
    if not (progress.done or progress.total):
        return translate("models", "Connecting…")
    parts = [part_of(progress.done, progress.total)]
    if progress.per_second > 0:
        parts.append(translate("models", "{size}/s").format(size=wording.file_size(round(progress.per_second))))
    if progress.seconds_left is not None and progress.done < progress.total:
        parts.append(translate("wording", "{time} left").format(time=wording.duration(progress.seconds_left)))
    return wording.DOT.join(parts)


def what_using_costs(info: ModelInfo, photos: int) -> str:
    """What happens on "Use for this library", where ``photos`` are in it."""
    if info.active:
        pending = info.in_library.pending if info.in_library is not None else 0
        if pending:
            return translate("models", "This library is searched with it. {photos} are still to be read.").format(
                photos=wording.photos(pending)
            )
        return translate("models", "This library is searched with it.")
    if photos == 0:
        return translate("models", "There are no photos yet. The first ones will be read with it.")
    seen = info.in_library
    if seen is not None and seen.photos and not seen.pending:
        return translate("models", "It has read all {photos} already: the switch is immediate.").format(
            photos=wording.photos(photos)
        )
    pending = min(photos, seen.pending) if seen is not None else photos
    if pending < photos:
        what = translate("models", "{pending} of {photos} are read once more").format(
            pending=wording.grouped(pending), photos=wording.photos(photos)
        )
    else:
        what = translate("models", "All {photos} are read once more").format(photos=wording.photos(photos))
    until = translate("models", "The current model answers until then.")
    if not info.photos_per_second:
        return f"{what}. {until}"
    long = wording.duration(pending / info.photos_per_second)
    return translate("models", "{what}, {long}. {until}").format(what=what, long=long, until=until)


def removal(info: ModelInfo, here: str) -> str:
    """What removing a model touches. ``here`` is the folder of the library that is open."""
    if not info.removable:
        return translate("models", "{size} of an unfinished download will be deleted.").format(
            size=size(info.downloaded_bytes)
        )
    sentences = [translate("models", "Its file of {size} will be deleted.").format(size=size(info.bytes))]
    users = [wording.shown(library) for library in info.libraries if library != here]
    if here in info.libraries:
        users.insert(0, translate("models", "this library"))
    if users:
        sentences.append(
            translate("models", "It is used by {libraries}. No search with it is possible there any more.").format(
                libraries=", ".join(users)
            )
        )
    return " ".join(sentences)
