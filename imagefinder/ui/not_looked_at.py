"""What a scan passed over, below the files that could not be read: links to folders, and files of other kinds."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.images import NotLookedAt
from imagefinder.ui import removal_wording, theme, wording
from imagefinder.ui.labels import SubduedLabel

ROWS = 3
"""Of links, before they scroll."""


class NotLookedAtPart(QWidget):
    """Takes no room where nothing was passed over. ``add_requested`` carries the path that a link leads to."""

    add_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._leads: list[str] = []
        self._about = SubduedLabel(self.tr("Links to folders are not followed. The folders can be added:"))
        self._links = self._make_list()
        self._add = QPushButton(self.tr("Add that folder"))
        self._add.setAutoDefault(False)
        self._add.clicked.connect(self._ask)
        self._others = SubduedLabel()
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        row.addWidget(self._links, 1)
        row.addWidget(self._add, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.GRID, 0, 0)
        column.setSpacing(theme.GAP)
        column.addWidget(self._about)
        column.addLayout(row)
        column.addWidget(self._others)
        self.show_it(NotLookedAt({}, {}))

    def show_it(self, passed_over: NotLookedAt) -> None:
        self._leads = list(passed_over.linked.values())
        self._links.clear()
        height = self.fontMetrics().height() + theme.GAP
        for link, leads in passed_over.linked.items():
            item = QTreeWidgetItem([wording.shown(link), wording.shown(leads)])
            for column in range(2):
                item.setToolTip(column, wording.tip(item.text(column)))
            item.setSizeHint(0, QSize(0, height))
            self._links.addTopLevelItem(item)
        if self._leads:
            self._links.setCurrentIndex(self._links.model().index(0, 0))
        frame = self._links.header().sizeHint().height() + 2 * self._links.frameWidth()
        self._links.setFixedHeight(frame + min(len(self._leads), ROWS) * height)
        self._others.setText(removal_wording.passed_over(passed_over.others))
        for widget in (self._about, self._links, self._add):
            widget.setVisible(bool(self._leads))
        self._others.setVisible(bool(self._others.text()))
        self.setVisible(bool(self._leads or self._others.text()))

    def _make_list(self) -> QTreeWidget:
        links = QTreeWidget()
        links.setHeaderLabels([self.tr("Link"), self.tr("Leads to")])
        links.setAccessibleName(self.tr("Links to folders"))
        links.setRootIsDecorated(False)
        links.setUniformRowHeights(True)
        links.setAllColumnsShowFocus(True)
        links.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        links.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        links.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        links.activated.connect(lambda _: self._ask())
        return links

    def _ask(self) -> None:
        row = self._links.currentIndex().row()
        if 0 <= row < len(self._leads):
            self.add_requested.emit(self._leads[row])
