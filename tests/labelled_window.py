"""A window over folders of drawn things: some in folders that say what they show, some loose."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from drawn_classes import variants
from driving import PATIENCE, index_folder
from imagefinder.storage.library import Library
from imagefinder.ui.main_window import MainWindow

THINGS = {"apple": 11, "pear": 22, "plum": 33}
"""Names of folders, and the seeds of what is drawn in them."""


@dataclass(frozen=True, slots=True)
class Things:
    """``named`` holds a folder for each thing; ``loose`` holds two more photos of each in one folder."""

    named: Path
    loose: Path


def draw_things(root: Path, each: int = 5) -> Things:
    named, loose = root / "named", root / "loose"
    for name, seed in THINGS.items():
        variants(named / name, seed, each)
        for photo in variants(named / name, seed, 2, start=100):
            photo.rename(_made(loose) / f"{name}-{photo.name}")
    return Things(named, loose)


def show_things(qtbot: QtBot, window: MainWindow, things: Things, labelled: bool = True) -> None:
    """Index both folders; the one with names is used for labels."""
    index_folder(qtbot, window, things.named)
    index_folder(qtbot, window, things.loose)
    photos = sum(path.is_file() for folder in (things.named, things.loose) for path in folder.rglob("[!.]*.png"))
    qtbot.waitUntil(lambda: window.page.model.rowCount() == photos, timeout=PATIENCE)
    if labelled:
        use_names(qtbot, window)


def use_names(qtbot: QtBot, window: MainWindow, used: bool = True) -> None:
    """Tick "Use folder names as labels" in the menu of the first folder."""
    folder = window.folders_shown[0]
    action = next(each for each in window.folders.menu(folder).actions() if "labels" in each.text())
    assert action.isChecked() is not used
    action.trigger()
    qtbot.waitUntil(lambda: window.folders_shown[0].labelled is used, timeout=PATIENCE)


def library(window: MainWindow) -> Library:
    found = window.session.library
    assert found is not None
    return found


def labels(window: MainWindow) -> dict[str, str]:
    """What the photos are called, by file name, as the library has it now."""
    photos = window.page.model.photos(0, 1000)
    known = library(window).labels([photo.id for photo in photos])
    return {photo.name: known[photo.id] for photo in photos if photo.id in known}


def rows(window: MainWindow, part: str) -> list[int]:
    """Of the photos in the grid whose names contain ``part``."""
    return [row for row, photo in enumerate(window.page.model.photos(0, 1000)) if part in photo.name]


def select(window: MainWindow, wanted: list[int]) -> None:
    """Exactly these rows of the grid."""
    view = window.page.view
    view.clearSelection()
    flag = view.selectionModel().SelectionFlag
    for row in wanted:
        view.selectionModel().setCurrentIndex(window.page.model.index(row), flag.Select)


def menu_action(window: MainWindow, start: str) -> QAction:
    """The entry of a menu whose text starts so."""
    return next(each for each in window.findChildren(QAction) if each.text().replace("&", "").startswith(start))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
