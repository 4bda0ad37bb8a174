"""The words that mean something in a library: what its model can see, and what is written about its photos."""

import difflib
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from imagefinder.domain.dates import LONGEST as LONGEST_DATE
from imagefinder.domain.dates import MONTHS, Days, days_of
from imagefinder.domain.words import Kind, Suggestion, Term, UnknownWord
from imagefinder.embedding.class_words import ClassWords, normalised
from imagefinder.storage.library import Library
from imagefinder.storage.text_view import PhotoText

LONGEST = 5
"""How many words in a row are looked up as one."""
PROPOSED = 3
OWN = 5
"""So many names of the person's own come before the last word for what photos show."""
LOOKED_AT = 400
"""Words for what photos show that begin alike; the broadest of them are suggested first."""
MUCH_LESS = 0.15
"""A word that is so much less like what was typed than the most like one is not proposed beside it."""
STALE_SECONDS = 5.0
"""While the library changes, as it does all the time while it is indexed, words may be so old ..."""
STALE_TIMES = 20.0
"""... and no more than so many times as old as they took to collect: those of a small library are always new."""
FILLING = frozenset(
    {"a", "an", "and", "at", "by", "from", "in", "is", "of", "on", "the", "to", "with"}
    | {"am", "auf", "das", "der", "die", "ein", "eine", "im", "mit", "und", "von", "vom"}
)
"""Between words that mean something, these mean nothing."""
SHORTEST_IN_FILES = 3
"""Letters that are looked for within the names of files."""
_CHINESE = "\u2e80"
"""The first of the characters that are words without spaces between them."""
_RANGE = re.compile(r"(?<!\d)(\d{4})\s*[-\u2013\u2014]\s*(\d{4})(?!\d)")
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
            self._files.append((_spaced(text.name), text.photo_id))
        self._all_names = "\n".join(name for name, _ in self._files)
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

    def terms(self, text: str, today: date | None = None) -> list[Term]:
        """What a text asks for, part by part: as many words as possible are taken as one, then the next.

        Raises UnknownWord, with the nearest words that mean something, where parts mean nothing here. ``today`` is
        what "yesterday" is told from; None for the clock's.
        """
        today = today or datetime.now().astimezone().date()
        words = words_of(text)
        found: list[Term] = []
        known: list[str] = []
        lost: list[tuple[int, int]] = []
        at = 0
        while at < len(words):
            for count in range(min(LONGEST, len(words) - at), 0, -1):
                term = self.term(words[at : at + count], today)
                if term is not None:
                    found.append(term)
                    known += words[at : at + count]
                    at += count
                    break
            else:
                if words[at].casefold() not in FILLING:
                    if lost and lost[-1][1] == at:
                        lost[-1] = lost[-1][0], at + 1
                    else:
                        lost.append((at, at + 1))
                at += 1
        if lost:
            raise self._unknown(words, lost, " ".join(known))
        return found

    def suggestions(self, typed: str, limit: int, today: date | None = None) -> list[Suggestion]:
        """Words that what was typed may become, whole names first; of a text with spaces also its last words alone."""
        today = today or datetime.now().astimezone().date()
        if not typed.strip():
            return self._overview(limit)
        best: list[Suggestion] = []
        for start in [match.start() for match in re.finditer(r"[^\s,;]+", typed)][-LONGEST:]:
            if len(best) < limit:
                best += self._completions(typed[:start], typed[start:], limit, today)
        return best[:limit]

    def _overview(self, limit: int) -> list[Suggestion]:
        """What most photos are called: something of every kind."""
        years: dict[str, int] = defaultdict(int)
        for day, photos in self._moments.items():
            years[day[:4]] += len(photos)
        found = [Suggestion(year, "date", count) for year, count in years.items()]
        for kind, names in self._named.items():
            found += [Suggestion(each.written, kind, len(each.photos)) for each in names.values()]
        by_kind: dict[Kind, list[Suggestion]] = defaultdict(list)
        for each in sorted(found, key=lambda each: -(each.photos or 0)):
            by_kind[each.kind].append(each)
        by_kind["date"].sort(key=lambda each: each.word, reverse=True)
        best = sorted(
            (
                (place, _ORDER.index(kind), each)
                for kind, of_kind in by_kind.items()
                for place, each in enumerate(of_kind)
            ),
            key=lambda ranked: ranked[:2],
        )[:limit]
        return [each for _, _, each in sorted(best, key=lambda ranked: (ranked[1], ranked[0]))]

    def _completions(self, before: str, typed: str, limit: int, today: date) -> list[Suggestion]:
        """The best first: what is called just so, then what begins so."""
        start = normalised(typed)
        if not start:
            return []
        found: list[Suggestion] = []
        for kind in ("label", "folder", "camera"):
            for key, named in self._named[kind].items():
                if key.startswith(start) or f" {start}" in key or (start > _CHINESE and start in key):
                    found.append(Suggestion(named.written, kind, len(named.photos), before=before))
        found += self._dates(before, typed, start, today)
        broad: dict[str, int] = {}
        for word, concept in self._classes.completions(typed, LOOKED_AT) if self._classes is not None else ():
            same = normalised(word) == normalised(concept.name)
            written = concept.name if same else word
            broad[written] = len(concept.classes)
            found.append(Suggestion(written, "shown", meaning="" if same else concept.name, before=before))
        if len(start) >= SHORTEST_IN_FILES and (files := self._in_names(typed)):
            found.append(Suggestion(typed.strip(), "file", len(files), before=before))

        def rank(each: Suggestion) -> tuple[object, ...]:
            key = normalised(each.word)
            much = each.photos if each.photos is not None else broad[each.word]
            begins = key.startswith(start)
            return each.kind == "file", key != start, not begins, each.kind == "shown", bool(each.meaning), -much, key

        found.sort(key=rank)
        own = [each for each in found if each.kind != "shown"]
        if len(own) > OWN:  # many folders of like names leave room for what photos show
            later = set(own[OWN:])
            found.sort(key=later.__contains__)
        return found[:limit]

    def _dates(self, before: str, typed: str, start: str, today: date) -> Iterator[Suggestion]:
        """The date that was typed, or the years and months that it may become, of which there are photos."""
        words = typed.casefold().split()
        days = days_of(words, today) or days_of([normalised(word) or word for word in words], today)
        if days is not None and len(words) <= LONGEST_DATE:
            yield Suggestion(typed.strip(), "date", len(self._taken(days)), before=before)
            return
        possible = list(dict.fromkeys(day[:4] for day in self._moments)) if start.isdecimal() and len(start) > 1 else []
        if len(start) >= SHORTEST_IN_FILES:
            possible += [names[0].capitalize() for names in MONTHS]
        for word in possible:
            if word.casefold().startswith(start) and (days := days_of([word.casefold()], today)) is not None:
                photos = len(self._taken(days))
                if photos:
                    yield Suggestion(word, "date", photos, before=before)

    def _note(self, kind: Kind, name: str, photos: Sequence[int]) -> None:
        key = normalised(name)
        if key:
            self._named[kind].setdefault(key, _Named(name, [])).photos.extend(photos)

    def term(self, words: Sequence[str], today: date) -> Term | None:
        """What a few words mean as one; None where they mean nothing so."""
        text = " ".join(words)
        key = normalised(text)
        kinds: list[Kind] = []
        photos: set[int] = set()
        for kind, names in self._named.items():
            if key in names:
                kinds.append(kind)
                photos.update(names[key].photos)
        spelt = [word.casefold() for word in words], [normalised(word) or word for word in words]
        days = days_of(spelt[0], today) or days_of(spelt[1], today)
        if days is not None:
            return Term(text, photos=frozenset(photos.union(self._taken(days))), kinds=("date", *kinds))
        concepts = self._classes.find(text) if self._classes is not None else ()
        classes = tuple(dict.fromkeys(place for concept in concepts for place in concept.classes))
        if classes:
            kinds.append("shown")
        # Names of files hold what photos show too, but not every "location" holds a cat.
        short = len(key) < SHORTEST_IN_FILES and key < _CHINESE
        by_file = classes or (not kinds and len(words) == 1 and key not in FILLING)
        if by_file and (files := self._in_names(text, whole=short or bool(kinds))):
            kinds.append("file")
            photos.update(files)
        return Term(text, classes, frozenset(photos) if photos else None, kinds=tuple(kinds)) if kinds else None

    def _taken(self, days: Days) -> list[int]:
        return [photo for day, photos in self._moments.items() if days.include(day) for photo in photos]

    def _in_names(self, text: str, whole: bool = False) -> list[int]:
        """The photos whose file names hold a text, ``whole`` as words of their own."""
        wanted = _spaced(text.strip())
        if not wanted.strip():
            return []
        if wanted not in self._all_names:  # as most words are not, which is soon known of all names in one piece
            return []
        found = [(name, photo) for name, photo in self._files if wanted in name]
        if whole:
            alone = re.compile(rf"(?<![^\W\d_]){re.escape(wanted)}(?![^\W\d_])")
            found = [(name, photo) for name, photo in found if alone.search(name)]
        return [photo for _, photo in found]

    def _unknown(self, words: Sequence[str], lost: Sequence[tuple[int, int]], known: str) -> UnknownWord:
        """``lost`` are the places of words that mean nothing, ``known`` is the rest of the text."""
        named = _either([" ".join(words[first:last]) for first, last in lost])
        sentence = f"Nothing here is known as {named}."
        first, last = lost[0]
        # It may be a part of a name of two words, of which the other one means something by itself.
        for start, end in ((first, last), (max(0, first - 1), last), (first, min(last + 1, len(words)))):
            near = self._near(" ".join(words[start:end]))
            if near:
                instead = tuple(" ".join([*words[:start], each, *words[end:]]) for each in near)
                return UnknownWord(sentence, f"Did you mean {_either(near)}?", instead)
        if known:
            return UnknownWord(sentence, f"Only “{known}” means something here.", (known,))
        if self._classes is None:
            hint = (
                "This model has no words for what photos show: labels, folders, files, cameras and dates can be named."
            )
            return UnknownWord(sentence, hint)
        return UnknownWord(sentence, "Try a simpler or broader word.")

    def _near(self, text: str) -> list[str]:
        """Words that mean something and are spelt nearly so."""
        key = normalised(text)
        named = {key: each.written for names in self._named.values() for key, each in names.items()}
        near = [named[each] for each in difflib.get_close_matches(key, named, PROPOSED, 0.7)]
        near += self._classes.nearest(text, PROPOSED) if self._classes is not None else []
        matcher = difflib.SequenceMatcher(b=key, autojunk=False)
        alike: dict[str, float] = {}
        for word in near:
            matcher.set_seq1(normalised(word))
            alike[word] = matcher.ratio()
        enough = max(alike.values(), default=0.0) - MUCH_LESS
        return sorted((word for word in alike if alike[word] >= enough), key=lambda word: -alike[word])[:PROPOSED]


