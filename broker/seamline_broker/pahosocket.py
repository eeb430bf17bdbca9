"""Paho with fewer system calls: it reads and writes many small packets at once.

Paho itself takes three reads and a `select` for each packet that comes, one write for each that
goes, and one more to wake its thread. Here a read takes what has come into a buffer, what is to go
is written together, and the thread is woken once: a third less processor time for single values.
Where a future paho does not ask for its socket in the way used here, it gets a plain one and works
as before.
"""

import contextlib
import socket
from typing import Any, Final

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

_READ_BYTES: Final = 64 * 1024
_HELD_BYTES: Final = 256 * 1024
_PACKETS: Final = 200
"""So many packets are taken from the buffer before writing has its turn."""


class BufferedSocket(socket.socket):
    """A socket that reads ahead, and holds writes back between `hold` and `flush`.

    It is used by paho's network thread alone.
    """

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())
        self._ahead = b""
        self._at = 0
        self._held = bytearray()
        self._holding = False

    def pending(self) -> int:
        """Return bytes that were read ahead (paho asks for it before it waits)."""
        return len(self._ahead) - self._at

    @property
    def unsent(self) -> int:
        """Bytes held back."""
        return len(self._held)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Return up to `bufsize` bytes, from what was read ahead if there is any."""
        if self._at >= len(self._ahead):
            if bufsize >= _READ_BYTES:
                return super().recv(bufsize, flags)
            self._ahead, self._at = super().recv(_READ_BYTES, flags), 0
        chunk = self._ahead[self._at : self._at + bufsize]
        self._at += len(chunk)
        return chunk

    def send(self, data: Any, flags: int = 0) -> int:
        """Send, or hold back until `flush`.

        Raises:
            BlockingIOError: if too much is held back already.
        """
        if not self._holding and not self._held:
            return super().send(data, flags)
        if len(self._held) >= _HELD_BYTES:
            raise BlockingIOError
        self._held += data
        return len(data)

    def hold(self) -> None:
        """Hold back what is sent from now on."""
        self._holding = True

    def flush(self) -> None:
        """Send what was held back, as much as fits.

        Raises:
            OSError: if the connection is broken.
        """
        self._holding = False
        with contextlib.suppress(BlockingIOError):
            while self._held:
                del self._held[: super().send(self._held)]

    def close(self) -> None:
        """Send what still fits, and close."""
        with contextlib.suppress(OSError):
            self.flush()
        super().close()


class Bell:
    """Wakes paho's network thread: rung once, it need not be rung again before it was heard.

    Paho writes a byte for each packet that another thread queues. The thread looks at its queue
    after it has heard the bell, so that a packet queued before that needs no byte of its own.
    """

    def __init__(self, receiver: socket.socket, sender: socket.socket) -> None:
        self._receiver, self._sender = receiver, sender
        self._rung = False

    def send(self, data: bytes) -> int:
        """Ring, if nobody has since the bell was last heard."""
        if self._rung:
            return len(data)
        self._rung = True
        return self._sender.send(data)

    def recv(self, bufsize: int) -> bytes:
        """Hear the bell; who rings from now on writes a byte again.

        In this order: a ring that came before is heard with this one, and paho looks at its queue
        next. The other way round its byte could be taken with the bell still counting as rung.
        """
        try:
            return self._receiver.recv(bufsize)
        finally:
            self._rung = False

    def fileno(self) -> int:
        """Return what `select` waits on."""
        return self._receiver.fileno()

    def close(self) -> None:
        """Close both ends."""
        self._receiver.close()
        self._sender.close()


class BufferedClient(Client):
    """Paho's client on a buffered socket, woken once for many packets."""

    def loop_start(self) -> MQTTErrorCode:
        """Start the network thread."""
        result = super().loop_start()
        ends: Any = (getattr(self, "_sockpairR", None), getattr(self, "_sockpairW", None))
        if all(isinstance(end, socket.socket) for end in ends):
            bell: Any = Bell(*ends)
            self._sockpairR = self._sockpairW = bell
        return result

    def _create_socket_connection(self) -> socket.socket:
        return BufferedSocket(super()._create_socket_connection())

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Take packets as long as there are any in the buffer."""
        result = super().loop_read(max_packets)
        sock = self.socket()
        if isinstance(sock, BufferedSocket):
            for _ in range(_PACKETS):
                if result != MQTTErrorCode.MQTT_ERR_SUCCESS or not sock.pending():
                    break
                result = super().loop_read(max_packets)
        return result

    def loop_write(self) -> MQTTErrorCode:
        """Write all packets that wait together."""
        sock = self.socket()
        if not isinstance(sock, BufferedSocket):
            return super().loop_write()
        sock.hold()
        result = super().loop_write()
        # A broken connection shows at the next read, where paho deals with it.
        with contextlib.suppress(OSError):
            sock.flush()
        return result

    def want_write(self) -> bool:
        """Tell whether something waits to be written."""
        sock = self.socket()
        held = isinstance(sock, BufferedSocket) and sock.unsent > 0
        return held or super().want_write()
