"""The hands of the tests of the Teach dialog: choose photos, go on, press, wait."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from drawn_classes import variants
from driving import PATIENCE, opened
from imagefinder.domain.teaching import Source
from imagefinder.domain.training import TrainingOutcome
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.teach_dialog import TeachDialog

COLOURS = "colour-layout"


def draw_classes(root: Path, classes: int = 4, photos: int = 10) -> Path:
    """``root`` with a folder for each class: "thing-0", "thing-1" and so on."""
    for number in range(classes):
        variants(root / f"thing-{number}", number, photos)
    return root


def active(window: MainWindow) -> str:
    """The model that the library is searched with."""
    library = window.session.library
    assert library is not None
    spec = library.active_model()
    return spec.name if spec is not None else ""


def open_dialog(qtbot: QtBot, window: MainWindow) -> TeachDialog:
    """As the menu opens it, with what there is to choose from."""
    opened(qtbot, window)
    next(each for each in window.findChildren(QAction) if each.text() == "&Teach what is similar…").trigger()
    dialog = window.teaching.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.running.isVisible() or bool(dialog.how.advanced.base), timeout=PATIENCE)
    return dialog


def look_at(qtbot: QtBot, dialog: TeachDialog, *folders: Path) -> None:
    """Choose folders, and wait until they have been looked at."""
    dialog.what.source.choose(Source("folders", tuple(map(str, folders))))
    qtbot.waitUntil(lambda: bool(dialog.what.groups()) or bool(dialog.what.waiting.message), timeout=PATIENCE)


def begin(qtbot: QtBot, dialog: TeachDialog, folder: Path, name: str = "mine") -> None:
    """From the first page to the start of the training."""
    look_at(qtbot, dialog, folder)
    dialog.next.click()
    dialog.how.advanced.choose_base(COLOURS)
    dialog.how.name.setText(name)
    assert dialog.how.problem == ""
    dialog.start.click()


def taught(qtbot: QtBot, window: MainWindow, start: Callable[[], object]) -> TrainingOutcome:
    """What comes of the training that ``start`` begins."""
    with qtbot.waitSignal(window.teaching.finished, timeout=PATIENCE) as finished:
        start()
    assert finished.args is not None
    outcome = finished.args[0]
    assert isinstance(outcome, TrainingOutcome)
    return outcome


def agree(qtbot: QtBot, dialog: TeachDialog, text: str) -> None:
    """Say yes to the question that comes up."""
    qtbot.waitUntil(lambda: any(box.isVisible() for box in dialog.findChildren(QMessageBox)), timeout=PATIENCE)
    box = next(box for box in dialog.findChildren(QMessageBox) if box.isVisible())
    next(button for button in box.findChildren(QPushButton) if button.text().replace("&", "") == text).click()
