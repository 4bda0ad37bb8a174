"""Measuring in the window: chosen, waited for, stopped, looked at and saved."""

import csv
import json
import math
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QColor, QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QTableWidget, QTableWidgetItem, QTabWidget
from pytestqt.qtbot import QtBot

from drawn_classes import variants
from driving import PATIENCE, messages
from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.evaluation import (
    ClassResult,
    EvaluationCounts,
    EvaluationOptions,
    EvaluationReport,
    Interval,
    ModelResult,
    WorstQuery,
    WrongAnswer,
)
from imagefinder.domain.images import Pixels
from imagefinder.domain.progress import CancelToken, Progress, ProgressSink
from imagefinder.evaluation.summary import CLASS_F1
from imagefinder.ui.curve_plot import CurvePlot
from imagefinder.ui.evaluate_dialog import EvaluateDialog
from imagefinder.ui.evaluation_view import EvaluationView
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.theme import contrast
from imagefinder.usecases import evaluating
from imagefinder.usecases.models import Models
from labelled_window import THINGS, Things, draw_things, menu_action, show_things


@pytest.fixture
def things(tmp_path: Path) -> Things:
    return draw_things(tmp_path / "photos")


def open_dialog(qtbot: QtBot, window: MainWindow) -> EvaluateDialog:
    menu_action(window, "Measure how good").trigger()
    dialog = window.tools.measuring.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: bool(dialog.form.models.ticked()), timeout=PATIENCE)
    return dialog


def measured(qtbot: QtBot, dialog: EvaluateDialog) -> EvaluationReport:
    dialog.form.start.click()
    qtbot.waitUntil(lambda: dialog.report is not None, timeout=PATIENCE)
    assert dialog.report is not None
    return dialog.report


def button(dialog: EvaluateDialog, text: str) -> QPushButton:
    return next(each for each in dialog.findChildren(QPushButton) if each.text() == text)


