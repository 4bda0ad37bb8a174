"""The photo folders as a list, and how one of them is drawn."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from imagefinder.domain.images import Folder, FolderState
from imagefinder.ui import icons, theme, wording

Index = QModelIndex | QPersistentModelIndex

_NOWHERE = QModelIndex()
FOLDER = Qt.ItemDataRole.UserRole
FACTS = Qt.ItemDataRole.UserRole + 1
_ICONS = {
    FolderState.NEW: "folder-clock",
    FolderState.INDEXED: "folder",
    FolderState.SCANNING: "folder-sync",
    FolderState.OFFLINE: "unplug",
}


def folder_name(folder: Folder) -> str:
    """The last part of the path, or all of it for a root such as / or C:\\."""
    _, slash, name = folder.path.rstrip("/\\").replace("\\", "/").rpartition("/")
    return wording.shown(name if slash else folder.path)


class FoldersModel(QAbstractListModel):
    """Row by row what ``set_folders`` was given."""

    def __init__(self) -> None:
        super().__init__()
        self._folders: list[Folder] = []

    def set_folders(self, folders: Sequence[Folder]) -> None:
        """New numbers for the same folders leave the selection and the scroll position alone."""
        if [folder.id for folder in folders] == [folder.id for folder in self._folders]:
            self._folders = list(folders)
            self.dataChanged.emit(self.index(0), self.index(len(folders) - 1))
            return
        self.beginResetModel()
        self._folders = list(folders)
        self.endResetModel()

    def folder(self, row: int) -> Folder | None:
        return self._folders[row] if 0 <= row < len(self._folders) else None

    def row_of(self, folder_id: int) -> int:
        """-1 where there is no such folder."""
        return next((row for row, folder in enumerate(self._folders) if folder.id == folder_id), -1)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._folders)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        folder = self.folder(index.row())
        if folder is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return folder_name(folder)
        if role == Qt.ItemDataRole.ToolTipRole:
            return wording.tip(wording.shown(folder.path))
        if role == FACTS:
            return wording.folder_facts(folder)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{folder_name(folder)}, {wording.folder_facts(folder)}"
        if role == FOLDER:
            return folder
        return None


class FolderDelegate(QStyledItemDelegate):
    """Two lines and an icon. An offline folder stands back."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, 2 * option.fontMetrics.height() + 3 * theme.GRID)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        folder = index.data(FOLDER)
        if not isinstance(folder, Folder):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option)
        palette = option.palette
        quiet = theme.subdued(palette)
        loud = quiet if folder.state is FolderState.OFFLINE else palette.windowText().color()
        box = option.rect.adjusted(theme.GAP, 0, -theme.GAP, 0)
        mark = icons.pixmap(_ICONS[folder.state], 16, quiet, painter.device().devicePixelRatio())
        painter.drawPixmap(box.left(), box.center().y() - 7, mark)
        box.setLeft(box.left() + 16 + theme.GAP)
        height = option.fontMetrics.height()
        upper = QRect(box.left(), box.center().y() - height, box.width(), height)
        facts = str(index.data(FACTS))
        if option.fontMetrics.horizontalAdvance(facts) > box.width():
            facts = wording.folder_facts(folder, short=True)
        for room, text, colour in (
            (upper, folder_name(folder), loud),
            (upper.translated(0, height + 1), facts, quiet),
        ):
            painter.setPen(colour)
            short = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), short)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        """Grey, as in other side bars: the highlight colour is for photos, and for what has the keyboard."""
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if not selected and not option.state & QStyle.StateFlag.State_MouseOver:
            return
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.setPen(QPen(option.palette.highlight().color(), 2) if focused else QPen(Qt.PenStyle.NoPen))
        painter.setBrush(theme.raised(option.palette, 0.10 if selected else 0.05))
        painter.drawRoundedRect(option.rect.adjusted(1, 1, -1, -1), theme.RADIUS, theme.RADIUS)
