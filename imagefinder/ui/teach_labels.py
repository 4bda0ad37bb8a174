"""The labels that were found: how many photos each has, what they look like, and whether they count."""

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from imagefinder.domain.teaching import Group
from imagefinder.domain.training import MIN_PHOTOS
from imagefinder.ui import theme, wording
from imagefinder.ui.teach_pictures import PathPictures

SAMPLES = 8
SIDE = 40
_LABEL, _COUNT, _SAMPLES = range(3)
_Sort = Qt.ItemDataRole.UserRole
_NUMBER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_Index = QModelIndex | QPersistentModelIndex


class LabelTable(QTableWidget):
    """A row for each group. ``ticked`` carries a Group and whether it counts from now on."""

    ticked = Signal(object, bool)

    def __init__(self, pictures: PathPictures, parent: QWidget | None = None) -> None:
        super().__init__(0, 3, parent)
        self._groups: list[Group] = []
        self._pictures = pictures
        pictures.arrived.connect(lambda _: self.viewport().update())
        self.setHorizontalHeaderLabels([self.tr("Label"), self.tr("Photos"), self.tr("Some of them")])
        self.setAccessibleName(self.tr("Labels"))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setDefaultSectionSize(SIDE + theme.GAP)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionResizeMode(_LABEL, QHeaderView.ResizeMode.Interactive)
        head.setSectionResizeMode(_COUNT, QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(_SAMPLES, QHeaderView.ResizeMode.Stretch)
        head.resizeSection(_LABEL, 240)
        self.setItemDelegateForColumn(_SAMPLES, _Samples(self, pictures))
        self.itemChanged.connect(self._on_changed)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._want())

    def show_groups(self, groups: Sequence[Group]) -> None:
        """In the order given; the row that was current stays so where its label is still there."""
        row = self.currentRow()
        current = self._groups[row].label if 0 <= row < len(self._groups) else ""
        self._groups = list(groups)
        self.blockSignals(True)  # filling it ticks nothing
        self.setRowCount(len(groups))
        for row, group in enumerate(groups):
            name = wording.shown(group.label)
            label = QTableWidgetItem(name)
            label.setFlags(label.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            label.setCheckState(Qt.CheckState.Checked if group.ticked else Qt.CheckState.Unchecked)
            if len(group.members) > 1:
                label.setText(self.tr("{name} ({count} merged)").format(name=name, count=len(group.members)))
            label.setToolTip(wording.tip(", ".join(map(wording.shown, group.members))))
            count = QTableWidgetItem(wording.grouped(len(group.photos)))
            count.setTextAlignment(_NUMBER)
            if len(group.photos) < MIN_PHOTOS:
                count.setToolTip(self.tr("Fewer than {count} photos teach little.").format(count=MIN_PHOTOS))
            samples = QTableWidgetItem()
            samples.setData(_Sort, row)
            samples.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            for column, item in enumerate((label, count, samples)):
                self.setItem(row, column, item)
        self.blockSignals(False)
        self.viewport().update()
        again = next((row for row, group in enumerate(groups) if group.label == current), 0)
        if groups:
            keep = QItemSelectionModel.SelectionFlag.NoUpdate  # current for the keys, not selected for merging
            self.selectionModel().setCurrentIndex(self.model().index(again, _LABEL), keep)
        self._want()

    def chosen(self) -> list[Group]:
        """The groups whose rows are selected."""
        return [self._groups[index.row()] for index in self.selectionModel().selectedRows()]

    def samples_of(self, row: int) -> tuple[str, ...]:
        """A few photos, spread over all of the row's."""
        photos = self._groups[row].photos
        return photos[:: max(1, len(photos) // SAMPLES)][:SAMPLES]

    def is_ticked(self, row: int) -> bool:
        return self._groups[row].ticked

    def _on_changed(self, item: QTableWidgetItem) -> None:
        if item.column() == _LABEL:
            self.ticked.emit(self._groups[item.row()], item.checkState() is Qt.CheckState.Checked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._want()

    def _want(self) -> None:
        """Pictures of the rows that can be seen."""
        if not self._groups:
            return
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        last = len(self._groups) - 1 if last < 0 else last
        self._pictures.want("labels", (path for row in range(first, last + 1) for path in self.samples_of(row)))


class _Samples(QStyledItemDelegate):
    """Paints a strip of small pictures, as many as there is room for."""

    def __init__(self, table: LabelTable, pictures: PathPictures) -> None:
        super().__init__(table)
        self._table = table
        self._pictures = pictures

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        super().paint(painter, option, index)
        room = option.rect
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if not self._table.is_ticked(index.row()):
            painter.setOpacity(0.35)
        left = room.left() + theme.GRID
        for path in self._table.samples_of(index.row()):
            if left + SIDE > room.right():
                break
            square = QRectF(left, room.top() + (room.height() - SIDE) / 2, SIDE, SIDE)
            _paint(painter, square, self._pictures.get(path), self._table)
            left += SIDE + theme.GRID
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(SIDE, SIDE + theme.GAP)


def _paint(painter: QPainter, square: QRectF, picture: QPixmap | None, table: QWidget) -> None:
    """Filled, so that a strip is even; the sides of a wide photo are cut."""
    shape = QPainterPath()
    shape.addRoundedRect(square, theme.RADIUS, theme.RADIUS)
    painter.fillPath(shape, theme.raised(table.palette()))
    if picture is None:
        return
    short = min(picture.width(), picture.height())
    part = QRectF((picture.width() - short) / 2, (picture.height() - short) / 2, short, short)
    painter.save()
    painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
    painter.drawPixmap(square, picture, part)
    painter.restore()
