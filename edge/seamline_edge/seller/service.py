"""The sellers' process: events of the market become MQTT orders, promises go back to the market."""

import contextlib
import json
import logging
import os
import queue
import select
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from seamline_broker.client import MqttClient
from seamline_broker.clock import Clock
from seamline_broker.contracts.messages import Promise, SellerOrder
from seamline_broker.contracts.topics import new_order_topic, promise_topic
from seamline_broker.errors import ConfigError, ContractError, DriverError
from seamline_edge.bus import BusClient, Frame

_log = logging.getLogger(__name__)

_RETRY_S: Final = 0.5
_TELL_MS: Final = 30_000
_RESEND_S: Final = 20.0
"""An order without an answer is sent again, each time after twice as long: its id is known."""
_RESEND_MAX_S: Final = 640.0


@dataclass(frozen=True, slots=True)
class SellerLogin:
    """One seller and how it logs in at the broker."""

    seller: str
    user: str | None
    password: str | None


@dataclass(slots=True)
class _Open:
    """An order without an answer: when it was sent last (None: not yet), and how long to wait."""

    order: SellerOrder
    sent_s: float | None = None
    patience_s: float = _RESEND_S


@dataclass(frozen=True, slots=True)
class SellersConfig:
    """Where broker and field are, and who sells."""

    broker: tuple[str, int]
    field: tuple[str, int]
    client_prefix: str
    sellers: tuple[SellerLogin, ...]

    @classmethod
    def from_document(cls, document: Mapping[str, Any], path: Path) -> "SellersConfig":
        """Read a configuration.

        Raises:
            ConfigError: if a part is missing or has the wrong shape.
        """
        try:
            sellers = tuple(
                SellerLogin(str(s["seller"]), s.get("user"), s.get("password"))
                for s in document["sellers"]
            )
            broker, field = document["broker"], document["field"]
            return cls(
                (str(broker["host"]), int(broker["port"])),
                (str(field["host"]), int(field["port"])),
                str(document.get("client_prefix", "")),
                sellers,
            )
        except (KeyError, TypeError, ValueError) as exc:
            raise ConfigError(
                f"Configuration {path} needs broker, field (host, port) and sellers: {exc!r}."
            ) from exc


def order_of(ts_ms: int, values: Sequence[Any]) -> SellerOrder:
    """Return the order that a `seller_order` event tells of.

    Raises:
        ContractError: if it breaks a rule of orders.
    """
    order, seller, style, colour, sizes, _pieces, region, due_ms, weight, price_fen, _rush = values
    return SellerOrder(
        order, seller, style, colour, json.loads(sizes), region, ts_ms, due_ms, weight, price_fen
    )


