"""What is going on with teaching, in the status bar: a press opens the dialog."""

import html

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget


class TeachBadge(QLabel):
    """Hidden while nothing is going on. A link, so that it is reached by Tab as well."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._said = ""
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.setToolTip(self.tr("Look how far it is"))
        self.linkActivated.connect(lambda _link: self.pressed.emit())
        self.hide()

    @property
    def said(self) -> str:
        """What it says; "" while it is hidden."""
        return self._said

    def say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self.setText(f'<a href="#">{html.escape(text)}</a>')
            self.setAccessibleName(text)
            self.setVisible(bool(text))
