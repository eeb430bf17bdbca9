"""Topics, events, commands, catalogue and messages keep their promises and explain refusals."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamline_broker.contracts import topics
from seamline_broker.contracts.batch import Ack, split_message
from seamline_broker.contracts.catalogue import Catalogue, LineInfo, Operation, Style
from seamline_broker.contracts.commands import (
    COMMANDS,
    CommandMessage,
    CommandResult,
    check_args,
)
from seamline_broker.contracts.events import EVENT_KINDS, Event, check_columns, columns_of
from seamline_broker.contracts.messages import (
    Birth,
    Device,
    Metric,
    PlanMessage,
    PlanRow,
    Promise,
    RunClock,
    SellerOrder,
)
from seamline_broker.errors import ContractError


@pytest.mark.parametrize("name", ["", "a+b", "a#", "a/b", "a b", "a\tb", "x" * 65])
def test_a_name_that_cannot_be_a_topic_level_is_refused(name: str) -> None:
    with pytest.raises(ContractError, match="cannot be part of a topic"):
        topics.check_level(name)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20))
def test_a_node_is_found_again_in_its_topics(name: str) -> None:
    node = topics.NodeId("site", name)
    for topic in (
        node.data_topic,
        node.ack_topic,
        node.birth_topic,
        node.command_topic,
        node.result_topic,
    ):
        assert topics.node_of(topic) == node
    assert topics.NodeId.parse(str(node)) == node


@pytest.mark.parametrize(
    "topic",
    ["seamline/v1/data/a", "other/v1/data/a/b", "seamline/v1/data/a/b/c", "seamline/v1/data//b"],
)
def test_a_topic_without_a_node_is_refused(topic: str) -> None:
    with pytest.raises(ContractError):
        topics.node_of(topic)


def test_raw_topics_have_four_or_five_levels() -> None:
    raw = topics.RawTopic.parse("seamline/v1/raw/home/kitchen/bench/pi-7/temp")
    assert (raw.site, raw.cell, raw.metric) == ("home", "pi-7", "temp")
    assert topics.RawTopic.parse("seamline/v1/raw/a/b/c/d").metric is None
    for bad in ("seamline/v1/raw/a/b/c", "seamline/v1/raw/a/b/c/d/e/f", "seamline/v1/raw/a//c/d"):
        with pytest.raises(ContractError):
            topics.RawTopic.parse(bad)


def test_events_become_columns_and_pass_their_own_check() -> None:
    values = ("TS01-WHT-M", "shelf", 3, 9900)
    columns = columns_of([Event(7, 1000, "east/warehouse", "sale", values)] * 2)
    assert columns["sale"]["qty"] == [3, 3]
    assert check_columns("sale", columns["sale"]) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"qty": ["3", 3]}, "expected int"),
        ({"qty": [3]}, "1 of 2 rows"),
        ({"qty": [True, 3]}, "expected int"),
        ({"extra": [1, 2]}, "expected"),
    ],
)
def test_columns_that_break_the_contract_are_refused(
    change: dict[str, list[object]], words: str
) -> None:
    values = ("TS01-WHT-M", "shelf", 3, 9900)
    columns = columns_of([Event(7, 1000, "east/warehouse", "sale", values)] * 2)["sale"]
    with pytest.raises(ContractError, match=words):
        check_columns("sale", {**columns, **change})


def test_unknown_kinds_are_refused_with_those_that_exist() -> None:
    with pytest.raises(ContractError, match="kinds: piece"):
        check_columns("nonsense", {})
    with pytest.raises(ContractError, match="kinds: piece"):
        columns_of([Event(1, 1, "a/b", "sale", (1,))])


def test_every_event_kind_explains_its_columns() -> None:
    for kind in EVENT_KINDS.values():
        assert kind.meaning
        assert all(column.meaning for column in kind.columns)
        assert len(set(kind.column_names)) == len(kind.columns)


def test_defaults_are_filled_in() -> None:
    args = check_args("speed", {"factor": 10})
    assert args == {"factor": 10, "for_s": 0.0}


@pytest.mark.parametrize(
    ("name", "args", "words"),
    [
        ("fly", {}, "commands: kit"),
        ("speed", {}, "needs 'factor'"),
        ("speed", {"factor": "fast"}, "is not float"),
        ("speed", {"factor": 1e9}, "outside 0.1 to 20000"),
        ("speed", {"factor": float("nan")}, "outside"),
        ("pause", {"x": 1}, "no argument 'x'"),
        ("sequence", {"orders": "A"}, "is not list"),
        ("break_machine", {"station": "", "minutes": True}, "is not int"),
    ],
)
def test_a_command_outside_the_catalogue_is_refused(
    name: str, args: dict[str, object], words: str
) -> None:
    with pytest.raises(ContractError, match=words):
        check_args(name, args)


def test_sizes_have_limits_too() -> None:
    kit = {
        "order": "SO-1",
        "order_kind": "seller",
        "style": "TS01",
        "colour": "WHT",
        "sizes": {"M": 0},
        "region": "east",
        "site": "hangzhou",
        "line": "line-1",
        "due_ms": 1,
    }
    with pytest.raises(ContractError, match="sizes=0 is outside"):
        check_args("kit", kit)
    assert check_args("kit", {**kit, "sizes": {"M": 5}})["weight"] == 1


def test_every_command_explains_itself() -> None:
    for kind in COMMANDS.values():
        assert kind.meaning
        assert kind.node_kind in {"line", "plant", "warehouse", "field", "seller"}
        assert all(arg.meaning for arg in kind.args)


def test_messages_come_back_as_they_went() -> None:
    message = CommandMessage("c-1", "speed", {"factor": 2.0}, 5, 1, 4)
    assert CommandMessage.decode(message.encode()) == message
    result = CommandResult("c-1", "done", "", 1, 2)
    assert CommandResult.decode(result.encode()) == result
    clock = RunClock("r", 1, 2, 60.0, "running")
    assert RunClock.decode(clock.encode()) == clock
    promise = Promise("SO-1", True, 9, "hangzhou", "line-1", "earliest")
    assert Promise.decode(promise.encode()) == promise
    order = SellerOrder("SO-1", "seller-1", "TS01", "WHT", {"M": 100}, "east", 1, 2, 3, 4)
    assert SellerOrder.decode(order.encode()) == order
    device = Device("st-01", "station", "Neck rib", (Metric("rpm", "1/min", "speed"),), "4OL")
    birth = Birth("hangzhou", "line-1", "line", True, 1, "ff", (device,), ("sequence",), None)
    assert Birth.decode(birth.encode()) == birth


@pytest.mark.parametrize(
    "decode",
    [
        CommandMessage.decode,
        CommandResult.decode,
        RunClock.decode,
        Promise.decode,
        SellerOrder.decode,
        Birth.decode,
    ],
)
@pytest.mark.parametrize("payload", [b"", b"{}", b"[1]", b"\xff", b'{"sizes":3}'])
def test_garbage_is_refused_as_a_contract_error(decode, payload: bytes) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ContractError):
        decode(payload)


@pytest.mark.parametrize(
    ("sizes", "weight", "words"),
    [
        ({}, 1, "0 pieces"),
        ({"M": -1, "L": 5}, 1, ">= 0"),
        ({"M": 30_000}, 1, "1 to 20000"),
        ({"M": 5}, 11, "weight 11"),
    ],
)
def test_an_order_has_limits(sizes: dict[str, int], weight: int, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        SellerOrder("SO-1", "s", "TS01", "WHT", sizes, "east", 1, 2, weight)


def test_the_catalogue_comes_back_and_sums_standard_times() -> None:
    ops = (Operation("a", "A", (), "SNL", 12_000), Operation("b", "B", ("a",), "4OL", 18_000))
    style = Style("TS01", "Tee", "T恤", "tshirt", "tee", ("WHT",), ("S", "M"), 9900, "jersey", 90)
    line = LineInfo("hangzhou", "line-1", "east", 21, 20, 480, 1080, 30)
    catalogue = Catalogue(
        {"TS01": style},
        {"tee": ops},
        (line,),
        ("east",),
        {"other": 45},
        {"same_region": 30},
        100,
        (0, 1),
    )
    assert Catalogue.from_document(catalogue.to_document()) == catalogue
    assert catalogue.smv_ms("TS01") == 30_000
    assert style.skus() == ["TS01-WHT-S", "TS01-WHT-M"]
    with pytest.raises(ContractError, match="not readable"):
        Catalogue.from_document({"styles": 3})


@pytest.mark.parametrize("payload", [b"[" * 60_000, b'{"v":1e999}', b"\xff", b"null", b"{}"])
def test_no_payload_of_somebody_else_is_more_than_a_contract_error(payload: bytes) -> None:
    readers = (
        Promise.decode, PlanMessage.decode, SellerOrder.decode, Birth.decode, RunClock.decode,
        Ack.decode, CommandMessage.decode, CommandResult.decode, split_message,
    )  # fmt: skip
    for read in readers:
        with pytest.raises(ContractError):
            read(payload)


def plan_message(**changes: Any) -> PlanMessage:
    row = PlanRow("SO-1", "hangzhou", "line-1", 10, 20, 30)
    base = PlanMessage(
        3, "provisional", "breakdown", "hangzhou/line-1/st-07", "", "down", "故障", 5, 6, 4,
        100, 90, 1, None, 120.5, 1, (row,),
    )  # fmt: skip
    return replace(base, **changes)


def test_a_plan_comes_back_as_it_was_sent() -> None:
    for plan in (plan_message(), plan_message(status="accepted", p50=99.0, rows=())):
        assert PlanMessage.decode(plan.encode()) == plan
    with pytest.raises(ContractError, match="accepted, provisional, proposal; got 'good'"):
        plan_message(status="good")
    with pytest.raises(ContractError, match="301 rows of a plan; at most 300"):
        plan_message(rows=plan_message().rows * 301)
    with pytest.raises(ContractError, match="not JSON"):
        PlanMessage.decode(b"")
    assert topics.plan_topic("accepted") == "seamline/v1/plan/accepted"
    with pytest.raises(ContractError, match="got 'refused'"):
        topics.plan_topic("refused")


def test_the_biggest_plan_fits_into_a_message() -> None:
    row = PlanRow("S" * 40, "hangzhou-xx", "line-12", 1_757_000_000_000, 1_757_000_000_000, 1)
    assert len(plan_message(rows=(row,) * 300).encode()) < 64 * 1024


def test_a_number_without_end_is_not_readable() -> None:
    promise = (
        b'{"v":1,"order":"A","accepted":true,"promise_ms":1e999,"site":"","line":"","reason":""}'
    )
    with pytest.raises(ContractError, match="not readable"):
        Promise.decode(promise)
    ack = b'{"epoch":"a","store":"s","upto":1e999,"safe":0,"resume":false}'
    with pytest.raises(ContractError, match="not readable"):
        Ack.decode(ack)
