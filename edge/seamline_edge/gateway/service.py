"""The loop of a gateway: driver to outbox, outbox to broker, commands to driver. One thread.

It waits on descriptors (the driver's, and a pipe that network threads write to), never by polling.
"""

import contextlib
import logging
import os
import queue
import select
from collections.abc import Callable
from typing import Final

from seamline_broker.client import MqttClient
from seamline_broker.clock import Clock
from seamline_broker.contracts.batch import Ack
from seamline_broker.contracts.messages import RunClock
from seamline_broker.contracts.topics import CLOCK
from seamline_broker.errors import ContractError, StoreError
from seamline_edge.drivers.driver import Driver, Intake, NodeProfile, PlantClock
from seamline_edge.gateway.config import GatewayConfig
from seamline_edge.gateway.executor import Executor
from seamline_edge.gateway.link import CONNECTED, NodeLink
from seamline_edge.outbox import Outbox, OutboxFile

_log = logging.getLogger(__name__)

_PROFILE_WAIT_S: Final = 5.0
_TROUBLE_S: Final = 1.0
_CLOCK_S: Final = 0.95
_STOP_S: Final = 0.4


class Gateway:
    """Joins driver, outbox and one MQTT connection per node.

    Args:
        config: nodes, broker and outbox.
        driver: an instance of the driver that `config` names.
        clock: time for certificates, expiry and durations.
        connect: makes MQTT clients; tests hand in another.

    Raises:
        StoreError: if the outbox cannot be opened.
    """

    def __init__(
        self,
        config: GatewayConfig,
        driver: Driver,
        clock: Clock,
        connect: Callable[..., MqttClient] = MqttClient,
    ) -> None:
        self._config = config
        self._driver = driver
        self._clock = clock
        self._connect = connect
        self._nodes = [login.node for login in config.nodes]
        self._outbox = Outbox(OutboxFile(config.outbox, self._nodes), clock)
        self._executor = Executor(self._outbox.file, driver, clock, self._report)
        self._links: dict[str, NodeLink] = {}
        self._inbox: queue.SimpleQueue[tuple[str, str, bytes]] = queue.SimpleQueue()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._stopping = False
        self._finished = False
        self._trouble_until_s = 0.0
        self._trouble = ""
        self._clock_sent: tuple[float, PlantClock] | None = None
        self.unknown_nodes: set[str] = set()

    @property
    def outbox(self) -> Outbox:
        """The outbox, with its counters."""
        return self._outbox

    def stop(self) -> None:
        """Ask `run` to drain and return; callable from a signal handler or another thread."""
        self._stopping = True
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # a full pipe wakes as well
            os.write(self._wake_write, b"w")

    def _arrived(self, node: str, topic: str, payload: bytes) -> None:
        self._inbox.put((node, topic, payload))
        self._wake()

    def _report(self, node: str, payload: bytes) -> None:
        link = self._links.get(node)
        if link is not None:
            link.report(payload)

    def run(self, drain_s: float = 3.0) -> bool:
        """Work until stopped, or until the driver has finished and all is acknowledged.

        Args:
            drain_s: how long to wait at the end until the platform has acknowledged everything.

        Returns:
            True if the platform had acknowledged every batch at the end.

        Raises:
            DriverError: if the driver says that it can never work.
            StoreError: if the outbox cannot be read.
        """
        self._driver.open(self._nodes, self._outbox.file.cursor)
        connect_at_s = self._clock.steady_s() + _PROFILE_WAIT_S
        try:
            while not self._stopping and not (self._finished and not self._outbox.unacked):
                self._wait()
                self._guarded(self._step)
                late = self._clock.steady_s() >= connect_at_s
                if not self._links and (self._driver.profiles() or late):
                    self._open_links()
            return self._drain(drain_s)
        finally:
            self._close()

    def _wait(self) -> None:
        now_s = self._clock.steady_s()
        waits = [self._outbox.wait_s(), self._executor.wait_s(now_s)]
        descriptors = [self._wake_read]
        if now_s >= self._trouble_until_s:
            if not self._finished:
                waits.append(self._driver.wait_s(now_s))
                if (descriptor := self._driver.fileno()) >= 0:
                    descriptors.append(descriptor)
        else:
            waits = [max(self._trouble_until_s - now_s, 0.01)]
        ready = select.select(descriptors, [], [], max(0.0, min(waits)))[0]
        if self._wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 4096)

    def _guarded(self, step: Callable[[], None]) -> None:
        """Run a step; while the outbox cannot be written, nothing is taken from the driver."""
        try:
            step()
        except StoreError as exc:
            if str(exc) != self._trouble:
                self._trouble = str(exc)
                _log.error("%s Nothing is taken from the driver until it works again.", exc)
            self._trouble_until_s = self._clock.steady_s() + _TROUBLE_S

    def _step(self) -> None:
        now_s = self._clock.steady_s()
        if now_s >= self._trouble_until_s and not self._finished:
            self._take(self._poll(now_s))
        self._read_inbox()
        self._executor.retry()
        for node in self._outbox.run(self._send):
            link = self._links.get(node)
            if link is not None and link.ready:
                self._bear(link)
        if self._trouble and now_s >= self._trouble_until_s:
            self._trouble = ""
            _log.info("Outbox works again path=%s", self._outbox.file.path)

    def _poll(self, now_s: float) -> Intake:
        try:
            return self._driver.poll(now_s, self._clock.wall_ms())
        except Exception:  # a driver is a plug-in: its fault must not take the commands away
            _log.exception("Driver failed driver=%s", self._config.driver)
            self._trouble_until_s = now_s + _TROUBLE_S
            return Intake()

    def _take(self, intake: Intake) -> None:
        strange = {b.node for b in intake.blocks} | {e.node for e in intake.events}
        strange -= set(self._nodes)
        if strange:
            for node in sorted(strange - self.unknown_nodes):
                _log.error("Driver sent rows of node %s, which is not of this gateway.", node)
            self.unknown_nodes |= strange
            intake.blocks = [b for b in intake.blocks if b.node not in strange]
            intake.events = [e for e in intake.events if e.node not in strange]
        if intake.profile_changed:
            self._profile()
        if intake.clock is not None:
            self._tell_clock(intake.clock)
        if intake.finished:
            self._finished = True
        if intake.blocks or intake.events or intake.cursor:
            self._outbox.take(intake.blocks, intake.events, intake.cursor)
        if intake.finished:
            self._outbox.flush()

    def _send(self, node: str, payload: bytes) -> bool:
        link = self._links.get(node)
        return link is not None and link.send(payload)

    def _open_links(self) -> None:
        # The same id after a restart: the broker lets go of the old connection then, so that its
        # will cannot come after the new birth. Two copies of one outbox also meet in it.
        prefix = self._config.client_prefix or f"edge-{self._outbox.file.identity[:8]}"
        for login in self._config.nodes:
            link = NodeLink(self._config, prefix, login, self._clock, self._arrived, self._connect)
            link.profile = self._driver.profiles().get(login.node, link.profile)
            self._links[login.node] = link
            link.start()

    def _profile(self) -> None:
        """Publish certificates anew if the driver describes its nodes otherwise than before."""
        profiles = self._driver.profiles()
        for node, link in self._links.items():
            profile = profiles.get(node, NodeProfile("sensor"))
            if profile != link.profile:
                link.profile = profile
                self._bear(link)

    def _bear(self, link: NodeLink) -> None:
        try:
            link.bear(self._outbox.epoch(link.node))
        except ContractError as exc:
            _log.error("%s", exc)

    def _read_inbox(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                node, topic, payload = self._inbox.get_nowait()
                link = self._links[node]
                if topic == CONNECTED:
                    self._bear(link)
                    self._executor.repeat(node)
                    self._clock_sent = None
                elif link.is_ack(topic):
                    self._on_ack(link, payload)
                else:
                    self._executor.on_message(node, payload, link.profile)

    def _on_ack(self, link: NodeLink, payload: bytes) -> None:
        try:
            ack = Ack.decode(payload)
        except ContractError as exc:
            _log.warning("%s node=%s", exc, link.node)
            return
        if self._outbox.on_ack(link.node, ack):
            self._bear(link)

    def _tell_clock(self, clock: PlantClock) -> None:
        """Publish the run's clock: the gateway that holds the field's own node does it."""
        link = next((k for k in self._links.values() if k.profile.kind == "field"), None)
        if link is None:
            return
        now_s = self._clock.steady_s()
        if self._clock_sent is not None:
            sent_s, before = self._clock_sent
            same = (clock.speed, clock.state, clock.run) == (before.speed, before.state, before.run)
            if same and now_s - sent_s < _CLOCK_S:
                return
        payload = RunClock(
            clock.run, clock.plant_ms, self._clock.wall_ms(), clock.speed, clock.state
        ).encode()
        if link.publish(CLOCK, payload, 1, True):
            self._clock_sent = (now_s, clock)

    def _drain(self, seconds: float) -> bool:
        """Write everything, then wait until the platform has it, but not without a connection."""
        end_s = self._clock.steady_s() + seconds
        self._finished = True
        self._guarded(self._outbox.flush)
        while self._outbox.unacked and any(link.ready for link in self._links.values()):
            left_s = end_s - self._clock.steady_s()
            if left_s <= 0:
                break
            select.select([self._wake_read], [], [], min(left_s, 0.1))
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 4096)
            self._guarded(self._step)
        return self._outbox.unacked == 0

    def _close(self) -> None:
        for link in self._links.values():
            link.bury(self._outbox.epoch(link.node))
        for link in self._links.values():
            link.stop(_STOP_S)
        self._driver.close()
        self._guarded(self._outbox.close)
        os.close(self._wake_read)
        os.close(self._wake_write)
