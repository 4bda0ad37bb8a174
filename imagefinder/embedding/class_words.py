"""The words by which people ask for what a classifier knows: "dog", "Hund" and "狗" are all its breeds of dogs.

The words for ImageNet's 1,000 classes are data beside this module; ``resources/words`` says how they are made.
"""

import difflib
import json
import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TypeAlias

IMAGENET = Path(__file__).with_name("imagenet_words.json")
IMAGENET_CLASSES = 1000

_LAST = chr(0x10FFFF)
_CHINESE = "\u2e80"
"""The first of the characters that are words without spaces between them."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_BARE = (("aeu", "au"), ("ae", "a"), ("oe", "o"), ("ue", "u"))
_ARTICLES = frozenset(["a", "an", "the", "der", "die", "das", "dem", "den", "ein", "eine", "einen", "einem", "einer"])
_IRREGULAR = {
    "children": "child",
    "feet": "foot",
    "geese": "goose",
    "knives": "knife",
    "lice": "louse",
    "men": "man",
    "mice": "mouse",
    "oxen": "ox",
    "people": "person",
    "teeth": "tooth",
    "women": "woman",
}
_GERMAN_PLURALS = (
    ("e", ""),
    ("en", "e"),
    ("eln", "el"),
    ("ern", "er"),
    ("en", ""),
    ("er", ""),
    ("s", ""),
    ("nen", ""),
    ("se", ""),
    ("en", "um"),
)
_SHORTEST_STEM = 2
_SHORTEST_WITHOUT_UMLAUT = 4
_LOOKED_AT = 60
"""How many words with the most letter pairs in common are compared letter by letter."""
_ALIKE = 0.7


@dataclass(frozen=True, slots=True)
class Concept:
    """A kind of thing that has words, and the classes (places in a classifier's list) that show it."""

    id: str
    name: str
    """The best English word."""
    words: tuple[str, ...]
    """In all languages."""
    classes: tuple[int, ...]


_Entry: TypeAlias = tuple[str, Concept]
_Index: TypeAlias = dict[str, tuple[_Entry, ...]]


class ClassWords:
    """The concepts that can be asked for, found by their words."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        # What takes in the most comes first, wherever several concepts share a word.
        self.concepts = tuple(sorted(concepts, key=lambda concept: (-len(concept.classes), concept.classes)))

    @classmethod
    def imagenet(cls) -> "ClassWords":
        """ImageNet's 1,000 classes in English, German and Chinese; raises ValueError where the file is damaged."""
        return _imagenet()

    @classmethod
    def read(cls, file: Path) -> "ClassWords":
        """The concepts of a file as ``resources/words/make_words.py`` writes it; raises ValueError if it is damaged."""
        try:
            return cls([_concept(record) for record in json.loads(file.read_text(encoding="utf-8"))])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"{file} is damaged: {error}") from error

    @classmethod
    def of_names(cls, names: Sequence[str]) -> "ClassWords":
        """The names of a classifier's own classes, one for each: "tabby, tabby cat" is two words for one class.

        Classes with the same name are one concept; a class whose name is blank has none.
        """
        places: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, name in enumerate(names):
            words = (" ".join(word.replace("_", " ").split()) for word in name.split(","))
            places[tuple(dict.fromkeys(word for word in words if normalised(word)))].append(place)
        return cls(
            Concept(str(classes[0]), words[0], words, tuple(classes)) for words, classes in places.items() if words
        )

    def find(self, word: str) -> tuple[Concept, ...]:
        """All concepts that a word names, in the plural too and with or without an article; the broadest first."""
        return tuple(concept for _, concept in self._named(normalised(word)))

    def completions(self, prefix: str, limit: int) -> list[tuple[str, Concept]]:
        """Words that begin with these letters or hold a word that does, each as it is written with its concept.

        What the letters name already comes first, then what begins so, then the others, the shorter first. Every
        concept is listed once.
        """
        prefix = normalised(prefix)
        if not prefix or limit <= 0:
            return []
        found = {concept.id: (word, concept) for word, concept in self._named(prefix)}
        beginnings, ranks, ranked = self._beginnings
        first = bisect_left(beginnings, prefix)
        last = bisect_left(beginnings, prefix + _LAST, lo=first)
        for rank in sorted(ranks[first:last]):
            if len(found) >= limit:
                break
            word, concept = ranked[rank]
            found.setdefault(concept.id, (word, concept))
        return list(found.values())[:limit]

    def nearest(self, word: str, limit: int) -> list[str]:
        """Words that are spelt nearly so, the most alike first."""
        word = normalised(word)
        pairs, spellings = self._letter_pairs
        shared: Counter[str] = Counter()
        for pair in _pairs(word):
            shared.update(pairs.get(pair, ()))
        # A long word shares many pairs with everything, so that what both do not share counts as well.
        closest = sorted(shared, key=lambda key: (abs(len(key) - len(word)) - 2 * shared[key], key))[:_LOOKED_AT]
        matcher = difflib.SequenceMatcher(autojunk=False)
        matcher.set_seq2(word)
        alike = []
        for key in closest:
            matcher.set_seq1(key)
            if (ratio := matcher.ratio()) >= _ALIKE:
                alike.append((-ratio, key))
        return list(dict.fromkeys(spellings[key] for _, key in sorted(alike)))[:limit]

    def _named(self, key: str) -> tuple[_Entry, ...]:
        article, _, rest = key.partition(" ")
        without = rest if rest and article in _ARTICLES else key
        english = [key, without, *_singulars(without, _english)]
        german = list(_singulars(without, _german))
        for index, keys in ((self._exact, english), (self._exact_german, german)):
            for candidate in keys:
                if candidate in index:
                    return index[candidate]
        for index, keys in ((self._loose, english), (self._loose_german, german)):
            for candidate in keys:
                if (squeezed := candidate.replace(" ", "")) in index:
                    return index[squeezed]
        return ()

    @cached_property
    def _spelt(self) -> list[tuple[tuple[str, ...], _Entry]]:
        """Every word with how it may be spelt: normalised, and where it has umlauts, with bare letters too."""
        return [(_spellings(word), (word, concept)) for concept in self.concepts for word in concept.words]

    @cached_property
    def _exact(self) -> _Index:
        return _index((spellings[0], entry) for spellings, entry in self._spelt)

    @cached_property
    def _exact_german(self) -> _Index:
        return _index((spellings[0], entry) for spellings, entry in self._spelt if _looks_german(entry[0]))

    @cached_property
    def _loose(self) -> _Index:
        return _index((key, entry) for spellings, entry in self._spelt for key in _squeezed(spellings))

    @cached_property
    def _loose_german(self) -> _Index:
        german = ((spellings, entry) for spellings, entry in self._spelt if _looks_german(entry[0]))
        return _index((key, entry) for spellings, entry in german for key in _squeezed(spellings))

    @cached_property
    def _beginnings(self) -> tuple[list[str], list[int], list[_Entry]]:
        """Every word from each of its parts on, in alphabetical order; their ranks; and by rank the words."""
        parts = sorted(
            (
                (start > 0, len(entry[0]), entry[0], number, key[start:])
                for number, (spellings, entry) in enumerate(self._spelt)
                for key in spellings
                for start in _starts(key)
            )
        )
        order = sorted((part[-1], rank) for rank, part in enumerate(parts))
        return [key for key, _ in order], [rank for _, rank in order], [self._spelt[part[3]][1] for part in parts]

    @cached_property
    def _letter_pairs(self) -> tuple[dict[str, list[str]], dict[str, str]]:
        """The words that hold a pair of letters; and how each is written."""
        written = {spellings[0]: word for spellings, (word, _) in reversed(self._spelt)}
        pairs: dict[str, list[str]] = defaultdict(list)
        for key in written:
            for pair in _pairs(key):
                pairs[pair].append(key)
        return dict(pairs), written


