"""Tools > Models: which models there are, what each is good at, and which one this library is searched with."""

import os
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.models import ModelInfo
from imagefinder.settings import Settings
from imagefinder.ui import model_words, theme
from imagefinder.ui.add_model_dialog import AddModelDialog
from imagefinder.ui.banner import BannerStack, Level
from imagefinder.ui.buttons import button_box
from imagefinder.ui.confirm import confirm
from imagefinder.ui.model_flow import Activity, ModelFlow
from imagefinder.ui.model_list import ModelList
from imagefinder.ui.model_page import ModelPage
from imagefinder.ui.remembered_size import RememberedSize

FIRST_SIZE = (860, 560)
SUFFIX = ".safetensors"


class ModelsDialog(QDialog):
    """Not modal. What goes wrong is said inside, also what went wrong while it was closed."""

    def __init__(self, flow: ModelFlow, remembered: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Models"))
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self._flow = flow
        self._form: AddModelDialog | None = None
        self.banners = BannerStack()
        self.list = ModelList()
        self.page = ModelPage()
        self._lay_out()
        self._connect()
        RememberedSize(self, remembered, "models_geometry", QSize(*FIRST_SIZE))
        self._on_listed(flow.models)

    def shown(self) -> ModelInfo | None:
        """The model on the right."""
        name = self.list.current_name()
        return next((info for info in self._flow.models if info.name == name), None)

    # What the person does

    def _ask_download(self, info: ModelInfo, host: str) -> None:
        question, touches = model_words.download_question(info, host)
        confirm(self, question, touches, self.tr("Download"), lambda: self._flow.download(info.name, host))

    def _ask_remove(self, name: str) -> None:
        info = self.shown()
        if info is not None:
            question = self.tr("Remove {name}?").format(name=name)
            touches = model_words.removal(info, self._flow.activity.here)
            confirm(self, question, touches, self.tr("Remove"), lambda: self._flow.remove(name))

    def _ask_free(self, name: str) -> None:
        question = self.tr("Free the space of {name}?").format(name=name)
        touches = self.tr(
            "This library forgets what it knows of its photos by this model. No photo and no model is deleted; to use "
            "the model again, all photos are read once more."
        )
        confirm(self, question, touches, self.tr("Free the space"), lambda: self._flow.free(name))

    def _add_file(self, network: str = "") -> None:
        from imagefinder.usecases.model_choices import networks, poolings

        form = AddModelDialog(networks(), poolings(), network, self)
        form.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def added() -> None:
            if self._form is form:  # it may have been closed meanwhile
                form.close()

        def refused(error: ImageFinderError) -> None:
            if self._form is form:
                form.show_problem(model_words.problem(error))
            else:
                self._flow.failed.emit(error)

        self._form = form
        form.finished.connect(self._on_form_finished)
        form.chosen.connect(lambda file: self._flow.add(file, added, refused))
        form.open()

    def _on_form_finished(self) -> None:
        self._form = None

    def _import(self) -> None:
        kinds = self.tr("Models (*{suffix});;All files (*)").format(suffix=SUFFIX)
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Import a model"), "", kinds)
        if path:
            self._flow.import_file(path)

    def _export(self, name: str) -> None:
        kinds = self.tr("Models (*{suffix})").format(suffix=SUFFIX)
        start = os.path.join(os.path.expanduser("~"), f"{name}{SUFFIX}")
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Export {name}").format(name=name), start, kinds)
        if path:
            self._flow.export(name, path)

    # What comes back

    def _on_listed(self, models: Sequence[ModelInfo]) -> None:
        self.list.set_models(models, self._flow.activity)
        self._show()

    def _on_changed(self, activity: Activity) -> None:
        self.list.set_models(self._flow.models, activity)
        self._show()

    def _show(self) -> None:
        self.page.show_model(self.shown(), self._flow.activity)

    def _on_failed(self, error: ImageFinderError) -> None:
        self.banners.show_message(model_words.problem(error), Level.ERROR)

    def _connect(self) -> None:
        flow, action = self._flow, self.page.action
        self.list.chosen.connect(lambda _: self._show())
        self.list.itemActivated.connect(lambda _: action.focus_button())  # Enter shows what to do, and does nothing yet
        action.use_requested.connect(flow.use)
        action.stop_requested.connect(lambda _: flow.stop_switching())
        action.download_requested.connect(self._on_download)
        action.cancel_requested.connect(lambda _: flow.cancel_download())
        action.file_requested.connect(self._add_file)
        self.page.measure_requested.connect(flow.measure)
        self.page.free_requested.connect(self._ask_free)
        self.page.remove_requested.connect(self._ask_remove)
        self.page.export_requested.connect(self._export)
        flow.listed.connect(self._on_listed)
        flow.changed.connect(self._on_changed)
        flow.host_found.connect(self._ask_download)
        flow.said.connect(self.banners.show_message)
        flow.failed.connect(self._on_failed)

    def _on_download(self, _: str) -> None:
        info = self.shown()
        if info is not None:
            self._flow.prepare_download(info)

    def _lay_out(self) -> None:
        splitter = QSplitter()
        splitter.addWidget(self.list)
        splitter.addWidget(self.page)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(theme.GRID)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([320, FIRST_SIZE[0] - 320])
        self.list.setMinimumWidth(280)
        self.page.setMinimumWidth(340)
        add, take = QPushButton(self.tr("&Add from file…")), QPushButton(self.tr("&Import…"))
        add.clicked.connect(lambda _checked: self._add_file())
        take.clicked.connect(self._import)
        close = button_box(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        close.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)  # Enter belongs to the list
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        for button in (add, take):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch()
        row.addWidget(close)
        inside = QVBoxLayout()
        inside.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        inside.setSpacing(theme.MARGIN)
        inside.addWidget(splitter, 1)
        inside.addLayout(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.MARGIN, 0, theme.MARGIN)
        column.setSpacing(0)
        column.addWidget(self.banners)
        column.addLayout(inside, 1)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._flow.refresh()
        self.list.setFocus()
