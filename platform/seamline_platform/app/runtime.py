"""The platform's parts wired together: what comes in feeds twin, streams, page; the hub answers."""

import asyncio
import logging
import secrets as random_source
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from seamline_broker.clock import Clock
from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.commands import CommandResult
from seamline_broker.contracts.messages import Birth, Promise, RunClock, SellerOrder
from seamline_broker.contracts.topics import NodeId, promise_topic
from seamline_broker.contracts.view import RUSH_WEIGHT, View
from seamline_broker.errors import SeamlineError
from seamline_platform.api.hub import Hub
from seamline_platform.app.board import Reason
from seamline_platform.app.compare import Comparison
from seamline_platform.app.desk import CommandDesk
from seamline_platform.app.devices import Devices
from seamline_platform.app.diary import Note, notes
from seamline_platform.app.insight import Insight
from seamline_platform.app.lateness import Lateness
from seamline_platform.app.nightly import Brain, BrainSettings
from seamline_platform.app.plan_room import PlanRoom, RoomWires
from seamline_platform.app.planner import Planner, Wires
from seamline_platform.app.publisher import Publisher
from seamline_platform.app.register import ModelRegister
from seamline_platform.app.restore import restore
from seamline_platform.app.sql import LAST_PLAN, integer
from seamline_platform.app.stories import Stories
from seamline_platform.app.story import Moment, Trace
from seamline_platform.app.training import Trainer
from seamline_platform.app.triggers import Trigger, triggers_of
from seamline_platform.app.uns import Namespace, raw_value_message
from seamline_platform.app.words import ANSWERS, COMMANDS, say
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.ingest import Handlers, Ingest, IngestSettings
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.explain import Text
from seamline_platform.planning.network.plants import PlantDispatch
from seamline_platform.settings import Settings
from seamline_platform.store import Store, StoreSettings
from seamline_platform.streams.kpis import Kpis
from seamline_platform.twin import Projection

log = logging.getLogger(__name__)

_COUNTER: Final = "SELECT coalesce(max(counter), 0) AS counter FROM commands"
_BEHIND_MS: Final = 30 * 60_000
"""A batch whose events are older than this (plant time) is a backlog, not news."""


