"""F1: every key there is."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from imagefinder.ui import theme
from imagefinder.ui.buttons import button_box

Entry = QAction | tuple[str, str]
"""An action with shortcuts, or what a key does and the key itself, for keys that belong to no action."""


class ShortcutsDialog(QDialog):
    """``groups`` are headings with their entries; an action without a shortcut is left out."""

    def __init__(self, groups: Sequence[tuple[str, Sequence[Entry]]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self._heights: list[int] = []
        self._tree = QTreeWidget()
        self._tree.setColumnCount(2)
        self._tree.setHeaderHidden(True)
        self._tree.setRootIsDecorated(False)
        self._tree.setIndentation(theme.MARGIN)
        self._tree.setItemsExpandable(False)
        self._tree.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self._tree.setFrameShape(QFrame.Shape.NoFrame)
        self._tree.setAccessibleName(self.tr("Keyboard shortcuts"))
        for title, entries in groups:
            self._add_group(title, list(_rows(entries)))
        self._tree.expandAll()
        self._tree.resizeColumnToContents(0)
        self._tree.setColumnWidth(0, max(self._tree.columnWidth(0) + 2 * theme.MARGIN, 260))
        buttons = button_box(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        column.addWidget(self._tree)
        column.addWidget(buttons)
        buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()
        self.resize(520, min(640, sum(self._heights) + buttons.sizeHint().height() + 4 * theme.MARGIN))

    def _add_group(self, title: str, rows: list[tuple[str, str]]) -> None:
        if not rows:
            return
        group = QTreeWidgetItem(self._tree, [title])
        group.setFont(0, theme.heading_font(self.font()))
        items = [group, *(QTreeWidgetItem(group, list(row)) for row in rows)]
        for item, room in zip(items, [2 * theme.MARGIN, *[theme.GAP] * len(rows)], strict=True):
            height = self.fontMetrics().height() + room
            item.setSizeHint(0, QSize(0, height))
            self._heights.append(height)


def _rows(entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        if isinstance(entry, tuple):
            yield entry
        elif entry.shortcuts():
            keys = (key.toString(QKeySequence.SequenceFormat.NativeText) for key in entry.shortcuts())
            yield entry.text().replace("&", "").rstrip("…"), ", ".join(keys)
