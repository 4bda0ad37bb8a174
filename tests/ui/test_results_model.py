import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from imagefinder.domain.images import Hit
from imagefinder.ui.results_model import HitRole, PhotoRole, ResultsModel
from imagefinder.ui.similarity import Scale, percent, word
from imagefinder.ui.thumbnail_loader import ThumbnailLoader
from ui_photos import draw, make_hits, make_photo

SCALE = Scale(same=0.99, very_alike=0.9, alike=0.8, related=0.6)


@pytest.fixture
def loader(qtbot: QtBot) -> Iterator[ThumbnailLoader]:
    loader = ThumbnailLoader(draw)
    yield loader
    loader.close()


@pytest.fixture
def model(loader: ThumbnailLoader) -> ResultsModel:
    return ResultsModel(loader)


def ids(model: ResultsModel) -> list[int]:
    return [photo.id for photo in model.photos(0, model.rowCount())]


@pytest.mark.parametrize(
    ("cosine", "expected"), [(1.0, 100), (1.0001, 100), (0.874, 87), (0.876, 88), (0.0, 0), (-0.4, 0)]
)
def test_similarity_is_a_whole_number_from_0_to_100(cosine: float, expected: int) -> None:
    assert percent(cosine) == expected


@pytest.mark.parametrize(
    ("cosine", "expected"), [(1.0, "same"), (0.95, "very alike"), (0.8, "alike"), (0.7, "related"), (0.5, "")]
)
def test_a_word_only_where_the_model_has_a_scale(cosine: float, expected: str) -> None:
    assert word(cosine, SCALE) == expected
    assert word(cosine, None) == ""


def test_it_keeps_the_rules_of_qt_models(model: ResultsModel) -> None:
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_result(make_hits(30))
    model.set_sort_order("name")
    model.set_min_similarity(80)
    model.remove({1, 2})
    model.set_photos([])
    model.set_photos([make_photo(1)])
    assert tester.model() is model
    assert model.rowCount(model.index(0)) == 0
    assert model.data(QModelIndex(), PhotoRole) is None


def test_answers_are_shown_with_their_hits_and_photos_without(model: ResultsModel) -> None:
    hits = make_hits(3)
    model.set_result(hits)
    assert model.data(model.index(1), PhotoRole) == hits[1].photo
    assert model.data(model.index(1), HitRole) == hits[1]
    assert model.row_of(3) == 2
    model.set_photos([make_photo(9)])
    assert ids(model) == [9]
    assert model.data(model.index(0), HitRole) is None
    assert model.row_of(3) is None


def test_the_threshold_counts_as_the_number_on_the_photo_says(model: ResultsModel) -> None:
    hits = [Hit(rank, make_photo(rank), cosine) for rank, cosine in enumerate((0.9, 0.796, 0.7949, 0.2), 1)]
    model.set_result(hits)
    model.set_min_similarity(80)
    assert ids(model) == [1, 2]
    assert model.best_hidden() == hits[2]
    model.set_min_similarity(0)
    assert model.best_hidden() is None


def test_the_nearest_hidden_one_is_the_most_similar_also_where_a_method_ordered_otherwise(model: ResultsModel) -> None:
    hits = [Hit(rank, make_photo(rank), cosine) for rank, cosine in enumerate((0.3, 0.9, 0.5, 0.7), 1)]
    model.set_result(hits)
    model.set_min_similarity(80)
    assert model.best_hidden() == hits[3]
    assert ids(model) == [2]


def test_the_limit_keeps_the_most_similar_whatever_the_order(model: ResultsModel) -> None:
    names = ["d.jpg", "c.jpg", "b.jpg", "a.jpg"]
    model.set_result([Hit(rank, make_photo(rank, name), 1 - rank / 10) for rank, name in enumerate(names)])
    model.set_limit(2)
    model.set_sort_order("name")
    assert ids(model) == [1, 0]
    model.set_limit(20)
    assert ids(model) == [3, 2, 1, 0]


def test_names_are_sorted_as_people_count(model: ResultsModel) -> None:
    names = ["IMG_10.jpg", "img_9.jpg", "2.png", "IMG_10 b.jpg", "a²3.jpg", "IMG_009a.jpg", "٣.jpg"]
    model.set_photos([make_photo(number, name) for number, name in enumerate(names)])
    model.set_sort_order("name")
    shown = [photo.name for photo in model.photos(0, len(names))]
    assert shown == ["2.png", "٣.jpg", "a²3.jpg", "img_9.jpg", "IMG_009a.jpg", "IMG_10 b.jpg", "IMG_10.jpg"]


