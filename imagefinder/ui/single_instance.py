"""One window per library: a second start hands its arguments to the first and goes away."""

import hashlib
import json
import logging
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

MILLISECONDS_TO_ANSWER = 1000
LARGEST_MESSAGE = 1 << 20

log = logging.getLogger(__name__)


def _server_name(library: Path) -> str:
    # resolve(): two spellings of one folder are one library.
    return "imagefinder-" + hashlib.sha256(str(library.resolve()).encode(errors="surrogatepass")).hexdigest()[:24]


def hand_over(library: Path, arguments: list[str]) -> bool:
    """Give ``arguments`` (absolute paths) to the window that has this library open. False where there is none."""
    socket = QLocalSocket()
    socket.connectToServer(_server_name(library))
    if not socket.waitForConnected(MILLISECONDS_TO_ANSWER):
        return False
    socket.write(json.dumps(arguments).encode() + b"\n")
    # Somebody listens, and reads it however busy they are now: the answer is only waited for so that it gets there.
    if socket.waitForBytesWritten(MILLISECONDS_TO_ANSWER):
        socket.waitForReadyRead(MILLISECONDS_TO_ANSWER)
    socket.disconnectFromServer()
    return True


class FirstInstance(QObject):
    """Listens for later starts. ``arguments_received`` carries their list of paths."""

    arguments_received = Signal(object)

    def __init__(self, library: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._accept)
        name = _server_name(library)
        QLocalServer.removeServer(name)  # the socket of a window that crashed; a living one would have answered
        if not self._server.listen(name):
            log.warning("a second start will not find this window: %s", self._server.errorString())

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(self._read)
            socket.disconnected.connect(socket.deleteLater)

    def _read(self) -> None:
        socket = self.sender()
        if not isinstance(socket, QLocalSocket) or not socket.canReadLine():
            return
        try:
            arguments = json.loads(bytes(socket.readLine(LARGEST_MESSAGE).data()))
        except ValueError:
            log.warning("a later start said something that is not a list of paths")
            return
        socket.write(b"ok\n")
        socket.flush()
        if isinstance(arguments, list):
            self.arguments_received.emit([str(argument) for argument in arguments])
