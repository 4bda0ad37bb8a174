"""Where words are typed that say what to look for."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QToolButton, QWidget

from imagefinder.domain.words import Suggestion
from imagefinder.ui import icons, theme
from imagefinder.ui.word_list import WordList, WordRow, rows_of

HEIGHT = 36
_ICON = 16
_Key = Qt.Key
_BY_HAND = (Qt.FocusReason.ShortcutFocusReason, Qt.FocusReason.MouseFocusReason)


class WordField(QLineEdit):
    """Return searches, Escape takes back what was typed since or leaves; suggestions come in a list below.

    A text that is asked for stays in the field. ``set_words`` and ``set_asked`` say what that is.
    """

    typed = Signal(str)
    """Suggestions for this text are wanted; ``show_suggestions`` brings them."""
    searched = Signal(str)
    """What to look for; "" where there are to be no words any more."""
    focused = Signal()
    left = Signal()
    """The keyboard is to go back to the photos."""
    pasted = Signal()
    """There is something in the clipboard that is no text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asked = ""
        self._wanted: str | None = None
        self._list = WordList(self)
        self._list.chosen.connect(self._choose)
        self._clear = QToolButton(self)
        self._clear.setAutoRaise(True)
        self._clear.setCursor(Qt.CursorShape.ArrowCursor)
        self._clear.setToolTip(self.tr("Clear the words"))
        self._clear.setAccessibleName(self.tr("Clear the words"))
        icons.set_icon(self._clear, "x", _ICON)
        self._clear.clicked.connect(self._on_clear)
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(136)
        self.setMaximumWidth(560)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTextMargins(theme.GRID + _ICON + theme.GRID, 0, self._clear.sizeHint().width(), 0)
        self.setAcceptDrops(False)  # a picture that is dropped here belongs to the window, as anywhere
        self.setAccessibleName(self.tr("Search by words"))
        self.setToolTip(
            self.tr(
                "What photos show, such as dog or strawberry; labels, folders, cameras, dates, and names of files. "
                "Return searches."
            )
        )
        self.set_beside_picture(False)
        self.textChanged.connect(self._on_text)
        self.textEdited.connect(self._want)
        self._on_text("")

    @property
    def suggestions(self) -> list[WordRow]:
        """What is listed below the field now."""
        return [] if self._list.isHidden() else self._list.rows

    def set_words(self, words: str) -> None:
        """What is looked for, in place of whatever was typed."""
        self._asked = words
        if words != self.text():
            self.setText(words)
        self._end_list()

    def set_asked(self, words: str) -> None:
        """What is looked for; what is typed stays."""
        self._asked = words

    def set_beside_picture(self, beside: bool) -> None:
        """Whether a picture is looked for as well."""
        self.setPlaceholderText(self.tr("Add words") if beside else self.tr("Search by words, or drop a picture"))

    def show_suggestions(self, typed: str, suggestions: Sequence[Suggestion]) -> None:
        """Those for a text; ignored where nobody waits for them any more."""
        if self._wanted == typed and typed == self.text() and self.hasFocus():
            self._list.show_rows(rows_of(suggestions))

    def sizeHint(self) -> QSize:
        return QSize(320, HEIGHT)

    # What the person does

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (_Key.Key_Down, _Key.Key_Up):
            if not self._list.isHidden():
                self._list.move_mark(1 if key == _Key.Key_Down else -1)
            elif key == _Key.Key_Down:
                self._want(self.text())
        elif key in (_Key.Key_Return, _Key.Key_Enter):
            self._search()
        elif key == _Key.Key_Escape:
            self._escape()
        elif event.matches(QKeySequence.StandardKey.Paste) and not QGuiApplication.clipboard().text():
            self.pasted.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == _Key.Key_Tab:
            marked = self._list.marked
            if marked is not None:  # take the word, and go on with the next one
                self.setText(f"{marked.text} ")
                self._want(self.text())
                return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit()
        if not self.text() and event.reason() in _BY_HAND:
            self._want("")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._end_list()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._end_list()

    def _search(self) -> None:
        marked = self._list.marked
        if marked is not None:
            self._choose(marked)
            return
        self._end_list()
        self.searched.emit(self.text().strip())

    def _choose(self, row: WordRow) -> None:
        self.setText(row.text)
        self._end_list()
        self.searched.emit(row.text)

    def _escape(self) -> None:
        """Step by step: first the list goes, then what was typed, then the focus."""
        if not self._list.isHidden():
            self._end_list()
        elif self.text() != self._asked:
            self.setText(self._asked)
            self.selectAll()
        else:
            self.left.emit()

    def _on_clear(self) -> None:
        self._end_list()
        self.setText("")
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        if self._asked:
            self.searched.emit("")

    # The list

    def _want(self, typed: str) -> None:
        self._wanted = typed
        self._list.unmark()
        self.typed.emit(typed)

    def _end_list(self) -> None:
        self._wanted = None
        self._list.hide()

    def _on_text(self, text: str) -> None:
        self._clear.setVisible(bool(text))

    # Look

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = self._clear.sizeHint()
        place = QPoint(self.width() - side.width() - theme.GRID, (self.height() - side.height()) // 2)
        self._clear.setGeometry(QRect(place, side))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        mark = icons.pixmap("search", _ICON, theme.subdued(self.palette()), self.devicePixelRatioF())
        painter.drawPixmap(theme.GAP, (self.height() - _ICON) // 2, mark)
        painter.end()
