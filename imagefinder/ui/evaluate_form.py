"""Choosing what to measure: folders whose names say what their photos show, and models."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.images import Folder
from imagefinder.domain.models import ModelInfo
from imagefinder.ui import theme, wording
from imagefinder.ui.indicators import CheckBox
from imagefinder.ui.labels import SubduedLabel, heading

_Path = Qt.ItemDataRole.UserRole
_Count = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured. ``queries`` is "" where every photo is looked for among the others."""

    folders: tuple[str, ...]
    queries: str
    models: tuple[str, ...]
    without_near_duplicates: bool


class EvaluateForm(QWidget):
    """``start_requested`` carries the Wanted. The button ``start`` has its place beside the dialog's own."""

    start_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._speeds: dict[str, float] = {}
        self.folders = _CheckList(self.tr("Folders to measure on"))
        self.models = _CheckList(self.tr("Models to measure"))
        self._other = QPushButton(self.tr("Another folder…"))
        self._other.setAutoDefault(False)
        self._other.clicked.connect(self._ask_folder)
        self.queries = QComboBox()
        self.queries.setAccessibleName(self.tr("Photos to look for"))
        self.queries.addItem(self.tr("Every photo, among all the others"), "")
        self.queries.addItem(self.tr("The photos of another folder…"), None)
        self.queries.activated.connect(self._on_queries)
        self.strict = CheckBox(self.tr("Leave out shots of the same moment"))
        self.strict.setToolTip(
            self.tr("Photos of one burst, and others that are nearly equal, are found easily and flatter the numbers.")
        )
        self._note = SubduedLabel()
        self._note.setMinimumHeight(2 * self._note.fontMetrics().lineSpacing())
        self._note.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.start = QPushButton(self.tr("Start"))
        self.start.clicked.connect(lambda: self.start_requested.emit(self.wanted()))
        for changing in (self.folders, self.models):
            changing.itemChanged.connect(self._check)
        self._lay_out()
        self._check()

    def set_folders(self, folders: Sequence[Folder]) -> None:
        """The library's. Those whose names are used as labels are ticked, and so is a single one."""
        known = self.folders.paths()
        for folder in folders:
            if folder.path not in known:
                ticked = folder.labelled or len(folders) == 1
                text = wording.DOT.join((wording.shown(folder.path), wording.photos(folder.photos)))
                self.folders.add(text, folder.path, ticked, folder.photos)
        self._check()

    def add_folder(self, path: str) -> None:
        """One that need not be in the library."""
        if path not in self.folders.paths():
            self.folders.add(wording.shown(path), path, True, 0)
        self._check()

    def set_models(self, models: Sequence[ModelInfo]) -> None:
        """Those that can be used now; the one that answers is ticked."""
        self.models.clear()
        ready = [model for model in models if model.state == "ready"]
        self._speeds = {model.name: model.photos_per_second for model in ready if model.photos_per_second}
        for model in ready:
            text = wording.shown(model.name)
            facts = [self.tr("in use")] if model.active else []
            if model.photos_per_second:
                facts.append(wording.rate(model.photos_per_second))
            self.models.add(wording.DOT.join((text, *facts)), model.name, model.active, 0, model.good_at)
        self._check()

    def set_queries(self, path: str) -> None:
        """Look for the photos of this folder, or with "" for every photo."""
        if path and self.queries.findData(path) < 0:
            self.queries.insertItem(1, wording.shown(path), path)
        self.queries.setCurrentIndex(self.queries.findData(path))
        self._check()

    def wanted(self) -> Wanted:
        return Wanted(
            tuple(self.folders.ticked()),
            self.queries.currentData() or "",
            tuple(self.models.ticked()),
            self.strict.isChecked(),
        )

    @property
    def note(self) -> str:
        return self._note.text()

    def _check(self) -> None:
        wanted = self.wanted()
        if not wanted.folders:
            note = self.tr("Tick a folder in which each subfolder holds photos of one thing.")
        elif not wanted.models:
            note = self.tr("Tick a model.")
        else:
            note = self._estimate(wanted.models)
        self._note.setText(note)
        self.start.setEnabled(bool(wanted.folders and wanted.models))

    def _estimate(self, models: Collection[str]) -> str:
        photos = sum(self.folders.counts())
        seconds = sum(photos / self._speeds[name] for name in models if name in self._speeds)
        if not photos or not seconds or any(name not in self._speeds for name in models):
            return self.tr("Every photo is read once for each model. Nothing is changed.")
        return self.tr("{photos} are read once for each model, which takes {time} or more. Nothing is changed.").format(
            photos=wording.photos(photos), time=wording.duration(seconds)
        )

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, self.tr("A folder with a subfolder for each thing"))
        if path:
            self.add_folder(path)

    def _on_queries(self, row: int) -> None:
        if self.queries.itemData(row) is not None:
            self._check()
            return
        path = QFileDialog.getExistingDirectory(self, self.tr("A folder with the photos to look for"))
        self.set_queries(path)

    def _lay_out(self) -> None:
        intro = QLabel(
            self.tr(
                "A model is good if a search finds more photos of the same thing. To measure that, imagefinder "
                "needs folders that say what their photos show: one subfolder for each thing, such as a person, "
                "a plant or a product."
            )
        )
        intro.setWordWrap(True)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column, title, widget in (
            (left, self.tr("Measure on"), self.folders),
            (right, self.tr("Models"), self.models),
        ):
            column.setSpacing(theme.GAP)
            column.addWidget(heading(title))
            column.addWidget(widget, 1)
        row = QHBoxLayout()
        row.addWidget(self._other)
        row.addStretch()
        left.addLayout(row)
        more = SubduedLabel(self.tr("More models: Tools, Models…"))
        more.setFixedHeight(self._other.sizeHint().height())
        more.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        right.addWidget(more)
        lists = QHBoxLayout()
        lists.setSpacing(2 * theme.MARGIN)
        lists.addLayout(left, 3)
        lists.addLayout(right, 2)
        look_for = QLabel(self.tr("&Look for"))
        look_for.setBuddy(self.queries)
        options = QHBoxLayout()
        options.setSpacing(theme.GAP)
        options.addWidget(look_for)
        options.addWidget(self.queries)
        options.addSpacing(theme.MARGIN)
        options.addWidget(self.strict)
        options.addStretch()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.MARGIN)
        whole.addWidget(intro)
        whole.addLayout(lists, 1)
        whole.addLayout(options)
        whole.addWidget(self._note)


