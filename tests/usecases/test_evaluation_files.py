"""An evaluation as others read it: the page, the table, the record, and the command that makes them."""

import csv
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from drawn_classes import variants
from evaluating_kit import MODEL, run
from imagefinder import diagnostics
from imagefinder.cli import main
from imagefinder.domain.evaluation import EvaluationError
from imagefinder.domain.progress import CancelToken
from imagefinder.usecases.evaluation_files import as_record, write_csv, write_html
from imagefinder.usecases.models import Models


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_is_one_file_with_curves_and_pictures(models: Models, gallery: Path, tmp_path: Path) -> None:
    hostile = gallery / "plants" / "birch" / "<script>&.png"
    hostile.write_bytes((hostile.parent / "1.png").read_bytes())
    report = run(models, gallery, worst=16)
    write_html(report, tmp_path / "report.html", CancelToken())
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert "svg" in page.tags
    assert "polyline" in page.tags
    assert not {"script", "link", "iframe"} & set(page.tags)
    assert len(page.sources) > 16
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert "&lt;script&gt;&amp;.png" in text
    for name in report.models[0].overall:
        assert f"<td>{name}</td>" in text
    assert "<th>MAP@R</th><th>F1 (kNN@5)</th></tr>" in text
    assert not re.search(r"\bnan\b", re.sub(r"base64,[^\"]*", "", text))


def test_csv_and_json_hold_every_number(models: Models, gallery: Path, tmp_path: Path) -> None:
    variants(tmp_path / "queries" / "birch", 1, 2, start=70)
    report = run(models, gallery, queries=(tmp_path / "queries",))
    write_csv(report, tmp_path / "report.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "report.csv").read_text(encoding="utf-8"))))
    overall = {row["metric"]: row for row in rows if row["scope"] == "overall"}
    (result,) = report.models
    assert list(overall) == [*result.overall, "photos/s", "ms/query", "bytes/photo"]
    assert float(overall["photos/s"]["value"]) == pytest.approx(result.photos_per_second, abs=1e-6)
    assert float(overall["ms/query"]["value"]) == pytest.approx(1000 * result.query_seconds, abs=1e-6)
    assert (float(overall["bytes/photo"]["value"]), overall["bytes/photo"]["low"]) == (1022, "")
    assert float(overall["mAP"]["low"]) == pytest.approx(result.overall["mAP"].low, abs=1e-6)
    empty = [row for row in rows if row["class"] == "cedar"]  # a class without queries has no numbers
    assert empty
    assert {row["value"] for row in empty} == {""}
    birch = {row["metric"]: float(row["value"]) for row in rows if row["class"] == "birch"}
    assert {"F1 (kNN@5)", "R-precision", "MRR", "hit@5", "hit@10", "precision@1", "precision@5"} < birch.keys()
    assert len(birch) == len(result.overall)  # all of them, with an F1 of its own for the mean of these
    record = json.loads(json.dumps(as_record(report), allow_nan=False))
    assert record["models"][0]["overall"]["mAP"]["value"] == result.overall["mAP"].value
    assert record["models"][0]["classes"][0]["metrics"]["mAP"]["value"] is None


def test_a_report_that_cannot_be_written_is_explained(models: Models, gallery: Path, tmp_path: Path) -> None:
    report = run(models, gallery)
    with pytest.raises(EvaluationError, match="is a folder"):
        write_csv(report, tmp_path)
    with pytest.raises(EvaluationError, match="does not exist"):
        write_csv(report, tmp_path / "none" / "report.csv")


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: object, expect: int = 0) -> tuple[str, str]:
        code = main(["evaluate", *map(str, arguments), "--basedir", str(tmp_path / "base"), "--device", "cpu"])
        printed = capsys.readouterr()
        assert code == expect, printed.err
        return printed.out, printed.err

    yield call
    diagnostics.stop_log()


Call = Callable[..., tuple[str, str]]