class Sellers:
    """All sellers of a market: one connection to the field, one MQTT connection each.

    Orders stay open until the platform has answered; an open order is sent again after a while
    and after each connect, so neither a lost message nor a restarted platform loses it. A promise
    is told to the market until the field has heard it.
    """

    def __init__(
        self,
        config: SellersConfig,
        clock: Clock,
        connect: Callable[..., MqttClient] = MqttClient,
    ) -> None:
        self._config = config
        self._clock = clock
        self._open: dict[str, _Open] = {}
        self._to_tell: dict[str, Frame] = {}
        self._answers: queue.SimpleQueue[tuple[str, bytes, float]] = queue.SimpleQueue()
        self._bus: BusClient | None = None
        self._run = ""
        self._seq = 0
        self._stopping = False
        self._complaint = ""
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._clients = {s.seller: self._client(s, connect) for s in config.sellers}
        self.sent = 0
        self.promised = 0

    def _client(self, login: SellerLogin, connect: Callable[..., MqttClient]) -> MqttClient:
        prefix = f"{self._config.client_prefix}-" if self._config.client_prefix else ""
        client = connect(
            *self._config.broker,
            client_id=f"{prefix}{login.seller}",
            user=login.user,
            password=login.password,
            on_connect=lambda _client: self._arrived(login.seller, b""),
            on_message=lambda _t, payload, _m, _q, _r: self._arrived(login.seller, payload),
        )
        client.subscribe(promise_topic(login.seller))
        return client

    def _arrived(self, seller: str, payload: bytes) -> None:
        self._answers.put((seller, payload, self._clock.steady_s()))
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # a full pipe wakes as well
            os.write(self._wake_write, b"w")

    def stop(self) -> None:
        """Let `run` return; may be called from a signal handler."""
        self._stopping = True
        self._wake()

    def run(self) -> None:
        """Work until stopped."""
        for client in self._clients.values():
            client.start()
        try:
            while not self._stopping:
                self._wait()
                self._listen()
                self._answer()
                self._send_open()
        finally:
            for client in self._clients.values():
                client.stop(1.0)
            if self._bus is not None:
                self._bus.close()
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _wait(self) -> None:
        descriptors = [self._wake_read]
        timeout_s = 2.0 if self._bus is not None else _RETRY_S
        if self._bus is not None:
            descriptors.append(self._bus.fileno())
            if self._bus.has_frames:
                timeout_s = 0.0
        ready = select.select(descriptors, [], [], timeout_s)[0]
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)

    def _listen(self) -> None:
        try:
            if self._bus is None:
                self._bus = self._connect()
            for frame in self._bus.receive():
                self._take(frame)
        except DriverError as exc:
            if str(exc) != self._complaint:
                self._complaint = str(exc)
                _log.warning("Field is away: %s Trying again.", exc)
            if self._bus is not None:
                self._bus.close()
            self._bus = None

    def _connect(self) -> BusClient:
        bus = BusClient(*self._config.field)
        try:
            self._subscribe(bus)
        except BaseException:
            bus.close()
            raise
        self._complaint = ""
        return bus

    def _subscribe(self, bus: BusClient) -> None:
        hello = bus.ask({"op": "hello"}, "hello")["hello"]
        if hello["run"] != self._run:  # another market, whose orders are not those of before
            self._run, self._seq = str(hello["run"]), 0
            self._open.clear()
            self._to_tell.clear()
        nodes = [f"market/{seller}" for seller in self._clients]
        bus.send({"op": "sub", "nodes": nodes, "after_seq": self._seq})
        for request in self._to_tell.values():  # it may have been asleep when they came
            bus.send(request | {"expires_ms": self._clock.wall_ms() + _TELL_MS})

    def _take(self, frame: Frame) -> None:
        if "status" in frame:
            self._to_tell.pop(str(frame["id"]), None)
            if frame["status"] == "refused":
                _log.warning("The market refuses a promise: %s", frame.get("reason"))
        for seq, ts_ms, _node, kind, values in frame.get("ev", ()):
            self._seq = max(self._seq, seq)
            if kind != "seller_order":
                continue
            try:
                order = order_of(ts_ms, values)
            except (ContractError, ValueError) as exc:
                _log.error("The market decided on an order that cannot be sent: %s", exc)
                continue
            if order.seller in self._clients:
                self._open[order.order] = _Open(order)

    def _answer(self) -> None:
        while not self._answers.empty():
            seller, payload, arrived_s = self._answers.get()
            if not payload:  # connected anew: what is open goes out at once
                for entry in self._open.values():
                    if entry.order.seller == seller and (entry.sent_s or 0.0) < arrived_s:
                        entry.sent_s = None
                continue
            try:
                promise = Promise.decode(payload)
            except ContractError as exc:
                _log.warning("Seller %s got an answer that is not readable: %s", seller, exc)
                continue
            self._open.pop(promise.order, None)
            self._tell_market(seller, promise)

    def _tell_market(self, seller: str, promise: Promise) -> None:
        if not promise.accepted:
            return
        args = {
            "order": promise.order,
            "promise_ms": promise.promise_ms,
            "site": promise.site,
            "line": promise.line,
        }
        message_id = f"promise-{promise.order}-{promise.promise_ms}"
        request = {
            "op": "write", "id": message_id, "node": f"market/{seller}", "name": "promise",
            "args": args, "expires_ms": self._clock.wall_ms() + _TELL_MS,
        }  # fmt: skip
        self._to_tell[message_id] = request
        self.promised += 1
        if self._bus is not None:
            with contextlib.suppress(DriverError):  # the next `receive` notices that it is lost
                self._bus.send(request)

    def _send_open(self) -> None:
        now_s = self._clock.steady_s()
        for entry in self._open.values():
            again = entry.sent_s is not None
            if entry.sent_s is not None and now_s - entry.sent_s < entry.patience_s:
                continue
            order = entry.order
            client = self._clients[order.seller]
            if client.connected and client.publish(new_order_topic(order.seller), order.encode()):
                entry.sent_s = now_s
                if again:
                    entry.patience_s = min(2 * entry.patience_s, _RESEND_MAX_S)
                self.sent += 1
