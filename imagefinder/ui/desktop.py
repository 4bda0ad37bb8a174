"""What the desktop around the app does with files: open them, show them, take them into the clipboard."""

import os
import sys
from collections.abc import Callable, Sequence

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage

from imagefinder.domain.images import Photo
from imagefinder.ui.path_kinds import Kind, Kinds, PathKinds
from imagefinder.ui.queries import file_url, to_mime
from imagefinder.ui.wording import shown


def open_files(kinds: PathKinds, paths: Sequence[str], refused: Callable[[str], object]) -> None:
    """With the programs the person uses for them. ``refused`` gets the first that has none, or is not there."""

    def done(found: Kinds) -> None:
        failed = [path for path in paths if not (_is_there(found[path]) and QDesktopServices.openUrl(file_url(path)))]
        if failed:
            refused(failed[0])

    kinds.look(paths, done)


def reveal(kinds: PathKinds, paths: Sequence[str], refused: Callable[[str], object]) -> None:
    """Show files selected in the file manager, or at least open the folder of the first. ``refused`` gets the first
    path where nothing opens."""

    def done(found: Kinds) -> None:
        existing = [path for path in paths if _is_there(found[path])]
        if not existing or not _reveal(existing):
            refused(paths[0])

    kinds.look(paths, done)


def _is_there(kind: Kind) -> bool:
    return kind in (Kind.FILE, Kind.FOLDER)


def _reveal(existing: Sequence[str]) -> bool:
    if sys.platform in ("win32", "darwin"):
        import subprocess

    if sys.platform == "win32":
        # explorer's exit code is 1 whether or not it worked
        subprocess.Popen(["explorer", f"/select,{os.path.normpath(existing[0])}"])
        return True
    if sys.platform == "darwin":
        return subprocess.Popen(["open", "-R", *existing]) is not None
    return _reveal_by_dbus([file_url(path) for path in existing]) or (
        QDesktopServices.openUrl(file_url(os.path.dirname(existing[0])))
    )


def _reveal_by_dbus(urls: Sequence[QUrl]) -> bool:
    """https://www.freedesktop.org/wiki/Specifications/file-manager-interface/"""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    bus = QDBusConnection.sessionBus()
    interface = bus.interface() if bus.isConnected() else None
    name = "org.freedesktop.FileManager1"
    if interface is None or not interface.isServiceRegistered(name).value():
        return False
    call = QDBusMessage.createMethodCall(name, "/org/freedesktop/FileManager1", name, "ShowItems")
    call.setArguments([[bytes(url.toEncoded().data()).decode() for url in urls], ""])
    bus.asyncCall(call)  # the file manager may take its time; the window does not wait for it
    return True


def copy_photos(photos: Sequence[Photo], image: QImage | None) -> None:
    """Into the clipboard: the files, and the pixels of a single one."""
    QGuiApplication.clipboard().setMimeData(to_mime(photos, image))


def copy_paths(photos: Sequence[Photo]) -> None:
    QGuiApplication.clipboard().setText("\n".join(shown(photo.path) for photo in photos))
