"""How the window says what words were taken for."""

from collections.abc import Sequence

from imagefinder.domain.words import Kind, Suggestion, Understood
from imagefinder.ui import wording

translate = wording.translate


def kind(kind: Kind) -> str:
    """Where a word comes from."""
    return {
        "shown": translate("words", "shown in photos"),
        "label": translate("words", "label"),
        "folder": translate("words", "folder"),
        "camera": translate("words", "camera"),
        "date": translate("words", "date"),
        "file": translate("words", "in file names"),
    }[kind]


def source(suggestion: Suggestion) -> str:
    """Where a word comes from, and how many photos it names: "label · 12 photos"."""
    if suggestion.photos is None:
        return kind(suggestion.kind)
    return f"{kind(suggestion.kind)}{wording.DOT}{wording.photos(suggestion.photos)}"


def meant(terms: Sequence[Understood]) -> str:
    """What a text was taken for, part by part: "strawberry (shown in photos) · 2021 (date)"."""
    said = translate("words", "{word} ({meaning})")
    return wording.DOT.join(
        said.format(word=wording.shown(term.text), meaning=", ".join(kind(each) for each in term.kinds))
        for term in terms
    )
