"""Text that stands back, text that shortens itself, and headings."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from imagefinder.ui import icons, theme, wording


def heading(text: str, parent: QWidget | None = None, scale: float = 1.0) -> QLabel:
    label = QLabel(text, parent)
    label.setFont(theme.heading_font(label.font(), scale))
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


class SubduedLabel(QLabel):
    """Plain, wrapped text in a quieter colour that can still be read, in whatever palette comes."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self._follow_palette()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._follow_palette()

    def _follow_palette(self) -> None:
        colour = theme.subdued(theme.application_palette())
        if self.palette().color(QPalette.ColorRole.WindowText) != colour:
            palette = QPalette(self.palette())
            palette.setColor(QPalette.ColorRole.WindowText, colour)
            self.setPalette(palette)


class ElidedLabel(SubduedLabel):
    """One line that gives up its middle or end when there is no room; all of it is in the tooltip."""

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
        subdued: bool = True,
    ) -> None:
        self._mode = mode
        self._subdued = subdued
        super().__init__(text, parent)
        self.setWordWrap(False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            fits = self.fontMetrics().horizontalAdvance(self.text()) <= self.contentsRect().width()
            self.setToolTip("" if fits else wording.tip(self.text()))
        return super().event(event)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            int(self.alignment()),
            self.palette(),
            self.isEnabled(),
            shown,
            self.foregroundRole(),
        )
        painter.end()

    def _follow_palette(self) -> None:
        if self._subdued:
            super()._follow_palette()


class IconLabel(QWidget):
    """An icon that is only looked at, in the colour that ``colour`` gives for the palette of the moment."""

    def __init__(self, name: str, side: int, colour: Callable[[QPalette], QColor] = theme.subdued) -> None:
        super().__init__()
        self._name = name
        self._colour = colour
        self.setFixedSize(side, side)

    def show_icon(self, name: str) -> None:
        self._name = name
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        colour = self._colour(theme.application_palette())
        painter.drawPixmap(0, 0, icons.pixmap(self._name, self.width(), colour, self.devicePixelRatioF()))
        painter.end()
