"""What an evaluation found: first in a sentence, then in tables, a curve and pictures."""

import math
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QTabWidget, QVBoxLayout, QWidget

from imagefinder.domain.evaluation import EvaluationReport, ModelResult
from imagefinder.domain.images import Pixels
from imagefinder.ui import theme, wording
from imagefinder.ui.curve_plot import CurvePlot
from imagefinder.ui.evaluate_tables import ClassesTable, ModelsTable, NumbersTable
from imagefinder.ui.labels import SubduedLabel
from imagefinder.ui.worst_searches import WorstSearches

translate = QCoreApplication.translate


class EvaluationView(QWidget):
    """``path_chosen`` carries the path of a picture that was pressed. Call ``stop()`` at the end."""

    path_chosen = Signal(object)

    def __init__(self, load: Callable[[str, int, int], Pixels], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report: EvaluationReport | None = None
        self._sentence = QLabel()
        self._sentence.setFont(theme.heading_font(self._sentence.font(), 1.15))
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self._counts = SubduedLabel()
        self._notes = SubduedLabel()
        self.models = ModelsTable()
        self.curve = CurvePlot()
        self.classes = ClassesTable()
        self.numbers = NumbersTable()
        self.worst = WorstSearches(load)
        self.worst.path_chosen.connect(self.path_chosen)
        self._model = QComboBox()
        self._model.setAccessibleName(self.tr("Model"))
        self._model.currentIndexChanged.connect(self._show_model)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._lay_out()

    @property
    def sentence(self) -> str:
        return self._sentence.text()

    def show_report(self, report: EvaluationReport) -> None:
        self._report = report
        counts = report.counts
        best = max(report.models, key=_first_right)
        self._sentence.setText(_in_words(report, best))
        searches = self.tr("{queries} searches among {photos} of {classes} things.")
        self._counts.setText(
            searches.format(
                queries=wording.grouped(counts.queries - counts.lone),
                photos=wording.photos(counts.gallery),
                classes=wording.grouped(counts.classes),
            )
        )
        self._notes.setText(" ".join(report.notes))
        self._notes.setVisible(bool(report.notes))
        self.models.show_report(report)
        self.numbers.show_report(report)
        self.curve.show_models(report.models)
        self._model.blockSignals(True)  # filling it chooses its first entry, which shows a model for nothing
        self._model.clear()
        self._model.addItems([wording.shown(model.model) for model in report.models])
        self._model.blockSignals(False)
        self._model.setCurrentIndex(report.models.index(best))
        self._show_choice(self._tabs.currentIndex())
        self._show_model()

    def stop(self) -> None:
        self.worst.stop()

    def _show_choice(self, tab: int) -> None:
        """The others have all models side by side."""
        of_one = self._tabs.widget(tab) in (self.classes, self.worst)
        self._model.setVisible(of_one and self._model.count() > 1)

    def _show_model(self) -> None:
        if self._report is not None and self._model.currentIndex() >= 0:
            model = self._report.models[self._model.currentIndex()]
            self.classes.show_model(model)
            self.worst.show_queries(model.worst)

    def _lay_out(self) -> None:
        overview = QWidget()
        side_by_side = QVBoxLayout(overview)
        side_by_side.setContentsMargins(0, theme.MARGIN, 0, 0)
        side_by_side.setSpacing(theme.MARGIN)
        side_by_side.addWidget(self.models)
        brackets = self.tr("In percent. In brackets: where the number would be for other photos like these (95 %).")
        side_by_side.addWidget(SubduedLabel(brackets))
        side_by_side.addWidget(self.curve, 1)
        self._tabs.addTab(overview, self.tr("Models"))
        self._tabs.addTab(self.classes, self.tr("By thing"))
        self._tabs.addTab(self.worst, self.tr("What went wrong"))
        self._tabs.addTab(self.numbers, self.tr("All numbers"))
        corner = QWidget()
        row = QHBoxLayout(corner)
        row.setContentsMargins(0, 0, 0, theme.GRID)
        row.addWidget(self._model)
        self._tabs.setCornerWidget(corner)
        self._tabs.currentChanged.connect(self._show_choice)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self._sentence)
        column.addWidget(self._counts)
        column.addWidget(self._notes)
        column.addSpacing(theme.GRID)
        column.addWidget(self._tabs, 1)


def _first_right(model: ModelResult) -> float:
    found = model.overall.get("hit@1")
    return -1.0 if found is None or math.isnan(found.value) else found.value


def _in_words(report: EvaluationReport, best: ModelResult) -> str:
    """What a person takes away, about the model that puts a right photo first most often."""
    first, ten = best.overall["hit@1"].value, best.overall["precision@10"].value
    if len(report.models) > 1:
        text = translate("evaluate", "{model} does best: {first} of 100 searches put a right photo first, and {ten}.")
    else:
        text = translate("evaluate", "{first} of 100 searches put a right photo first, and {ten}.")
    possible = _possible(report, best)
    if possible < 9.95:
        right = translate("evaluate", "{ten} of ten answers are right ({possible} at best)")
    else:
        right = translate("evaluate", "{ten} of ten answers are right")
    return text.format(
        model=wording.shown(best.model),
        first=f"{100 * first:.0f}",
        ten=right.format(ten=f"{10 * ten:.1f}", possible=f"{possible:.1f}"),
    )


def _possible(report: EvaluationReport, model: ModelResult) -> float:
    """How many of ten answers would be right at best: there may be fewer photos of a thing than ten."""
    itself = 0 if report.queries else 1  # a photo of the gallery is not among its own answers
    searches = sum(each.queries for each in model.classes)
    right = sum(each.queries * min(10, each.gallery - itself) for each in model.classes)
    return right / searches if searches else 10.0
