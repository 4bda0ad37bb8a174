"""The landmark protocol from folders and ground-truth files to numbers."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from drawn_classes import variants
from imagefinder.domain.evaluation import EvaluationError, EvaluationOptions, EvaluationReport, Way
from imagefinder.usecases.evaluation_files import as_record, as_text
from imagefinder.usecases.landmarks import evaluate_landmarks
from imagefinder.usecases.models import Models

QUICK = EvaluationOptions(resamples=50, device="cpu")
MODEL = "colour-layout"


@pytest.fixture
def landmarks(tmp_path: Path) -> Path:
    """Two sights of six photos each and a ground truth in the revisited form, with one photo that is missing."""
    names: list[str] = []
    for seed, sight in enumerate(("arch", "bridge")):
        for made in variants(tmp_path / "jpg" / sight, seed, 6):
            made.rename(made.with_name(f"{sight}_{made.name}"))
            names.append(f"{sight}_{made.stem}")
    record = {
        "imlist": [name for name in names if not name.endswith("_0")] + ["arch_lost"],
        "qimlist": ["arch_0", "bridge_0"],
        "gnd": [
            {"bbx": [10, 10, 200, 150], "easy": [0, 1], "hard": [2, 10], "junk": [3, 4]},
            {"bbx": [0, 0, 250, 175], "easy": [5, 6], "hard": [], "junk": [7]},
        ],
    }
    (tmp_path / "gnd.json").write_text(json.dumps(record))
    return tmp_path


def measure_landmarks(models: Models, folder: Path, truth: str) -> EvaluationReport:
    return evaluate_landmarks([folder / "jpg"], [], folder / truth, models, [MODEL], QUICK)


def test_the_landmark_protocol_on_folders(models: Models, landmarks: Path) -> None:
    report = measure_landmarks(models, landmarks, "gnd.json")
    (result,) = report.models
    assert (report.counts.gallery, report.counts.queries, report.counts.missing) == (10, 2, 1)
    levels, metrics = ("easy", "medium", "hard"), ("mAP", "mP@1", "mP@5", "mP@10")
    assert list(result.overall) == [f"{level} {metric}" for level in levels for metric in metrics]
    assert result.overall["easy mAP"].value > 0.5
    assert result.overall["hard mAP"].value <= 0.5  # one of two is missing, and only the first query counts
    assert len(result.worst) == 2
    assert "1 photos that the ground truth names are not there" in as_text(report)
    assert as_record(report)["models"][0]["classes"] == []


def test_near_duplicates_are_not_looked_for_and_leaving_them_out_is_refused(models: Models, landmarks: Path) -> None:
    counts = as_record(measure_landmarks(models, landmarks, "gnd.json"))["counts"]
    assert (counts["near_duplicate_queries"], counts["near_duplicate_pairs"]) == (None, None)
    options = replace(QUICK, without_near_duplicates=True)
    with pytest.raises(EvaluationError, match="near-duplicates are not looked for"):
        evaluate_landmarks([landmarks / "jpg"], [], landmarks / "gnd.json", models, [MODEL], options)


def test_several_ways_are_measured_by_the_landmark_protocol(models: Models, landmarks: Path) -> None:
    options = replace(QUICK, ways=(Way(), Way(compare="hash"), Way(lever="query-expansion")))
    report = evaluate_landmarks([landmarks / "jpg"], [], landmarks / "gnd.json", models, [MODEL, MODEL], options)
    assert [(result.compare, result.lever) for result in report.models] == [
        ("cosine", ""), ("hash", ""), ("cosine", "query-expansion"),
    ]  # fmt: skip
    (alone,) = measure_landmarks(models, landmarks, "gnd.json").models
    assert report.models[0].overall == alone.overall
    assert len({result.worst[0].wrong[0].similarity for result in report.models}) == 3


def test_the_query_is_cropped_to_its_box(models: Models, landmarks: Path) -> None:
    record = json.loads((landmarks / "gnd.json").read_text())
    plain = measure_landmarks(models, landmarks, "gnd.json").models[0].worst
    record["gnd"][0]["bbx"] = [0, 0, 40, 40]
    (landmarks / "other.json").write_text(json.dumps(record))
    cropped = measure_landmarks(models, landmarks, "other.json").models[0].worst
    assert {query.wrong[0].similarity for query in plain} != {query.wrong[0].similarity for query in cropped}
    record["gnd"][0]["bbx"] = [900, 900, 1000, 1000]
    (landmarks / "outside.json").write_text(json.dumps(record))
    with pytest.raises(EvaluationError, match="outside of the picture"):
        measure_landmarks(models, landmarks, "outside.json")


def test_the_text_files_of_oxford_on_folders(models: Models, landmarks: Path) -> None:
    (landmarks / "gt").mkdir()
    lists = {"good": "arch_0 arch_1", "ok": "arch_2 arch_3", "junk": "arch_4"}
    (landmarks / "gt" / "arch_1_query.txt").write_text("oxc1_arch_0 5 5 240 170")
    for kind, names in lists.items():
        (landmarks / "gt" / f"arch_1_{kind}.txt").write_text("\n".join(names.split()))
    report = measure_landmarks(models, landmarks, "gt")
    assert report.counts.gallery == 12  # every photo that is there, the query too
    assert list(report.models[0].overall) == ["all mAP", "all mP@1", "all mP@5", "all mP@10"]
    assert report.models[0].overall["all mP@1"].value == 1  # the photo that the query was cut from


def test_a_ground_truth_of_other_photos_is_explained(models: Models, landmarks: Path) -> None:
    record = {"imlist": ["x"], "qimlist": ["y"], "gnd": [{"bbx": None, "easy": [0], "hard": [], "junk": []}]}
    (landmarks / "other.json").write_text(json.dumps(record))
    with pytest.raises(EvaluationError, match="None of the photos"):
        measure_landmarks(models, landmarks, "other.json")
