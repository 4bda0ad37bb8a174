import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawing import draw_photo
from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import Embeddings, Pixels, Query
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.reading import read_query
from imagefinder.ranking import calibration
from imagefinder.ranking.calibration import fixed, hashed
from imagefinder.storage.library import Library
from imagefinder.usecases import comparing
from imagefinder.usecases.comparing import compare, cosine_scale, scale
from imagefinder.usecases.indexing import index


def no_model() -> Embedder:
    raise AssertionError("the model is not needed for this")


def file(path: Path) -> Query:
    return Query(path.name, path=str(path))


@pytest.fixture
def large(library: Library, embedder: Embedder, tmp_path: Path) -> Library:
    """A library that is large enough to be measured."""
    root = tmp_path / "many"
    for number in range(60):
        draw_photo(root / f"{number:02}.jpg", seed=number, size=(160, 120))
    library.add_folder(str(root))
    index(library, embedder)
    return library


def photo_id(library: Library, path: Path) -> int:
    photo = library.photo_at(str(path))
    assert photo is not None
    return photo.id


def test_without_a_library_two_pictures_are_compared_by_fixed_limits(embedder: Embedder, tmp_path: Path) -> None:
    a, b = draw_photo(tmp_path / "a.png", seed=1), draw_photo(tmp_path / "b.png", seed=5)
    found = compare(None, lambda: embedder, file(a), file(b))
    assert found.verdict == "different"
    assert found.scale == fixed(embedder.spec)
    assert (found.calibrated_on, found.model) == (0, embedder.spec.name)
    assert "fixed limits" in found.explanation
    assert found.similarity == found.cosine
    assert found.l2 == pytest.approx(np.sqrt(2 - 2 * found.cosine))


def test_the_same_bytes_and_the_same_pixels_are_the_same(embedder: Embedder, tmp_path: Path) -> None:
    a = draw_photo(tmp_path / "a.png", seed=1)
    shutil.copy(a, tmp_path / "copy.png")
    found = compare(None, lambda: embedder, file(a), file(tmp_path / "copy.png"))
    assert found.verdict == "same"
    assert found.l2 == pytest.approx(0, abs=1e-3)
    assert "byte for byte" in found.explanation
    Image.open(a).save(tmp_path / "other.bmp")
    assert "pixel for pixel" in compare(None, lambda: embedder, file(a), file(tmp_path / "other.bmp")).explanation


def test_identical_pictures_are_the_same_even_where_the_model_sees_nothing(embedder: Embedder, tmp_path: Path) -> None:
    for name in ("a.png", "b.bmp"):
        Image.new("RGB", (50, 50)).save(tmp_path / name)
    found = compare(None, lambda: embedder, file(tmp_path / "a.png"), file(tmp_path / "b.bmp"))
    assert found.verdict == "same"


def test_a_photo_saved_again_is_the_same_by_its_similarity(embedder: Embedder, tmp_path: Path) -> None:
    a = draw_photo(tmp_path / "a.png", seed=1)
    Image.open(a).save(tmp_path / "a.jpg", quality=60)
    found = compare(None, lambda: embedder, file(a), file(tmp_path / "a.jpg"))
    assert found.verdict == "same"
    assert "identical" not in found.explanation


def test_pictures_of_different_sizes_are_not_identical(embedder: Embedder, tmp_path: Path) -> None:
    for side in (40, 50):
        Image.new("RGB", (side, side), (9, 99, 199)).save(tmp_path / f"{side}.png")
    found = compare(None, lambda: embedder, file(tmp_path / "40.png"), file(tmp_path / "50.png"))
    assert "identical" not in found.explanation