def test_the_newest_come_first_and_undated_ones_count_by_their_files(model: ResultsModel) -> None:
    photos = [
        make_photo(1, taken_at="2001-02-03 04:05:06"),
        make_photo(2, taken_at="", mtime=1_700_000_000),  # November 2023
        make_photo(3, taken_at="2024-01-01 00:00:00"),
        make_photo(4, taken_at="0000:00:00 nonsense", mtime=1_000_000_000),  # September 2001
    ]
    model.set_photos(photos)
    model.set_sort_order("date")
    assert ids(model) == [3, 2, 4, 1]


def test_by_folder_then_by_name(model: ResultsModel) -> None:
    paths = ["b/2.jpg", "a/10.jpg", "b/1.jpg", "a/9.jpg"]
    model.set_photos([make_photo(number, path) for number, path in enumerate(paths)])
    model.set_sort_order("folder")
    assert ids(model) == [3, 1, 2, 0]


def test_an_unknown_order_is_refused(model: ResultsModel) -> None:
    with pytest.raises(ValueError, match="beauty"):
        model.set_sort_order("beauty")  # type: ignore[arg-type]  # what is tested


def test_one_reset_for_each_change_and_none_without_one(model: ResultsModel) -> None:
    resets = []
    model.modelReset.connect(lambda: resets.append(model.rowCount()))
    model.set_result(make_hits(30))
    model.set_min_similarity(90)
    model.set_min_similarity(90)
    model.set_limit(5)
    model.set_sort_order("date")  # all of one date: the order stays
    model.set_result(make_hits(30))
    assert resets == [30, 10, 5]


def test_removed_photos_do_not_come_back(model: ResultsModel) -> None:
    model.set_result(make_hits(5))
    model.remove({1, 3, 77})
    assert ids(model) == [2, 4, 5]
    model.set_sort_order("name")
    assert ids(model) == [2, 4, 5]
    model.set_photos([make_photo(1), make_photo(2)])
    model.remove([1])
    assert ids(model) == [2]


def test_a_thumbnail_that_comes_changes_its_decoration_only(
    model: ResultsModel, loader: ThumbnailLoader, qtbot: QtBot
) -> None:
    model.set_result(make_hits(3))
    assert model.data(model.index(1), Qt.ItemDataRole.DecorationRole) is None
    with qtbot.waitSignal(model.dataChanged) as changed:
        loader.want([make_photo(77), make_photo(2)], 100)
    first, last, roles = changed.args
    assert (first.row(), last.row(), roles) == (1, 1, [Qt.ItemDataRole.DecorationRole])
    assert isinstance(model.data(model.index(1), Qt.ItemDataRole.DecorationRole), QPixmap)


def test_the_tool_tip_has_the_facts_and_takes_no_name_for_markup(model: ResultsModel) -> None:
    photo = make_photo(1, "summer/<b>&.jpg", size=(4000, 3000))
    model.set_result([Hit(1, photo, 0.87654)])
    tip = model.data(model.index(0), Qt.ItemDataRole.ToolTipRole)
    for fact in (
        "&lt;b&gt;&amp;.jpg",
        "/photos/summer",
        "4,000 \N{MULTIPLICATION SIGN} 3,000",
        "1.2 MB",
        "2024",
        "0.8765",
    ):
        assert fact in tip


def test_what_a_screen_reader_says(model: ResultsModel) -> None:
    hits = [Hit(1, make_photo(1, "a.jpg"), 0.93), Hit(2, make_photo(2, "b.jpg", offline=True), 0.5)]
    model.set_result(hits)
    model.set_scale(SCALE)
    said = [model.data(model.index(row), Qt.ItemDataRole.AccessibleTextRole) for row in (0, 1)]
    assert said == ["a.jpg, similarity 93 of 100, very alike", "b.jpg, similarity 50 of 100, offline"]


def test_photos_are_dragged_out_as_files_and_only_copied(model: ResultsModel) -> None:
    away = replace(make_photo(2), offline=True)
    model.set_photos([make_photo(1, "ä b.jpg"), away])
    mime = model.mimeData([model.index(0)])
    assert [url.toLocalFile() for url in mime.urls()] == ["/photos/ä b.jpg"]
    assert model.supportedDragActions() == Qt.DropAction.CopyAction
    assert model.flags(model.index(0)) & Qt.ItemFlag.ItemIsDragEnabled
    assert not model.flags(model.index(1)) & Qt.ItemFlag.ItemIsDragEnabled


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_is_not_utf8_is_shown_and_dragged_out_whole(model: ResultsModel) -> None:
    name = os.fsdecode(b"\xff\xe9.jpg")
    model.set_result([Hit(1, make_photo(1, name), 0.9)])
    model.set_sort_order("folder")
    index = model.index(0)
    assert model.data(index, PhotoRole).name == name
    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
        assert "\N{REPLACEMENT CHARACTER}.jpg" in model.data(index, role)
    assert model.mimeData([index]).urls()[0].toEncoded().data() == b"file:///photos/%FF%E9.jpg"
