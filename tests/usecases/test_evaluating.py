"""Evaluation from folders to files: drawn photos, a model without weights, and what can be wrong with folders."""

from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image

from drawing import draw_photo
from drawn_classes import variants
from evaluating_kit import MODEL, QUICK, run
from imagefinder.domain.errors import Cancelled, ModelError, UnknownName
from imagefinder.domain.evaluation import EvaluationError, Way, one_at_a_time
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.usecases.evaluating import evaluate
from imagefinder.usecases.evaluation_files import as_text
from imagefinder.usecases.models import Models


def test_leave_one_out_over_the_leaf_folders(models: Models, gallery: Path) -> None:
    report = run(models, gallery)
    (result,) = report.models
    assert (report.counts.gallery, report.counts.queries, report.counts.classes) == (15, 15, 3)
    assert [(each.label, each.queries, each.gallery) for each in result.classes] == [
        ("anemone", 5, 5), ("birch", 5, 5), ("cedar", 5, 5),
    ]  # fmt: skip
    for name, found in result.overall.items():
        assert -1e-9 < found.low <= found.value + 1e-9 < found.high + 2e-9 < 1 + 1e-8, name
    assert result.overall["hit@1"].value > 0.6  # one in three by chance
    assert result.overall["precision@5"].value < 0.81  # at most four of five can be right without the photo itself
    assert result.curve[0][0] == 0
    assert result.curve[-1][0] == 1
    assert (result.dimension, result.bytes_per_photo) == (511, 1022)
    assert result.query_seconds > 0


def test_the_same_seed_gives_the_same_report(models: Models, gallery: Path) -> None:
    first, second = run(models, gallery, seed=3), run(models, gallery, seed=3)
    assert first.models[0].overall == second.models[0].overall
    assert first.models[0].worst == second.models[0].worst


def test_queries_against_several_gallery_folders(models: Models, gallery: Path, tmp_path: Path) -> None:
    variants(tmp_path / "more" / "cedar", 2, 3, start=50)
    variants(tmp_path / "queries" / "birch", 1, 2, start=70)
    variants(tmp_path / "queries" / "dahlia", 9, 1, start=80)
    report = run(models, gallery, tmp_path / "more", queries=(tmp_path / "queries",))
    assert (report.counts.gallery, report.counts.queries, report.counts.lone) == (18, 3, 1)
    rows = {each.label: (each.queries, each.gallery) for each in report.models[0].classes}
    assert rows == {"anemone": (0, 5), "birch": (2, 5), "cedar": (0, 8), "dahlia": (0, 0)}
    assert any("nothing of their class in the gallery, which are in no mean: 1." in note for note in report.notes)


def test_a_photo_on_both_sides_does_not_find_itself(models: Models, gallery: Path) -> None:
    plain = run(models, gallery)
    both = run(models, gallery, queries=(gallery,))
    assert both.models[0].overall == plain.models[0].overall


def test_the_worst_queries_come_with_their_nearest_wrong_answers(models: Models, gallery: Path) -> None:
    worst = run(models, gallery, worst=4).models[0].worst
    assert [query.average_precision for query in worst] == sorted(query.average_precision for query in worst)
    assert len(worst) == 4
    for query in worst:
        assert Path(query.path).parent.name == query.label
        assert query.wrong
        assert all(wrong.label != query.label for wrong in query.wrong)
        similarities = [wrong.similarity for wrong in query.wrong]
        assert similarities == sorted(similarities, reverse=True)


def test_several_models_stand_side_by_side(models: Models, gallery: Path) -> None:
    report = evaluate([gallery], [], models, [MODEL, MODEL], QUICK)
    assert [result.model for result in report.models] == [MODEL]  # named twice, measured once


