"""Where the labels are to come from: the top of the dialog's first page."""

import os

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QPushButton, QWidget

from imagefinder.domain.teaching import Source, SourceKind
from imagefinder.ui import theme, wording
from imagefinder.ui.labels import ElidedLabel
from imagefinder.ui.path_kinds import Kind, Kinds, PathKinds
from imagefinder.ui.queries import url_path

TABLES = (".csv", ".tsv", ".txt")
"""Endings of the names of tables of pairs."""


class SourceChooser(QWidget):
    """``chosen`` carries a Source, ``switched`` says that another kind is wanted, of which nothing is chosen yet."""

    chosen = Signal(object)
    switched = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source: Source | None = None
        self._kinds = PathKinds(self)
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("Learn from"))
        self.kind.addItem(self.tr("Folders, one for each label"), "folders")
        self.kind.addItem(self.tr("Labels of this library"), "library")
        self.kind.addItem(self.tr("A table of pairs"), "pair list")
        self.kind.addItem(self.tr("Two folders of pairs"), "pair folders")
        self.kind.activated.connect(self._on_kind)
        self._paths = ElidedLabel()
        self._choose = QPushButton(self.tr("Choose…"))
        self._more = QPushButton(self.tr("Add another…"))
        for button in (self._choose, self._more):
            button.setAutoDefault(False)
        self._choose.clicked.connect(self.ask)
        self._more.clicked.connect(lambda: self.ask(more=True))
        label = QLabel(self.tr("&Learn from"))
        label.setBuddy(self.kind)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP)
        row.addWidget(label)
        row.addWidget(self.kind)
        row.addWidget(self._choose)
        row.addWidget(self._paths, 1)
        row.addWidget(self._more)
        self.show_source(None)

    @property
    def source(self) -> Source | None:
        return self._source

    @property
    def wanted(self) -> SourceKind:
        """The kind that is shown."""
        kind: SourceKind = self.kind.currentData()
        return kind

    def set_labelled(self, photos: int) -> None:
        """How many photos of the library have a label."""
        text = self.tr("Labels of this library ({photos})").format(photos=wording.photos(photos))
        self.kind.setItemText(self.kind.findData("library"), text)

    def show_source(self, source: Source | None) -> None:
        """None: nothing of the kind that is shown."""
        self._source = source
        if source is not None:
            self.kind.setCurrentIndex(self.kind.findData(source.kind))
        self._choose.setVisible(source is not None and source.kind != "library")  # without one, the page has it
        self._more.setVisible(source is not None and source.kind == "folders")
        self._paths.setText(wording.DOT.join(wording.shown(path) for path in source.paths) if source else "")

    def choose(self, source: Source) -> None:
        """As the person does."""
        self.show_source(source)
        self.chosen.emit(source)

    def ask(self, more: bool = False) -> None:
        """Ask for the folders or the file of the kind that is shown."""
        if self.wanted == "library":
            self.choose(Source("library"))
            return
        known = self._source.paths if self._source is not None else ()
        home = os.path.expanduser("~")
        start = os.path.dirname(known[0]) if known else home

        def done(kinds: Kinds) -> None:  # a dialog that begins in a folder of a dead drive would freeze the window
            if self.isVisible():
                self._ask(self.wanted, start if kinds[start] is Kind.FOLDER else home, more)

        self._kinds.look([start], done, soon=True)

    def _ask(self, kind: SourceKind, start: str, more: bool) -> None:
        if kind == "folders":
            path = self._ask_folder(self.tr("A folder with a folder of photos for each label"), start)
            if path:
                before = self._source.paths if more and self._source is not None else ()
                self.choose(Source("folders", tuple(dict.fromkeys((*before, path)))))
        elif kind == "pair list":
            kinds = self.tr("Tables (*.csv *.tsv *.txt);;All files (*)")
            path, _ = QFileDialog.getOpenFileName(self, self.tr("A table of pairs"), start, kinds)
            if path:
                self.choose(Source(kind, (path,)))
        else:
            first = self._ask_folder(self.tr("The folder with the first photo of each pair"), start)
            second = self._ask_folder(self.tr("The folder with the second photo of each pair"), first) if first else ""
            if first and second:
                self.choose(Source(kind, (first, second)))

    def take(self, urls: list[QUrl]) -> bool:
        """Folders or a table that were dropped. Returns whether they may be of use; what they are is looked at then."""
        paths = [path for path in map(url_path, urls) if path is not None]

        def done(kinds: Kinds) -> None:
            folders = tuple(path for path in paths if kinds[path] is Kind.FOLDER)
            tables = [path for path in paths if kinds[path] is Kind.FILE and path.lower().endswith(TABLES)]
            if folders:
                self.choose(Source("folders", folders))
            elif tables:
                self.choose(Source("pair list", (tables[0],)))

        if paths:
            self._kinds.look(paths, done)
        return bool(paths)

    def _on_kind(self) -> None:
        self.show_source(None)
        if self.wanted == "library":
            self.choose(Source("library"))
        else:
            self.switched.emit()

    def _ask_folder(self, title: str, start: str) -> str:
        return QFileDialog.getExistingDirectory(self, title, start)


def accepts(event: QDragEnterEvent) -> bool:
    """Whether something is dragged that ``take`` may like."""
    fits = any(url_path(url) is not None for url in event.mimeData().urls())
    if fits:
        event.acceptProposedAction()
    return fits


def dropped(event: QDropEvent, chooser: SourceChooser) -> None:
    if chooser.take(event.mimeData().urls()):
        event.acceptProposedAction()
