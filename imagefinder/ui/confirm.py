"""Asking before something is removed."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QMessageBox, QWidget

from imagefinder.ui.buttons import without_icons


def confirm(parent: QWidget, question: str, touches: str, action: str, then: Callable[[], None]) -> QMessageBox:
    """Ask ``question``, say what it ``touches``, and run ``then`` if the person chooses ``action``. Returns at once."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle(action)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(question)
    box.setInformativeText(touches)
    yes = box.addButton(action, QMessageBox.ButtonRole.AcceptRole)
    no = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    yes.clicked.connect(lambda _checked: then())
    for row in box.findChildren(QDialogButtonBox):
        without_icons(row)
    box.open()
    return box
