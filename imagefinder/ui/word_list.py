"""The list below the field for words: what the text may become, where each word comes from, and how many photos."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QPainter,
    QPalette,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from imagefinder.domain.words import Suggestion
from imagefinder.ui import theme, word_wording, wording
from imagefinder.ui.card import Card

NARROWEST = 380
"""In logical pixels, where the window has room for it."""
RowRole = Qt.ItemDataRole.UserRole + 1
_MOST_FOR_SOURCE = 0.6
"""Of the width."""


class WordRow(NamedTuple):
    """A word in the list, whatever it stands for here."""

    before: str
    word: str
    meaning: str
    source: str

    @property
    def text(self) -> str:
        """The whole text, if this word is chosen."""
        return self.before + self.word


def rows_of(suggestions: Sequence[Suggestion]) -> list[WordRow]:
    """One row for each text: a word that is a label and is shown in photos too would find the same photos twice."""
    rows: dict[str, WordRow] = {}
    for each in suggestions:
        key = (each.before + each.word).casefold()
        source = word_wording.source(each)
        first = rows.get(key)
        if first is None:
            rows[key] = WordRow(each.before, each.word, each.meaning, source)
        else:
            rows[key] = first._replace(
                meaning=first.meaning or each.meaning, source=f"{first.source}{wording.DOT}{source}"
            )
    return list(rows.values())


class WordList(Card):
    """Lies over the window below its ``anchor``. Takes no focus: the anchor passes it the keys that move in it."""

    chosen = Signal(object)
    """The WordRow that was pressed."""

    def __init__(self, anchor: QWidget) -> None:
        super().__init__(anchor)
        self._anchor = anchor
        self._model = QStandardItemModel(self)
        self._view = _View()
        self._view.setModel(self._model)
        self._view.setItemDelegate(_Delegate(self))
        self._view.setAccessibleName(self.tr("Suggestions"))
        self._view.pressed.connect(lambda index: self.chosen.emit(index.data(RowRole)))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        column.addWidget(self._view)
        self.hide()

    def show_rows(self, rows: Sequence[WordRow]) -> None:
        """Replace what is listed, nothing marked; without rows there is no list."""
        self._model.clear()
        for row in rows:
            item = QStandardItem(wording.shown(row.text))
            item.setData(row, RowRole)
            said = ", ".join(part for part in (wording.shown(row.text), row.meaning, row.source) if part)
            item.setData(said, Qt.ItemDataRole.AccessibleTextRole)
            item.setEditable(False)
            self._model.appendRow(item)
        if not rows:
            self.hide()
            return
        window = self._anchor.window()
        if self.parentWidget() is not window:
            self.setParent(window)
            window.installEventFilter(self)
        self._place()
        self.show()
        self.raise_()

    @property
    def rows(self) -> list[WordRow]:
        """What is listed."""
        return [self._model.item(number).data(RowRole) for number in range(self._model.rowCount())]

    @property
    def marked(self) -> WordRow | None:
        """The one that Return would choose."""
        index = self._view.currentIndex()
        return index.data(RowRole) if index.isValid() and not self.isHidden() else None

    def unmark(self) -> None:
        """Return is to search for what was typed."""
        self._view.setCurrentIndex(QModelIndex())

    def move_mark(self, by: int) -> None:
        """To the next row or the one before; beyond the ends none is marked."""
        count = self._model.rowCount()
        row = (self._view.currentIndex().row() + 1 + by) % (count + 1) - 1
        index = self._model.index(row, 0)
        self._view.setCurrentIndex(index)
        if index.isValid():
            said = index.data(Qt.ItemDataRole.AccessibleTextRole)
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._anchor, said))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window gets another shape, or goes to the back."""
        if not self.isHidden():
            if event.type() == QEvent.Type.Resize:
                self._place()
            elif event.type() == QEvent.Type.WindowDeactivate:
                self.hide()
        return False

    def fill(self) -> QColor:
        return self.palette().color(QPalette.ColorRole.Base)

    def _place(self) -> None:
        window, anchor = self._anchor.window(), self._anchor
        corner = anchor.mapTo(window, QPoint(0, anchor.height() + 2))
        width = min(max(anchor.width(), NARROWEST), window.width() - 2 * theme.MARGIN)
        left = max(theme.MARGIN, min(corner.x(), window.width() - theme.MARGIN - width))
        height = self._model.rowCount() * _row_height(self) + 2 * theme.GRID
        self.setGeometry(left, corner.y(), width, min(height, max(0, window.height() - corner.y() - theme.MARGIN)))


class _View(QListView):
    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.viewport().setAutoFillBackground(False)


class _Delegate(QStyledItemDelegate):
    """The word, its meaning in a quieter colour, and at the right end where it comes from."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, _row_height(option.widget))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: WordRow = index.data(RowRole)
        palette, marked = option.palette, bool(option.state & QStyle.StateFlag.State_Selected)
        ink = palette.color(QPalette.ColorRole.HighlightedText if marked else QPalette.ColorRole.Text)
        quiet = ink if marked else theme.subdued(palette)
        painter.save()
        # The pointer may just happen to be there, so that what is below it is not what Return chooses.
        if marked or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Highlight) if marked else theme.raised(palette, 0.09))
            painter.drawRoundedRect(option.rect, theme.RADIUS, theme.RADIUS)
        room = option.rect.adjusted(theme.GAP, 0, -theme.GAP, 0)
        word = wording.shown(row.word)
        metrics = option.fontMetrics
        needed = metrics.horizontalAdvance(f"{row.before}{word}") + 2 * theme.MARGIN
        most = max(room.width() - needed, round(_MOST_FOR_SOURCE * room.width() / 2))
        source = metrics.elidedText(row.source, Qt.TextElideMode.ElideRight, most)
        painter.setFont(option.font)
        self._draw(painter, room, Qt.AlignmentFlag.AlignRight, quiet, source)
        room.setRight(room.right() - metrics.horizontalAdvance(source) - theme.MARGIN)
        for text, colour in ((row.before, quiet), (word, ink), (f"  {row.meaning}" if row.meaning else "", quiet)):
            short = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, room.width()))
            self._draw(painter, room, Qt.AlignmentFlag.AlignLeft, colour, short)
            room.setLeft(room.left() + metrics.horizontalAdvance(short))
        painter.restore()

    @staticmethod
    def _draw(painter: QPainter, room: QRect, side: Qt.AlignmentFlag, colour: QColor, text: str) -> None:
        painter.setPen(colour)
        painter.drawText(room, int(side | Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextSingleLine), text)


def _row_height(widget: QWidget) -> int:
    return widget.fontMetrics().height() + 2 * theme.GRID + 2
