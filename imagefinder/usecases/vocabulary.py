"""The words that mean something in a library: what its model can see, and what is written about its photos."""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from imagefinder.domain.dates import LONGEST as LONGEST_DATE
from imagefinder.domain.dates import moments_of
from imagefinder.domain.words import Kind, Suggestion, Term, UnknownWord
from imagefinder.embedding.class_words import ClassWords, normalised
from imagefinder.storage.library import Library
from imagefinder.storage.text_view import PhotoText

LONGEST = 5
"""How many words in a row are looked up as one."""
PROPOSED = 3
STALE_SECONDS = 5.0
"""While the library changes, as it does all the time while it is indexed, words may be so old."""
FILLING = frozenset(
    {"a", "an", "and", "at", "by", "from", "in", "is", "of", "on", "the", "to", "with"}
    | {"am", "auf", "das", "der", "die", "ein", "eine", "im", "mit", "und", "von", "vom"}
)
"""Between words that mean something, these mean nothing."""
_ORDER: tuple[Kind, ...] = ("label", "shown", "folder", "camera", "date", "file")


class _Named(NamedTuple):
    """Photos under one name."""

    written: str
    photos: list[int]


class Vocabulary:
    """What words mean in one library at one moment. Safe to ask from any thread."""

    def __init__(
        self, texts: Iterable[PhotoText], labels: Mapping[int, str], classes: ClassWords | None = None
    ) -> None:
        self._classes = classes
        self._named: dict[Kind, dict[str, _Named]] = {"label": {}, "folder": {}, "camera": {}}
        self._moments: dict[str, list[int]] = defaultdict(list)
        self._files: list[tuple[str, int]] = []
        below: dict[tuple[str, str], list[int]] = defaultdict(list)
        cameras: dict[str, list[int]] = defaultdict(list)
        for text in texts:
            below[text.root, text.folder].append(text.photo_id)
            if text.camera:
                cameras[text.camera].append(text.photo_id)
            if text.moment:
                self._moments[text.moment[:10]].append(text.photo_id)
            self._files.append((text.name.casefold(), text.photo_id))
        for (root, folder), photos in below.items():
            for part in _parts(root, folder):
                self._note("folder", part, photos)
        for camera, photos in cameras.items():
            self._note("camera", camera, photos)
            maker, _, model = camera.partition(" ")
            for part in (maker, model):
                if len(part) > 1:
                    self._note("camera", part, photos)
        labelled: dict[str, list[int]] = defaultdict(list)
        for photo_id, label in labels.items():
            labelled[label].append(photo_id)
        for label, photos in labelled.items():
            self._note("label", label, photos)

    def terms(self, text: str) -> list[Term]:
        """What a text asks for, part by part: as many words as possible are taken as one, then the next.

        Raises UnknownWord, with the nearest words that mean something, for a part that means nothing here.
        """
        words = [word for word in re.split(r"[\s,;]+", text) if normalised(word)]
        found: list[Term] = []
        at = 0
        while at < len(words):
            for count in range(min(LONGEST, len(words) - at), 0, -1):
                term = self._term(words[at : at + count])
                if term is not None:
                    found.append(term)
                    at += count
                    break
            else:
                if words[at].casefold() not in FILLING:
                    raise self._unknown(words[at])
                at += 1
        return found

    def suggestions(self, typed: str, limit: int) -> list[Suggestion]:
        """Words that what was typed may become, whole names first; of a text with spaces also its last word alone."""
        found: dict[tuple[str, str], Suggestion] = {}
        start = normalised(typed)
        if not start:
            return []
        for kind in ("label", "folder", "camera"):
            for key, named in self._named[kind].items():
                if key.startswith(start) or f" {start}" in key:
                    found[kind, key] = Suggestion(named.written, kind, len(named.photos))
        if (moments := moments_of(typed.casefold().split()[:LONGEST_DATE])) is not None:
            found["date", typed] = Suggestion(typed.strip(), "date", len(self._taken(moments)))
        for word, concept in self._classes.completions(typed, limit) if self._classes is not None else ():
            other = normalised(word) != normalised(concept.name)
            found["shown", word] = Suggestion(word, "shown", meaning=concept.name if other else "")
        if len(start) > 2 and (files := self._in_names(typed)):
            found["file", start] = Suggestion(typed.strip(), "file", len(files))
        best = sorted(
            found.values(),
            key=lambda each: (
                normalised(each.word) != start,
                not normalised(each.word).startswith(start),
                each.kind == "file",
                len(each.word),
                _ORDER.index(each.kind),
            ),
        )
        return best[:limit]

    def _note(self, kind: Kind, name: str, photos: Sequence[int]) -> None:
        key = normalised(name)
        if key:
            self._named[kind].setdefault(key, _Named(name, [])).photos.extend(photos)

    def _term(self, words: Sequence[str]) -> Term | None:
        text = " ".join(words)
        moments = moments_of([normalised(word) or word for word in words]) if len(words) > 1 else None
        moments = moments or (moments_of([words[0].casefold()]) if len(words) == 1 else None)
        if moments is not None:
            return Term(text, photos=frozenset(self._taken(moments)), kinds=("date",))
        key = normalised(text)
        kinds: list[Kind] = []
        photos: set[int] = set()
        for kind, names in self._named.items():
            if key in names:
                kinds.append(kind)
                photos.update(names[key].photos)
        concepts = self._classes.find(text) if self._classes is not None else ()
        classes = tuple(dict.fromkeys(place for concept in concepts for place in concept.classes))
        if classes:
            kinds.append("shown")
        if not kinds and len(words) == 1 and (files := self._in_names(text)):
            kinds.append("file")
            photos.update(files)
        return Term(text, classes, frozenset(photos) if photos else None, tuple(kinds)) if kinds else None

    def _taken(self, moments: str) -> list[int]:
        if moments.startswith("?"):
            chosen = [day for day in self._moments if day[5:].startswith(moments[5:])]
        else:
            chosen = [day for day in self._moments if day.startswith(moments)]
        return [photo for day in chosen for photo in self._moments[day]]

    def _in_names(self, text: str) -> list[int]:
        wanted = text.strip().casefold()
        return [photo for name, photo in self._files if wanted in name]

    def _unknown(self, word: str) -> UnknownWord:
        import difflib

        named = [name.written for names in self._named.values() for name in names.values()]
        near = difflib.get_close_matches(word, named, PROPOSED, 0.7)
        near += self._classes.nearest(word, PROPOSED) if self._classes is not None else []
        proposed = ", ".join(f"“{each}”" for each in dict.fromkeys(near[:PROPOSED]))
        if proposed:
            return UnknownWord(f"Nothing here is known as “{word}”.", f"Did you mean {proposed}?")
        if self._classes is None:
            return UnknownWord(
                f"Nothing here is known as “{word}”.",
                "This model has no words for what photos show: labels, folders, files, cameras and dates can be named.",
            )
        return UnknownWord(f"Nothing here is known as “{word}”.", "Try a simpler or broader word.")


class Vocabularies:
    """The vocabulary of a library, made again when the library has changed. For one thread."""

    def __init__(self) -> None:
        self._stamp: object = None
        self._made = 0.0
        self._vocabulary: Vocabulary | None = None

    def of(self, library: Library, classes: ClassWords | None, may_be_stale: bool = False) -> Vocabulary:
        """As the library is now, or a few seconds ago if it ``may_be_stale``. 100,000 photos take a quarter second."""
        stamp = (library.text_stamp(), id(classes))
        fresh = stamp == self._stamp or (may_be_stale and time.monotonic() - self._made < STALE_SECONDS)
        if self._vocabulary is None or not fresh:
            self._vocabulary = Vocabulary(library.photo_texts(), library.labelled_photos(), classes)
            self._stamp, self._made = stamp, time.monotonic()
        return self._vocabulary


def _parts(root: str, folder: str) -> list[str]:
    """The names of the root and of each folder below it on the way to ``folder``."""
    return list(dict.fromkeys([Path(root).name, *Path(folder).relative_to(root).parts]))