def _index(entries: Iterable[tuple[str, _Entry]]) -> _Index:
    found: dict[str, dict[str, _Entry]] = defaultdict(dict)
    for key, entry in entries:
        found[key].setdefault(entry[1].id, entry)
    return {key: tuple(concepts.values()) for key, concepts in found.items()}


def _looks_german(word: str) -> bool:
    """Whether it may be a German noun: otherwise "hate" were the plural of "hat"."""
    return word.replace("-", " ").rpartition(" ")[2][:1].isupper()


def _squeezed(spellings: Sequence[str]) -> list[str]:
    """The spellings without spaces; the one with bare letters only if it is long: "bar" is no "Bär"."""
    kept = [spellings[0], *(key for key in spellings[1:] if len(key) >= _SHORTEST_WITHOUT_UMLAUT)]
    return [key.replace(" ", "") for key in kept]


def normalised(word: str) -> str:
    """The word as it is compared: small letters without accents, "ä" as "ae", "ß" as "ss", single spaces."""
    if not word.isascii():
        word = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold().translate(_UMLAUTS))
        word = "".join(letter for letter in word if not unicodedata.combining(letter))
    word = word.casefold().replace("'", "").replace("\u2019", "")
    return " ".join(re.findall(r"[^\W_]+", word))


def _spellings(word: str) -> tuple[str, ...]:
    """The word normalised, and where it has umlauts, with bare letters instead too."""
    key = normalised(word)
    apart = unicodedata.normalize("NFD", word)
    if apart == word:
        return (key,)
    bare = normalised("".join(letter for letter in apart if not unicodedata.combining(letter)))
    return (key,) if bare == key else (key, bare)