class _CheckList(QListWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setItemDelegate(_Delegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def add(self, text: str, path: str, ticked: bool, count: int, tip: str = "") -> None:
        item = QListWidgetItem(text)
        item.setData(_Path, [path])  # in a list: a string of Qt's loses what is not UTF-8 in a path
        item.setData(_Count, count)
        item.setToolTip(wording.tip(tip or text))
        item.setSizeHint(QSize(0, self.fontMetrics().height() + theme.GAP))
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        self.addItem(item)
        if self.currentRow() < 0:
            self.setCurrentRow(0)

    def paths(self) -> list[str]:
        return [item.data(_Path)[0] for item in self._items()]

    def ticked(self) -> list[str]:
        return [item.data(_Path)[0] for item in self._items() if item.checkState() is Qt.CheckState.Checked]

    def counts(self) -> list[int]:
        """Of the photos in the ticked ones, as far as it is known."""
        return [int(item.data(_Count)) for item in self._items() if item.checkState() is Qt.CheckState.Checked]

    def tick(self, path: str, ticked: bool = True) -> None:
        for item in self._items():
            if item.data(_Path)[0] == path:
                item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)

    def _items(self) -> list[QListWidgetItem]:
        return [self.item(row) for row in range(self.count())]


class _Delegate(QStyledItemDelegate):
    """Fills the boxes as ``indicators`` does: they would be dark on dark."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        if theme.is_dark(option.palette):
            palette = QPalette(option.palette)
            palette.setColor(QPalette.ColorRole.Base, theme.raised(palette, 0.38))
            option = QStyleOptionViewItem(option)
            option.palette = palette
        super().paint(painter, option, index)