class Vocabularies:
    """The vocabulary of a library, made again when the library has changed. For one thread."""

    def __init__(self) -> None:
        self._stamp: object = None
        self._made = self._took = 0.0
        self._vocabulary: Vocabulary | None = None

    def of(self, library: Library, classes: ClassWords | None, may_be_stale: bool = False) -> Vocabulary:
        """As the library is now, or a few seconds ago if it ``may_be_stale``. 100,000 photos take about a second."""
        stamp = (library.text_stamp(), id(classes))
        bearable = min(STALE_SECONDS, STALE_TIMES * self._took) if may_be_stale else 0.0
        fresh = stamp == self._stamp or time.monotonic() - self._made < bearable
        if self._vocabulary is None or not fresh:
            began = time.monotonic()
            self._vocabulary = Vocabulary(library.photo_texts(), library.labelled_photos(), classes)
            self._took = time.monotonic() - began
            self._stamp, self._made = stamp, time.monotonic()
        return self._vocabulary


def words_of(text: str) -> list[str]:
    """The words of a text; a time between two years is one."""
    return [word for word in re.split(r"[\s,;]+", _RANGE.sub(r"\1-\2", text)) if normalised(word)]


def _parts(root: str, folder: str) -> list[str]:
    """The names of the root and of each folder below it on the way to ``folder``."""
    return list(dict.fromkeys([Path(root).name, *Path(folder).relative_to(root).parts]))


def _spaced(name: str) -> str:
    """A file's name as it is searched: "IMG_12" can be asked for as "img 12"."""
    return name.casefold().replace("_", " ").replace("-", " ")


def _either(words: Sequence[str]) -> str:
    quoted = [f"“{word}”" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
