"""The hands of the tests of the dialog of models: open it, press, agree, and read what it says."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from driving import PATIENCE, opened
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.models_dialog import ModelsDialog

TIMM = "timm:mobilenetv3_small_050.lamb_in1k"
COLOURS = "colour-layout"


def show(qtbot: QtBot, window: MainWindow, name: str = COLOURS) -> ModelsDialog:
    """The dialog as the menu opens it, with the model of this name in its list."""
    opened(qtbot, window)
    next(each for each in window.findChildren(QAction) if each.text() == "&Models…").trigger()
    (dialog,) = window.findChildren(ModelsDialog)
    qtbot.waitUntil(lambda: name in dialog.list.names(), timeout=PATIENCE)
    return dialog


def buttons(widget: QWidget) -> list[str]:
    """What can be pressed now."""
    return [
        button.text().replace("&", "")
        for button in widget.findChildren(QPushButton)
        if button.isVisibleTo(widget) and button.isEnabled()
    ]


def press(widget: QWidget, text: str) -> None:
    next(
        button
        for button in widget.findChildren(QPushButton)
        if button.text().replace("&", "").startswith(text) and button.isVisibleTo(widget)
    ).click()


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def agree(qtbot: QtBot, dialog: ModelsDialog, text: str) -> str:
    """Say yes to the question that comes up; what it touches."""
    qtbot.waitUntil(lambda: any(box.isVisible() for box in dialog.findChildren(QMessageBox)), timeout=PATIENCE)
    box = next(box for box in dialog.findChildren(QMessageBox) if box.isVisible())
    touches = f"{box.text()} {box.informativeText()}"
    press(box, text)
    return touches


def said(dialog: ModelsDialog) -> list[str]:
    return [banner.sentence for banner in dialog.banners.banners()]


def state_of(dialog: ModelsDialog, name: str) -> str:
    return next(info.state for info in dialog._flow.models if info.name == name)
