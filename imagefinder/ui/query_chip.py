"""What is being looked for: a small picture, its name, and whether the answer is still to come."""

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QToolButton, QWidget

from imagefinder.ui import icons, theme, wording

THUMBNAIL = 40
HEIGHT = THUMBNAIL + 2 * theme.GRID
_FOR_WORDS = 36
"""With less room than this a name would be nothing but dots."""


class QueryChip(QAbstractButton):
    """A button: a click or Enter opens another picture; its cross, Delete or Backspace clears the query."""

    cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixmap: QPixmap | None = None
        self._waiting = ""
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(88)
        self.setMaximumWidth(260)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._clear = QToolButton(self)
        self._clear.setAutoRaise(True)
        self._clear.setToolTip(self.tr("Clear the query"))
        self._clear.setAccessibleName(self.tr("Clear the query"))
        icons.set_icon(self._clear, "x", 16)
        self._clear.clicked.connect(self.cleared)
        self.set_query("", None)

    def set_query(self, name: str, pixmap: QPixmap | None) -> None:
        """An empty name means that there is no query."""
        self._pixmap = pixmap if pixmap is not None and not pixmap.isNull() else None
        self.setText(name)
        self._clear.setVisible(bool(name))
        self._describe()

    def set_waiting(self, text: str) -> None:
        """Why there is no answer yet, such as "Searching…"; empty when there is one."""
        self._waiting = text
        self._describe()

    def _describe(self) -> None:
        name, waiting = self.text(), self._waiting
        if name:
            said = self.tr("Looking for {name}").format(name=name)
        else:
            said = self.tr("No query. Open a picture to find similar photos.")
        self.setAccessibleName(f"{said}. {waiting}" if waiting else said)
        self.setToolTip(wording.tip(name) or self.tr("Drop a picture anywhere, paste one, or open one here"))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = self._clear.sizeHint()
        self._clear.setGeometry(
            QRect(QPoint(self.width() - side.width() - theme.GRID, (HEIGHT - side.height()) // 2), side)
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.text():
            self.cleared.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            # Here it is the query that goes, whatever these keys do elsewhere in the window.
            event.setAccepted(event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace))
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_ground(painter)
        picture = QRect(theme.GRID, theme.GRID, THUMBNAIL, THUMBNAIL)
        self._paint_picture(painter, picture)
        room = self.rect().adjusted(picture.right() + 1 + theme.GAP, theme.GRID, -theme.GAP, -theme.GRID)
        if self.text():
            room.setRight(self._clear.x() - theme.GRID)
        if room.width() >= _FOR_WORDS:
            self._paint_words(painter, room)
        painter.end()

    def _paint_ground(self, painter: QPainter) -> None:
        palette = self.palette()
        inset = 1.0 if self.hasFocus() else 0.5
        pen = QPen(palette.highlight().color(), 2) if self.hasFocus() else QPen(theme.line(palette), 1)
        painter.setPen(pen)
        painter.setBrush(theme.raised(palette, 0.09 if self.underMouse() or self.isDown() else 0.05))
        box = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(box, theme.RADIUS, theme.RADIUS)

    def _paint_picture(self, painter: QPainter, room: QRect) -> None:
        if self._pixmap is None:
            mark = icons.pixmap("image", 20, theme.subdued(self.palette()), self.devicePixelRatioF())
            painter.drawPixmap(room.center() - QPoint(9, 9), mark)
            return
        size = QSize(self._pixmap.size()).scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        box = QRect(QPoint(0, 0), size)
        box.moveCenter(room.center())
        path = QPainterPath()
        path.addRoundedRect(QRectF(box), theme.RADIUS - 1, theme.RADIUS - 1)
        painter.save()
        painter.setClipPath(path)
        painter.drawPixmap(box, self._pixmap)
        painter.restore()

    def _paint_words(self, painter: QPainter, room: QRect) -> None:
        palette = self.palette()
        quiet = theme.subdued(palette)
        if not self.text() and not self._waiting:
            self._paint_line(painter, room, self.tr("Drop a picture"), quiet, Qt.TextElideMode.ElideRight)
            return
        if self._waiting:
            upper, lower = QRect(room), QRect(room)
            upper.setBottom(room.center().y())
            lower.setTop(room.center().y() + 1)
            self._paint_line(painter, lower, self._waiting, quiet, Qt.TextElideMode.ElideRight)
            room = upper
        self._paint_line(painter, room, self.text(), palette.windowText().color(), Qt.TextElideMode.ElideMiddle)

    def _paint_line(self, painter: QPainter, room: QRect, text: str, colour: QColor, mode: Qt.TextElideMode) -> None:
        painter.setPen(colour)
        short = self.fontMetrics().elidedText(text, mode, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), short)