@pytest.mark.parametrize("compare", ["hash", "hash-rerank"])
def test_hash_codes_take_less_memory(models: Models, gallery: Path, compare: Any) -> None:
    (result,) = run(models, gallery, ways=(Way(compare=compare),)).models
    assert result.bytes_per_photo == 64  # also of those ordered again: a library reads their rows from the disk
    assert result.overall["hit@1"].value > 0.5
    text = as_text(run(models, gallery, ways=(Way(compare=compare),)))
    assert compare in text
    assert ("from the disk" in text) == (compare == "hash-rerank")


def test_centring_can_be_switched(models: Models, gallery: Path) -> None:
    centred, plain = run(models, gallery, ways=(Way(centred=True), Way(centred=False))).models
    assert (centred.centred, plain.centred) == (True, False)
    # Of fifteen photos little is subtracted, but it is subtracted.
    assert centred.worst[0].wrong[0].similarity < plain.worst[0].wrong[0].similarity


def test_a_lever_is_applied_and_named(models: Models, gallery: Path) -> None:
    report = run(models, gallery, ways=(Way(lever="k-reciprocal"),), candidates=50)
    assert report.models[0].lever == "k-reciprocal"
    assert "k-reciprocal" in as_text(report)
    with pytest.raises(UnknownName, match="query-expansion"):
        run(models, gallery, ways=(Way(lever="nonsense"),))


def test_several_ways_stand_side_by_side_and_are_measured_as_if_alone(models: Models, gallery: Path) -> None:
    ways = one_at_a_time([True, False], ["cosine", "hash"], ["none", "query-expansion"])
    assert ways == (
        Way(True, "cosine", "none"), Way(False, "cosine", "none"), Way(True, "hash", "none"),
        Way(True, "cosine", "query-expansion"),
    )  # fmt: skip
    together = run(models, gallery, ways=ways).models
    for way, result in zip(ways, together, strict=True):
        (alone,) = run(models, gallery, ways=(way,)).models
        assert alone.overall == result.overall
    assert [(result.centred, result.compare, result.lever) for result in together] == [
        (True, "cosine", ""), (False, "cosine", ""), (True, "hash", ""), (True, "cosine", "query-expansion"),
    ]  # fmt: skip
    assert len({result.overall["mAP"].value for result in together}) > 2


def test_nothing_chosen_is_the_way_of_the_models_record() -> None:
    assert one_at_a_time([], [], []) == (Way(),)
    assert one_at_a_time([], [], ["none", "diffusion", "none"]) == (Way(lever="none"), Way(lever="diffusion"))


def test_a_lever_cannot_order_by_hash_codes() -> None:
    with pytest.raises(EvaluationError, match="orders by cosines"):
        one_at_a_time([], ["hash", "cosine"], ["diffusion"])


def test_a_photo_that_is_copied_is_a_near_duplicate_and_can_be_left_out(models: Models, gallery: Path) -> None:
    original = gallery / "plants" / "birch" / "0.png"
    (original.parent / "copy.png").write_bytes(original.read_bytes())
    with_copies = run(models, gallery, duplicate_similarity=0.9999)
    assert (with_copies.counts.near_duplicate_queries, with_copies.counts.near_duplicate_pairs) == (2, 1)
    assert any("flatters" in note for note in with_copies.notes)
    without = run(models, gallery, duplicate_similarity=0.9999, without_near_duplicates=True)
    assert without.counts.near_duplicate_pairs == 1
    assert any("left out" in note for note in without.notes)
    # Two of six photos have one less to find.
    assert without.models[0].overall["precision@5"].value < with_copies.models[0].overall["precision@5"].value


def test_photos_of_one_burst_are_near_duplicates_by_their_time(models: Models, tmp_path: Path) -> None:
    exif = Image.Exif()
    for number, second in enumerate(("10:00:00", "10:00:03", "11:00:00")):
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"2026:05:01 {second}"
        draw_photo(tmp_path / "photos" / "one" / f"{number}.jpg", number, exif=exif.tobytes())
    report = run(models, tmp_path / "photos", duplicate_similarity=2.0)
    assert (report.counts.near_duplicate_queries, report.counts.near_duplicate_pairs) == (2, 1)


