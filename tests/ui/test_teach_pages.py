"""The pages of the Teach dialog: choosing labels, merging them, warnings, names, times, and everything advanced."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from pytestqt.qtbot import QtBot

from drawing import draw_photo
from driving import PATIENCE, index_folder
from imagefinder.domain.teaching import Source
from imagefinder.domain.training import RECIPES, EpochResult
from imagefinder.training.pair_tables import read_pairs
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.teach_dialog import TeachDialog
from teach_kit import COLOURS, draw_classes, look_at, open_dialog


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    return draw_classes(tmp_path / "classes", classes=4, photos=5)


@pytest.fixture
def dialog(qtbot: QtBot, window: MainWindow) -> TeachDialog:
    return open_dialog(qtbot, window)


def labels(dialog: TeachDialog) -> dict[str, int]:
    return {group.label: len(group.photos) for group in dialog.what.groups()}


def test_labels_are_listed_with_counts_and_pictures(qtbot: QtBot, dialog: TeachDialog, classes: Path) -> None:
    look_at(qtbot, dialog, classes)
    assert labels(dialog) == {f"thing-{number}": 5 for number in range(4)}
    assert dialog.what.sentence == "4 labels with 20 photos will be learned from."
    assert len(dialog.what.table.samples_of(0)) == 5
    pictures = dialog._pictures
    qtbot.waitUntil(
        lambda: all(pictures.get(path) is not None for path in dialog.what.table.samples_of(0)), timeout=PATIENCE
    )
    assert dialog.next.isEnabled()
    assert dialog.what.notes.notes == ()


def test_labels_are_unticked_merged_and_separated(qtbot: QtBot, dialog: TeachDialog, classes: Path) -> None:
    look_at(qtbot, dialog, classes)
    what = dialog.what
    item = what.table.item(3, 0)
    assert item is not None
    item.setCheckState(Qt.CheckState.Unchecked)
    qtbot.waitUntil(lambda: len(what.photos) == 15, timeout=PATIENCE)
    assert {photo.label for photo in what.photos} == {"thing-0", "thing-1", "thing-2"}
    what.table.selectRow(0)
    assert not what._merge.isEnabled()
    what.table.selectAll()
    what.table.item(2, 0).setSelected(False)  # type: ignore[union-attr]  # rows are there
    what.table.item(2, 1).setSelected(False)  # type: ignore[union-attr]
    what.table.item(2, 2).setSelected(False)  # type: ignore[union-attr]
    what._merge.click()
    assert labels(dialog) == {"thing-0": 15, "thing-2": 5}
    assert len(what.photos) == 20
    what.table.selectRow(0)
    what._separate.click()
    assert labels(dialog) == {f"thing-{number}": 5 for number in range(4)}
    what._none.click()
    assert what.photos == ()
    assert what.sentence == "Tick two or more labels that have two or more photos each."
    assert not dialog.next.isEnabled()
    what._all.click()
    assert len(what.photos) == 20


def test_what_is_odd_about_the_photos_is_said(qtbot: QtBot, dialog: TeachDialog, classes: Path) -> None:
    (classes / "thing-0" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (classes / "thing-1" / "same.png").write_bytes((classes / "thing-2" / "0.png").read_bytes())
    draw_photo(classes / "few" / "1.jpg", seed=50)
    draw_photo(classes / "few" / "2.jpg", seed=51)
    look_at(qtbot, dialog, classes)
    notes = "\n".join(dialog.what.notes.notes)
    assert "few has fewer than 4" in notes
    assert "under several labels" in notes
    assert "cannot be read" in notes
    (few,) = (group for group in dialog.what.groups() if group.label == "few")
    dialog.what.tick(few, False)
    assert "few has" not in "\n".join(dialog.what.notes.notes)
    one, two = (group for group in dialog.what.groups() if group.label in ("thing-1", "thing-2"))
    assert dialog.what._selection is not None
    dialog.what._selection.merge((one, two), "thing-1")
    dialog.what._refill()
    assert "under several labels" not in "\n".join(dialog.what.notes.notes)


def test_class_year_photo_is_asked_about(qtbot: QtBot, dialog: TeachDialog, tmp_path: Path) -> None:
    for row, kind in enumerate(("beach", "city & sea", "night")):
        for column, year in enumerate(("2021", "2022")):
            for number in range(2):
                draw_photo(tmp_path / "years" / kind / year / f"{number}.jpg", 100 * row + 10 * column + number)
    what = dialog.what
    look_at(qtbot, dialog, tmp_path / "years")
    assert [(group.label, len(group.photos)) for group in what.groups()] == [("2021", 6), ("2022", 6)]
    assert what.level.isVisible()
    assert what.level.sentence.endswith("What are the labels?")
    assert what.level.inner.isChecked()
    assert what.level.inner.text() == "The folders that photos lie in: 2021, 2022"
    assert what.level.outer.text() == "Folders further out: beach, city && sea, night"
    what.level.outer.click()
    labels = [("beach", 4), ("city & sea", 4), ("night", 4)]
    assert [(group.label, len(group.photos)) for group in what.groups()] == labels
    assert {photo.label for photo in what.photos} == {"beach", "city & sea", "night"}
    what.level.inner.click()
    assert [group.label for group in what.groups()] == ["2021", "2022"]
    what.level.outer.click()
    look_at(qtbot, dialog, tmp_path / "years" / "night")  # nothing to ask there
    qtbot.waitUntil(what.level.isHidden, timeout=PATIENCE)
    assert [(group.label, len(group.photos)) for group in what.groups()] == [("2021", 2), ("2022", 2)]


@pytest.mark.parametrize("kind", ["one label", "one photo each", "all unreadable"])
def test_too_little_cannot_be_learned_from(qtbot: QtBot, dialog: TeachDialog, tmp_path: Path, kind: str) -> None:
    root = tmp_path / "bad"
    for number in range(4):
        folder = "only" if kind == "one label" else f"thing-{number}"
        if kind == "all unreadable":
            (root / folder).mkdir(parents=True)
            (root / folder / "a.jpg").write_bytes(b"no")
            (root / folder / "b.jpg").write_bytes(b"no")
        else:
            draw_photo(root / folder / f"{number}.jpg", seed=number)
    look_at(qtbot, dialog, root)
    assert dialog.what.sentence == (
        "There is only one label here: only. Choose the folder above it, which holds a folder for each label."
        if kind == "one label"
        else "Two or more labels need two or more photos each that can be read. Add photos."
    )
    assert not dialog.next.isEnabled()


def test_an_empty_folder_and_a_bad_table_are_messages(qtbot: QtBot, dialog: TeachDialog, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    look_at(qtbot, dialog, tmp_path / "empty")
    assert "no photos" in dialog.what.waiting.message
    (tmp_path / "pairs.csv").write_text("path_a,path_b,similar\nx.jpg,,1\n")
    dialog.what.source.choose(Source("pair list", (str(tmp_path / "pairs.csv"),)))
    qtbot.waitUntil(lambda: "Line 2" in dialog.what.waiting.message, timeout=PATIENCE)
    assert not dialog.next.isEnabled()


def test_pairs_are_learned_from_and_saved(
    qtbot: QtBot, window: MainWindow, dialog: TeachDialog, classes: Path, tmp_path: Path
) -> None:
    look_at(qtbot, dialog, classes)
    table = tmp_path / "pairs.csv"
    dialog.what.export_requested.emit(dialog.what.photos, table, False)
    qtbot.waitUntil(table.exists, timeout=PATIENCE)
    pairs = read_pairs(table)
    assert {Path(pair.first).parent == Path(pair.second).parent for pair in pairs if pair.similar} == {True}
    table.write_text(
        "path_a,path_b,similar\n"
        + "".join(f"classes/thing-{n}/0.png,classes/thing-{n}/{k}.png,1\n" for n in range(3) for k in (1, 2))
        + "classes/thing-0/0.png,classes/thing-1/0.png,0\n"
    )
    assert dialog.what.source.take([QUrl.fromLocalFile(str(table))])
    qtbot.waitUntil(lambda: len(dialog.what.groups()) == 3, timeout=PATIENCE)
    assert len(dialog.what.photos) == 9
    assert dialog.next.isEnabled()


def test_labels_of_the_library_are_learned_from(qtbot: QtBot, window: MainWindow, classes: Path) -> None:
    index_folder(qtbot, window, classes)
    dialog = open_dialog(qtbot, window)
    chooser = dialog.what.source
    chooser.choose(Source("library"))
    qtbot.waitUntil(lambda: "No photo of this library has a label" in dialog.what.waiting.message, timeout=PATIENCE)
    marked: list[object] = []
    window.session.edit("mark", lambda library: library.set_labelled(library.folders()[0].id, True), marked.append)
    qtbot.waitUntil(lambda: bool(marked), timeout=PATIENCE)
    chooser.choose(Source("library"))
    qtbot.waitUntil(lambda: len(dialog.what.groups()) == 4, timeout=PATIENCE)
    assert len(dialog.what.photos) == 20


def test_the_name_is_checked_as_it_is_typed(qtbot: QtBot, dialog: TeachDialog, classes: Path) -> None:
    look_at(qtbot, dialog, classes)
    dialog.next.click()
    how = dialog.how
    assert how.name.text() == "classes"
    assert dialog.start.isEnabled()
    for name, problem in (
        ("", "Give the result a name"),
        ("two words", "letters, digits"),
        (COLOURS.upper(), "already"),
    ):
        how.name.setText(name)
        assert problem in how.problem
        assert not dialog.start.isEnabled()
    how.name.setText("good-1")
    assert dialog.start.isEnabled()


def test_times_are_measured_and_what_cannot_be_is_not_offered(qtbot: QtBot, dialog: TeachDialog, classes: Path) -> None:
    look_at(qtbot, dialog, classes)
    dialog.next.click()
    dialog.how.advanced.choose_base(COLOURS)
    qtbot.waitUntil(lambda: not any("measuring" in text for text in dialog.how.estimates().values()), timeout=PATIENCE)
    assert dialog.how.estimates()["quick"] == "a few seconds"
    assert dialog.how.estimates()["thorough"] == "not possible"
    dialog.how.choose_mode("thorough")
    assert "cannot be split" in dialog.how.problem
    assert not dialog.start.isEnabled()
    dialog.how.choose_mode("quick")
    assert dialog.start.isEnabled()


def test_advanced_choices_reach_the_recipe_and_stay_over_a_change_of_mode(
    qtbot: QtBot, dialog: TeachDialog, classes: Path
) -> None:
    form = dialog.how.advanced
    assert form.recipe("quick") == RECIPES["quick"]
    assert form.recipe("full") == RECIPES["full"]
    form.set_value("loss", "triplet")
    form._margin.setValue(0.3)
    form.set_value("classes", 5)
    form.set_value("seed", 7)
    form._free_weight.setChecked(False)
    form._weight.setValue(0.4)
    dialog.how.choose_mode("thorough")
    recipe = form.recipe("thorough")
    assert (recipe.loss, recipe.loss_options, recipe.classes) == ("triplet", {"margin": 0.3}, 5)
    assert (recipe.seed, recipe.weight, recipe.epochs) == (7, 0.4, RECIPES["thorough"].epochs)
    form.set_value("loss", "supcon")
    assert form.recipe("thorough").loss_options == {}
    assert not form._margin.isEnabled()
    form.set_value("loss", "arcface")
    assert not form._miner.isEnabled()
    form.reset()
    assert form.recipe("thorough") == RECIPES["thorough"]


def test_the_plots_follow_the_rounds(qtbot: QtBot, dialog: TeachDialog) -> None:
    running = dialog.running
    dialog.show_running("mine", RECIPES["thorough"])
    for phase, epoch, score, best in (
        ("head", 0, 0.5, True),
        ("head", 1, 0.6, True),
        ("tail", 0, 0.6, True),
        ("tail", 1, 0.4, False),
    ):
        running.show_round(
            EpochResult(phase, epoch, 8, 1.0 - score, score, score + 0.1, 1.0, 5.0, best),  # type: ignore[arg-type]
            (),
        )
    qtbot.waitUntil(lambda: len(running.found.lines[0].values) == 4, timeout=PATIENCE)
    assert running.found.lines[0].values == pytest.approx((50, 60, 60, 40))
    assert running.found._best == 2
    assert running.found._breaks == (2,)
    assert running.found.marks() == (40, 50, 60, 70)
    assert running.stop.text() == "Stop and keep the best"
    assert "MAP@R): 40" in running.found.accessibleDescription()
