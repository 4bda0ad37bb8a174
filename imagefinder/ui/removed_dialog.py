"""What left the library in the last 30 days, and how it is brought back."""

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QStackedLayout,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.images import KEPT_DAYS, Removal
from imagefinder.settings import Settings
from imagefinder.ui import removal_wording, theme, wording
from imagefinder.ui.buttons import button_box
from imagefinder.ui.labels import SubduedLabel
from imagefinder.ui.remembered_size import RememberedSize

FIRST_SIZE = QSize(840, 420)
FROM, WHY = 3, 4


class RemovedDialog(QDialog):
    """Not modal. ``bring_back_requested`` carries a list of Removal."""

    bring_back_requested = Signal(object)

    def __init__(self, remembered: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._removals: list[Removal] = []
        self.setWindowTitle(self.tr("Removed photos"))
        kept = self.tr("What leaves the library is kept for {days} days, labels included.")
        self._kept = SubduedLabel(kept.format(days=KEPT_DAYS))
        self._table = self._make_table()
        self._nothing = SubduedLabel(
            self.tr("Nothing left the library in the last {days} days.").format(days=KEPT_DAYS)
        )
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint = SubduedLabel()
        self._bring_back = QPushButton(self.tr("Bring back"))
        self._bring_back.setDefault(True)
        self._bring_back.clicked.connect(self._ask)
        self._lay_out()
        RememberedSize(self, remembered, "removed_geometry", FIRST_SIZE)
        self.set_removals([])

    def set_removals(self, removals: Sequence[Removal]) -> None:
        """The latest first. What was selected stays so, as far as it is still there."""
        selected = {removal.id for removal in self._selected()}
        first = not self._removals
        self._removals = list(removals)
        self._table.clear()
        for removal in removals:
            item = QTreeWidgetItem(list(removal_wording.row(removal)))
            wide = self.fontMetrics().horizontalAdvance(item.text(0)) + 2 * theme.GAP
            item.setSizeHint(0, QSize(wide, self.fontMetrics().height() + theme.GAP))
            for column in (1, 2):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column in (FROM, WHY):
                item.setToolTip(column, wording.tip(item.text(column)))
            self._table.addTopLevelItem(item)
            item.setSelected(removal.id in selected)
        if removals:
            chosen = next((n for n, each in enumerate(removals) if each.id in selected), 0)
            flag = QItemSelectionModel.SelectionFlag
            rows = flag.ClearAndSelect | flag.Rows if first else flag.NoUpdate
            self._table.selectionModel().setCurrentIndex(self._table.model().index(chosen, 0), rows)
        self._stack.setCurrentWidget(self._table if removals else self._nothing)
        self._enable()

    def _make_table(self) -> QTreeWidget:
        table = QTreeWidget()
        table.setHeaderLabels(
            [self.tr("When"), self.tr("Photos"), self.tr("Labelled"), self.tr("From"), self.tr("Why")]
        )
        table.setAccessibleName(self.windowTitle())
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setAlternatingRowColors(True)
        table.setAllColumnsShowFocus(True)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        for column in (1, 2):
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            table.headerItem().setTextAlignment(column, right)
        header = table.header()
        for column in range(FROM):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(FROM, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(WHY, QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(False)
        table.doubleClicked.connect(lambda _: self._ask())  # Enter goes on to the button, which is the default
        table.itemSelectionChanged.connect(self._enable)
        return table

    def _lay_out(self) -> None:
        close = button_box(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        row.addWidget(self._bring_back)
        row.addWidget(self._hint, 1)
        row.addWidget(close)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._table)
        self._stack.addWidget(self._nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        column.addWidget(self._kept)
        column.addLayout(self._stack, 1)
        column.addLayout(row)

    def _selected(self) -> list[Removal]:
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        return [self._removals[row] for row in rows]

    def _enable(self) -> None:
        selected = self._selected()
        self._bring_back.setEnabled(bool(selected))
        reasons = {removal.why for removal in selected}
        self._hint.setText(removal_wording.hint(reasons.pop()) if len(reasons) == 1 else "")

    def _ask(self) -> None:
        selected = self._selected()
        if selected:
            self.bring_back_requested.emit(selected)
