"""Measuring how good the results are: choose, wait, look, keep."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from imagefinder.domain.evaluation import EvaluationReport
from imagefinder.domain.images import Folder, Pixels
from imagefinder.domain.models import ModelInfo
from imagefinder.domain.progress import Progress
from imagefinder.settings import Settings
from imagefinder.ui import theme, wording
from imagefinder.ui.evaluate_form import EvaluateForm
from imagefinder.ui.evaluation_view import EvaluationView
from imagefinder.ui.labels import SubduedLabel
from imagefinder.ui.remembered_size import RememberedSize
from imagefinder.ui.waiting_page import WaitingPage

FORMATS = ("html", "csv", "json")
FIRST_SIZE = (940, 700)


class EvaluateDialog(QDialog):
    """Not modal. ``start_requested`` carries a Wanted, ``export_requested`` the report and the Path of a file whose
    suffix says how to write it, ``path_chosen`` the path of a picture that was pressed."""

    start_requested = Signal(object)
    cancel_requested = Signal()
    export_requested = Signal(object, object)
    path_chosen = Signal(object)
    open_requested = Signal(object)
    """The Path of a report that was saved."""

    def __init__(
        self, load: Callable[[str, int, int], Pixels], remembered: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Measure how good the results are"))
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self._report: EvaluationReport | None = None
        self.form = EvaluateForm()
        self.waiting = WaitingPage(self.tr("Measuring…"))
        self.view = EvaluationView(load)
        self._again = self._button(self.tr("Measure again…"), self.show_form)
        self._export = self._button(self.tr("Save the report…"), self._ask_target)
        self._close = self._button(self.tr("Close"), self.close)
        self._saved: Path | None = None
        self._open = self._button(self.tr("Open it"), lambda: self.open_requested.emit(self._saved))
        self._note = SubduedLabel()
        self.form.start_requested.connect(self.start_requested)
        self.waiting.cancelled.connect(self.cancel_requested)
        self.waiting.action.connect(self.show_form)
        self.view.path_chosen.connect(self.path_chosen)
        self._lay_out()
        RememberedSize(self, remembered, "measure_geometry", QSize(*FIRST_SIZE))
        self.show_form()

    @property
    def report(self) -> EvaluationReport | None:
        """What is shown; None before anything was measured."""
        return self._report

    def set_library(self, folders: Sequence[Folder], models: Sequence[ModelInfo]) -> None:
        self.form.set_folders(folders)
        self.form.set_models(models)

    def show_form(self) -> None:
        self._show(self.form)
        self.form.start.setFocus()

    def show_begun(self) -> None:
        self.waiting.show_begun()
        self._show(self.waiting)

    def show_progress(self, progress: Progress) -> None:
        self.waiting.show_progress(progress)

    def show_problem(self, text: str) -> None:
        self.waiting.show_message(text, self.tr("Choose again"))
        self._show(self.waiting)

    def show_report(self, report: EvaluationReport) -> None:
        self._report = report
        self.say("")
        self.view.show_report(report)
        self._show(self.view)

    def say(self, text: str) -> None:
        """A sentence beside the buttons."""
        self._note.setText(text)
        self._open.hide()

    def show_saved(self, written: Path) -> None:
        """The report is there, and can be opened."""
        self._saved = written
        self.say(self.tr("Saved as {path}.").format(path=wording.shown(str(written))))
        self._open.setVisible(self._pages.currentWidget() is self.view)

    @property
    def said(self) -> str:
        """The sentence beside the buttons."""
        return self._note.text()

    def export(self, target: Path) -> None:
        """As the person does after choosing where."""
        if self._report is not None:
            self.export_requested.emit(self._report, target)

    def stop(self) -> None:
        """For the end of the app."""
        self.view.stop()

    def _ask_target(self) -> None:
        kinds = {
            self.tr("Page with pictures (*.html)"): "html",
            self.tr("Table (*.csv)"): "csv",
            self.tr("Record for programs (*.json)"): "json",
        }
        start = str(Path.home() / "imagefinder-report.html")
        path, kind = QFileDialog.getSaveFileName(self, self.tr("Save the report"), start, ";;".join(kinds))
        if path:
            target = Path(path)
            if target.suffix.lower()[1:] not in FORMATS:
                target = target.with_name(f"{target.name}.{kinds.get(kind, 'html')}")
            self.export(target)

    def _show(self, page: QWidget) -> None:
        self._pages.setCurrentWidget(page)
        self.form.start.setVisible(page is self.form)
        self._again.setVisible(page is self.view)
        self._export.setVisible(page is self.view)
        self._note.setVisible(page is self.view)
        self._open.setVisible(page is self.view and self._saved is not None and bool(self.said))

    def _lay_out(self) -> None:
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        for page in (self.form, self.waiting, self.view):
            self._pages.addWidget(page)
        foot = QHBoxLayout()
        foot.setSpacing(theme.GAP)
        foot.addWidget(self._note, 1)
        foot.addWidget(self._open)
        foot.addStretch()
        for button in (self.form.start, self._again, self._export, self._close):
            foot.addWidget(button)
        self.form.start.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(pages, 1)
        column.addLayout(foot)

    def _button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda checked: slot())
        return button
