"""The hands of the tests: add a folder, drop something, wait for what a person would wait for."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from imagefinder.ui.main_window import MainWindow

PATIENCE = 60_000
"""Milliseconds; the first search of a run imports torch."""


def opened(qtbot: QtBot, window: MainWindow) -> MainWindow:
    qtbot.waitUntil(lambda: window.session.library is not None, timeout=PATIENCE)
    return window


def index_folder(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    """Add a folder and wait until it is indexed."""
    opened(qtbot, window)
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE):
        window.session.add_folders([str(folder)])
    qtbot.waitUntil(lambda: window.page.model.rowCount() > 0, timeout=PATIENCE)


def answered(qtbot: QtBot, window: MainWindow) -> None:
    """Wait for the answer to a search that was just asked for."""
    flow = window.flow
    qtbot.waitUntil(
        lambda: not window.incoming.looking and flow.result is not None and not flow.waiting, timeout=PATIENCE
    )


def names(window: MainWindow) -> list[str]:
    """The photos in the grid, in order."""
    return [photo.name for photo in window.page.model.photos(0, 10_000)]


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def drop(window: QWidget, mime: QMimeData) -> bool:
    """Drag something over the middle of the window and let go. Returns whether the window took it."""
    middle = window.rect().center()
    entered = QDragEnterEvent(
        middle, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, entered)
    if not entered.isAccepted():
        return False
    dropped = QDropEvent(
        QPointF(middle), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, dropped)
    return dropped.isAccepted()


def messages(window: MainWindow) -> Sequence[str]:
    return [banner.sentence for banner in window.banners.banners()]
