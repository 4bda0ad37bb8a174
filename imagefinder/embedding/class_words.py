"""The words by which people ask for what a classifier knows: "dog", "Hund" and "狗" are all its breeds of dogs.

The words for ImageNet's 1,000 classes are data beside this module; ``resources/words`` says how they are made.
"""

import difflib
import json
import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

IMAGENET = Path(__file__).with_name("imagenet_words.json")
IMAGENET_CLASSES = 1000

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
_GERMAN_PLURALS = ("e", "n", "en", "er", "s", "nen", "se", "ern")
_SHORTEST_STEM = 2
_SHORTEST_WITHOUT_UMLAUT = 4
"""Shorter words are too often other words: "bar" is no "Bär"."""
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
        candidates = list(_candidates(normalised(word)))
        for candidate in candidates:
            if found := self._exact.get(candidate):
                return found
        for candidate in candidates:
            if found := self._loose.get(candidate.replace(" ", "")):
                return found
        return ()

    def completions(self, prefix: str, limit: int) -> list[tuple[str, Concept]]:
        """Words that begin with these letters or hold a word that does, each as it is written with its concept.

        What is spelt exactly so comes first, then what begins so, then the others, the shorter first. Every concept
        is listed once.
        """
        prefix = normalised(prefix)
        if not prefix:
            return []
        keys, ranks, entries = self._beginnings
        first = bisect_left(keys, prefix)
        last = bisect_left(keys, prefix + chr(0x10FFFF), lo=first)
        exact = bisect_left(keys, prefix + " ", lo=first, hi=last)
        exact_ranks = sorted(rank for rank in ranks[first:exact] if normalised(entries[rank][0]) == prefix)
        found: dict[str, tuple[str, Concept]] = {}
        for rank in (*exact_ranks, *sorted(ranks[first:last])):
            word, concept = entries[rank]
            found.setdefault(concept.id, (word, concept))
            if len(found) == limit:
                break
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

    @cached_property
    def _exact(self) -> dict[str, tuple[Concept, ...]]:
        found: dict[str, dict[str, Concept]] = defaultdict(dict)
        for concept in self.concepts:
            for word in concept.words:
                found[normalised(word)][concept.id] = concept
        return {key: tuple(concepts.values()) for key, concepts in found.items()}

    @cached_property
    def _loose(self) -> dict[str, tuple[Concept, ...]]:
        """By the words without their spaces, and without their umlauts as well."""
        found: dict[str, dict[str, Concept]] = defaultdict(dict)
        for concept in self.concepts:
            for word in concept.words:
                for key in _spellings(word):
                    if key == normalised(word) or len(key) >= _SHORTEST_WITHOUT_UMLAUT:
                        found[key.replace(" ", "")][concept.id] = concept
        return {key: tuple(concepts.values()) for key, concepts in found.items()}

    @cached_property
    def _beginnings(self) -> tuple[list[str], list[int], list[tuple[str, Concept]]]:
        """Every word from each of its parts on, in order; the rank of each; and by rank the word with its concept."""
        parts = [
            (start > 0, len(word), word, number, key[start:])
            for number, concept in enumerate(self.concepts)
            for word in concept.words
            for key in _spellings(word)
            for start in _starts(key)
        ]
        parts.sort()
        entries = [(word, self.concepts[number]) for _, _, word, number, _ in parts]
        order = sorted((key, rank) for rank, (_, _, _, _, key) in enumerate(parts))
        return [key for key, _ in order], [rank for _, rank in order], entries

    @cached_property
    def _letter_pairs(self) -> tuple[dict[str, list[str]], dict[str, str]]:
        spellings: dict[str, str] = {}
        for concept in self.concepts:
            for word in concept.words:
                spellings.setdefault(normalised(word), word)
        pairs: dict[str, list[str]] = defaultdict(list)
        for key in spellings:
            for pair in _pairs(key):
                pairs[pair].append(key)
        return dict(pairs), spellings


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
    bare = normalised(
        "".join(part[0] for part in unicodedata.normalize("NFD", word) if not unicodedata.combining(part))
    )
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


def _candidates(word: str) -> Iterator[str]:
    """A normalised word, then without its article, then what it may be the plural of."""
    yield word
    article, _, rest = word.partition(" ")
    if rest and article in _ARTICLES:
        word = rest
        yield word
    head, space, last = word.rpartition(" ")
    for singular in _singulars(last):
        yield head + space + singular


def _singulars(word: str) -> Iterator[str]:
    """What a word may be the plural of, the likelier first: English, then German."""
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
    yield from _without_umlaut(word)
    for ending in _GERMAN_PLURALS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            stem = word.removesuffix(ending)
            yield stem
            yield from _without_umlaut(stem)


def _without_umlaut(word: str) -> Iterator[str]:
    """The word without its last umlaut, if it has one: "haeus" -> "haus"."""
    place, written, bare = max((word.rfind(written), written, bare) for written, bare in _BARE)
    if place >= 0:
        yield word[:place] + bare + word[place + len(written) :]


@cache
def _imagenet() -> ClassWords:
    try:
        return ClassWords([_concept(record) for record in json.loads(IMAGENET.read_text(encoding="utf-8"))])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ValueError(f"{IMAGENET} is damaged: {error}") from error


def _concept(record: dict[str, list[str]]) -> Concept:
    languages = [language for language in record if language not in ("id", "classes")]
    words = tuple(dict.fromkeys(word for language in languages for word in record[language]))
    return Concept(str(record["id"]), record["en"][0], words, tuple(map(_class, record["classes"])))


def _class(number: object) -> int:
    if not isinstance(number, int) or not 0 <= number < IMAGENET_CLASSES:
        raise ValueError(f"{number!r} is no class")
    return number