def test_a_library_calibrates_the_verdict(large: Library, embedder: Embedder, tmp_path: Path) -> None:
    a, b = tmp_path / "many" / "03.jpg", draw_photo(tmp_path / "x.png", seed=77)
    found = compare(large, lambda: embedder, file(a), file(b))
    assert found.calibrated_on == 60
    assert found.scale == scale(large)
    assert found.scale != fixed(embedder.spec)
    assert "60 photos" in found.explanation
    rows = embedder.embed(np.stack([read_query(str(path), embedder.spec.input).pixels for path in (a, b)]))
    assert found.cosine == pytest.approx(float(rows[0] @ rows[1]), abs=5e-3)
    assert found.similarity == pytest.approx(float(large.centred(rows[0]) @ large.centred(rows[1])), abs=5e-3)


def test_the_explanation_says_how_many_pairs_are_less_alike(large: Library) -> None:
    ids, rows = large.random_rows(60, seed=0)
    cosines = rows @ rows.T
    pairs = cosines[np.triu_indices(60, 1)]
    counted = 0
    for place in range(1, 60):
        a, b = (Query("x", photo_id=int(ids[each])) for each in (0, place))
        found = compare(large, no_model, a, b)
        said = re.search(r"than (\d+) of 100 pairs", found.explanation)
        assert (said is not None) == (
            found.verdict == "related" or (found.verdict == "different" and "No more alike" not in found.explanation)
        )
        if said is not None:
            counted += 1
            assert int(said[1]) == pytest.approx(100 * (pairs < cosines[0, place]).mean(), abs=2)
    assert counted > 3


def test_two_photos_of_the_library_need_no_model(large: Library, tmp_path: Path) -> None:
    ids = [photo_id(large, tmp_path / "many" / name) for name in ("03.jpg", "04.jpg")]
    a, b = (Query("x", photo_id=number) for number in ids)
    found = compare(large, no_model, a, b)
    row = large.embedding(ids[0])
    assert row is not None
    answered = dict(large.search(row, 60))
    assert found.similarity == pytest.approx(answered[ids[1]], abs=2e-3)
    assert compare(large, no_model, a, a).verdict == "same"
    for name in ("03.jpg", "04.jpg"):
        (tmp_path / "many" / name).unlink()
    assert compare(large, no_model, a, b).similarity == found.similarity


class Renamed:
    """The same network under a record of its own."""

    device, precision, batch_size = "cpu", "fp32", 1

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.spec = replace(inner.spec, name="other", architecture="another")

    def embed(self, pixels: Pixels) -> Embeddings:
        return self._inner.embed(pixels)


def test_another_model_is_not_judged_by_this_library(large: Library, embedder: Embedder, tmp_path: Path) -> None:
    inside = Query("x", photo_id=photo_id(large, tmp_path / "many" / "03.jpg"))
    found = compare(large, lambda: Renamed(embedder), inside, file(draw_photo(tmp_path / "x.png", seed=77)))
    assert (found.calibrated_on, found.model) == (0, "other")
    assert found.similarity == found.cosine
    assert found.scale == fixed(Renamed(embedder).spec)


def test_a_photo_that_is_gone_is_explained(library: Library, embedder: Embedder) -> None:
    with pytest.raises(UnreadableImage, match="not there"):
        compare(library, lambda: embedder, Query("x.jpg", photo_id=99), Query("x.jpg", photo_id=98))


def test_a_small_library_has_fixed_words(library: Library, embedder: Embedder, photos: Path) -> None:
    assert scale(library) is None
    library.add_folder(str(photos))
    index(library, embedder)
    assert scale(library) == fixed(embedder.spec)


def test_the_words_are_measured_once(large: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scale(large)

    def again(_: object) -> None:
        raise AssertionError("it was measured already")

    monkeypatch.setattr(comparing, "measured", again)
    assert scale(large) == first
    assert first is not None
    assert first.same >= calibration.SAME_AT_LEAST


def test_where_codes_are_compared_the_words_are_for_codes(large: Library) -> None:
    by_cosine = scale(large)
    large.compare_by("hash", True)
    assert by_cosine is not None
    assert scale(large) == hashed(by_cosine)
    assert cosine_scale(large) == by_cosine
