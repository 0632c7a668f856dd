"""A TCP proxy that stands in a line and can cut it, or let it hang, in the middle of a test."""

import contextlib
import socket
import threading

from tests.servers.waiting import free_port


class Proxy:
    """Listens on a port of its own, passes bytes to `target`.

    cut() drops all lines and refuses new ones; restore() lets them through again. hang() keeps
    lines open and passes nothing, as a firewall does that forgot about them; restore() ends it.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = self._listen(free_port())  # restore() must have it again
        self.host, self.port = "127.0.0.1", int(self._listener.getsockname()[1])
        self._lines: list[socket.socket] = []
        self._lock = threading.Lock()
        self._flowing = threading.Event()
        self._flowing.set()
        self._accept()

    def cut(self) -> None:
        with self._lock:
            _close(self._listener)
            for line in self._lines:
                _close(line)
            self._lines.clear()

    def hang(self) -> None:
        self._flowing.clear()

    def restore(self) -> None:
        self._flowing.set()
        if self._listener.fileno() < 0:
            self._listener = self._listen(self.port)
            self._accept()

    def close(self) -> None:
        self._flowing.set()
        self.cut()

    @staticmethod
    def _listen(port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        return listener

    def _accept(self) -> None:
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target, timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                if listener.fileno() < 0:  # cut in between
                    _close(near)
                    _close(far)
                    return
                self._lines += [near, far]
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                self._flowing.wait()
                sink.sendall(chunk)
        _close(source)
        _close(sink)


def _close(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in recv or accept
    line.close()
