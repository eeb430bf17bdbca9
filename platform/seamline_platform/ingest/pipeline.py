"""From messages to rows: decides by topic, decodes, hands on, and queues for the store.

No thread and no socket here. `handle` runs in the ingest thread, the callbacks of the store in its
writer thread; a lock keeps the marks apart.

When the writer gives rows up, the marks go back to those of the store and begin a new generation:
what was taken on the marks before and still waits must not be written, or a later number would be
committed without the one given up, and `max(n)` would hide the loss.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Final

from seamline_broker.clock import Clock
from seamline_broker.contracts.batch import MAX_MESSAGE_BYTES, BatchHeader, split_message
from seamline_broker.contracts.commands import CommandResult
from seamline_broker.contracts.messages import Birth, RunClock, SellerOrder
from seamline_broker.contracts.topics import CLOCK, node_of
from seamline_broker.errors import ContractError, StoreError
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.ingest.counters import Counters
from seamline_platform.ingest.door import DoorReader
from seamline_platform.ingest.handlers import Handlers, nothing
from seamline_platform.ingest.inbox import Message, size_fault
from seamline_platform.ingest.pending import Pending
from seamline_platform.ingest.plantclock import PlantClock
from seamline_platform.ingest.rejects import Rejects
from seamline_platform.ingest.tables import events_batch, order_row, readings_batch
from seamline_platform.ingest.watermark import AckTo, Key, Verdict, Watermarks
from seamline_platform.ingest.wire import Decoded, check_time, decode_body
from seamline_platform.store import RAW_EPOCH, Group, Store
from seamline_platform.store.events import EVENT_TABLES

log = logging.getLogger(__name__)

PLANT_TIME_KINDS: Final = frozenset({"", "line", "plant", "warehouse", "field"})
"""Kinds of nodes whose samples carry plant time; others have a clock of their own."""

MAX_NUMBER: Final = 2**53
"""No outbox gets so far, and no column overflows."""

MAX_BIRTH_BYTES: Final = 1_000_000
"""A certificate may carry the product catalogue."""


class Pipeline:
    """Takes messages in and puts groups of rows into the store.

    Args:
        store: where rows go.
        clock: wall time of arrival, steady time for the rhythm of requests.
        handlers: who wants to know.
        send_acks: sends acknowledgements to nodes; called in the ingest and the writer thread.
        confirm: tells the broker that messages are committed; called in the writer thread.
        again: takes messages that the store gave up; called in the writer thread.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        handlers: Handlers,
        *,
        send_acks: Callable[[list[AckTo]], None] = nothing,
        confirm: Callable[[list[Message]], None] = nothing,
        again: Callable[[list[Message]], None] = nothing,
    ) -> None:
        self.counters = Counters()
        self.plant_clock = PlantClock()
        self._store = store
        self._clock = clock
        self._handlers = handlers
        self._publish_acks = send_acks
        self._confirm = confirm
        self._again = again
        self._generation = 0
        self._reload_due = False
        self._lock = threading.Lock()
        self._marks = Watermarks(store.store_id, store.marks())
        self._next_batch_id = store.next_batch_id()
        self._orders = store.order_sellers()
        self._kinds: dict[tuple[str, str], str] = {}
        self._rejects = Rejects(self.counters)
        self._door = DoorReader(store.raw_latest)
        self._routes: dict[str, Callable[[Message, Pending, int], None]] = {
            "data": self._data,
            "node": self._birth,
            "result": self._result,
            "orders": self._order,
            "raw": self._raw,
            "run": self._run_clock,
        }
        store.on_checkpoint(self._checkpointed)
        store.on_reopen(self._reopened)

    def handle(self, messages: Iterable[Message]) -> None:
        """Take messages in, in order; whatever is wrong with one is its own affair.

        Raises:
            StoreError: if the store takes no more rows; the marks are those before again.
        """
        if self._reload_due:
            self._reload()
        pending = Pending(self._generation)
        wall_ms = self._clock.wall_ms()
        for message in messages:
            self.counters.messages += 1
            try:
                self._one(message, pending, wall_ms)
            except (ContractError, StoreError) as exc:
                self._reject(message, str(exc), pending, wall_ms)
            except RecursionError:
                self._reject(message, "The message is nested too deeply.", pending, wall_ms)
            except Exception as exc:
                log.exception("A message could not be handled topic=%s", message.topic[:200])
                self._reject(message, f"{type(exc).__name__}: {exc}", pending, wall_ms)
            if message.session:
                pending.confirm.append(message)
        self.counters.last_message_wall_ms = wall_ms
        for batch in self._door.take_batches(self._take_batch_id, self.plant_clock, wall_ms):
            self._store_raw(batch, pending)
        self._submit(pending)
        self.send_acks()

    def connected(self) -> None:
        """Tell every node in use its mark, after a connect (P7)."""
        with self._lock:
            self._marks.connected()
        self.send_acks()

    def send_acks(self) -> None:
        """Send the acknowledgements that are due."""
        with self._lock:
            acks = self._marks.take_acks()
        if acks:
            self.counters.acks += len(acks)
            self.counters.resume_asked += sum(to.ack.resume for to in acks)
            self._publish_acks(acks)

    # ---- one message ---------------------------------------------------------------------------

    def _one(self, message: Message, pending: Pending, wall_ms: int) -> None:
        levels = message.topic.split("/", 3)
        known = len(levels) == 4 and levels[:2] == ["seamline", "v1"]
        route = self._routes.get(levels[2]) if known else None
        limit = MAX_BIRTH_BYTES if known and levels[2] == "node" else MAX_MESSAGE_BYTES
        if route != self._data and (fault := size_fault(message, limit)):
            raise ContractError(fault)
        if route is None:
            raise ContractError(f"Nothing is expected on topic {message.topic[:200]!r}.")
        route(message, pending, wall_ms)

    def _data(self, message: Message, pending: Pending, wall_ms: int) -> None:
        node = node_of(message.topic)
        fault = size_fault(message, MAX_MESSAGE_BYTES)
        try:
            header, body = split_message(message.payload)
        except ContractError as exc:
            raise ContractError(fault or str(exc)) from exc
        if header.n > MAX_NUMBER:
            raise ContractError(f"Batch number {header.n} is above {MAX_NUMBER}.")
        key = Key(node.site, node.node, header.epoch)
        with self._lock:
            if pending.generation != self._generation:
                # The marks went back meanwhile: this round will not be stored, and takes no more.
                self.counters.ahead += 1
                return
            pending.before.setdefault(key, self._marks.mark(key))
            decision = self._marks.offer(key, header, self._clock.steady_s())
        if decision.gap is not None:
            self._lost(key, *decision.gap, pending, wall_ms)
        if decision.verdict is Verdict.TAKE:
            # Its number counts whatever its body is like: else it would be sent for ever.
            decoded = Decoded(faults=[fault]) if fault else decode_body(header, body)
            self._take(key, header, decoded, message, pending, wall_ms)
        elif decision.verdict is Verdict.DUPLICATE:
            self.counters.duplicates += 1
        else:
            self.counters.ahead += 1

    def _lost(self, key: Key, first: int, last: int, pending: Pending, wall_ms: int) -> None:
        """Record numbers that the sender no longer holds; the mark moves past them for good."""
        self.counters.gaps += last - first + 1
        log.warning("Lost for good node=%s/%s numbers=%s..%s", key.site, key.node, first, last)
        row: dict[str, object] = {"site": key.site, "node": key.node, "epoch": key.epoch}
        pending.add_row("gaps", {**row, "first_n": first, "last_n": last, "wall_ts": wall_ms})
        self._number(key, last, self._take_batch_id(), 0, pending, wall_ms)

    def _number(
        self, key: Key, n: int, batch_id: int, rows: int, pending: Pending, wall_ms: int
    ) -> None:
        row: dict[str, object] = {"site": key.site, "node": key.node, "epoch": key.epoch}
        row |= {"batch_id": batch_id, "n": n, "rows": rows, "wall_ts": wall_ms}
        pending.add_row("batches", row)
        pending.stored_rows += rows
        if key.epoch != RAW_EPOCH:
            pending.marks[key] = n

    def _take(
        self,
        key: Key,
        header: BatchHeader,
        decoded: Decoded,
        message: Message,
        pending: Pending,
        wall_ms: int,
    ) -> None:
        self.counters.batches += 1
        for fault in decoded.faults:
            self._reject(message, fault, pending, wall_ms)
        newest = [max(columns["ts_ms"]) for columns in decoded.events.values()]
        newest += [max(decoded.readings.ts_ms)] if decoded.readings.ts_ms else []
        batch = DecodedBatch(
            key.site,
            key.node,
            self._take_batch_id(),
            wall_ms,
            int(max(newest, default=0)),
            "gateway",
            decoded.readings,
            decoded.events,
        )
        self._number(key, header.n, batch.batch_id, decoded.rows, pending, wall_ms)
        self._store_numbered(batch, pending)
        self._call(self._handlers.on_batch, batch)

    def _store_numbered(self, batch: DecodedBatch, pending: Pending) -> None:
        if rows := len(batch.readings):
            self.counters.readings += rows
            kind = self._kinds.get((batch.site, batch.node), "")
            own_clock = kind not in PLANT_TIME_KINDS
            plant_ms = self.plant_clock.plant_ms(batch.wall_ms) if own_clock else None
            pending.add_batch("readings", readings_batch(batch, plant_ms, own_clock=own_clock))
        for name, columns in batch.events.items():
            self.counters.events += len(columns["seq"])
            pending.add_batch(EVENT_TABLES[name].table, events_batch(name, columns, batch))

    def _raw(self, message: Message, pending: Pending, wall_ms: int) -> None:
        self.counters.raw_messages += 1
        _, faults, known = self._door.read(message, wall_ms)
        self.counters.retained_known += known
        for fault in faults:
            self._reject(message, fault, pending, wall_ms)

    def _store_raw(self, batch: DecodedBatch, pending: Pending) -> None:
        rows = len(batch.readings)
        self.counters.readings += rows
        plant_ms = self.plant_clock.plant_ms(batch.wall_ms)
        pending.add_batch("readings", readings_batch(batch, plant_ms, own_clock=True))
        key = Key(batch.site, batch.node, RAW_EPOCH)
        self._number(key, 0, batch.batch_id, rows, pending, batch.wall_ms)
        self._call(self._handlers.on_raw, batch)

    def _birth(self, message: Message, pending: Pending, wall_ms: int) -> None:
        node = node_of(message.topic)
        birth = Birth.decode(message.payload)
        if (birth.site, birth.node) != (node.site, node.node):
            raise ContractError(f"Certificate of {birth.site}/{birth.node} came on {node}.")
        self._kinds[birth.site, birth.node] = birth.kind
        if birth.online and birth.epoch:
            with self._lock:
                self._marks.born(Key(birth.site, birth.node, birth.epoch))
        self._call(self._handlers.on_birth, birth)

    def _result(self, message: Message, pending: Pending, wall_ms: int) -> None:
        node = node_of(message.topic)
        result = CommandResult.decode(message.payload)
        self.counters.results += 1
        row: dict[str, object] = {"command_id": result.id, "status": result.status}
        row |= {"reason": result.reason, "plant_ts": result.plant_ms, "wall_ts": result.wall_ms}
        check_time("wall_ms", result.wall_ms)
        check_time("plant_ms", result.plant_ms)
        pending.add_table("command_results", self._store.rows("command_results", [row]))
        self._call(self._handlers.on_result, node, result)

    def _order(self, message: Message, pending: Pending, wall_ms: int) -> None:
        order = SellerOrder.decode(message.payload)
        levels = message.topic.split("/")
        if levels[3:] != [order.seller, "new"]:
            raise ContractError(f"Order of seller {order.seller!r} came on {message.topic!r}.")
        owner = self._orders.get(order.order)
        if owner not in (None, order.seller):
            raise ContractError(f"Order id {order.order!r} is taken by another order: choose one.")
        if owner:
            self.counters.repeated_orders += 1
            self._call(self._handlers.on_order_again, order)
            return
        check_time("placed_ms", order.placed_ms)
        check_time("due_ms", order.due_ms)
        rows = self._store.rows("orders", [order_row(order, wall_ms)])
        self._orders[order.order] = order.seller
        self.counters.orders += 1
        pending.orders.append((order, wall_ms))
        pending.urgent = True
        pending.add_table("orders", rows)

    def _run_clock(self, message: Message, pending: Pending, wall_ms: int) -> None:
        if message.topic != CLOCK:
            raise ContractError(f"Nothing is expected on topic {message.topic!r}.")
        clock = RunClock.decode(message.payload)
        check_time("plant_ms", clock.plant_ms)
        self.plant_clock.set(clock, wall_ms)
        self._call(self._handlers.on_clock, clock)

    def _take_batch_id(self) -> int:
        batch_id = self._next_batch_id
        self._next_batch_id += 1
        return batch_id

    def _reject(self, message: Message, reason: str, pending: Pending, wall_ms: int) -> None:
        row = self._rejects.row(message.topic, message.payload, reason, wall_ms)
        if row is not None:
            pending.add_row("rejected", row)

    def _call(self, handler: Callable[..., None], *args: object) -> None:
        """Call a handler; what goes wrong there must not stop ingest."""
        try:
            handler(*args)
        except Exception:
            self.counters.handler_errors += 1
            log.exception("A handler of ingest failed.")

    def _submit(self, pending: Pending) -> None:
        if pending.empty:
            return
        try:
            group = Group(
                pending.tables(self._store),
                on_commit=lambda: self._committed(pending),
                on_failed=lambda error: self._failed(pending, error),
                valid=lambda: pending.generation == self._generation,
            )
            self._store.submit(group, urgent=pending.urgent)
        except Exception:
            self._take_back(pending)
            raise

    def _committed(self, pending: Pending) -> None:
        self.counters.rows_stored += pending.stored_rows
        with self._lock:
            for key, n in pending.marks.items():
                self._marks.committed(key, n)
        if pending.confirm:
            self._confirm(pending.confirm)
        self.send_acks()
        for order, wall_ms in pending.orders:
            self._call(self._handlers.on_order, order, wall_ms)

    def _take_back(self, pending: Pending) -> None:
        """Undo a round that never came to the store; rounds before it may still wait there."""
        self._forget(pending)
        with self._lock:
            if pending.generation == self._generation:
                self._marks.roll_back(pending.before)

    def _failed(self, pending: Pending, error: StoreError) -> None:
        log.error("Rows are not stored and asked for again: %s", error)
        self._forget(pending)
        if pending.generation == self._generation:
            self._begin_anew()
        if pending.confirm:
            self._again(pending.confirm)
        self.send_acks()

    def _forget(self, pending: Pending) -> None:
        for order, _ in pending.orders:
            self._orders.pop(order.order, None)
        self._door.forget()

    def _reopened(self) -> None:
        """After a fault of the disk: what is no longer in the file is asked for again."""
        with self._lock:
            behind = self._marks.behind(self._store.marks())
        if behind:
            log.error("The database has lost rows that were committed; they are asked for again.")
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Begin a new generation; only the writer thread does so, between two transactions."""
        with self._lock:
            self._reload_due = True
            self._generation += 1
            self._read_marks()

    def _reload(self) -> None:
        """Go back to what the store has; everything after that is asked for again."""
        with self._lock:
            self._read_marks()

    def _read_marks(self) -> None:
        self._marks.reload(self._store.marks())
        self._reload_due = False

    def _checkpointed(self) -> None:
        with self._lock:
            self._marks.checkpointed()
        self.send_acks()
