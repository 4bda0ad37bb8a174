"""A file of weights becomes a model: which file, which network, and what to call it."""

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from imagefinder.ui import theme
from imagefinder.ui.banner import BannerStack, Level
from imagefinder.ui.buttons import button_box
from imagefinder.ui.labels import SubduedLabel
from imagefinder.ui.model_flow import WeightsFile

_NAME = re.compile(r"(?!(?i:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(?<!\.)")
_ARCHITECTURE = re.compile(r"[\w.-]+(:[\w./-]+)?")
_OWN_POOLING = "native"


class AddModelDialog(QDialog):
    """``chosen`` carries a WeightsFile. The dialog then stays until ``close`` or ``show_problem`` is called."""

    chosen = Signal(object)

    def __init__(
        self, networks: Sequence[str], poolings: Sequence[str], network: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Add a model from a file"))
        self._networks = tuple(networks)
        self._busy = False
        self._banners = BannerStack()
        self._path = QLineEdit()
        self._path.setAccessibleName(self.tr("File"))
        self._path.setPlaceholderText(self.tr("safetensors, pth, bin or onnx"))
        browse = QPushButton(self.tr("Browse…"))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        self._network = QComboBox()
        self._network.setEditable(True)
        self._network.addItems(list(networks))
        known = network in networks
        self._network.setCurrentText(network if known else "".join(networks[:1]))
        self._pooling = QComboBox()
        self._pooling.addItem(self.tr("as the network does it"), None)
        for pooling in poolings:
            if pooling != _OWN_POOLING:
                self._pooling.addItem(pooling, pooling)
        self._output = QComboBox()
        self._output.addItem(self.tr("what they look like"), "features")
        self._output.addItem(self.tr("what it recognises in them, and name it"), "probabilities")
        self._name = QLineEdit("" if known else network)  # of a model whose file is gone
        self._name.setAccessibleName(self.tr("Name"))
        self._note = SubduedLabel()
        self._note.setMinimumHeight(2 * self._note.fontMetrics().lineSpacing())
        self._buttons = button_box(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._add = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._add.setText(self.tr("Add"))
        self._buttons.accepted.connect(self._choose)
        self._buttons.rejected.connect(self.reject)
        self._lay_out(browse)
        for edit in (self._path, self._name):
            edit.textChanged.connect(self._check)
        self._network.editTextChanged.connect(self._check)
        self._check()
        self.resize(520, self.sizeHint().height())

    def show_problem(self, message: str) -> None:
        """Say what is wrong; what was filled in is still there."""
        self._busy = False
        self._banners.show_message(message, Level.ERROR)
        self._check()
        column = self.layout()
        if column is not None:  # a banner that pushes the form together would be no help
            column.activate()
            self.resize(self.width(), max(self.height(), column.totalHeightForWidth(self.width())))

    def _lay_out(self, browse: QPushButton) -> None:
        file = QHBoxLayout()
        file.setSpacing(theme.GAP)
        file.addWidget(self._path, 1)
        file.addWidget(browse)
        form = QFormLayout()
        form.setHorizontalSpacing(theme.MARGIN)
        form.setVerticalSpacing(theme.GAP)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        path_label = QLabel(self.tr("&File"))
        path_label.setBuddy(self._path)
        form.addRow(path_label, file)
        form.addRow(self.tr("Net&work"), self._network)
        form.addRow(self.tr("&Pooling"), self._pooling)
        form.addRow(self.tr("&Compare photos by"), self._output)
        form.addRow(self.tr("N&ame"), self._name)
        inside = QVBoxLayout()
        inside.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        inside.setSpacing(theme.GAP)
        inside.addLayout(form)
        inside.addWidget(self._note)
        inside.addStretch()
        inside.addWidget(self._buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.MARGIN, 0, theme.MARGIN)
        column.setSpacing(0)
        column.addWidget(self._banners)
        column.addLayout(inside)

    def _browse(self) -> None:
        kinds = self.tr("Weights (*.safetensors *.pth *.pt *.bin *.ckpt *.onnx);;All files (*)")
        path, _ = QFileDialog.getOpenFileName(self, self.windowTitle(), "", kinds)
        if path:
            self._path.setText(path)

    def _choose(self) -> None:
        self._busy = True
        self._check()
        self.chosen.emit(
            WeightsFile(
                self._path.text().strip(),
                None if self._is_onnx else self._network.currentText().strip(),
                self._pooling.currentData(),
                self._name.text().strip() or None,
                self._output.currentData(),
            )
        )

    @property
    def _is_onnx(self) -> bool:
        return self._path.text().strip().lower().endswith(".onnx")

    def _check(self) -> None:
        network, name = self._network.currentText().strip(), self._name.text().strip()
        known = self._is_onnx or network in self._networks or _ARCHITECTURE.fullmatch(network) is not None
        self._network.setEnabled(not self._is_onnx)
        own = Path(self._path.text().strip()).stem if self._is_onnx else network.replace(":", "-")
        self._name.setPlaceholderText(own)
        named = not name or _NAME.fullmatch(name) is not None
        if self._busy:
            note = self.tr("Building the network and showing it pictures…")
        elif not known:
            note = self.tr("Choose a network, or write the name of any that timm or torchvision have.")
        elif not named:
            note = self.tr("A name has up to 64 letters, digits, dots, dashes and underscores.")
        elif self._is_onnx:
            note = self.tr("An ONNX file brings its network with it. It is copied, and stays as it is.")
        else:
            note = self.tr("The file is copied, and stays as it is. Files with programs in them are refused.")
        self._note.setText(note)
        self._add.setEnabled(bool(self._path.text().strip()) and known and named and not self._busy)
