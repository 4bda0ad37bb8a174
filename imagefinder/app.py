"""The composition root: paths, settings, log, QApplication, session, window; and back down again in that order."""

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import (
    QByteArray,
    QEvent,
    QEventLoop,
    QObject,
    Qt,
    QTimer,
    QtMsgType,
    Signal,
    SignalInstance,
    qInstallMessageHandler,
)
from PySide6.QtGui import QFileOpenEvent, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

import imagefinder
from imagefinder import diagnostics, settings
from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.file_addresses import is_web_address
from imagefinder.paths import Paths
from imagefinder.ui import theme
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.session import Session
from imagefinder.ui.single_instance import FirstInstance, hand_over

COLLECT_MILLISECONDS = 10_000
SCREENSHOT_SECONDS = 120

log = logging.getLogger(__name__)


class Application(QApplication):
    """``file_opened`` carries the path of a file that macOS asks a running app to open."""

    file_opened = Signal(object)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent):
            self.file_opened.emit(event.file())
            return True
        return super().event(event)


def application(arguments: Sequence[str] = ("imagefinder",)) -> QApplication:
    """The one QApplication, made on first use."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    app = Application(list(arguments))
    app.setApplicationName("imagefinder")
    app.setApplicationDisplayName("imagefinder")
    app.setApplicationVersion(imagefinder.__version__)
    app.setDesktopFileName("imagefinder")
    app.setWindowIcon(_icon())
    theme.follow_system(app)
    return app


def _icon() -> QIcon:
    """The app's own icon, drawn at every size that window managers ask for."""
    drawing = resources.files("imagefinder.ui").joinpath("app_icon.svg").read_bytes()
    renderer = QSvgRenderer(QByteArray(drawing))
    icon = QIcon()
    for side in (16, 24, 32, 48, 64, 128):
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        with QPainter(pixmap) as painter:
            renderer.render(painter)
        icon.addPixmap(pixmap)
    return icon


@contextmanager
def _qt_messages_logged() -> Iterator[None]:
    """What Qt has to say goes to the log; a person at a terminal did not ask for it."""
    levels = {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
        QtMsgType.QtCriticalMsg: logging.ERROR,
        QtMsgType.QtFatalMsg: logging.CRITICAL,
    }
    qt = logging.getLogger("qt")
    before = qInstallMessageHandler(lambda kind, context, text: qt.log(levels[kind], "%s", text))
    try:
        yield
    finally:
        qInstallMessageHandler(before)


def build(paths: Paths, device: str = "auto", last_crash: Path | None = None) -> MainWindow:
    """The window over its session, nothing opened or shown yet: `show()` and `start()` do that."""
    session = Session(paths.library, paths.models, device)
    return MainWindow(session, paths, settings.load(paths.settings), last_crash)


def run_window(paths: Paths, arguments: Sequence[str], device: str = "auto") -> int:
    """Show the window until it is closed, and end the process; or give ``arguments`` to the one that is open."""
    absolute = [each if is_web_address(each) else str(Path(each).absolute()) for each in arguments]
    app = application()
    if hand_over(paths.library, absolute):
        return 0
    crash_memory = diagnostics.CrashMemory(paths.logs)
    window = build(paths, device, crash_memory.begin())
    first = FirstInstance(paths.library, window)
    first.arguments_received.connect(window.take)
    window.closing.connect(first.close)  # a start from now on opens a window of its own, once the library is free
    app.setQuitOnLastWindowClosed(False)  # the window hides at once, and the library is saved behind it
    window.closed.connect(app.quit)
    if isinstance(app, Application):
        app.file_opened.connect(lambda path: window.take([path]))
    window.stuck.connect(_give_up)
    with (
        _qt_messages_logged(),
        _uncaught_errors_shown(window),
        _interruptible(window),
        _collected_on_this_thread(),
    ):
        window.show()
        # The first frame comes before everything that takes time.
        QTimer.singleShot(0, window.start)
        if absolute:
            QTimer.singleShot(0, lambda: window.take(absolute))
        code = app.exec()
    crash_memory.end()
    logging.shutdown()
    # Everything is saved and closed. A thread that hangs in a dead network drive would be waited for by a plain return.
    sys.stdout.flush()
    os._exit(code)


def _give_up() -> None:
    """Something hangs beyond our reach, as reads from a dead network drive do. What was committed is on disk."""
    log.error("closing takes too long; ending the process")
    print("imagefinder: something hangs, so the process was ended. What was committed is safe.", file=sys.stderr)
    logging.shutdown()
    os._exit(1)


def save_screenshot(paths: Paths, query: str, target: Path, device: str = "auto") -> Path:
    """Draw the window on a query into ``target`` (PNG), where there is no display to show it on.

    Raises ImageFinderError where the results do not come, or the picture cannot be written.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application()
    with _qt_messages_logged(), _collected_on_this_thread():
        window = build(paths, device)
        window.show()
        ready = _Waiter(window.settled, window)
        window.start()
        window.take([query])
        drawn = ready() and window.grab().save(str(target))
        closed = _Waiter(window.closed, window)
        window.close()
        closed()
    if not drawn:
        raise ImageFinderError(f"No screenshot could be made at {target}.", "Name a folder that can be written.")
    return target


class _Waiter(QObject):
    """Runs the event loop until the signal comes; says whether it did in time."""

    def __init__(self, awaited: SignalInstance, parent: QObject) -> None:
        super().__init__(parent)
        self._loop = QEventLoop(self)
        self._came = False
        awaited.connect(self._on_signal)

    def __call__(self) -> bool:
        if not self._came:
            QTimer.singleShot(SCREENSHOT_SECONDS * 1000, self._loop.quit)
            self._loop.exec()
        return self._came

    def _on_signal(self) -> None:
        self._came = True
        self._loop.quit()


class _Errors(QObject):
    """Carries an exception from whatever thread it came up in to the GUI thread."""

    raised = Signal(object)


@contextmanager
def _uncaught_errors_shown(window: MainWindow) -> Iterator[None]:
    """What nobody caught, in slots and threads alike, is logged and shown with its details instead of lost."""
    errors = _Errors(window)
    errors.raised.connect(window.notices.show_bug)

    def on_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QTimer.singleShot(0, window.close)
            return
        log.critical("uncaught", exc_info=(kind, error, trace))
        errors.raised.emit(error)

    def on_thread_error(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            on_error(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    before, before_thread = sys.excepthook, threading.excepthook
    sys.excepthook, threading.excepthook = on_error, on_thread_error
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = before, before_thread


@contextmanager
def _interruptible(window: MainWindow) -> Iterator[None]:
    """Ctrl+C in the terminal and a session manager's SIGTERM close the window as its own button does."""

    def close(*_: object) -> None:
        window.close()

    before = {number: signal.signal(number, close) for number in (signal.SIGINT, signal.SIGTERM)}
    # Python runs signal handlers between its own instructions, and Qt's loop runs none while nothing happens.
    breath = QTimer(window, interval=250)
    breath.timeout.connect(lambda: None)
    breath.start()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _collected_on_this_thread() -> Iterator[None]:
    """A cycle of QObjects that is collected on a worker thread crashes, so collecting is left to a timer here."""
    gc.collect()
    gc.freeze()
    gc.disable()
    timer = QTimer(interval=COLLECT_MILLISECONDS)
    timer.timeout.connect(lambda: gc.collect(1))
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        gc.enable()
        gc.unfreeze()