class Runtime:
    """All parts of a platform process. Handlers run in the ingest thread, the rest on the loop."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Open the store and restore what it knows.

        Raises:
            SeamlineError: if the store cannot be opened, or a plug-in is not there.
        """
        self.settings = settings
        self.clock = clock
        self.store = Store.open(
            settings.store_path, clock=clock, settings=_store_settings(settings)
        )
        self.projection = Projection()
        self.kpis = Kpis(settings.streams.window_min * 60_000)
        self.devices = Devices()
        self.reasons: dict[str, Reason] = {}
        self.hub = Hub(clock, random_source.token_hex(4))
        self.publisher = Publisher(self.hub, self.projection, self.kpis, self.devices, self.reasons)
        self.stories = Stories(self.hub.put)
        self.comparison = Comparison(self.hub.post, settings.run_dir / "logs" / "compare.log")
        together = settings.planning.plants == "together"
        plants = PlantDispatch(time.thread_time) if together else None
        self.policy = DispatchPolicy(settings.planning.rule, plants=plants)
        self.run_clock: RunClock | None = None
        self.clock_arrived_ms = 0
        self.namespace = Namespace()
        self.triggers: list[Trigger] = []
        self.wake = asyncio.Event()
        self.heard_clock = asyncio.Event()
        self.last_backlog_s = clock.steady_s()
        self.fresh_run = not self.store.read("SELECT 1 AS one FROM orders LIMIT 1")
        restore(self.store, self.projection, self.kpis, self.reasons)
        self.ingest = Ingest(self.store, clock, self._handlers(), _ingest_settings(settings))
        self.planner = self._planner()
        self.plans = self._plan_room()
        self._wire_brain()
        self._loop: asyncio.AbstractEventLoop | None = None

    def _handlers(self) -> Handlers:
        return Handlers(
            on_batch=self._on_batch,
            on_raw=self._on_raw,
            on_birth=self._on_birth,
            on_result=self._on_result,
            on_order=self._on_order,
            on_order_again=self._on_order_again,
            on_clock=self._on_clock,
        )

    def _planner(self) -> Planner:
        counter = integer(self.store.read(_COUNTER)[0]["counter"])
        desk = CommandDesk(f"C{random_source.token_hex(3)}", counter)
        wires = Wires(
            view=self.view,
            send=self._send_command,
            promise=self._send_promise,
            insert=self.store.insert,
            decided=self._decided,
            refused=self._refused,
        )
        return Planner(self.policy, desk, wires, self.clock)

    def _plan_room(self) -> PlanRoom:
        wires = RoomWires(
            preview=self.planner.preview,
            catalogue=lambda: self.view().catalogue,
            publish=lambda topic, payload: self.ingest.client.publish(topic, payload, 1, True),
            post=self.hub.post,
            insert=self.store.insert,
            order=self.projection.order_view,
            ask=self.ask,
            trouble=self._trouble,
        )
        room = PlanRoom(self.policy, wires, self.clock, self.settings.planning)
        room.resume(self.store.read(LAST_PLAN))
        return room

    def _trouble(self, text: Text) -> None:
        self.publisher.note(Note(self.now_ms, "P2", "plan", *text), self.clock.wall_ms())

    def _wire_brain(self) -> None:
        settings = BrainSettings(**self.settings.demand.model_dump())
        folder = self.settings.run_dir / "models"
        source = f"{self.settings.enterprise}/{self.store.store_id}"
        self.register = ModelRegister(self.store, self.clock, folder, source)
        self.brain = Brain(self.store, self.view, settings, self.clock, self.register)
        self.insight = Insight(self.store, self.brain.history, self.brain.options)
        self.trainer = Trainer(self.store, self.register, settings, self.brain.history)
        self.night_over = asyncio.Event()
        self.late = Lateness()

    # ---- time and view ---------------------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        """Plant time now; 0 before the run's clock was heard."""
        return self.ingest.plant_ms(self.clock.wall_ms()) or 0

    @property
    def quiet_s(self) -> float:
        """Seconds since the last batch of a backlog came in."""
        return self.clock.steady_s() - self.last_backlog_s

    def view(self) -> View:
        """Return what a policy may know now."""
        return self.projection.view(self.now_ms)

    def wall_of(self, plant_ms: int) -> Moment:
        """Return the moment of a plant time of the last seconds, by the run's clock."""
        now_wall = self.clock.wall_ms()
        clock = self.run_clock
        speed = clock.speed if clock is not None and clock.speed > 0 else 1.0
        ago_ms = max(0, self.now_ms - plant_ms) / speed
        return Moment(plant_ms, now_wall - round(ago_ms))

    # ---- the ingest thread -----------------------------------------------------------------------

    def _on_batch(self, batch: DecodedBatch) -> None:
        self.projection.apply(batch)
        self.kpis.apply(batch)
        self.devices.apply(batch)
        self.publisher.sensors(batch)
        if not batch.events:
            return
        newest = max(int(c["ts_ms"][-1]) for c in batch.events.values())
        if self.run_clock is None or newest < self.now_ms - _BEHIND_MS:
            self.last_backlog_s = self.clock.steady_s()
        elif self._loop is not None:
            self._later(self._heard, batch, list(notes(batch)), triggers_of(batch))

    def _on_raw(self, batch: DecodedBatch) -> None:
        self.devices.apply(batch)
        self.publisher.sensors(batch)
        readings = batch.readings
        latest: dict[str, dict[str, float | None]] = {}
        for d, m, value in zip(readings.d, readings.m, readings.value, strict=True):
            latest.setdefault(readings.device[d], {})[readings.metric[m]] = value
        for cell, values in latest.items():
            topic, payload = raw_value_message(
                batch.site, batch.node, cell, values, max(readings.ts_ms)
            )
            self.ingest.client.publish(topic, payload, 0, True)

    def _on_birth(self, birth: Birth) -> None:
        if birth.catalogue is not None:
            self.projection.catalogue(Catalogue.from_document(birth.catalogue))
        if self.devices.birth(birth):
            self._later(self._came_or_went, birth)

    def _on_result(self, _node: NodeId, result: CommandResult) -> None:
        self._later(self._settled, result)

    def _on_clock(self, clock: RunClock) -> None:
        self.run_clock = clock
        self.clock_arrived_ms = self.clock.wall_ms()
        self._later(self._ticked, clock)

    def _on_order(self, order: SellerOrder, wall_ms: int) -> None:
        self.projection.order(order)
        self.kpis.placed(order.order, order.placed_ms)
        self._later(self._ordered, order, wall_ms)

    def _on_order_again(self, order: SellerOrder) -> None:
        self._later(self._promised_already, order)

    def _later(self, call: Callable[..., None], *args: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *args)

    # ---- the loop --------------------------------------------------------------------------------

    def _heard(self, batch: DecodedBatch, found: list[Note], triggers: list[Trigger]) -> None:
        for note in found:
            self.publisher.note(note, batch.wall_ms)
        self.plans.batch(batch)
        if self.stories.sewn(batch):
            self._watch(batch, None)
        heard = Moment(self.now_ms, self.clock.wall_ms())
        trace = self.stories.breakdown(batch, self.wall_of, heard)
        if trace is not None:
            self._watch(batch, trace)
        if triggers:
            self.ask(*triggers)

    def _came_or_went(self, birth: Birth) -> None:
        node = f"{birth.site}/{birth.node}"
        text, zh = ("online", "上线") if birth.online else ("offline", "离线")
        level = "info" if birth.online else "P1"
        note = Note(self.now_ms, level, "device", f"{node} is {text}", f"{node} 已{zh}")
        self.publisher.note(note, self.clock.wall_ms())

    def _ticked(self, clock: RunClock) -> None:
        if not self.heard_clock.is_set():  # before that, silence says nothing about a backlog
            self.last_backlog_s = self.clock.steady_s()
            self.heard_clock.set()
        self.publisher.now_ms = self.now_ms
        self.publisher.clock(clock, self.clock_arrived_ms, self.clock.wall_ms())

    def _ordered(self, order: SellerOrder, wall_ms: int) -> None:
        rush = order.weight >= RUSH_WEIGHT
        pieces = sum(order.sizes.values())
        what = f"{pieces} x {order.style}-{order.colour}"
        self.publisher.note(
            Note(
                order.placed_ms,
                "P2" if rush else "info",
                "order",
                f"{order.seller} ordered {what}" + (", rush" if rush else ""),
                f"{order.seller} 下单 {what}" + ("（加急）" if rush else ""),
                order=order.order,
            ),
            wall_ms,
        )
        self.stories.placed(order, Moment(order.placed_ms, wall_ms))
        self.ask(Trigger("rush_order" if rush else "order", wall_ms, order=order.order))

    def _settled(self, result: CommandResult) -> None:
        sent = self.planner.settled(result)
        if sent is None:
            return
        self.stories.executed(sent, result)
        command = sent.command
        if command.name == "sequence" and result.status in ("done", "seen"):
            site, _, line = command.node.partition("/")
            orders = sent.message.args["orders"]
            self.projection.sequenced(site, line, list(orders))  # type: ignore[call-overload]
        if result.status not in ("done", "seen"):
            name, name_zh = say(COMMANDS, command.name)
            answer, answer_zh = say(ANSWERS, result.status)
            text = f"{command.node}, {name}: {answer}. {result.reason}"
            zh = f"{command.node}“{name_zh}”：{answer_zh}。{result.reason}"
            # Overtaken by what happened meanwhile: nobody has to do anything about it.
            level = "info" if result.reason.endswith(" already") else "P3"
            note = Note(result.plant_ms, level, "command", text, zh, order=command.order)
            self.publisher.note(note, self.clock.wall_ms())

    def ask(self, *triggers: Trigger) -> None:
        """Ask the dispatch hub to decide soon."""
        self.triggers.extend(triggers)
        self.wake.set()

    def _watch(self, batch: DecodedBatch, trace: Trace | None) -> None:
        """Find out when a batch is committed, for the stories."""
        task = asyncio.ensure_future(self._wait_stored(batch, trace))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _wait_stored(self, batch: DecodedBatch, trace: Trace | None) -> None:
        sql = "SELECT 1 AS one FROM batches WHERE batch_id = ?"
        for _ in range(100):
            if await asyncio.to_thread(self.store.read, sql, [batch.batch_id]):
                break
            await asyncio.sleep(0.05)
        else:
            return
        moment = Moment(self.now_ms, self.clock.wall_ms())
        if trace is None:
            self.stories.row(batch, moment)
        else:
            self.stories.stored(trace, batch.batch_id, moment)

    # ---- what goes out ---------------------------------------------------------------------------

    def _send_command(self, node: str, payload: bytes) -> bool:
        return self.ingest.client.publish(NodeId.parse(node).command_topic, payload, 1)

    def _send_promise(self, seller: str, promise: Promise) -> bool:
        return self.ingest.client.publish(promise_topic(seller), promise.encode(), 1)

    def _promised_already(self, order: SellerOrder) -> None:
        """Tell a seller the promise again: it was lost, or the sellers have been restarted."""
        known = self.projection.order_view(order.order)
        when_ms = (known.promised_ms or known.delivered_ms) if known is not None else 0
        if known is not None and known.state == "refused":
            reason = self.reasons.get(order.order)
            told = reason.text if reason is not None else "refused"
            self._send_promise(order.seller, Promise(order.order, False, 0, "", "", told))
        elif known is not None and when_ms:
            reason = self.reasons.get(order.order)
            text = reason.text if reason is not None else ""
            promise = Promise(order.order, True, when_ms, known.site, known.line, text)
            self._send_promise(order.seller, promise)

    def _refused(self, order: str, reason: str, reason_zh: str) -> None:
        self.reasons[order] = Reason(reason, reason_zh)
        self.projection.refused(order)

    def _decided(
        self, order: str, site: str, line: str, promise_ms: int, reason: str, reason_zh: str
    ) -> None:
        self.reasons[order] = Reason(reason, reason_zh)
        self.projection.decided(order, site, line, promise_ms)

    # ---- life ------------------------------------------------------------------------------------

    @contextmanager
    def running(self) -> Iterator[None]:
        """Listen to the broker while inside; afterwards everything received is stored."""
        self._loop = asyncio.get_running_loop()
        self.publisher.everything()
        self.ingest.start()
        try:
            yield
        finally:
            self.ingest.stop()

    def close(self) -> None:
        """End the comparison, if one runs, and close the store."""
        self.comparison.stop()
        self.plans.close()
        try:
            self.store.close()
        except SeamlineError as exc:
            log.error("The store did not close cleanly: %s", exc)


def _store_settings(settings: Settings) -> StoreSettings:
    s = settings.store
    return StoreSettings(
        commit_ms=s.commit_ms,
        commit_rows=s.commit_rows,
        checkpoint_s=s.checkpoint_s,
        memory_limit=f"{s.memory_limit_mb}MB",
        threads=s.threads,
        min_free_mb=min(s.min_free_mb, 64),
        retention_plant_hours=s.retention_plant_hours,
    )


def _ingest_settings(settings: Settings) -> IngestSettings:
    address = settings.broker_address
    return IngestSettings(
        address.host,
        address.port,
        settings.broker.client_prefix,
        address.user,
        address.password,
        settings.ingest.queue,
    )
