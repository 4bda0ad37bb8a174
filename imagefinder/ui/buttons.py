"""The row of buttons below a dialog."""

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialogButtonBox

StandardButton = QDialogButtonBox.StandardButton


def button_box(buttons: StandardButton) -> QDialogButtonBox:
    return without_icons(QDialogButtonBox(buttons))


def without_icons(box: QDialogButtonBox) -> QDialogButtonBox:
    """Some desktops put icons on standard buttons only, which looks odd beside buttons of our own."""
    for button in box.buttons():
        button.setIcon(QIcon())
    return box
