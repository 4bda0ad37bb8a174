"""Edit > Settings. Every change counts at once, and is remembered."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTabWidget, QVBoxLayout, QWidget

from imagefinder.domain.errors import ImageFinderError
from imagefinder.settings import Settings
from imagefinder.ui import model_words, theme
from imagefinder.ui.banner import BannerStack, Level
from imagefinder.ui.buttons import button_box
from imagefinder.ui.remembered_size import RememberedSize
from imagefinder.ui.search_page import Method, SearchPage
from imagefinder.ui.search_settings import SearchSettings

FIRST_SIZE = (640, 800)


class SettingsDialog(QDialog):
    """Not modal: the results behind it follow."""

    def __init__(self, search: SearchSettings, remembered: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        from imagefinder.usecases.searching import LEVERS

        self.setWindowTitle(self.tr("Settings"))
        self.banners = BannerStack()
        self.search_page = SearchPage(
            [
                Method(lever.name, lever.sentence, lever.cost, lever.name != "none" and lever.expand is None)
                for lever in LEVERS.values()
            ],
            search.options,
        )
        self._search = search
        pages = QTabWidget()
        pages.setDocumentMode(True)
        pages.addTab(self.search_page, self.tr("Search"))
        close = button_box(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        inside = QVBoxLayout()
        inside.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        inside.setSpacing(theme.GAP)
        inside.addWidget(pages, 1)
        inside.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.MARGIN, 0, theme.MARGIN)
        column.setSpacing(0)
        column.addWidget(self.banners)
        column.addLayout(inside, 1)
        self.search_page.options_changed.connect(search.set_options)
        self.search_page.compare_changed.connect(search.compare_by)
        search.compared.connect(self.search_page.set_compared)
        search.busy.connect(self.search_page.set_busy)
        search.took.connect(self.search_page.set_took)
        search.failed.connect(self._on_failed)
        first = QSize(FIRST_SIZE[0], min(FIRST_SIZE[1], self.screen().availableSize().height() - 80))
        RememberedSize(self, remembered, "settings_geometry", first)
        search.ask_compared()

    def _on_failed(self, error: ImageFinderError) -> None:
        self.banners.show_message(model_words.problem(error), Level.ERROR)