def test_folders_that_are_named_are_measured_shown_and_saved(
    qtbot: QtBot, window: MainWindow, things: Things, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show_things(qtbot, window, things)
    dialog = open_dialog(qtbot, window)
    assert dialog.form.folders.ticked() == [str(things.named)]  # whose names are labels
    report = measured(qtbot, dialog)
    assert report.counts.queries == report.counts.gallery == 15
    (model,) = report.models
    first = f"{100 * model.overall['hit@1'].value:.0f} of 100 searches put a right photo first"
    assert dialog.view.sentence.startswith(first)
    assert "(4.0 at best)" in dialog.view.sentence  # five photos of each thing
    shown = {cell(dialog.view.classes, row, 0).text() for row in range(dialog.view.classes.rowCount())}
    assert shown == set(THINGS)
    (tabs,) = dialog.view.findChildren(QTabWidget)
    tabs.setCurrentWidget(dialog.view.worst)
    qtbot.waitUntil(
        lambda: bool(dialog.view.worst.tiles()) and all(tile.has_picture() for tile in dialog.view.worst.tiles()),
        timeout=PATIENCE,
    )

    targets = [str(tmp_path / name) for name in ("page.html", "table.csv", "record.json", "no_suffix")]
    chosen = list(zip(targets, ("", "", "", "Table (*.csv)"), strict=True))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: chosen.pop(0))
    for written in (*targets[:3], targets[3] + ".csv"):
        button(dialog, "Save the report…").click()
        qtbot.waitUntil(partial(is_said, dialog, f"Saved as {written}."), timeout=PATIENCE)
    opened: list[str] = []

    def refuse(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return False

    monkeypatch.setattr(QDesktopServices, "openUrl", refuse)
    button(dialog, "Open it").click()
    qtbot.waitUntil(lambda: dialog.said.endswith("could not be opened."), timeout=PATIENCE)  # as nothing was
    assert opened == [targets[3] + ".csv"]
    assert "<svg" in Path(targets[0]).read_text()
    table = list(csv.DictReader(Path(targets[1]).read_text().splitlines()))
    assert {row["class"] for row in table if row["scope"] == "class"} == set(THINGS)
    assert json.loads(Path(targets[2]).read_text())["counts"]["queries"] == 15
    assert Path(targets[3] + ".csv").read_text() == Path(targets[1]).read_text()
    chosen.append((str(tmp_path / "nowhere" / "page.html"), ""))
    button(dialog, "Save the report…").click()
    qtbot.waitUntil(lambda: "does not exist" in dialog.said, timeout=PATIENCE)


def test_the_photos_of_another_folder_are_looked_for(
    qtbot: QtBot, window: MainWindow, things: Things, tmp_path: Path
) -> None:
    for name, seed in THINGS.items():
        variants(tmp_path / "queries" / name, seed, 2, start=300)
    show_things(qtbot, window, things)
    dialog = open_dialog(qtbot, window)
    dialog.form.set_queries(str(tmp_path / "queries"))
    report = measured(qtbot, dialog)
    assert (report.counts.queries, report.counts.gallery) == (6, 15)
    button(dialog, "Measure again…").click()
    assert dialog.form.isVisible()
    assert dialog.form.wanted().queries == str(tmp_path / "queries")  # as it was


def test_what_cannot_be_measured_is_told_and_can_be_chosen_again(
    qtbot: QtBot, window: MainWindow, things: Things
) -> None:
    show_things(qtbot, window, things, labelled=False)
    dialog = open_dialog(qtbot, window)
    assert not dialog.form.start.isEnabled()  # none of the two folders is said to be named for what it shows
    assert dialog.form.note == "Tick a folder in which each subfolder holds photos of one thing."
    dialog.form.add_folder(str(things.named / "nowhere"))
    dialog.form.start.click()
    qtbot.waitUntil(lambda: "is no folder that can be read" in dialog.waiting.message, timeout=PATIENCE)
    button(dialog, "Choose again").click()
    dialog.form.folders.tick(str(things.named / "nowhere"), False)
    QTest.keyClick(dialog.form.folders, Qt.Key.Key_Home)
    QTest.keyClick(dialog.form.folders, Qt.Key.Key_Space)  # by keyboard
    assert len(measured(qtbot, dialog).models) == 1


class _Stand:
    """In place of the measurement: says how far it is, and ends when it is told to."""

    def __init__(self, report: EvaluationReport) -> None:
        self.report = report
        self.end = threading.Event()

    def __call__(
        self,
        gallery: Sequence[Path],
        queries: Sequence[Path],
        models: Models,
        names: Sequence[str],
        options: EvaluationOptions,
        token: CancelToken,
        progress: ProgressSink,
    ) -> EvaluationReport:
        progress(Progress("embedding", 300, 1200, per_second=10.0, seconds_left=90.0))
        while not self.end.wait(0.01):
            token.check()
        return self.report


def test_a_measurement_says_how_far_it_is_stops_at_once_and_goes_on_behind_a_closed_dialog(
    qtbot: QtBot, window: MainWindow, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = _Stand(made_up())
    monkeypatch.setattr(evaluating, "evaluate", stand)
    show_things(qtbot, window, things)
    dialog = open_dialog(qtbot, window)
    dialog.form.start.click()
    qtbot.waitUntil(lambda: "300 of 1,200" in words(dialog), timeout=PATIENCE)
    assert "about 2 min left" in words(dialog)
    button(dialog, "Cancel").click()
    qtbot.waitUntil(dialog.form.isVisible, timeout=PATIENCE)
    assert dialog.report is None

    dialog.form.start.click()
    qtbot.waitUntil(lambda: "300 of 1,200" in words(dialog), timeout=PATIENCE)
    dialog.close()
    stand.end.set()
    qtbot.waitUntil(lambda: "The measurement is finished." in messages(window), timeout=PATIENCE)
    (banner,) = window.banners.banners()
    assert banner.action_button is not None
    banner.action_button.click()
    assert dialog.view.isVisible()
    assert dialog.view.sentence.startswith("two does best: 80 of 100 searches")

    stand.end.clear()
    button(dialog, "Measure again…").click()
    dialog.form.start.click()
    qtbot.waitUntil(lambda: "300 of 1,200" in words(dialog), timeout=PATIENCE)  # and now the window is closed


def test_models_side_by_side_and_the_classes_of_one(qtbot: QtBot) -> None:
    view = EvaluationView(nothing)
    qtbot.addWidget(view)
    view.resize(900, 640)
    view.show_report(made_up())
    view.show()
    best = [
        [cell(view.models, row, column).font().bold() for column in range(2)] for row in range(view.models.rowCount())
    ]
    assert best[:4] == [[False, True], [True, False], [False, True], [False, True]]
    assert not any(any(row) for row in best[4:])  # speed and memory are no question of better or worse
    assert cell(view.models, 0, 1).text() == "80.0  (70.0 to 90.0)"
    assert cell(view.models, 0, 1).data(Qt.ItemDataRole.AccessibleTextRole).endswith("the best")
    assert [cell(view.models, row, 0).text() for row in (4, 5, 6)] == ["10 photos/s", "1.00 ms", "1,024 bytes"]
    assert [view.numbers.verticalHeaderItem(row).text() for row in range(4)] == [
        "hit@1",
        "precision@10",
        "mAP",
        "MAP@R",
    ]
    assert cell(view.numbers, 0, 0).text() == "60.0  (50.0 to 70.0)"
    classes = view.classes
    assert [cell(classes, row, 0).text() for row in range(3)] == ["lone", "pear", "apple"]  # the worst first
    assert cell(classes, 0, 3).text() == "\N{EN DASH}"
    assert [cell(classes, row, 7).text() for row in (1, 2)] == ["\N{EN DASH}", "100  (90 to 100)"]  # F1
    classes.sortItems(1, Qt.SortOrder.DescendingOrder)  # as numbers: 10 before 9
    assert [cell(classes, row, 1).text() for row in range(3)] == ["10", "9", "0"]


@pytest.mark.parametrize("dark", [False, True])
def test_the_curves_can_be_told_from_the_ground_and_from_each_other(qtbot: QtBot, dark: bool) -> None:
    plot = CurvePlot()
    qtbot.addWidget(plot)
    palette = plot.palette()
    ground, ink = ("#262626", "#ececec") if dark else ("#f5f5f5", "#1b1b1b")
    palette.setColor(palette.ColorRole.Window, QColor(ground))
    palette.setColor(palette.ColorRole.WindowText, QColor(ink))
    plot.setPalette(palette)
    plot.resize(600, 400)
    image = plot.grab().toImage()
    plot.show_models(made_up().models)
    assert "one, two" in plot.accessibleName()
    with_curves = plot.grab().toImage()
    colours = {with_curves.pixel(x, y) for x in range(600) for y in range(400)}
    colours -= {image.pixel(x, y) for x in range(600) for y in range(400)}
    vivid = [QColor.fromRgb(colour) for colour in colours if QColor.fromRgb(colour).saturation() > 90]
    assert max(contrast(colour, QColor(ground)) for colour in vivid) >= 4.5
    assert len({round(colour.hue() / 30) for colour in vivid}) >= 2


def is_said(dialog: EvaluateDialog, sentence: str) -> bool:
    return dialog.said == sentence


def words(dialog: EvaluateDialog) -> str:
    said = " ".join(label.text() for label in dialog.waiting.findChildren(QLabel))
    return said.replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")


def cell(table: QTableWidget, row: int, column: int) -> QTableWidgetItem:
    item = table.item(row, column)
    assert item is not None
    return item


def nothing(path: str, width: int, height: int) -> Pixels:
    raise UnreadableImage(f"{path} is not there.")


def made_up() -> EvaluationReport:
    """Two models, of which the second is better at all but one thing."""
    lone = {name: Interval(math.nan, math.nan, math.nan) for name in ("hit@1", "precision@10", "mAP", "MAP@R")}
    models = [made_up_model("one", (0.6, 0.5, 0.4, 0.3), lone), made_up_model("two", (0.8, 0.4, 0.5, 0.4), lone)]
    counts = EvaluationCounts(20, 20, 3, 1, 0, 0, (), ())
    return EvaluationReport(("/photos",), (), "", EvaluationOptions(), counts, tuple(models), ())


def made_up_model(name: str, values: tuple[float, ...], lone: dict[str, Interval]) -> ModelResult:
    metrics = ("hit@1", "precision@10", "mAP", "MAP@R")
    overall = {metric: Interval(value, value - 0.1, value + 0.1) for metric, value in zip(metrics, values, strict=True)}
    apple = {metric: Interval(1.0, 0.9, 1.0) for metric in (*metrics, CLASS_F1)}
    return ModelResult(
        model=name,
        dimension=512,
        centred=True,
        compare="cosine",
        lever="",
        overall=overall,
        classes=(
            ClassResult("apple", 9, 9, apple),
            ClassResult("pear", 10, 10, overall),
            ClassResult("lone", 0, 1, lone),
        ),
        curve=tuple((step / 10, values[0] * (1 - step / 20)) for step in range(11)),
        worst=(WorstQuery("/photos/pear/1.jpg", "pear", 0.1, (WrongAnswer("/photos/apple/1.jpg", "apple", 0.9),)),),
        embedded=20,
        embedding_seconds=2.0,
        measuring_seconds=0.1,
        query_seconds=0.001,
        bytes_per_photo=1024,
    )
