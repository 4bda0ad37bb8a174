"""The files that could not be read, and why."""

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.images import Failure
from imagefinder.ui import theme, wording
from imagefinder.ui.buttons import button_box
from imagefinder.ui.labels import SubduedLabel


class FailuresDialog(QDialog):
    """Not modal. ``retry_requested`` carries a list of Failure, ``reveal_requested`` a path."""

    retry_requested = Signal(object)
    reveal_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._failures: list[Failure] = []
        self.setWindowTitle(self.tr("Files that could not be read"))
        self._summary = SubduedLabel()
        self._table = self._make_table()
        self._show = self._button(self.tr("Show in folder"))
        self._show.clicked.connect(self._reveal)
        self._retry = self._button(self.tr("Try again"))
        self._retry.clicked.connect(self._try_again)
        self._copy_list = self._button(self.tr("Copy list"))
        self._copy_list.clicked.connect(self._copy)
        self._lay_out()
        self.resize(760, 420)
        self.set_failures([])

    def set_failures(self, failures: Sequence[Failure]) -> None:
        self._failures = list(failures)
        self._table.clear()
        rows = ([wording.shown(failure.path), failure.reason] for failure in failures)
        items = [QTreeWidgetItem(row) for row in rows]
        for item in items:
            item.setSizeHint(0, QSize(0, self.fontMetrics().height() + theme.GAP))
        self._table.addTopLevelItems(items)
        if failures:
            self._summary.setText(wording.files_could_not_be_read(len(failures)))
            first = self._table.model().index(0, 0)
            self._table.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
        else:
            self._summary.setText(self.tr("Every file could be read."))
        self._enable()

    def _make_table(self) -> QTreeWidget:
        table = QTreeWidget()
        table.setHeaderLabels([self.tr("File"), self.tr("Reason")])
        table.setAccessibleName(self.windowTitle())
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setAlternatingRowColors(True)
        table.setAllColumnsShowFocus(True)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setColumnWidth(0, 420)
        table.activated.connect(lambda _: self._reveal())
        table.itemSelectionChanged.connect(self._enable)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._copy)
        return table

    def _lay_out(self) -> None:
        close = button_box(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        for button in (self._show, self._retry, self._copy_list):
            row.addWidget(button)
        row.addStretch()
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        column.addWidget(self._summary)
        column.addWidget(self._table, 1)
        column.addLayout(row)

    def _button(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        return button

    def _selected(self) -> list[Failure]:
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        return [self._failures[row] for row in rows]

    def _enable(self) -> None:
        selected = len(self._selected())
        self._show.setEnabled(selected == 1)
        self._retry.setText(self.tr("Try all again") if selected == 0 else self.tr("Try again"))
        self._retry.setEnabled(bool(self._failures))
        self._copy_list.setEnabled(bool(self._failures))

    def _reveal(self) -> None:
        selected = self._selected()
        if len(selected) == 1:
            self.reveal_requested.emit(selected[0].path)

    def _try_again(self) -> None:
        self.retry_requested.emit(self._selected() or list(self._failures))

    def _copy(self) -> None:
        lines = (f"{wording.shown(failure.path)}\t{failure.reason}" for failure in self._selected() or self._failures)
        QGuiApplication.clipboard().setText("\n".join(lines))
