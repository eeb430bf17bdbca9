"""Commands: known target, limits, expiry, seen before; at most once, whenever the gateway dies."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from seamline_broker.clock import ManualClock
from seamline_broker.contracts.commands import CommandMessage, CommandResult
from seamline_broker.errors import DriverError
from seamline_edge.drivers import NodeProfile, WriteAnswer
from seamline_edge.gateway.executor import Executor
from seamline_edge.outbox import OutboxFile

NODE = "hangzhou/line-1"
LINE = NodeProfile("line", commands=("sequence",))
NOW_MS = 1_000_000


class Machine:
    """A device that remembers ids, as the field does, and may be away."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.asked: list[str] = []
        self.away = False
        self.dies_after_doing = False

    def write(
        self, node: str, name: str, args: Mapping[str, object], command_id: str, expires_ms: int
    ) -> WriteAnswer:
        self.asked.append(command_id)
        if self.away:
            raise DriverError("Field is not connected.")
        seen = command_id in self.done
        if not seen:
            self.done.append(command_id)
        if self.dies_after_doing:
            raise DriverError("Connection was lost.")
        return WriteAnswer("seen" if seen else "done", "", 77)


class Bench:
    """An executor over a real outbox file, that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "outbox.sqlite"
        self.clock = ManualClock(NOW_MS)
        self.machine = Machine()
        self.reports: list[CommandResult] = []
        self.file: OutboxFile | None = None
        self.start()

    def start(self) -> None:
        self.file = OutboxFile(self.path, [NODE])
        self.executor = Executor(self.file, self.machine, self.clock, self._report)  # type: ignore[arg-type]

    def kill(self) -> None:
        if self.file is not None:
            self.file.close()
            self.file = None

    def _report(self, node: str, payload: bytes) -> None:
        assert node == NODE
        self.reports.append(CommandResult.decode(payload))

    def send(self, message: CommandMessage, profile: NodeProfile = LINE) -> CommandResult | None:
        before = len(self.reports)
        self.executor.on_message(NODE, message.encode(), profile)
        return self.reports[-1] if len(self.reports) > before else None


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.kill()


def command(
    name: str = "sequence",
    args: Mapping[str, object] | None = None,
    command_id: str = "c1",
    counter: int = 1,
    expires_ms: int = NOW_MS + 30_000,
) -> CommandMessage:
    given = {"orders": ["S1", "S2"]} if args is None else args
    return CommandMessage(command_id, name, dict(given), expires_ms, counter, NOW_MS)


def test_a_good_command_is_done_once_and_its_result_sent(bench: Bench) -> None:
    result = bench.send(command())
    assert result == CommandResult("c1", "done", "", 77, NOW_MS)
    assert bench.machine.done == ["c1"]


def test_the_same_id_again_gets_the_same_result_and_nothing_is_done(bench: Bench) -> None:
    first = bench.send(command())
    bench.clock.advance(5_000)
    assert bench.send(command(expires_ms=NOW_MS + 1)) == first
    assert bench.machine.asked == ["c1"]


@pytest.mark.parametrize(
    ("message", "profile", "status", "reason"),
    [
        (command("explode", {}), LINE, "refused", "explode"),
        (command("pause", {}), LINE, "refused", "'pause' is not a command of this node"),
        (command(args={"orders": "S1"}), LINE, "refused", "orders"),
        (command(args={}), LINE, "refused", "orders"),
        (
            command("speed", {"factor": 1e9}), NodeProfile("field", commands=("speed",)),
            "refused", "20000",
        ),
        (command(expires_ms=NOW_MS - 1), LINE, "expired", "1 ms after its expiry"),
        (command(), NodeProfile("sensor"), "refused", "commands: none"),
    ],
)  # fmt: skip
def test_what_may_not_be_done_is_refused_with_a_reason(
    bench: Bench, message: CommandMessage, profile: NodeProfile, status: str, reason: str
) -> None:
    result = bench.send(message, profile)
    assert result is not None
    assert (result.id, result.status) == ("c1", status)
    assert reason in result.reason
    assert bench.machine.asked == []


def test_a_refusal_is_remembered_too(bench: Bench) -> None:
    first = bench.send(command(expires_ms=NOW_MS - 1))
    assert bench.send(command()) == first
    assert bench.machine.asked == []


def test_a_message_that_is_no_command_is_counted(bench: Bench) -> None:
    bench.executor.on_message(NODE, b"do it", LINE)
    bench.executor.on_message(NODE, b'{"id":1}', LINE)
    assert bench.executor.unreadable == 2
    assert bench.reports == []


def test_a_gateway_that_dies_before_the_driver_heard_asks_after_its_restart(bench: Bench) -> None:
    bench.machine.away = True
    assert bench.send(command()) is None
    bench.kill()
    bench.machine.away = False
    bench.start()
    bench.executor.retry()
    assert [r.status for r in bench.reports] == ["done"]
    assert bench.machine.done == ["c1"]


def test_a_gateway_that_dies_after_the_driver_did_it_learns_that_it_was_done(bench: Bench) -> None:
    bench.machine.dies_after_doing = True
    assert bench.send(command()) is None
    bench.kill()
    bench.machine.dies_after_doing = False
    bench.start()
    bench.executor.retry()
    assert [r.status for r in bench.reports] == ["seen"]
    assert bench.machine.done == ["c1"]


def test_a_repeated_message_while_the_outcome_is_open_is_not_a_second_try(bench: Bench) -> None:
    bench.machine.away = True
    bench.send(command())
    assert bench.send(command()) is None
    assert bench.machine.asked == ["c1"]


def test_open_commands_keep_their_order(bench: Bench) -> None:
    bench.machine.away = True
    for i in range(1, 4):
        bench.send(command(command_id=f"c{i}", counter=i))
    bench.machine.asked.clear()
    bench.clock.advance(1_000)
    bench.executor.retry()
    assert bench.machine.asked == ["c1"]  # the others wait behind it
    bench.machine.away = False
    bench.clock.advance(1_000)
    bench.executor.retry()
    assert bench.machine.done == ["c1", "c2", "c3"]


def test_results_are_sent_again_after_a_new_connection(bench: Bench) -> None:
    result = bench.send(command())
    bench.executor.repeat(NODE)
    assert bench.reports == [result, result]
    bench.clock.advance(60_001)
    bench.executor.repeat(NODE)
    assert len(bench.reports) == 2


def test_a_command_that_may_have_been_forgotten_is_never_done_again(bench: Bench) -> None:
    for i in range(1, 1_003):  # 1,000 results are remembered
        bench.send(command(command_id=f"c{i}", counter=i))
    bench.machine.asked.clear()
    result = bench.send(command(command_id="c1", counter=1))
    assert result is not None
    assert result.status == "refused"
    assert "counter 1 is old" in result.reason
    assert bench.machine.asked == []
