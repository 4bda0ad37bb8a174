"""Asking before something is removed."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QGridLayout, QMessageBox, QSpacerItem, QWidget

from imagefinder.ui.buttons import without_icons

WIDTH = 420


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
    # A message box is as narrow as its text allows, and would cut its own title.
    layout = box.layout()
    if isinstance(layout, QGridLayout):
        layout.addItem(QSpacerItem(WIDTH, 0), layout.rowCount(), 0, 1, layout.columnCount())
    for row in box.findChildren(QDialogButtonBox):
        without_icons(row)
    box.open()
    return box
