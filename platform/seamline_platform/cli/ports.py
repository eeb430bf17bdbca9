"""Ports: is one free, and if not, who has it."""

import contextlib
import socket

import psutil

from seamline_broker.errors import ConfigError


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def holder_of(port: int) -> str:
    """Return which process listens on a port, as far as this user may know."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.laddr.port == port and connection.pid is not None:
                return process_text(connection.pid)
    return "another process (of another user, perhaps)"


def process_text(pid: int) -> str:
    """Return `process 123 (name: command line)`, or less if this user may not know more."""
    try:
        process = psutil.Process(pid)
        words = " ".join(process.cmdline())[:100]
        return f"process {pid} ({words or process.name()})"
    except psutil.Error:
        return f"process {pid}"


def check_port(port: int, what: str, flag: str, host: str = "127.0.0.1") -> None:
    """Check that a port is free.

    Raises:
        ConfigError: names who has it and the flag that changes it.
    """
    if not is_free(port, host):
        raise ConfigError(
            f"Port {port} for the {what} is taken by {holder_of(port)}. "
            f"Stop it, or choose another port: {flag} {free_port()}."
        )