def test_the_command_prints_and_writes_everything(command: Call, gallery: Path, tmp_path: Path) -> None:
    files = tmp_path / "report.csv", tmp_path / "report.html"
    more = ("--csv", files[0], "--report", files[1], "--resamples", 20, "--worst", 2, "--centring", "off")
    out, _ = command(gallery, "--model", MODEL, *more)
    assert "15 queries in a gallery of 15 photos, 3 classes" in out
    assert "hit@1" in out
    assert "not centred" in out
    assert re.search(r"queries +gallery +hit@1 +precision@10 +mAP +MAP@R +F1 \(kNN@5\)\n", out)
    assert "All metrics of each class" in out
    assert all(file.stat().st_size > 500 for file in files)
    out, _ = command(gallery, "--model", MODEL, "--queries", gallery / "plants" / "birch", "--json", "--resamples", 20)
    record = json.loads(out)
    assert record["counts"]["queries"] == 5
    assert record["models"][0]["model"] == MODEL


def test_the_command_explains_what_is_wrong(command: Call, gallery: Path) -> None:
    assert "Known:" in command(gallery, "--model", "nonsense", expect=1)[1]
    assert "does not exist" in command(gallery, "--csv", gallery / "none" / "x.csv", expect=1)[1]
    (gallery / "bad.pkl").write_bytes(b"junk")
    assert "not a ground truth" in command(gallery, "--ground-truth", gallery / "bad.pkl", expect=1)[1]


def test_the_limits_of_near_duplicates_can_be_set(command: Call, gallery: Path) -> None:
    asked = (gallery, "--model", MODEL, "--resamples", 20, "--json")
    found = json.loads(command(*asked)[0])
    assert (found["options"]["duplicate_similarity"], found["options"]["burst_seconds"]) == (0.95, 5)
    strict = ("--burst-seconds", 2.5, "--without-near-duplicates", "--duplicate-similarity")
    none = json.loads(command(*asked, *strict, 1)[0])
    assert (none["options"]["duplicate_similarity"], none["options"]["burst_seconds"]) == (1, 2.5)
    assert none["counts"]["near_duplicate_pairs"] == 0
    assert "No query has a photo of its class" in command(*asked, *strict, 0.01, expect=1)[1]  # all were left out


@pytest.mark.parametrize(
    ("option", "value"),
    [("similarity", "1.01"), ("similarity", "-0.1"), ("similarity", "nan"), ("seconds", "-1"), ("seconds", "inf"),
     ("seconds", "long")],
)  # fmt: skip
def test_limits_that_mean_nothing_are_wrong_usage(
    gallery: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = {"similarity": "--duplicate-similarity", "seconds": "--burst-seconds"}[option]
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", str(gallery), f"{name}={value}"])
    assert stopped.value.code == 2
    assert f"{value!r} is not a number" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [("--without-near-duplicates",), ("--duplicate-similarity", 0.95), ("--burst-seconds", 5)]
)
def test_near_duplicates_are_refused_beside_a_ground_truth(
    command: Call, gallery: Path, option: tuple[object, ...]
) -> None:
    told = command(gallery, "--ground-truth", gallery / "gnd.json", *option, expect=1)[1]
    assert "near-duplicates are not looked for" in told
    assert "--burst-seconds" in told


def test_the_command_measures_several_ways_one_beside_the_other(command: Call, gallery: Path) -> None:
    asked = (gallery, "--model", MODEL, "--resamples", 20, "--centring", "on", "off", "--compare", "cosine", "hash")
    out, _ = command(*asked, "--lever", "none", "query-expansion", "k-reciprocal", "--candidates", 5)
    for title in (f"{MODEL} (not centred)", f"{MODEL} (hash)", f"{MODEL} (query-expansion)", f"{MODEL} (k-reciprocal)"):
        assert title in out
    assert "--again" not in out
    assert "The numbers of each class are in" in out
    again, _ = command(*asked, "--json")
    assert [model["recalled"] for model in json.loads(again)["models"]] == [15, 15, 15]
    fresh, _ = command(*asked, "--json", "--again")
    assert [model["recalled"] for model in json.loads(fresh)["models"]] == [0, 0, 0]
    assert "orders by cosines" in command(gallery, "--compare", "hash", "--lever", "diffusion", expect=1)[1]
    assert "k-reciprocal" in command(gallery, "--lever", "reciprocal", expect=1)[1]