def _starts(key: str) -> Iterator[int]:
    """Where the parts of a normalised word begin; every Chinese character is one."""
    for place, letter in enumerate(key):
        if letter != " " and (place == 0 or key[place - 1] == " " or letter > _CHINESE):
            yield place


def _pairs(key: str) -> set[str]:
    """The pairs of letters next to each other, with the edges; short Chinese words share single characters at most."""
    padded = f" {key} "
    return {padded[place : place + 2] for place in range(len(padded) - 1)} | {
        letter for letter in key if letter > _CHINESE
    }


def _singulars(word: str, of_last: Callable[[str], Iterator[str]]) -> Iterator[str]:
    """What a normalised word may be the plural of; of several words the last is."""
    head, space, last = word.rpartition(" ")
    for singular in of_last(last):
        yield head + space + singular


def _english(word: str) -> Iterator[str]:
    """What a word may be the English plural of, the likelier first."""
    if word in _IRREGULAR:
        yield _IRREGULAR[word]
    if word.endswith("ies"):
        yield word[:-3] + "y"
    if word.endswith("ves"):
        yield word[:-3] + "f"
        yield word[:-3] + "fe"
    if word.endswith("s") and not word.endswith("ss"):
        yield word[:-1]
    if word.endswith("es"):
        yield word[:-2]


def _german(word: str) -> Iterator[str]:
    """What a word may be the German plural of, the likelier first."""
    yield from _without_umlaut(word)
    for plural, singular in _GERMAN_PLURALS:
        if word.endswith(plural) and len(word) - len(plural) >= _SHORTEST_STEM:
            stem = word.removesuffix(plural) + singular
            yield stem
            yield from _without_umlaut(stem)


def _without_umlaut(word: str) -> Iterator[str]:
    """The word without its last umlaut, if it has one: "haeus" -> "haus"."""
    place, written, bare = max((word.rfind(written), written, bare) for written, bare in _BARE)
    if place >= 0:
        yield word[:place] + bare + word[place + len(written) :]


@cache
def _imagenet() -> ClassWords:
    return ClassWords.read(IMAGENET)


def _concept(record: dict[str, list[str]]) -> Concept:
    languages = [language for language in record if language not in ("id", "classes")]
    words = tuple(dict.fromkeys(word for language in languages for word in record[language]))
    return Concept(str(record["id"]), record["en"][0], words, tuple(map(_class, record["classes"])))


def _class(number: object) -> int:
    if not isinstance(number, int) or not 0 <= number < IMAGENET_CLASSES:
        raise ValueError(f"{number!r} is no class")
    return number
