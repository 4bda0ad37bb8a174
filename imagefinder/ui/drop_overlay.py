"""Covers the window while something is dragged over it, and says what a drop will do."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from imagefinder.ui import icons, theme

ICON = 48


class DropOverlay(QWidget):
    """Lies over its parent and follows its size. Drag events go through it to whoever is below."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._below = parent
        self._icon = "search"
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        parent.installEventFilter(self)
        self.hide()

    def show_offer(self, folders: bool) -> None:
        """``folders``: some may be dragged. What a path really is, is looked at after the drop."""
        if folders:
            self._say("images", self.tr("Find similar photos, or add a folder"))
        else:
            self._say("search", self.tr("Find similar photos"))
        self.setGeometry(self._below.rect())
        self.raise_()
        self.show()

    def text(self) -> str:
        return self.accessibleName()

    def _say(self, icon: str, text: str) -> None:
        self._icon = icon
        self.setAccessibleName(text)
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._below.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        veil = palette.window().color()
        veil.setAlphaF(0.95)
        painter.fillRect(self.rect(), veil)
        pen = QPen(palette.highlight().color(), 2)
        pen.setDashPattern([4, 4])
        painter.setPen(pen)
        inset = 2 * theme.MARGIN
        frame = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(frame, 2 * theme.RADIUS, 2 * theme.RADIUS)
        font = theme.heading_font(self.font(), 1.5)
        painter.setFont(font)
        height = ICON + theme.MARGIN + painter.fontMetrics().height()
        top = self.rect().center().y() - height // 2
        colour = palette.windowText().color()
        mark = icons.pixmap(self._icon, ICON, colour, self.devicePixelRatioF())
        painter.drawPixmap(QPoint(self.rect().center().x() - ICON // 2, top), mark)
        painter.setPen(colour)
        words = QRect(0, top + ICON + theme.MARGIN, self.width(), painter.fontMetrics().height())
        painter.drawText(words, int(Qt.AlignmentFlag.AlignCenter), self.text())
        painter.end()
