"""A far end that takes the message and never answers, until it is closed."""

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
