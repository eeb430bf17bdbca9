"""The field bus: newline-delimited JSON over TCP, for gateways and sellers on this machine.

    > {"op":"hello"}
      < {"hello":{run, speed, state, nodes, catalogue, ..}}
    > {"op":"sub","nodes":["hangzhou/line-1"],"after_seq":0}
      < {"plant_ms":..,"speed":..,"state":..,"lag_ms":..,"ev":[[seq,ts_ms,node,kind,[values]]],
         "s":[[node,{"ts_ms","every_ms","device","metric","value":[[per device] per metric]}]],
         "missed":[node]}
      < {"lost":[from,to]} if the cursor is older than the ring
    > {"op":"write","id":..,"node":..,"name":..,"args":{..},"expires_ms":..}
      < {"id":..,"status":..,"reason":..,"plant_ms":..}
    > {"op":"digest"}
      < {"digest":..,"plant_us":..}

A reader that is slow gets its events later, out of the ring; samples it has no room for are missed
and said so. A reader that takes nothing for a while is dropped. Nothing here waits for a reader.
"""

import contextlib
import json
import logging
import selectors
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from seamline_broker.errors import BrokerError, DriverError
from seamline_edge.field.plant import RunningPlant

_log = logging.getLogger(__name__)

_FRAME_EVENTS: Final = 1_000
_ENOUGH_BYTES: Final = 256_000
_LINE_BYTES: Final = 256_000
_READ_BYTES: Final = 65_536
_STALLED_S: Final = 15.0
_BEAT_S: Final = 1.0
_CLIENTS: Final = 200
_HOLD_SHARE: Final = 0.6


@dataclass(eq=False)
class _Reader:
    """One connection."""

    sock: socket.socket
    name: str
    moved_s: float
    received: bytearray = field(default_factory=bytearray)
    sending: bytearray = field(default_factory=bytearray)
    nodes: frozenset[str] | None = None
    cursor: int = 0
    missed: set[str] = field(default_factory=set)
    waiting: list[bytes] = field(default_factory=list)
    beat_s: float = 0.0
    closing: bool = False


