"""The MQTT client of every Seamline part: paho-mqtt behind a small, bounded surface.

It speaks MQTT 3.1.1, keeps one background thread, connects again by itself and never blocks a
caller. Only this module and `pahosocket` import paho.
"""

import logging
import random
import re
import socket
import threading
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from seamline_broker.pahosocket import BufferedClient

_log = logging.getLogger(__name__)

OnMessage = Callable[[str, bytes, int, int, bool], None]
OnConnect = Callable[["MqttClient"], None]
Will = tuple[str, bytes, int, bool]

_FIRST_DELAY_S = (0.2, 0.6)
_LAST_DELAY_S = (3.0, 6.0)
_CONNECT_TIMEOUT_S = 4.0
_STOP_MARGIN_S = 1.5
_MAX_PAYLOAD_BYTES = 1_000_000


class MqttClient:
    """One connection to a broker that comes back by itself.

    Args:
        host: name or address of the broker.
        port: its MQTT port.
        client_id: unique per installation and part; two clients with one id throw each other out.
            Signs that NATS refuses in an id (`.`, `*`, `>`, blanks) are replaced by `_`.
        user: user name, or None for a broker without passwords.
        password: its password.
        keepalive_s: seconds of silence after which either side gives the connection up.
        clean_session: False keeps subscriptions and unread messages at the broker while away.
        manual_ack: True leaves the acknowledgement of QoS 1 messages to `ack`.
        will: topic, payload, QoS and retain flag that the broker publishes if this client is lost.
        on_connect: called in the network thread after each connect, once subscriptions are sent.
        on_message: called in the network thread with topic, payload, message id, QoS and retain
            flag. It must only hand over (put into a queue): the same thread sends keep-alives.
        max_inflight: messages sent and not yet acknowledged by the broker.
        max_queued: messages that `publish` accepts in all before it says no.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        client_id: str,
        user: str | None = None,
        password: str | None = None,
        keepalive_s: int = 15,
        clean_session: bool = True,
        manual_ack: bool = False,
        will: Will | None = None,
        on_connect: OnConnect | None = None,
        on_message: OnMessage | None = None,
        max_inflight: int = 200,
        max_queued: int = 2_000,
    ) -> None:
        self.host = host
        self.port = port
        self.client_id = re.sub(r"[.*>\s]", "_", client_id)
        self._user = user
        self._on_connect = on_connect
        self._on_message = on_message
        self._max_queued = max_queued
        self._lock = threading.Lock()
        self._drained = threading.Condition(self._lock)
        self._waited_for: list[int] = []  # nobody is woken before one of these is reached
        self._open: dict[int, int] = {}
        self._early: set[int] = set()
        self._connection = 0
        self._filters: dict[str, int] = {}
        self._asked: dict[int, str] = {}
        self._refused: dict[str, None] = {}
        self._last_error = ""
        self._connected = threading.Event()
        self._started = False
        self._stopping = False
        self._paho = BufferedClient(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            clean_session=clean_session,
            protocol=MQTTProtocolVersion.MQTTv311,
            manual_ack=manual_ack,
        )
        self._prepare(keepalive_s, password, will, max_inflight)

    def _prepare(
        self, keepalive_s: int, password: str | None, will: Will | None, max_inflight: int
    ) -> None:
        paho = self._paho
        paho.max_inflight_messages_set(max_inflight)
        paho.max_queued_messages_set(self._max_queued)
        paho.connect_timeout = _CONNECT_TIMEOUT_S
        if self._user is not None:
            paho.username_pw_set(self._user, password)
        if will is not None:
            paho.will_set(will[0], will[1], will[2], will[3])
        paho.on_connect = self._connect_answered
        paho.on_connect_fail = self._connect_failed
        paho.on_disconnect = self._disconnected
        paho.on_publish = self._published
        paho.on_subscribe = self._subscribed
        paho.on_socket_open = _send_small_packets_at_once
        if self._on_message is not None:
            paho.on_message = self._arrived
        paho.connect_async(self.host, self.port, keepalive_s)
        self._choose_delays()

    @property
    def connected(self) -> bool:
        """True while the broker has accepted this client and has not been lost since."""
        return self._connected.is_set()

    @property
    def last_error(self) -> str:
        """The newest reason why there was no connection; empty after a connect."""
        return self._last_error

    @property
    def refused_filters(self) -> tuple[str, ...]:
        """Subscriptions that the broker refused (no permission, or a limit of the broker)."""
        with self._lock:
            return tuple(self._refused)

    def start(self) -> None:
        """Start the network thread and return at once; it connects, and connects again for ever."""
        if not self._started:
            self._started = True
            self._paho.loop_start()

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait for a connection; True if there is one."""
        return self._connected.wait(timeout_s)

    def publish(self, topic: str, payload: bytes | str, qos: int = 1, retain: bool = False) -> bool:
        """Hand over a message without waiting; True if it was accepted.

        With QoS 1 an accepted message is sent, again after a reconnect too, until the broker has
        it or `stop` gives up. With QoS 0 a message without a connection is not accepted.

        Raises:
            ValueError: if the topic has wildcards or the payload is above 1 MB (a broker would cut
                the connection, and the message would be sent again for ever).
        """
        if len(payload) > _MAX_PAYLOAD_BYTES:
            raise ValueError(f"Payload of {len(payload)} bytes for {topic!r}; limit 1,000,000.")
        with self._lock:
            if self._stopping or len(self._open) >= self._max_queued:
                return False
            connection = self._connection
        info = self._paho.publish(topic, payload, qos, retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS and (
            qos == 0 or info.rc != MQTTErrorCode.MQTT_ERR_NO_CONN
        ):
            return False
        with self._lock:
            if info.mid in self._early:
                self._early.discard(info.mid)
            elif qos > 0 or connection == self._connection:
                self._open[info.mid] = qos
        return True

    def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        """Subscribe now, if connected, and again at each connect."""
        with self._lock:
            self._filters[topic_filter] = qos
            if self.connected:
                self._ask(topic_filter, qos)

    def ack(self, mid: int, qos: int) -> None:
        """Tell the broker that a message is dealt with (only with `manual_ack`)."""
        self._paho.ack(mid, qos)

    def pending(self) -> int:
        """Return the number of accepted messages that the broker does not have yet."""
        with self._lock:
            return len(self._open)

    def wait_pending(self, at_most: int, timeout_s: float) -> bool:
        """Wait until no more than `at_most` messages are pending; False if time ran out."""
        with self._drained:
            self._waited_for.append(at_most)
            try:
                return self._drained.wait_for(lambda: len(self._open) <= at_most, timeout_s)
            finally:
                self._waited_for.remove(at_most)

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Wait up to `timeout_s` for pending messages, say goodbye, end the thread.

        Returns:
            True if nothing was pending at the end.
        """
        drained = self.wait_pending(0, timeout_s) if self._started else self.pending() == 0
        with self._lock:
            self._stopping = True
        self._paho.disconnect()
        self._end_thread()
        return drained

    def hard_close(self) -> None:
        """Cut the connection without a goodbye, so that the broker publishes the will."""
        with self._lock:
            self._stopping = True
        sock = self._paho.socket()
        if isinstance(sock, socket.socket):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError as exc:
                _log.debug("Connection was closed already reason=%s", exc)
        self._end_thread()

    def _end_thread(self) -> None:
        """End paho's thread; paho itself would wait for it without limit."""
        if self._started:
            helper = threading.Thread(target=self._paho.loop_stop, daemon=True)
            helper.start()
            helper.join(_STOP_MARGIN_S)
        self._connected.clear()

    def _ask(self, topic_filter: str, qos: int) -> None:
        """Send one subscription; the caller holds the lock."""
        _, mid = self._paho.subscribe(topic_filter, qos)
        if mid is not None:
            self._asked[mid] = topic_filter

    def _choose_delays(self) -> None:
        """Draw new waiting times, so that clients cut at one moment do not return at one moment."""
        self._paho.reconnect_delay_set(
            random.uniform(*_FIRST_DELAY_S),  # type: ignore[arg-type]  # paho takes fractions
            random.uniform(*_LAST_DELAY_S),  # type: ignore[arg-type]
        )

    def _where(self) -> str:
        user = f" as user {self._user!r}" if self._user is not None else ""
        return f"{self.host}:{self.port}{user}"

    def _lost(self, text: str) -> None:
        """Note why there is no connection; the same reason is logged once only."""
        if text != self._last_error and not self._stopping:
            self._last_error = text
            _log.warning("%s client=%s", text, self.client_id)

    def _connect_answered(
        self, _c: Client, _u: Any, _f: ConnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        if reason.is_failure:
            self._lost(f"MQTT broker {self._where()} refused the login: {reason}.")
            return
        self._last_error = ""
        self._choose_delays()
        with self._lock:
            self._connected.set()
            self._asked.clear()
            self._refused.clear()
            for topic_filter, qos in self._filters.items():
                self._ask(topic_filter, qos)
        if self._on_connect is not None:
            self._guarded(self._on_connect, self)

    def _connect_failed(self, _c: Client, _u: Any) -> None:
        self._lost(f"MQTT broker {self._where()} cannot be reached; trying again.")

    def _disconnected(
        self, _c: Client, _u: Any, _f: DisconnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        was_connected = self._connected.is_set()
        self._connected.clear()
        with self._lock:
            self._connection += 1
            self._open = {mid: qos for mid, qos in self._open.items() if qos > 0}
            self._drained.notify_all()
        if was_connected and reason.is_failure:
            self._lost(f"Connection to MQTT broker {self._where()} was lost; trying again.")

    def _published(
        self, _c: Client, _u: Any, mid: int, _r: ReasonCode, _p: Properties | None
    ) -> None:
        with self._lock:
            if self._open.pop(mid, None) is None:
                self._early.add(mid)  # `publish` has not come back yet in its thread
            elif self._waited_for and len(self._open) <= max(self._waited_for):
                self._drained.notify_all()

    def _subscribed(
        self, _c: Client, _u: Any, mid: int, reasons: list[ReasonCode], _p: Properties | None
    ) -> None:
        with self._lock:
            topic_filter = self._asked.pop(mid, "?")
            failed = any(reason.is_failure for reason in reasons)
            if failed:
                self._refused[topic_filter] = None
        if failed:
            _log.error(
                "MQTT broker %s refused the subscription %r client=%s",
                self._where(), topic_filter, self.client_id,
            )  # fmt: skip

    def _arrived(self, _c: Client, _u: Any, message: MQTTMessage) -> None:
        if self._on_message is not None:
            self._guarded(
                self._on_message,
                message.topic, message.payload, message.mid, message.qos, bool(message.retain),
            )  # fmt: skip

    def _guarded(self, callback: Callable[..., None], *args: object) -> None:
        """Run a callback; an error in it must not end the network thread."""
        try:
            callback(*args)
        except Exception:
            _log.exception("Error in an MQTT callback client=%s", self.client_id)


def _send_small_packets_at_once(_c: Client, _u: Any, sock: Any) -> None:
    """Switch off Nagle's algorithm: it would hold small messages back for up to 40 ms."""
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as exc:
        _log.debug("TCP_NODELAY is not available reason=%s", exc)
