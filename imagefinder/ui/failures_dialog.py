"""The files that could not be read, or only in part, and what was not looked at."""

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.images import Failure, NotLookedAt
from imagefinder.ui import theme, wording
from imagefinder.ui.buttons import button_box
from imagefinder.ui.labels import SubduedLabel
from imagefinder.ui.not_looked_at import NotLookedAtPart


class FailuresDialog(QDialog):
    """Not modal. ``retry_requested`` carries a list of Failure, the others a path."""

    retry_requested = Signal(object)
    reveal_requested = Signal(object)
    add_requested = Signal(object)

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
        self._not_looked_at = NotLookedAtPart()
        self._not_looked_at.add_requested.connect(self.add_requested)
        self._lay_out()
        self.resize(760, 460)
        self.set_failures([])

    def set_failures(self, failures: Sequence[Failure]) -> None:
        """Those that could not be read come first, then those that are shown as far as they go."""
        unread = [failure for failure in failures if not failure.shown]
        damaged = [failure for failure in failures if failure.shown]
        self._failures = [*unread, *damaged]
        self._table.clear()
        for failure in self._failures:
            item = QTreeWidgetItem([wording.shown(failure.path), failure.reason, self._kept(failure)])
            item.setToolTip(0, wording.tip(item.text(0)))
            item.setToolTip(1, wording.tip(item.text(1)))
            item.setSizeHint(0, QSize(0, self.fontMetrics().height() + theme.GAP))
            self._table.addTopLevelItem(item)
        self._table.setColumnHidden(2, not damaged)
        sentences = [wording.files_could_not_be_read(len(unread))] if unread else []
        sentences += [wording.files_are_damaged(len(damaged))] if damaged else []
        self._summary.setText(" ".join(sentences) or self.tr("Every file could be read."))
        if failures:
            first = self._table.model().index(0, 0)
            self._table.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
        self._enable()

    def set_not_looked_at(self, passed_over: NotLookedAt) -> None:
        """Of the last time that folders were looked through."""
        self._not_looked_at.show_it(passed_over)

    def _kept(self, failure: Failure) -> str:
        return self.tr("In part") if failure.shown else self.tr("No")

    def _make_table(self) -> QTreeWidget:
        table = QTreeWidget()
        table.setHeaderLabels([self.tr("File"), self.tr("Reason"), self.tr("Shown")])
        table.setAccessibleName(self.windowTitle())
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setAlternatingRowColors(True)
        table.setAllColumnsShowFocus(True)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.header().setStretchLastSection(False)
        table.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.header().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        table.setColumnWidth(0, 320)
        table.activated.connect(lambda _: self._reveal())
        table.itemSelectionChanged.connect(self._enable)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._copy)
        return table

    def _lay_out(self) -> None:
        close = button_box(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        close.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)  # Enter is for the lists
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        for button in (self._show, self._retry, self._copy_list):
            row.addWidget(button)
        row.addStretch()
        bottom = QHBoxLayout()
        bottom.addStretch()
        bottom.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        column.addWidget(self._summary)
        column.addWidget(self._table, 1)
        column.addLayout(row)
        column.addWidget(self._not_looked_at)
        column.addLayout(bottom)

    def _button(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        return button

    def _selected(self) -> list[Failure]:
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        return [self._failures[row] for row in rows]

    def _to_retry(self) -> list[Failure]:
        """Reading a damaged file again would say the same."""
        return [failure for failure in self._selected() or self._failures if not failure.shown]

    def _enable(self) -> None:
        selected = len(self._selected())
        self._show.setEnabled(selected == 1)
        self._retry.setText(self.tr("Try all again") if selected == 0 else self.tr("Try again"))
        self._retry.setEnabled(bool(self._to_retry()))
        self._copy_list.setEnabled(bool(self._failures))

    def _reveal(self) -> None:
        selected = self._selected()
        if len(selected) == 1:
            self.reveal_requested.emit(selected[0].path)

    def _try_again(self) -> None:
        self.retry_requested.emit(self._to_retry())

    def _copy(self) -> None:
        lines = (f"{wording.shown(failure.path)}\t{failure.reason}" for failure in self._selected() or self._failures)
        QGuiApplication.clipboard().setText("\n".join(lines))
