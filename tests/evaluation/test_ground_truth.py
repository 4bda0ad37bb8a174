"""Ground truths as they are published, and files that only pretend to be one."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imagefinder.domain.evaluation import EvaluationError
from imagefinder.evaluation.ground_truth import load_plain_pickle, read_ground_truth

REVISITED = {
    "imlist": ["all_souls_000013", "all_souls_000026", "oxford_002904", "radcliffe_01"],
    "qimlist": ["all_souls_000051", "oxford_003410"],
    "gnd": [
        {"bbx": [1.5, 2.0, 30.0, 40.0], "easy": [0], "hard": [1], "junk": []},
        {"bbx": [0.0, 0.0, 10.0, 10.0], "easy": [], "hard": [3], "junk": [2, 0]},
    ],
}


def as_published(record: dict[str, Any]) -> dict[str, Any]:
    """With numpy arrays, as the pickles have them."""
    entries = [
        {key: np.array(value, np.float32 if key == "bbx" else np.int64) for key, value in entry.items()}
        for entry in record["gnd"]
    ]
    return {**record, "gnd": entries}


@pytest.mark.parametrize("protocol", [0, 2, 3, 4, 5])
@pytest.mark.parametrize("arrays", [True, False])
def test_pickle_and_json_say_the_same(tmp_path: Path, protocol: int, arrays: bool) -> None:
    record = as_published(REVISITED) if arrays else REVISITED
    (tmp_path / "gnd_r.pkl").write_bytes(pickle.dumps(record, protocol))
    (tmp_path / "gnd_r.json").write_text(json.dumps(REVISITED))
    for name in ("gnd_r.pkl", "gnd_r.json"):
        truth = read_ground_truth(tmp_path / name)
        assert truth.images == ("all_souls_000013", "all_souls_000026", "oxford_002904", "radcliffe_01")
        assert (truth.revisited, truth.closed) == (True, True)
        first, second = truth.queries
        assert (first.image, first.box) == ("all_souls_000051", (1.5, 2.0, 30.0, 40.0))
        assert (first.easy.tolist(), first.hard.tolist(), first.junk.tolist()) == ([0], [1], [])
        assert second.junk.tolist() == [0, 2]


def test_the_older_pickles_have_one_level(tmp_path: Path) -> None:
    record = {"imlist": ["a.jpg", "b.jpg"], "qimlist": ["a.jpg"], "gnd": [{"bbx": None, "ok": [1], "junk": [0]}]}
    (tmp_path / "gnd.pkl").write_bytes(pickle.dumps(record))
    truth = read_ground_truth(tmp_path / "gnd.pkl")
    assert not truth.revisited
    assert truth.images == ("a", "b")
    assert (truth.queries[0].easy.tolist(), truth.queries[0].box) == ([1], None)


def test_the_text_files_of_oxford(tmp_path: Path) -> None:
    (tmp_path / "all_souls_1_query.txt").write_text("oxc1_all_souls_000013 136.5 34.1 648.5 955.7\n")
    (tmp_path / "all_souls_1_good.txt").write_text("all_souls_000013\nall_souls_000026\n")
    (tmp_path / "all_souls_1_ok.txt").write_text("oxford_002904\n")
    (tmp_path / "all_souls_1_junk.txt").write_text("")
    truth = read_ground_truth(tmp_path)
    assert (truth.revisited, truth.closed) == (False, False)
    query = truth.queries[0]
    assert (query.image, query.box) == ("all_souls_000013", (136.5, 34.1, 648.5, 955.7))
    assert {truth.images[place] for place in query.easy} == {"all_souls_000013", "all_souls_000026"}
    assert [truth.images[place] for place in query.hard] == ["oxford_002904"]
    assert query.junk.tolist() == []


class Hostile:
    def __init__(self, call: Any, *arguments: Any) -> None:
        self.made_of = (call, arguments)

    def __reduce__(self) -> Any:
        return self.made_of


def test_a_pickle_that_runs_something_is_refused_and_does_not_run(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    for call, argument in ((os.mkdir, str(victim)), (eval, f"__import__('os').mkdir({str(victim)!r})")):
        file = tmp_path / "gnd.pkl"
        file.write_bytes(pickle.dumps({"imlist": Hostile(call, argument)}))
        with pytest.raises(EvaluationError, match=r"wants to run .*Do not trust"):
            read_ground_truth(file)
        assert not victim.exists()


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_plain_containers_and_arrays_come_through(protocol: int) -> None:
    value = {"a": [1, 2.5, None, True], "b": (b"bytes", "text ä"), "c": {3, 4}, "d": np.float32(1.5)}
    loaded = load_plain_pickle(pickle.dumps({**value, "e": np.arange(3), "f": np.array(["x"], object)}, protocol))
    assert {key: loaded[key] for key in value} == value
    assert loaded["e"].tolist() == [0, 1, 2]
    assert loaded["f"].tolist() == ["x"]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        "not json",
        '{"imlist": [], "qimlist": [], "gnd": []}',
        '{"imlist": ["a"], "qimlist": ["b"], "gnd": []}',
        '{"imlist": ["a"], "qimlist": ["b"], "gnd": [{"bbx": [0, 0, 1], "easy": [0]}]}',
        '{"imlist": ["a"], "qimlist": ["b"], "gnd": [{"bbx": [0, 0, 1, 1], "easy": [1]}]}',
        '{"imlist": ["a"], "qimlist": ["b"], "gnd": [{"bbx": [0, 0, 1, 1], "easy": [-1]}]}',
        '{"imlist": ["a"], "qimlist": ["b"], "gnd": [{"bbx": [0, 0, 1, 1], "easy": [0.5]}]}',
        '{"imlist": ["a"], "qimlist": ["b"], "gnd": [{"bbx": [0, 0, 1, 1], "easy": ["0"]}]}',
        '{"imlist": [1], "qimlist": ["b"], "gnd": [{"easy": [0]}]}',
        "[" * 100_000,
    ],
)
def test_json_of_another_form_is_explained(tmp_path: Path, text: str) -> None:
    file = tmp_path / "gnd.json"
    file.write_text(text)
    with pytest.raises(EvaluationError, match="is not a ground truth"):
        read_ground_truth(file)


@pytest.mark.parametrize("data", [b"", b"\x80\x05", b"hello", pickle.dumps(5), pickle.dumps({"gnd": 1})[:-3]])
def test_damaged_pickles_are_explained(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "gnd.pkl"
    file.write_bytes(data)
    with pytest.raises(EvaluationError, match="is not a ground truth"):
        read_ground_truth(file)


def test_missing_and_incomplete_places_are_explained(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="could not be read"):
        read_ground_truth(tmp_path / "none.pkl")
    with pytest.raises(EvaluationError, match=r"no .*_query\.txt files"):
        read_ground_truth(tmp_path)
    (tmp_path / "a_query.txt").write_text("a 1 2 3\n")
    with pytest.raises(EvaluationError, match="four numbers"):
        read_ground_truth(tmp_path)
    (tmp_path / "a_query.txt").write_text("a 1 2 3 4\n")
    with pytest.raises(EvaluationError, match="could not be read"):
        read_ground_truth(tmp_path)
