"""Texts for a model that understands sentences: what is said of the files, and what the photos are to show.

Prose is full of words that may also be names: a folder may be called "red". So there, names only bring their photos to
the front, and a word counts as a date, camera or file where it can hardly be anything else.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from imagefinder.domain.dates import days_of
from imagefinder.domain.words import Kind, Term
from imagefinder.usecases.vocabulary import FILLING, LONGEST, Vocabulary, words_of

NAMES: frozenset[Kind] = frozenset({"label", "folder"})
BEFORE_DATES = frozenset({"in", "from", "of", "since", "during", "every", "im", "vom", "seit", "jeden"})
FRUIT = frozenset({"apple"})
"""Makers of cameras whose name more often means something else."""


def in_prose(vocabulary: Vocabulary, text: str, today: date | None = None) -> tuple[list[Term], str]:
    """The parts of a text that name photos, and the sentence that says what these show; "" where nothing does.

    Labels and folders stay in the sentence, as it may mean them otherwise, and their photos come first. Where there is
    no sentence but them, they choose as they do for any model.
    """
    today = today or datetime.now().astimezone().date()
    words = words_of(text)
    terms: list[Term] = []
    prose: list[str] = []
    told = False
    at = 0
    while at < len(words):
        term, count = _longest(vocabulary, words, at, today)
        taken = words[at : at + count]
        at += count
        if term is not None:
            terms.append(term)
        if term is None or term.first or NAMES.intersection(term.kinds):
            prose += taken
        told = told or (term.first if term is not None else taken[0].casefold() not in FILLING)
    if not told:
        return terms, ""
    while prose[-1].casefold() in FILLING:  # as before a date that was at the end
        prose.pop()
    return [replace(term, first=term.first or bool(NAMES.intersection(term.kinds))) for term in terms], " ".join(prose)


def _longest(vocabulary: Vocabulary, words: Sequence[str], at: int, today: date) -> tuple[Term | None, int]:
    """What the most words from a place on mean as one, and how many they are; one word means nothing otherwise."""
    for count in range(min(LONGEST, len(words) - at), 0, -1):
        taken = words[at : at + count]
        term = vocabulary.term(taken, today)
        if term is not None:
            term = _meant(term, taken, words[:at], count == len(words), today)
        if term is not None:
            return term, count
    return None, 1


def _meant(term: Term, taken: Sequence[str], before: Sequence[str], alone: bool, today: date) -> Term | None:
    """``term``, if it can be meant there; a word in the names of files that is ``alone`` only brings them first."""
    word = taken[0].casefold()
    sure = len(taken) > 1 or any(character.isdecimal() for character in word)
    if sure or NAMES.intersection(term.kinds):
        return term
    if "date" in term.kinds:
        days = days_of([word], today)
        of_any_year = days is not None and not days.first and bool(days.months)
        return term if alone or not of_any_year or (before and before[-1].casefold() in BEFORE_DATES) else None
    if "camera" in term.kinds:
        return term if alone or word not in FRUIT else None
    if "." in word or "_" in word:
        return term
    return replace(term, first=True) if alone else None
