"""A dialog that opens where, and as large, as it was left."""

from PySide6.QtCore import QByteArray, QEvent, QObject, QSize
from PySide6.QtWidgets import QDialog

from imagefinder.settings import Settings


class RememberedSize(QObject):
    """Lives as long as the dialog."""

    def __init__(self, dialog: QDialog, settings: Settings, field: str, first: QSize) -> None:
        """``field`` is the one of ``settings`` that keeps it; ``first`` is the size before anything is remembered."""
        super().__init__(dialog)
        self._dialog = dialog
        self._settings = settings
        self._field = field
        if not dialog.restoreGeometry(QByteArray.fromBase64(getattr(settings, field).encode())):
            dialog.resize(first)
        dialog.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move) and self._dialog.isVisible():
            setattr(self._settings, self._field, bytes(self._dialog.saveGeometry().toBase64().data()).decode())
        return False