class BusServer:
    """Serves a running plant to its readers; called by one thread.

    Args:
        plant: what is served.
        run: id of the run.
        host: address to listen on.
        port: 0 lets the system choose.
        steady_s: gives steady time.
        wall_ms: gives wall time, for expiry.

    Raises:
        BrokerError: if the port cannot be had.
    """

    def __init__(
        self,
        plant: RunningPlant,
        run: str,
        host: str,
        port: int,
        steady_s: Callable[[], float],
        wall_ms: Callable[[], int],
    ) -> None:
        self._plant = plant
        self._run = run
        self._steady_s = steady_s
        self._wall_ms = wall_ms
        self._readers: set[_Reader] = set()
        self._selector = selectors.DefaultSelector()
        self.garbage = 0
        try:
            self._listener = socket.create_server((host, port), backlog=50)
        except OSError as exc:
            raise BrokerError(
                f"Field bus cannot listen on {host}:{port}: {exc.strerror or exc}. "
                "Choose another with --port, or 0 for any."
            ) from exc
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self.port: int = self._listener.getsockname()[1]

    @property
    def readers(self) -> int:
        """Number of connections."""
        return len(self._readers)

    @property
    def overrun(self) -> bool:
        """True if the plant should wait: a reader is so far behind that events would be lost."""
        ring = self._plant.ring
        limit = ring.capacity * _HOLD_SHARE
        return len(ring) > limit and any(
            r.nodes is not None and ring.behind(r.cursor) > limit for r in self._readers
        )

    def serve(self, timeout_s: float) -> None:
        """Wait up to `timeout_s` for readers and answer them."""
        for key, mask in self._selector.select(timeout_s):
            reader: _Reader | None = key.data
            if reader is None:
                self._accept()
                continue
            try:
                if mask & selectors.EVENT_READ:
                    self._read(reader)
                if mask & selectors.EVENT_WRITE and reader in self._readers:
                    self._flush(reader)
            except (OSError, DriverError) as exc:
                self._drop(reader, str(exc))

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            sock, address = self._listener.accept()
            if len(self._readers) >= _CLIENTS:
                sock.close()
                _log.warning("Field bus is full readers=%d", len(self._readers))
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = _Reader(sock, f"{address[0]}:{address[1]}", self._steady_s())
            self._readers.add(reader)
            self._selector.register(sock, selectors.EVENT_READ, reader)

    def _drop(self, reader: _Reader, reason: str) -> None:
        if reader in self._readers:
            self._readers.discard(reader)
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(reader.sock)
            reader.sock.close()
            _log.info("Reader left reader=%s reason=%s", reader.name, reason)

    def _read(self, reader: _Reader) -> None:
        try:
            data = reader.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self._drop(reader, "closed")
            return
        reader.received += data
        *lines, rest = bytes(reader.received).split(b"\n")
        reader.received = bytearray(rest)
        for line in lines:
            if line.strip():
                self._answer(reader, line)
        if len(rest) > _LINE_BYTES:
            raise DriverError(f"a line of more than {_LINE_BYTES} bytes")
        self._flush(reader)

    def _answer(self, reader: _Reader, line: bytes) -> None:
        try:
            request = json.loads(line)
            operation = request["op"]
            handler = (
                getattr(self, f"_op_{operation}", None) if isinstance(operation, str) else None
            )
            if handler is None:
                raise ValueError(f"op {operation!r}; known: hello, sub, write, digest")
            handler(reader, request)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
            self.garbage += 1
            self._put(reader, {"error": f"Not understood: {exc!r}.", "line": repr(line[:80])})

    def _put(self, reader: _Reader, document: dict[str, Any]) -> None:
        if len(reader.sending) > 16 * _ENOUGH_BYTES:
            raise DriverError("asks more than it reads")
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
        reader.sending += text.encode() + b"\n"

    def _op_hello(self, reader: _Reader, _request: dict[str, Any]) -> None:
        plant = self._plant
        hello = self._time() | {
            "run": self._run,
            "start_ms": plant.world.start_ms,
            "every_ms": plant.sampler.every_ms,
            "nodes": list(plant.nodes.values()),
            "catalogue": plant.world.catalogue.to_document(),
        }
        self._put(reader, {"hello": hello})

    def _op_sub(self, reader: _Reader, request: dict[str, Any]) -> None:
        wanted = [str(node) for node in request["nodes"]]
        after = int(request["after_seq"])
        known = self._plant.nodes
        # `market` stands for every node of that site.
        reader.nodes = frozenset(n for n in known if n in wanted or n.partition("/")[0] in wanted)
        reader.cursor = after
        reader.beat_s = 0.0
        lost = self._plant.ring.lost(after)
        if lost is not None:
            reader.cursor = lost[1]
            self._put(reader, {"lost": list(lost)})
        self._feed(reader, self._steady_s())

    def _op_write(self, reader: _Reader, request: dict[str, Any]) -> None:
        key, node, name = str(request["id"]), str(request["node"]), str(request["name"])
        expires_ms = int(request.get("expires_ms", 0))
        expired = 0 < expires_ms < self._wall_ms()
        answer = self._plant.write(key, node, name, dict(request["args"]), expired)
        self._put(
            reader,
            {
                "id": key, "status": answer.status,
                "reason": answer.reason, "plant_ms": answer.plant_ms,
            },
        )  # fmt: skip

    def _op_digest(self, reader: _Reader, _request: dict[str, Any]) -> None:
        world = self._plant.world
        self._put(reader, {"digest": world.digest(), "plant_us": world.now_us})

    def _time(self) -> dict[str, Any]:
        pacer = self._plant.pacer
        return {
            "plant_ms": self._plant.plant_ms,
            "speed": pacer.speed,
            "state": pacer.mode,
            "lag_ms": round(self._plant.lag_s * 1000),
        }

    def publish(self, changed: bool) -> None:
        """Give every reader what is new for it; with `changed`, everybody hears of the new pace."""
        now_s = self._steady_s()
        fresh, self._plant.sampler.fresh = self._plant.sampler.fresh, []
        encoded = [
            (node, json.dumps([node, sample], separators=(",", ":")).encode())
            for node, sample in fresh
        ] if any(r.nodes for r in self._readers) else []  # fmt: skip
        for reader in list(self._readers):
            if reader.nodes is not None:
                room = len(reader.sending) < _ENOUGH_BYTES
                for node, sample in encoded:
                    if node in reader.nodes:
                        if room:
                            reader.waiting.append(sample)
                        else:
                            reader.missed.add(node)
                if changed:
                    reader.beat_s = 0.0
            self._attend(reader, now_s)

    def _attend(self, reader: _Reader, now_s: float) -> None:
        try:
            if reader.nodes is not None:
                self._feed(reader, now_s)
            self._flush(reader)
            if reader.sending and now_s - reader.moved_s > _STALLED_S:
                raise DriverError(f"took nothing for {_STALLED_S:.0f} s")
        except (OSError, DriverError) as exc:
            self._drop(reader, str(exc))

    def _feed(self, reader: _Reader, now_s: float) -> None:
        """Make frames for a reader as long as it has room and there is something to say."""
        assert_nodes = reader.nodes or frozenset()
        while len(reader.sending) < _ENOUGH_BYTES:
            events, reader.cursor = self._plant.ring.read(
                reader.cursor, assert_nodes, _FRAME_EVENTS
            )
            if not (events or reader.waiting or reader.missed or now_s >= reader.beat_s):
                return
            reader.beat_s = now_s + _BEAT_S
            head = json.dumps(self._time() | {"missed": sorted(reader.missed)})
            reader.sending += head[:-1].encode() + b',"ev":[' + b",".join(events) + b'],"s":['
            if len(events) < _FRAME_EVENTS:
                # Samples of now never overtake events of before: a reader of both would take the
                # time of the samples for its own and find the rest of the backlog late.
                reader.sending += b",".join(reader.waiting)
                reader.waiting.clear()
            reader.sending += b"]}\n"
            reader.missed.clear()

    def _flush(self, reader: _Reader) -> None:
        if reader.sending:
            with contextlib.suppress(BlockingIOError):
                sent = reader.sock.send(reader.sending)
                del reader.sending[:sent]
                reader.moved_s = self._steady_s()
        else:
            reader.moved_s = self._steady_s()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if reader.sending else 0)
        if self._selector.get_key(reader.sock).events != wanted:
            self._selector.modify(reader.sock, wanted, reader)

    def close(self) -> None:
        """Close every connection and the port."""
        for reader in list(self._readers):
            self._drop(reader, "field leaves")
        self._selector.unregister(self._listener)
        self._listener.close()
        self._selector.close()
