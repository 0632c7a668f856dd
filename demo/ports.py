"""Ports are looked at before anything is started."""

import socket
from collections.abc import Mapping

HOST = "127.0.0.1"


class PortTaken(Exception):
    """A port cannot be used; the message names it, its variable and the way out."""


def check(ports: Mapping[str, int]) -> None:
    """ports: variable → port. Raises PortTaken with one sentence a port."""
    wrong = [_sentence(variable, port) for variable, port in ports.items() if _in_use(port)]
    wrong += [
        f"{variable} and {other} are both {port}: give each a port of its own."
        for variable, port in ports.items()
        for other, same in ports.items()
        if variable < other and port == same
    ]
    if wrong:
        raise PortTaken("\n".join(wrong))


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _sentence(variable: str, port: int) -> str:
    other = port + 100 if port < 65000 else port - 100
    return (
        f"Port {port} ({variable}) is in use by another program. "
        f"Stop that program, or choose another port: {variable}={other} make demo"
    )
