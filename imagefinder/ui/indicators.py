"""Radio buttons and check boxes that can be seen in the dark, where Qt's own are darker than the dark ground.

In the app's own colours their frames are light enough (see ``theme``); in a system's dark colours these fill theirs.
"""

from PySide6.QtCore import QEvent
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QRadioButton

from imagefinder.ui import theme

_SHARE = 0.38
"""Of the text in the fill: a contrast of 3 to the ground, which WCAG 2 asks of controls, and of 4 to the mark."""


class RadioButton(QRadioButton):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        _lighten(self)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            _lighten(self)


class CheckBox(QCheckBox):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        _lighten(self)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            _lighten(self)


def _lighten(button: QAbstractButton) -> None:
    ground = theme.application_palette()
    framed = theme.contrast(theme.frame(button.palette()), ground.window().color()) >= theme.VISIBLE
    fill = theme.raised(ground, _SHARE) if theme.is_dark(ground) and not framed else ground.base().color()
    if button.palette().base().color() != fill:
        palette = QPalette(button.palette())
        palette.setColor(QPalette.ColorRole.Base, fill)
        button.setPalette(palette)
