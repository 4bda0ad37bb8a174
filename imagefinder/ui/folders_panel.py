"""The photo folders, and what a person can do with each."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListView, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from imagefinder.domain.images import Folder, FolderState
from imagefinder.ui import icons, theme
from imagefinder.ui.excludes_dialog import ExcludesDialog
from imagefinder.ui.folders_model import FolderDelegate, FoldersModel, folder_name
from imagefinder.ui.labels import SubduedLabel, heading


class FoldersPanel(QWidget):
    """Signals carry the folder's id. ``excludes_changed`` adds a tuple of patterns, ``reveal_requested`` is a path.

    ``remove_requested`` and ``forget_requested`` carry the Folder, and are nothing but a wish: who takes it asks before
    anything leaves the library. Paths travel as objects: a Signal(str) loses what is not UTF-8 in them.
    """

    add_requested = Signal()
    rescan_requested = Signal(int)
    remove_requested = Signal(object)
    excludes_changed = Signal(int, object)
    forget_requested = Signal(object)
    labelled_changed = Signal(int, bool)
    """Whether the names of the folders in it are labels."""
    reveal_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = FoldersModel()
        self._view = _FoldersView()
        self._view.setModel(self._model)
        self._view.setItemDelegate(FolderDelegate(self._view))
        self._view.setAccessibleName(self.tr("Photo folders"))
        self._view.menu_wanted.connect(self._show_menu)
        self._view.remove_wanted.connect(lambda: self._for_current(self.remove_requested.emit))
        self._view.activated.connect(lambda _: self._for_current(self._reveal))
        self._more = QToolButton()
        self._more.setAutoRaise(True)
        self._more.setToolTip(self.tr("What can be done with the selected folder"))
        self._more.setAccessibleName(self.tr("Folder actions"))
        icons.set_icon(self._more, "ellipsis", 16)
        self._more.clicked.connect(lambda: self._show_menu(self._more.mapToGlobal(self._more.rect().bottomLeft())))
        self._none = SubduedLabel(self.tr("No folders yet."))
        self._add = QPushButton(self.tr("Add photo folder…"))
        self._add.clicked.connect(self.add_requested)
        self._lay_out()
        self._view.selectionModel().currentChanged.connect(self._enable)
        self.set_folders([])
        self._none.hide()  # nobody knows yet whether there are any

    def set_folders(self, folders: Sequence[Folder]) -> None:
        chosen = self._current()
        self._model.set_folders(folders)
        row = self._model.row_of(chosen.id) if chosen else 0
        if folders and not self._view.currentIndex().isValid():
            self._view.setCurrentIndex(self._model.index(max(row, 0)))
        self._none.setVisible(not folders)
        self._view.setVisible(bool(folders))
        self._add.setVisible(bool(folders))  # before that, the empty state has the one button
        self._enable()

    def menu(self, folder: Folder) -> QMenu:
        """What can be done with ``folder``."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        rescan = menu.addAction(self.tr("Rescan"), partial(self.rescan_requested.emit, folder.id))
        rescan.setEnabled(folder.state is not FolderState.SCANNING)
        menu.addAction(self.tr("Exclude patterns…"), partial(self._edit_excludes, folder))
        labels = menu.addAction(self.tr("Use folder names as labels"))
        labels.setCheckable(True)
        labels.setChecked(folder.labelled)
        labels.setToolTip(self.tr("The name of the folder that a photo lies in says what the photo shows."))
        labels.triggered.connect(partial(self.labelled_changed.emit, folder.id, not folder.labelled))
        show = menu.addAction(self.tr("Show in file manager"), partial(self._reveal, folder))
        show.setEnabled(folder.state is not FolderState.OFFLINE)
        menu.addSeparator()
        if folder.state is FolderState.OFFLINE or folder.away:
            menu.addAction(self.tr("Forget missing photos…"), partial(self.forget_requested.emit, folder))
        menu.addAction(self.tr("Remove from the library…"), partial(self.remove_requested.emit, folder))
        return menu

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(heading(self.tr("Folders")))
        head.addStretch()
        head.addWidget(self._more)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        column.addLayout(head)
        column.addWidget(self._none)
        column.addWidget(self._view, 1)
        column.addWidget(self._add)
        column.addStretch()

    def _current(self) -> Folder | None:
        return self._model.folder(self._view.currentIndex().row())

    def _for_current(self, act: Callable[[Folder], None]) -> None:
        folder = self._current()
        if folder is not None:
            act(folder)

    def _enable(self) -> None:
        self._more.setEnabled(self._current() is not None)

    def _show_menu(self, where: QPoint) -> None:
        self._for_current(lambda folder: self.menu(folder).popup(where))

    def _reveal(self, folder: Folder) -> None:
        self.reveal_requested.emit(folder.path)

    def _edit_excludes(self, folder: Folder) -> None:
        dialog = ExcludesDialog(folder_name(folder), folder.excludes, self)
        dialog.chosen.connect(partial(self.excludes_changed.emit, folder.id))
        dialog.open()


class _FoldersView(QListView):
    menu_wanted = Signal(QPoint)
    remove_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            self.menu_wanted.emit(self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center()))
        elif self.indexAt(event.pos()).isValid():
            self.menu_wanted.emit(event.globalPos())

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            # Here Delete removes a folder from the library; elsewhere in the window it moves photos to the trash.
            event.setAccepted(event.key() == Qt.Key.Key_Delete)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.remove_wanted.emit()
        else:
            super().keyPressEvent(event)
