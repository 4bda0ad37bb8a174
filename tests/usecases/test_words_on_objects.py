"""Words over photographs of objects that the network's words know: what share of the first answers shows them?

Nothing but the pictures may help, so their files and folders say nothing. A sample runs always; IMAGEFINDER_FULL=1 runs
over all of them (a few minutes on a CPU).
"""

import os
import tarfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from command_line import Cli
from imagefinder.domain.images import Query
from imagefinder.embedding.class_words import ClassWords
from imagefinder.embedding.packaged import PACKAGED
from imagefinder.storage.library import Library
from imagefinder.usecases.models import Models
from imagefinder.usecases.vocabulary import Vocabularies
from imagefinder.usecases.word_search import search_words

FULL = os.environ.get("IMAGEFINDER_FULL") == "1"
EACH, FIRST = (10_000, 10) if FULL else (10, 5)
"""Photographs of one kind at most, and how many answers are looked at: half of what there is to find."""
NETWORK = "efficientnet-lite0"
OBJECTS = Path(__file__).parents[3] / "shared" / "distill" / "objects.tar"

pytestmark = [
    pytest.mark.photos,
    pytest.mark.skipif(
        not OBJECTS.is_file(), reason="the photographs of objects (shared/distill/objects.tar) are not here"
    ),
    pytest.mark.skipif(PACKAGED[NETWORK].path is None, reason=f"the package of {NETWORK} is not installed"),
]


def unpack(folder: Path) -> dict[str, str]:
    """Some photographs of every kind under names that say nothing; those names with what they show."""
    folder.mkdir()
    shown: dict[str, str] = {}
    taken: dict[str, int] = defaultdict(int)
    with tarfile.open(OBJECTS) as archive:
        for member in archive:
            kind = Path(member.name).parent.name
            content = archive.extractfile(member) if member.name.endswith(".jpg") else None
            if content is not None and taken[kind] < EACH:
                taken[kind] += 1
                name = f"{len(shown):05}.jpg"
                shown[name] = kind
                (folder / name).write_bytes(content.read())
    return shown


@pytest.mark.timeout(1800)
def test_nine_of_ten_answers_show_what_was_asked_for(cli: Cli, tmp_path: Path) -> None:
    shown = unpack(tmp_path / "x")
    cli("index", str(tmp_path / "x"), "--model", NETWORK)
    kinds = {kind: kind.replace("_", " ").lower() for kind in sorted(set(shown.values()))}
    known = [kind for kind, word in kinds.items() if ClassWords.imagenet().find(word)]
    assert len(known) > 20
    precision: dict[str, float] = {}
    models = Models(cli.base / "data" / "models", "cpu")
    with Library.open(cli.base / "data" / "library") as library:
        directions = models.directions(models.spec(library))
        assert directions is not None
        vocabulary = Vocabularies().of(library, directions.words)
        for kind in known:
            query = Query(kinds[kind], words=kinds[kind])
            result = search_words(
                library, lambda: models.embedder(library, models.spec(library)), directions, vocabulary, query, FIRST
            )
            precision[kind] = float(np.mean([shown[hit.photo.name] == kind for hit in result.hits]))
    print({kind: round(value, 2) for kind, value in precision.items() if value < 1})
    print(f"P@{FIRST} {np.mean(list(precision.values())):.3f} over {len(known)} kinds, {len(shown)} photographs")
    assert np.mean(list(precision.values())) >= 0.9, precision
