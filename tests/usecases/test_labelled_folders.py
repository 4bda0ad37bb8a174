"""Labels from folders, and what is odd about them."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from drawing import draw_photo
from imagefinder.domain.errors import Cancelled, FolderError
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.domain.training import LabelledPhoto, Pair
from imagefinder.usecases.label_levels import Nested
from imagefinder.usecases.labelled_folders import (
    FolderSurvey,
    labelled_photos,
    labels_of_pairs,
    survey_folders,
    survey_photos,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in range(5):
        draw_photo(tmp_path / "fruit" / "apple" / f"{number}.jpg", number)
        draw_photo(tmp_path / "bread" / f"{number}.jpg", 10 + number)
    return tmp_path


def counts(photos: list[LabelledPhoto] | tuple[LabelledPhoto, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for photo in photos:
        found[photo.label] = found.get(photo.label, 0) + 1
    return found


def survey(root: Path) -> FolderSurvey:
    return survey_photos(labelled_photos([root]))


def test_the_label_is_the_leaf_folder(root: Path) -> None:
    assert counts(labelled_photos([root])) == {"apple": 5, "bread": 5}
    assert labelled_photos([root / "fruit", root / "bread"]) != []
    assert counts(labelled_photos([root, root / "bread"])) == {"apple": 5, "bread": 5}  # no photo twice


def test_a_folder_that_gives_no_labels(root: Path) -> None:
    with pytest.raises(FolderError, match="cannot be opened"):
        labelled_photos([root / "missing"])
    (root / "empty").mkdir()
    with pytest.raises(FolderError, match="There are no photos"):
        labelled_photos([root / "empty"])


def test_good_folders_have_nothing_odd(root: Path) -> None:
    found = survey(root)
    assert [(each.label, len(each.photos), each.bursts) for each in found.labels] == [("apple", 5, 0), ("bread", 5, 0)]
    assert found.warnings() == ()
    assert counts(found.chosen()) == {"apple": 5, "bread": 5}


def test_labels_are_left_out_and_merged(root: Path) -> None:
    found = survey(root)
    assert counts(found.chosen({"apple"})) == {"bread": 5}
    assert counts(found.chosen((), {"apple": "food", "bread": "food"})) == {"food": 10}


def test_the_same_photo_under_two_labels_is_left_out(root: Path) -> None:
    shutil.copy(root / "bread" / "1.jpg", root / "fruit" / "apple" / "copy.jpg")
    found = survey(root)
    assert [sorted(Path(path).name for path in group) for group in found.shared] == [["1.jpg", "copy.jpg"]]
    assert counts(found.chosen()) == {"apple": 5, "bread": 4}
    assert counts(found.chosen((), {"apple": "food", "bread": "food"})) == {"food": 10}
    assert counts(found.chosen({"apple"})) == {"bread": 5}
    (said,) = found.warnings()
    assert said.startswith("2 photos are left out, as the same photo is under several labels: ")


def test_the_same_photo_twice_under_a_label_counts_once(root: Path) -> None:
    shutil.copy(root / "bread" / "1.jpg", root / "bread" / "copy.jpg")
    found = survey(root)
    assert len(found.repeated) == 1
    assert counts(found.chosen()) == {"apple": 5, "bread": 5}
    assert found.warnings()[0].startswith("1 photo is left out, as the same photo is under its label twice")


def test_few_unreadable_and_many_photos_are_told(root: Path) -> None:
    draw_photo(root / "rare" / "1.jpg", 50)
    (root / "bread" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    for number in range(55):
        draw_photo(root / "many" / f"{number}.jpg", 100 + number, (40, 30))
    found = survey(root)
    assert set(found.unreadable) == {str(root / "bread" / "broken.jpg")}
    text = " ".join(found.warnings())
    assert "rare has fewer than 4 photos" in text
    assert "1 file cannot be read" in text
    assert "many has 55 photos" in text
    assert counts(found.chosen())["bread"] == 5


def test_photos_of_one_moment_are_a_burst(root: Path) -> None:
    for number, second in enumerate((0, 3, 6, 40)):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"2024:05:01 12:00:{second:02}"
        draw_photo(root / "walk" / f"{number}.jpg", 60 + number, exif=exif)
    found = {each.label: each.bursts for each in survey(root).labels}
    assert found == {"apple": 0, "bread": 0, "walk": 3}
    assert "3 photos belong to bursts" in " ".join(survey(root).warnings())


def test_looking_tells_how_far_it_is_and_can_be_stopped(root: Path) -> None:
    told: list[Progress] = []
    survey_photos(labelled_photos([root]), progress=told.append)
    assert (told[-1].phase, told[-1].done, told[-1].total) == ("looking", 10, 10)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        survey_photos(labelled_photos([root]), token)


def test_copies_of_a_photo_join_the_pairs_they_are_in(root: Path) -> None:
    bread = root / "bread"
    shutil.copy(bread / "1.jpg", bread / "copy.jpg")
    one, two, three, copy = (str(bread / name) for name in ("0.jpg", "1.jpg", "2.jpg", "copy.jpg"))
    missing = str(bread / "missing.jpg")
    found = labels_of_pairs([Pair(one, two, True), Pair(copy, three, True), Pair(one, missing, False)])
    assert {photo.label for photo in found if photo.path != missing} == {"1"}
    assert {photo.label for photo in found if photo.path == missing} == {"2"}


def test_photos_are_counted_where_they_are_left_out_and_not_the_groups_of_them(root: Path) -> None:
    for number in range(3):
        shutil.copy(root / "bread" / f"{number}.jpg", root / "fruit" / "apple" / f"copy {number}.jpg")
        shutil.copy(root / "bread" / "4.jpg", root / "bread" / f"copy {number}.jpg")
    shared, repeated = survey(root).warnings()
    assert shared.startswith("6 photos are left out, as the same photo is under several labels")
    assert repeated.startswith("3 photos are left out, as the same photo is under its label twice")


@pytest.fixture
def years(tmp_path: Path) -> Path:
    for row, kind in enumerate(("beach", "city", "night")):
        for column, year in enumerate(("2021", "2022")):
            for number in range(2):
                draw_photo(tmp_path / "years" / kind / year / f"{number}.jpg", 100 * row + 10 * column + number)
    return tmp_path / "years"


def test_class_year_photo_is_noticed_and_the_classes_are_a_choice(years: Path) -> None:
    found = survey_folders([years])
    assert {each.label: len(each.photos) for each in found.labels} == {"2021": 6, "2022": 6}
    assert found.nested == Nested(("2021", "2022"), ("beach", "city", "night"), 1)
    assert found.outer is not None
    assert counts(found.outer.chosen()) == {"beach": 4, "city": 4, "night": 4}
    assert found.nested.sentence() == (
        "2021 and 2022 each lie below several folders, and are one label each. "
        "If the labels are to be beach, city and night: --label-level 1."
    )
    chosen = survey_folders([years], 1)
    assert chosen.nested is None
    assert counts(chosen.chosen()) == counts(labelled_photos([years], 1)) == {"beach": 4, "city": 4, "night": 4}


def test_a_photo_that_lies_less_deep_is_named_for_its_folder(years: Path) -> None:
    draw_photo(years / "alone.jpg", 900)
    draw_photo(years / "beach" / "2021" / "may" / "late.jpg", 901)
    found = {Path(photo.path).name: photo.label for photo in labelled_photos([years], 2)}
    assert (found["alone.jpg"], found["late.jpg"]) == ("years", "2021")
    assert {photo.label for photo in labelled_photos([years], 3)} == {"years", "2021", "2022", "may"}