def test_unreadable_photos_are_listed_and_counted(models: Models, gallery: Path) -> None:
    broken = gallery / "plants" / "birch" / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    report = run(models, gallery)
    assert [each.path for each in report.counts.unreadable] == [str(broken)]
    assert report.counts.unreadable[0].reason
    assert report.counts.gallery == 15
    assert any(note == "Photos that could not be read: 1." for note in report.notes)


def test_hidden_files_are_left_alone_as_in_a_library(models: Models, gallery: Path) -> None:
    assert (gallery / "plants" / ".birch.png").is_file()
    assert run(models, gallery).counts.gallery == 15


def test_folders_without_photos_are_no_class_and_are_named(models: Models, gallery: Path) -> None:
    (gallery / "plants" / "elm").mkdir()
    (gallery / "plants" / "fir").mkdir()
    (gallery / "plants" / "fir" / "notes.txt").write_text("nothing yet")
    report = run(models, gallery)
    assert [Path(folder).name for folder in report.counts.empty_folders] == ["elm", "fir"]
    assert report.counts.classes == 3


def test_one_class_is_measured_and_said_to_mean_nothing(models: Models, gallery: Path) -> None:
    report = run(models, gallery / "plants" / "birch")
    assert {found.value for found in report.models[0].overall.values()} >= {1.0}
    assert report.models[0].overall["mAP"].value == 1
    assert any("one class" in note for note in report.notes)


@pytest.mark.parametrize("case", ["one photo", "one of each"])
def test_nothing_to_be_found_is_explained(models: Models, tmp_path: Path, case: str) -> None:
    for number in range(1 if case == "one photo" else 3):
        draw_photo(tmp_path / "photos" / f"class{number}" / "only.jpg", number)
    with pytest.raises(EvaluationError, match=r"No query has a photo of its class.*folder of their own"):
        run(models, tmp_path / "photos")


def test_folders_that_cannot_be_used_are_explained(models: Models, gallery: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvaluationError, match="no photos to search in"):
        run(models, tmp_path / "empty")
    with pytest.raises(EvaluationError, match="no photos to search for"):
        run(models, gallery, queries=(tmp_path / "empty",))
    with pytest.raises(EvaluationError, match="no folder that can be read"):
        run(models, tmp_path / "missing")
    (tmp_path / "empty" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(EvaluationError, match="None of the photos could be read"):
        run(models, tmp_path / "empty")


def test_models_that_are_not_there_are_told_before_any_photo_is_read(models: Models, gallery: Path) -> None:
    seen: list[Progress] = []
    with pytest.raises(UnknownName, match=MODEL):
        evaluate([gallery], [], models, [MODEL, "colour-layuot"], QUICK, progress=seen.append)
    with pytest.raises(ModelError, match="not here"):
        evaluate([gallery], [], models, [MODEL, "resnet50"], QUICK, progress=seen.append)
    assert all(progress.phase == "looking" for progress in seen)


@pytest.mark.parametrize("phase", ["looking", "embedding", "measuring"])
def test_cancelling_stops_in_every_phase(models: Models, gallery: Path, phase: str) -> None:
    token = CancelToken()
    seen: list[str] = []

    def watch(progress: Progress) -> None:
        seen.append(progress.phase)
        if progress.phase == phase:
            token.cancel()

    with pytest.raises(Cancelled):
        evaluate([gallery], [], models, [MODEL], QUICK, token, watch)
    assert seen[-1] == phase


@pytest.mark.photos
def test_real_photographs_have_near_duplicates(models: Models, grocery: Path) -> None:
    folder = grocery / "test" / "Packages"
    report = run(models, folder)
    assert report.counts.queries == 781
    apart = run(models, folder, without_near_duplicates=True)
    assert report.models[0].overall["hit@1"].value > 0.9
    assert report.counts.near_duplicate_queries not in (None, 0)
    assert apart.models[0].overall["hit@1"].value <= report.models[0].overall["hit@1"].value
