"""Make imagefinder/embedding/imagenet_words.json from WordNet's tree of meanings and the words in this folder.

    python resources/words/make_words.py WORDNET/dict imagenet_synsets.txt

The first is the folder with WordNet 3.0's data.noun, the second timm's list of ImageNet's classes in their order.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
JSON = HERE.parents[1] / "imagefinder" / "embedding" / "imagenet_words.json"
FIRST_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Sources:
    """What the words are made from."""

    synsets: Sequence[str]
    """The WordNet ids of the classes, in their order."""
    broader: Mapping[str, Sequence[str]]
    """Id -> the ids of the next broader meanings, for every noun of WordNet."""
    members: Mapping[str, Sequence[str]]
    """Id of a broad concept -> what joins it, or leaves it after a "-": ids or English words."""
    words: Mapping[str, Mapping[str, Sequence[str]]]
    """Language -> id -> words, the best first; English comes first."""


def read_sources(dictionary: Path, synsets: Path, folder: Path = HERE) -> Sources:
    """Read WordNet, the list of classes, and the files of this folder; raises ValueError where they do not agree."""
    files = sorted(folder.glob("??.txt"), key=lambda file: (file.stem != FIRST_LANGUAGE, file.stem))
    sources = Sources(
        synsets.read_text(encoding="utf-8").split(),
        dict(_nouns(dictionary / "data.noun")),
        _read_lists(folder / "concepts.txt"),
        {file.stem: _read_lists(file) for file in files},
    )
    _check(sources)
    return sources


def records(sources: Sources) -> Iterator[dict[str, object]]:
    """One record for each class, in their order, then one for each broad concept."""
    shows = _classes(sources)
    for concept in _concepts(sources):
        words = {language: list(words[concept]) for language, words in sources.words.items()}
        yield {"id": concept, **words, "classes": sorted(shows[concept])}


def _concepts(sources: Sources) -> list[str]:
    return [*sources.synsets, *sources.members]


def _nouns(file: Path) -> Iterator[tuple[str, list[str]]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(" "):
                continue  # the licence
            fields = line.partition(" | ")[0].split()
            pointers = fields[5 + 2 * int(fields[3], 16) :]  # after the synonyms and the number of pointers
            kinds = zip(pointers[::4], pointers[1::4], strict=False)
            yield "n" + fields[0], ["n" + offset for kind, offset in kinds if kind in ("@", "@i")]


def _read_lists(file: Path) -> dict[str, tuple[str, ...]]:
    """Lines of an id, a tab, and words with semicolons between them; "#" begins a remark."""
    lists: dict[str, tuple[str, ...]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        key, _, words = line.partition("\t")
        if key in lists:
            raise ValueError(f"{file.name}: {key} has two lines")
        lists[key] = tuple(word.strip() for word in words.split(";") if word.strip())
    return lists


def _check(sources: Sources) -> None:
    concepts = dict.fromkeys(_concepts(sources))
    for language, lists in sources.words.items():
        if wrong := [concept for concept in concepts if not lists.get(concept)]:
            raise ValueError(f"{language}.txt has no words for {', '.join(wrong)}")
        if wrong := [concept for concept in lists if concept not in concepts]:
            raise ValueError(f"{language}.txt has words for what is no concept: {', '.join(wrong)}")
        if wrong := [concept for concept, words in lists.items() if len(set(words)) < len(words)]:
            raise ValueError(f"{language}.txt has a word twice for {', '.join(wrong)}")


def _classes(sources: Sources) -> dict[str, set[int]]:
    """Which classes every concept and every meaning of WordNet stands for."""
    below: dict[str, set[int]] = defaultdict(set)
    for number, synset in enumerate(sources.synsets):
        for meaning in _broader(synset, sources.broader):
            below[meaning].add(number)
    named: dict[str, list[str]] = defaultdict(list)
    for concept, words in sources.words[FIRST_LANGUAGE].items():
        named[words[0]].append(concept)
    found: dict[str, set[int]] = {}

    def shown(concept: str) -> set[int]:
        if concept not in sources.members:
            return below[concept]
        if concept not in found:
            classes = set(below.get(concept, ()))
            for member in sources.members[concept]:
                others = shown(_meant(member.removeprefix("-")))
                classes = classes - others if member.startswith("-") else classes | others
            found[concept] = classes
        return found[concept]

    def _meant(member: str) -> str:
        if member in sources.members or member in sources.broader:
            return member
        if len(named[member]) != 1:
            raise ValueError(f"concepts.txt: {member!r} names {len(named[member])} concepts")
        return named[member][0]

    shows = {concept: shown(concept) for concept in _concepts(sources)}
    if empty := [concept for concept, classes in shows.items() if not classes]:
        raise ValueError(f"no classes for {', '.join(empty)}")
    return shows


def _broader(synset: str, broader: Mapping[str, Sequence[str]]) -> set[str]:
    """A meaning and all that are broader."""
    seen: set[str] = set()
    waiting = [synset]
    while waiting:
        meaning = waiting.pop()
        if meaning not in seen:
            seen.add(meaning)
            waiting += broader[meaning]
    return seen


def main() -> None:
    """Write the file that the app reads."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dictionary", type=Path, help="WordNet 3.0's folder dict")
    parser.add_argument("synsets", type=Path, help="timm's imagenet_synsets.txt")
    parser.add_argument("--into", type=Path, default=JSON, help="the file to write (default: the app's own)")
    options = parser.parse_args()
    made = records(read_sources(options.dictionary, options.synsets))
    lines = ",\n".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in made)
    options.into.write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
