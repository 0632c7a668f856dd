"""Far ends that take the message and never answer, or never end their answer."""

import socket
import threading


class HangingEnd:
    """Accepts, reads, says nothing. `requests` counts the connections that sent something."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: list[socket.socket] = []
        self.requests = 0
        port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/hook"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for line in self._lines:
            line.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self._lines.append(line)
            if line.recv(65536):
                self.requests += 1
                self.answer(line)

    def answer(self, line: socket.socket) -> None:
        """Says nothing."""


class DrippingEnd(HangingEnd):
    """Answers with `head`, then a byte at a time, for ever: no single wait is long."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._over = threading.Event()
        super().__init__()

    def close(self) -> None:
        self._over.set()
        super().close()

    def answer(self, line: socket.socket) -> None:
        said = self._head
        try:
            while not self._over.wait(0.02):
                line.sendall(said)
                said = b"x"
        except OSError:
            return  # the other end has hung up
