"""Random operations, crashes among them: catalogue, index and a plain comparison of all vectors agree all the time."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from comparing_kit import expected_similarities
from imagefinder.domain.images import FileStamp, Moved
from imagefinder.domain.specs import Comparison, Stored
from imagefinder.storage.library import Library
from storage_kit import item, kept_as, library_with, model, read, row

NAMES = st.sampled_from([f"{n}.jpg" for n in range(12)])
SEEDS = st.integers(0, 10_000)
COMPARISONS: st.SearchStrategy[Comparison] = st.sampled_from(["cosine", "hash", "hash-rerank"])
FORMS: st.SearchStrategy[Stored] = st.sampled_from(["float16", "int8"])
OTHER = model("other", architecture="other")


class LibraryStates(RuleBasedStateMachine):
    """``truth`` is what the library should hold: name -> seed."""

    @initialize()
    def start(self) -> None:
        self.base = Path(tempfile.mkdtemp())
        self.truth: dict[str, int] = {}
        self.lives = 0
        self.library = library_with(self.directory, self.base / "photos", 0)

    @property
    def directory(self) -> Path:
        return self.base / f"life{self.lives}"

    def id_of(self, name: str) -> int:
        photo = self.library.photo_at(str(self.base / "photos" / name))
        assert photo is not None
        return photo.id

    @rule(batch=st.lists(st.tuples(NAMES, SEEDS), max_size=6))
    def add_or_update(self, batch: list[tuple[str, int]]) -> None:
        self.library.add(1, 1, [item(name, seed) for name, seed in batch])
        self.truth.update(batch)

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        if self.truth.pop(name, None) is not None:
            self.library.remove_photos([self.id_of(name)])

    @rule(pairs=st.lists(st.tuples(NAMES, NAMES), max_size=4, unique_by=(lambda p: p[0], lambda p: p[1])))
    def move(self, pairs: list[tuple[str, str]]) -> None:
        pairs = [(old, new) for old, new in pairs if old in self.truth]
        stamps = {new: FileStamp(*read(self.truth[old]).stamp) for old, new in pairs}
        self.library.relocate([Moved(1, new, stamps[new], self.id_of(old)) for old, new in pairs])
        moved = {new: self.truth[old] for old, new in pairs}
        for old, _ in pairs:
            del self.truth[old]
        self.truth.update(moved)

    @rule(name=NAMES)
    def fail(self, name: str) -> None:
        self.library.record_failures(1, [(name, FileStamp(1, 1), "broken")])

    @rule()
    def optimise(self) -> None:
        self.library.optimise()

    @rule(compare=COMPARISONS, centred=st.booleans())
    def compare_by(self, compare: Comparison, centred: bool) -> None:
        self.library.compare_by(compare, centred)

    @rule(stored=FORMS)
    def keep_new_rows_as(self, stored: Stored) -> None:
        self.library.register_model(kept_as(stored))

    @rule()
    def go_to_another_model_and_back(self) -> None:
        self.library.activate(OTHER)
        assert self.library.search(row(5), 100) == []
        self.library.activate(model())

    @rule()
    def save(self) -> None:
        self.library.save_index()

    @rule()
    def verify(self) -> None:
        assert self.library.verify().problems == ()

    @rule()
    def reopen(self) -> None:
        self.library.close()
        self.library = Library.open(self.directory)

    @rule()
    def crash(self) -> None:
        """Go on from the files as they are this moment, as after a killed process."""
        before = self.directory
        self.lives += 1
        shutil.copytree(before, self.directory, ignore=shutil.ignore_patterns("*.lock"))
        self.library.close()
        shutil.rmtree(before)
        self.library = Library.open(self.directory)

    @invariant()
    def agrees(self) -> None:
        assert self.library.count() == self.library.count_embedded() == len(self.truth)
        names = sorted(self.truth)
        hits = self.library.search(row(5), 100)
        photos = self.library.photos(photo_id for photo_id, _ in hits)
        found = {photos[photo_id].relpath: similarity for photo_id, similarity in hits}
        assert sorted(found) == names
        expected = expected_similarities(self.library, row(5))
        similarities = [similarity for _, similarity in hits]
        np.testing.assert_allclose(similarities, [expected[photo_id] for photo_id, _ in hits], atol=2e-3)
        for photo_id, stored in zip(*self.library.all_rows(), strict=True):
            raw = row(self.truth[photos[photo_id].relpath])
            np.testing.assert_allclose(stored, self.library.centred(raw), atol=6e-3)  # a byte's step is 4e-3
        assert all(photo.content_key == read(self.truth[photo.relpath]).content_key for photo in photos.values())

    def teardown(self) -> None:
        self.library.close()
        shutil.rmtree(self.base)


TestLibraryStates = LibraryStates.TestCase
TestLibraryStates.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
