"""What helps to look closer: labels, their review, comparing, measuring."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from imagefinder.settings import Settings
from imagefinder.ui.banner import BannerStack
from imagefinder.ui.compare_flow import CompareFlow
from imagefinder.ui.evaluate_flow import EvaluateFlow
from imagefinder.ui.folders_panel import FoldersPanel
from imagefinder.ui.inspector import Inspector
from imagefinder.ui.label_flow import LabelFlow
from imagefinder.ui.recognition_flow import RecognitionFlow
from imagefinder.ui.results_page import ResultsPage
from imagefinder.ui.review_flow import ReviewFlow
from imagefinder.ui.search_flow import SearchFlow
from imagefinder.ui.session import Session
from imagefinder.ui.thumbnail_loader import ThumbnailLoader


class Tools(QObject):
    """Connects them with the panels of the window. Call ``close()`` when the window closes."""

    def __init__(
        self,
        session: Session,
        page: ResultsPage,
        inspector: Inspector,
        folders: FoldersPanel,
        flow: SearchFlow,
        remembered: Settings,
        banners: BannerStack,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._loader = ThumbnailLoader(session.thumbnail, 16 * 2**20, 1, self)
        inspector.set_loader(self._loader)
        self.recognition = RecognitionFlow(session, inspector, flow, self)
        self.labels = LabelFlow(session, page, inspector, flow, parent)
        self.review = ReviewFlow(session, self.labels, remembered, parent)
        self.comparing = CompareFlow(session, page, flow, banners, parent)
        self.measuring = EvaluateFlow(session, remembered, banners, parent)
        inspector.compare_requested.connect(self.comparing.compare)
        folders.labelled_changed.connect(self.labels.set_folder_labelled)

    def follow_undo(self, undo: QAction, redo: QAction) -> None:
        """Keep the two entries of the menu saying what they would do."""

        def say() -> None:
            stack = self.labels.stack
            undo.setText(self.tr("&Undo: {what}").format(what=stack.undo_text) if stack.undo_text else self.tr("&Undo"))
            redo.setText(self.tr("&Redo: {what}").format(what=stack.redo_text) if stack.redo_text else self.tr("&Redo"))
            undo.setEnabled(bool(stack.undo_text))
            redo.setEnabled(bool(stack.redo_text))

        self.labels.stack.changed.connect(say)
        say()

    def close(self) -> None:
        for part in (self.review, self.comparing, self.measuring):
            part.close()
        self._loader.close()
