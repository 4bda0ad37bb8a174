"""Everything about one model, and what can be done with it."""

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.models import ModelInfo
from imagefinder.ui import model_words, theme, wording
from imagefinder.ui.labels import ElidedLabel, SubduedLabel
from imagefinder.ui.model_action import ModelAction
from imagefinder.ui.model_flow import Activity


class ModelPage(QScrollArea):
    """Signals carry the name of the model that is shown."""

    measure_requested = Signal(object)
    free_requested = Signal(object)
    remove_requested = Signal(object)
    export_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("About the chosen model"))
        self._title = ElidedLabel(subdued=False)
        self._title.setFont(theme.heading_font(self._title.font(), 1.3))
        self._good_at = _wrapped()
        self._description = SubduedLabel()
        self._problem = _wrapped()
        self.action = ModelAction()
        self._facts = QFormLayout()
        self._looks_at, self._size, self._speed, self._licence, self._provenance, self._libraries, self._kept = (
            _wrapped() for _ in range(7)
        )
        self._measure = self._button(self.tr("Measure"), self.measure_requested)
        self._measure.setAccessibleDescription(self.tr("Find out how many photos a second this computer can read"))
        self._free = self._button(self.tr("Free the space"), self.free_requested)
        self._free.setToolTip(self.tr("Forget what this library keeps of it. Using it again reads the photos again."))
        self._export = self._button(self.tr("Export…"), self.export_requested)
        self._remove = self._button(self.tr("Remove…"), self.remove_requested)
        self._inside = QWidget()
        self._rows: dict[QLabel, QWidget] = {}
        self._lay_out()

    def show_model(self, info: ModelInfo | None, activity: Activity) -> None:
        """None where there is nothing to show yet."""
        self._inside.setVisible(info is not None)
        if info is None:
            return
        if info.name != self._name:
            self.verticalScrollBar().setValue(0)
        self._name = info.name
        self._title.setText(info.name)
        _say(self._good_at, model_words.good_at(info))
        _say(self._description, info.description)
        _say(self._problem, info.problem)
        self.action.show_model(info, activity)
        side = wording.grouped(info.input_size)
        looks = self.tr("{side} \N{MULTIPLICATION SIGN} {side} pixels of a photo, kept as {count} numbers")
        self._fact(
            self._looks_at,
            looks.format(side=side, count=wording.grouped(info.dimension)) if info.input_size else "",
        )
        self._fact(self._size, self._in_bytes(info))
        measuring = activity.measuring == info.name
        speed = wording.rate(info.photos_per_second) if info.photos_per_second else self.tr("not measured yet")
        self._fact(self._speed, self.tr("measuring…") if measuring else speed if info.state == "ready" else "")
        self._measure.setText(self.tr("Measure again") if info.photos_per_second else self.tr("Measure"))
        self._measure.setEnabled(not activity.measuring)
        self._fact(self._licence, self._licensed(info))
        self._fact(self._provenance, wording.shown(info.provenance))
        self._fact(self._libraries, self._used_by(info, activity.here))
        kept = info.in_library
        text = ""
        if kept is not None and (kept.photos or kept.bytes):
            text = self.tr("{photos}, {size}").format(
                photos=wording.photos(kept.photos), size=wording.file_size(kept.bytes)
            )
        self._fact(self._kept, text)
        self._free.setVisible(bool(text) and not info.active and info.name != activity.switching_to)
        self._export.setVisible(info.state == "ready" and info.bytes > 0)
        self._remove.setVisible(info.removable or info.downloaded_bytes > 0)
        self._remove.setText(self.tr("Remove…") if info.removable else self.tr("Discard the download…"))
        self._remove.setEnabled(not info.active and info.name not in (activity.download, activity.switching_to))
        self._remove.setToolTip(
            self.tr("It is in use. Let this library use another model first.") if info.active else ""
        )

    def _in_bytes(self, info: ModelInfo) -> str:
        if not info.bytes:
            return self.tr("comes with imagefinder") if info.state == "ready" else ""
        if info.state == "to download":
            return self.tr("{size} to download").format(size=model_words.size(info.bytes))
        if info.state == "needs a file":
            return ""
        return self.tr("{size} on disk").format(size=model_words.size(info.bytes))

    def _licensed(self, info: ModelInfo) -> str:
        words = info.licence_words[:1].upper() + info.licence_words[1:]
        if info.licence and info.licence not in words:
            return f"{words} ({info.licence})" if words else info.licence
        return words

    def _used_by(self, info: ModelInfo, here: str) -> str:
        return "\n".join(
            self.tr("This library") if library == here else wording.shown(library) for library in info.libraries
        )

    def _lay_out(self) -> None:
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._facts.setHorizontalSpacing(2 * theme.MARGIN)
        self._facts.setVerticalSpacing(theme.GAP)
        self._facts.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._facts.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        captions: list[SubduedLabel] = []
        for label, name, button in (
            (self._looks_at, self.tr("Looks at"), None),
            (self._size, self.tr("Size"), None),
            (self._speed, self.tr("Speed here"), self._measure),
            (self._kept, self.tr("In this library"), self._free),
            (self._licence, self.tr("Licence"), None),
            (self._provenance, self.tr("From"), None),
            (self._libraries, self.tr("Used by"), None),
        ):
            self._rows[label] = label if button is None else _beside(label, button)
            caption = SubduedLabel(name)
            caption.setWordWrap(False)
            if button is None:  # beside the first line, also where there are several
                caption.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            captions.append(caption)
            self._facts.addRow(caption, self._rows[label])
        widest = max(caption.sizeHint().width() for caption in captions)
        for caption in captions:  # rows come and go; what stands beside them stays in its place
            caption.setMinimumWidth(widest)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        buttons.addWidget(self._export)
        buttons.addWidget(self._remove)
        buttons.addStretch()
        inside = self._inside
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        column.setSpacing(theme.GAP)
        for widget in (self._title, self._good_at, self._description, self._problem):
            column.addWidget(widget)
        column.addSpacing(theme.GRID)
        column.addWidget(self.action)
        column.addSpacing(theme.GRID)
        column.addLayout(self._facts)
        column.addSpacing(theme.GRID)
        column.addLayout(buttons)
        column.addStretch()
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)

    def _fact(self, label: QLabel, text: str) -> None:
        label.setText(text)
        self._facts.setRowVisible(self._rows[label], bool(text))

    def _button(self, text: str, signal: SignalInstance) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: signal.emit(self._name))
        return button


def _wrapped() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setMinimumWidth(1)  # a long address must not push everything else out of sight
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _beside(label: QLabel, button: QPushButton) -> QWidget:
    pair = QWidget()
    row = QHBoxLayout(pair)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(theme.GAP)
    row.addWidget(label, 1)
    row.addWidget(button)
    return pair


def _say(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))
