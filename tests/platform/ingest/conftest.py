"""A pipeline on a real store, messages as nodes and devices send them, and what became of them."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from seamline_broker.clock import ManualClock
from seamline_broker.contracts.batch import BatchBody, BatchHeader, Readings, encode_body
from seamline_broker.contracts.batch import encode_message as encode_batch
from seamline_broker.contracts.messages import SellerOrder
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.ingest import Handlers, Pipeline
from seamline_platform.ingest.inbox import Message
from seamline_platform.ingest.watermark import AckTo
from seamline_platform.store import Store, StoreSettings

WALL = 1_795_000_000_000
T0 = 1_757_376_000_000
DATA = "seamline/v1/data/hangzhou/line-1"


def samples(count: int, first: int = 0) -> Readings:
    """Readings of two devices, one a second; the value is the running number."""
    r = Readings(["st-1", "st-2"], ["rpm"], [], [], [], [], [])
    for i in range(first, first + count):
        r.ts_ms.append(T0 + i * 1_000)
        r.d.append(i % 2)
        r.m.append(0)
        r.value.append(float(i))
        r.quality.append(0)
    return r


@dataclass
class Rig:
    """A pipeline and everything that it told."""

    store: Store
    clock: ManualClock
    acks: list[AckTo] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    batches: list[DecodedBatch] = field(default_factory=list)
    raw: list[DecodedBatch] = field(default_factory=list)
    orders: list[SellerOrder] = field(default_factory=list)
    repeated: list[SellerOrder] = field(default_factory=list)
    others: list[object] = field(default_factory=list)
    mid: int = 0

    def __post_init__(self) -> None:
        handlers = Handlers(
            on_batch=self.batches.append,
            on_raw=self.raw.append,
            on_birth=self.others.append,
            on_result=lambda node, result: self.others.append((node, result)),
            on_order=lambda order, wall_ms: self.orders.append(order),
            on_order_again=self.repeated.append,
            on_clock=self.others.append,
        )
        self.pipeline = Pipeline(
            self.store,
            self.clock,
            handlers,
            send_acks=self.acks.extend,
            confirm=lambda messages: self.confirmed.extend(m.mid for m in messages),
            again=lambda messages: self.again.extend(m.mid for m in messages),
        )

    def message(
        self, topic: str, payload: bytes | str, *, session: int = 1, retain: bool = False
    ) -> Message:
        self.mid += 1
        payload = payload.encode() if isinstance(payload, str) else payload
        return Message(topic, payload, self.mid, 1, retain, session)

    def batch(self, n: int, rows: int = 10, floor: int = 1, epoch: str = "ab") -> Message:
        """Batch `n` of line 1: its values follow those of the batch before."""
        body = encode_body(BatchBody(samples(rows, (n - 1) * rows), {}))
        header = BatchHeader(epoch, n, floor, rows)
        return self.message(DATA, encode_batch(header, body), session=0)

    def take(self, *messages: Message) -> None:
        """Handle messages and wait until their rows are stored."""
        self.pipeline.handle(messages)
        self.store.flush()

    def send(self, topic: str, payload: bytes | str, **more: bool) -> None:
        """Handle one message."""
        self.take(self.message(topic, payload, **more))  # type: ignore[arg-type]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return [tuple(row.values()) for row in self.store.read(sql)]

    def values(self) -> list[float]:
        """All stored values in order."""
        return [float(str(v)) for (v,) in self.rows("SELECT value FROM readings ORDER BY value")]

    def rejected(self) -> list[tuple[object, ...]]:
        return self.rows("SELECT topic, reason FROM rejected ORDER BY rowid")

    def upto(self) -> int:
        """The newest acknowledged number."""
        return self.acks[-1].ack.upto


@pytest.fixture
def rig_of() -> Callable[[Store], Rig]:
    """Makes a pipeline, as a start of the platform would."""
    return lambda store: Rig(store, ManualClock(WALL))


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store without rows: copied, because making its tables takes longer."""
    path = tmp_path_factory.mktemp("empty") / "seamline.duckdb"
    Store.open(path).close()
    return path


@pytest.fixture
def open_store(tmp_path: Path, empty_store: Path) -> Iterator[Callable[..., Store]]:
    opened: list[Store] = []
    (tmp_path / "store").mkdir()
    shutil.copy(empty_store, tmp_path / "store" / "seamline.duckdb")

    def make(**more: object) -> Store:
        settings = StoreSettings(**{"commit_ms": 2, "checkpoint_s": 3_600, "retry_s": 0.01} | more)  # type: ignore[arg-type]
        opened.append(Store.open(tmp_path / "store" / "seamline.duckdb", settings=settings))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def rig(open_store: Callable[..., Store], rig_of: Callable[[Store], Rig]) -> Rig:
    return rig_of(open_store())
