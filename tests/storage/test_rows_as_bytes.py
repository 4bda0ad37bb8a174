"""Libraries whose model's record says that a number of an embedding is a byte, from now on or from the beginning."""

import io
import json
import logging
import sqlite3
import zlib
from pathlib import Path

import numpy as np
import pytest

from comparing_kit import answers_are_right, mean_of_rows
from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import IndexKind, IndexSpec, Stored
from imagefinder.evaluation.metrics import Hits, map_at_r
from imagefinder.storage import index_file
from imagefinder.storage.index_file import LENGTH, MAGIC
from imagefinder.storage.library import Library
from imagefinder.storage.row_blobs import unit
from imagefinder.storage.vectors import VectorIndex
from storage_kit import item, kept_as, library_with, nearest, read, row


def lengths(library: Library) -> list[int]:
    with library._database.read() as connection:
        return [size for (size,) in connection.execute("SELECT length(embedding) FROM vector ORDER BY photo_id")]


def index_form(library: Library) -> Stored:
    assert library._keeper is not None
    return library._keeper.serving().index.spec.stored


def clustered(
    count: int, seed: int, dimension: int = 64
) -> tuple[Embeddings, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Unit rows of 40 classes that overlap, with the class of each."""
    rng, centres = np.random.default_rng(seed), np.random.default_rng(99).standard_normal((40, dimension))
    classes = rng.integers(0, 40, count)
    rows = centres[classes] + 1.7 * rng.standard_normal((count, dimension))
    return unit(np.asarray(rows, np.float32)), classes


# The index


@pytest.mark.parametrize("kind", ["flat", "ivf"])
def test_rankings_are_as_good_as_those_of_half_floats(kind: IndexKind) -> None:
    (rows, classes), (queries, asked) = clustered(3000, 1), clustered(200, 2)
    relevant = np.array([np.sum(classes == each) for each in asked])
    scores: dict[Stored, float] = {}
    for stored in ("float16", "int8"):
        index = VectorIndex(IndexSpec(kind, 64, 30, stored), rows)
        index.add(np.arange(3000), rows)
        ranked = [index.search(query, int(relevant.max()))[0] for query in queries]
        hits = Hits.of([classes[ids] == each for ids, each in zip(ranked, asked, strict=True)], relevant)
        scores[stored] = float(np.mean(map_at_r(hits)))
    assert 0.2 < scores["float16"] < 0.9, "neither too hard nor too easy to tell them apart"
    assert scores["int8"] == pytest.approx(scores["float16"], abs=1e-3)


@pytest.mark.parametrize("dimension", [16, 24, 32, 100, 512])
def test_a_row_with_little_else_than_one_number_finds_itself(dimension: int) -> None:
    """In every width: where rows fit the strides of Faiss it compares whole numbers, and floats elsewhere."""
    rows = np.concatenate([np.eye(dimension), -np.eye(dimension)]).astype(np.float32) * np.float32(1.005)
    index = VectorIndex(IndexSpec("flat", dimension, stored="int8"))
    index.add(np.arange(len(rows)), rows)
    assert index.stored(rows).max() == 255
    assert index.stored(rows).min() == 1
    for number in range(0, len(rows), 7):
        ids, similarities = index.search(rows[number] / np.float32(1.005), 3)
        assert ids[0] == number
        assert similarities.tolist() == pytest.approx([1, 0, 0], abs=1e-6)
    assert index.search(np.zeros(dimension, np.float32), 2)[1].tolist() == [0, 0]


def test_the_index_takes_a_byte_a_number() -> None:
    rows, _ = clustered(2000, 1, 512)
    sizes: dict[Stored, int] = {}
    for stored in ("float16", "int8"):
        index = VectorIndex(IndexSpec("flat", 512, stored=stored))
        index.add(np.arange(2000), rows)
        written = io.BytesIO()
        index.write(written.write)
        sizes[stored] = len(written.getvalue())
    assert sizes["float16"] - sizes["int8"] == 2000 * 512
    assert sizes["int8"] < 1.02 * 2000 * 512


@pytest.mark.parametrize("kind", ["flat", "ivf"])
@pytest.mark.parametrize("stored", ["float16", "int8"])
def test_a_file_whose_stamp_says_the_other_form_is_refused(tmp_path: Path, kind: IndexKind, stored: Stored) -> None:
    rows, _ = clustered(300, 1)
    index = VectorIndex(IndexSpec(kind, 64, 4, stored), rows)
    index.add(np.arange(300), rows)
    path = tmp_path / "index"
    index_file.save(path, index, "library", "model")
    assert index_file.load(path)[1].stored == stored
    data = path.read_bytes()[len(MAGIC) : -LENGTH.size]
    (length,) = LENGTH.unpack(data[: LENGTH.size])
    stamp = json.loads(data[LENGTH.size :][:length])
    stamp["stored"] = "int8" if stored == "float16" else "float16"
    changed = json.dumps(stamp).encode()
    forged = MAGIC + LENGTH.pack(len(changed)) + changed + data[LENGTH.size + length :]
    path.write_bytes(forged + LENGTH.pack(zlib.crc32(forged)))
    with pytest.raises(index_file.IndexFileError, match="expected kind"):
        index_file.load(path)


# The library


def test_searches_answer_with_the_cosines_of_the_stored_rows(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 400, "int8") as library:
        for _ in range(2):
            answers_are_right(library, row(1), tolerance=1e-5)
            everything = library.search(row(900), 400)
            for k in (1, 5, 50):
                found = library.search(row(900), k)
                assert [photo_id for photo_id, _ in found] == [photo_id for photo_id, _ in everything[:k]]
                assert [cosine for _, cosine in found] == pytest.approx([cosine for _, cosine in everything[:k]])
                assert library.neighbourhood(row(900), k)[0] == [photo_id for photo_id, _ in everything[:k]]
            for photo_id in range(1, 401):
                own = library.embedding(photo_id)
                assert own is not None
                ((nearest_id, similarity),) = library.search(own, 1)
                assert nearest_id == photo_id
                assert similarity == pytest.approx(1, abs=1e-6)
            library.optimise()
        assert library.search(row(1), 0) == []
        assert lengths(library) == [16] * 400
        held = library.models_held()[0]
        assert held.bytes - 400 * 16 == sum(path.stat().st_size for path in (tmp_path / "library").glob("*.faiss"))
        np.testing.assert_allclose(library.centred(row(7)), library.all_rows([8])[1][0], atol=2e-2)
        assert library.verify().problems == ()


@pytest.mark.parametrize(("before", "after"), [("float16", "int8"), ("int8", "float16")])
def test_a_library_whose_model_changes_its_form_keeps_its_rows(tmp_path: Path, before: Stored, after: Stored) -> None:
    library = library_with(tmp_path / "library", tmp_path / "photos", 20, before)
    library.optimise()
    of_old, of_new = (32, 16) if before == "float16" else (16, 32)
    library.register_model(kept_as(after))
    library.add(1, 1, [item(f"{n}.jpg", n) for n in range(20, 30)])
    library.add(1, 1, [item("3.jpg", 3)])  # read again
    assert index_form(library) == before
    answers_are_right(library, row(1), tolerance=6e-3)
    library.optimise()
    assert index_form(library) == after
    for _ in range(2):
        assert sorted(lengths(library)) == sorted([of_old] * 19 + [of_new] * 11)
        answers_are_right(library, row(1))
        assert [nearest(library, n) for n in range(30)] == [f"{n}.jpg" for n in range(30)]
        paths, rows, _ = library.export()
        assert len(paths) == 30
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
        assert library.verify().problems == ()
        library.close()
        library = Library.open(tmp_path / "library")
        assert index_form(library) == after
    assert library.remove_photos([1, 4, 25]) == 0
    assert library.bring_back(library.removals()[0].id) == 3
    assert sorted(lengths(library)) == sorted([of_old] * 19 + [of_new] * 11), "as they were, not once more rounded"
    np.testing.assert_allclose(mean_of_rows(library), sum(row(n) for n in range(30)) / 130, atol=1e-3)
    library.compare_by("hash-rerank", True)
    answers_are_right(library, row(1))
    library.compare_by("hash", True)
    answers_are_right(library, row(1))
    assert library.verify().problems == ()
    library.close()


def test_the_index_file_of_the_other_form_is_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    library = library_with(tmp_path / "library", tmp_path / "photos")
    nearest(library, 0)
    library.save_index()
    library.register_model(kept_as("int8"))
    library.close()
    with caplog.at_level(logging.INFO), Library.open(tmp_path / "library") as library:
        assert index_form(library) == "int8"
        assert [nearest(library, n) for n in range(10)] == [f"{n}.jpg" for n in range(10)]
        assert library.verify().problems == ()
    assert "kept or compared in another way" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.INFO), Library.open(tmp_path / "library") as library:
        assert index_form(library) == "int8"
        assert nearest(library, 3) == "3.jpg"
    assert caplog.text == ""


def test_damaged_bytes_are_found_and_their_photos_read_again(tmp_path: Path) -> None:
    library_with(tmp_path / "library", tmp_path / "photos", 6, "int8").close()
    raw = sqlite3.connect(tmp_path / "library" / "library.db")
    for seq, blob in ((2, b"\x01\x02"), (3, b"\x80" * 16), (4, b"\x11" * 16), (5, bytes(16))):
        raw.execute("UPDATE vector SET embedding = ? WHERE seq = ?", (blob, seq))
    raw.commit()
    raw.close()
    with Library.open(tmp_path / "library") as library:
        assert library.verify(repair=False).problems[0].startswith("3 photos had a damaged vector")
        assert library.verify().repaired
        assert library.without_embedding(1, range(1, 7)) == [2, 3, 4], "a row of zeros is none"
        library.add(1, 1, [item(f"{n}.jpg", n) for n in (1, 2, 3)])
        assert library.verify().problems == ()


def test_a_photo_without_any_feature_stays_so(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 30, "int8") as library:
        library.add(1, 1, [("grey.jpg", read(900), np.zeros(16, np.float32))])
        library.optimise()
        assert not library.all_rows([31])[1].any()
        assert len(library.search(np.zeros(16, np.float32), 100)) == 31
        assert dict(library.search(row(1), 100))[31] == 0
        assert library.verify().problems == ()
