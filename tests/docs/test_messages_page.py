"""docs/messages.md is what the code says, all of it, and its examples and questions work."""

import json
from dataclasses import fields, replace
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from seamline_broker.clock import WallClock
from seamline_broker.contracts import batch, commands, messages, reference
from seamline_broker.contracts.commands import COMMANDS
from seamline_broker.contracts.events import EVENT_KINDS, check_columns, columns_of
from seamline_broker.contracts.topics import CLOCK, RawTopic, node_of
from seamline_broker.errors import ContractError
from seamline_edge.gateway.config import GatewayConfig, NodeLogin
from seamline_edge.gateway.link import NodeLink
from seamline_platform.cli import docs_examples, docs_messages
from seamline_platform.cli.docs_markdown import pretty, table
from seamline_platform.cli.main import app
from seamline_platform.ingest.wire import decode_body
from seamline_platform.store.schema import load

PAGE = Path(__file__).resolve().parents[2] / "docs" / "messages.md"
CODECS = {
    "Ack": batch.Ack,
    "Birth": messages.Birth,
    "CommandMessage": commands.CommandMessage,
    "CommandResult": commands.CommandResult,
    "PlanMessage": messages.PlanMessage,
    "Promise": messages.Promise,
    "RunClock": messages.RunClock,
    "SellerOrder": messages.SellerOrder,
}


def test_the_committed_page_is_what_the_code_says() -> None:
    page, made = PAGE.read_text(encoding="utf-8"), docs_messages.reference()
    assert page == made, "docs/messages.md is not up to date: run 'make docs' and commit it."


def test_the_command_prints_the_page_and_writes_it(tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["docs", "messages"])
    assert printed.exit_code == 0
    assert printed.stdout == docs_messages.reference()
    out = tmp_path / "page.md"
    assert CliRunner().invoke(app, ["docs", "messages", "--out", str(out)]).exit_code == 0
    assert out.read_text(encoding="utf-8") == printed.stdout
    missing = CliRunner().invoke(app, ["docs", "messages", "--out", str(tmp_path / "no" / "p.md")])
    assert "cannot be written" in str(missing.exception)


@pytest.mark.parametrize("name", CODECS)
def test_each_field_of_a_message_is_described_and_its_example_is_read(name: str) -> None:
    described = {key.partition(".")[0] for key in reference.MESSAGES[name].fields}
    assert described == {"v"} | {field.name for field in fields(CODECS[name])}
    payload = docs_examples.payloads()[name]
    assert CODECS[name].decode(payload).encode() == payload


def test_the_example_of_a_batch_is_taken_by_ingest() -> None:
    header, body = batch.split_message(docs_examples.batch())
    decoded = decode_body(header, body)
    assert decoded.faults == []
    assert decoded.rows == header.rows == 5


def test_each_kind_of_event_and_each_command_has_an_example_that_keeps_the_contract() -> None:
    assert set(docs_examples.EVENT_VALUES) == set(EVENT_KINDS)
    assert set(docs_examples.COMMAND_ARGS) == set(COMMANDS)
    for kind, values in docs_examples.EVENT_VALUES.items():
        event = docs_messages.Event(1, docs_examples.PLANT_MS, "", kind, values)
        assert check_columns(kind, columns_of([event])[kind]) == 1


def test_topics_of_the_page_are_topics_of_the_code() -> None:
    for topic in reference.TOPICS:
        if topic.name in {"data", "ack", "node", "cmd", "result"}:
            assert str(node_of(topic.pattern)) == "{site}/{node}"
    assert RawTopic.parse(reference.RAW_PATTERN).metric == "{metric}"


def test_a_field_that_nobody_described_stops_the_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    ack = reference.MESSAGES["Ack"]
    known = {key: info for key, info in ack.fields.items() if key != "safe"}
    changed = {**reference.MESSAGES, "Ack": replace(ack, fields=known)}
    monkeypatch.setattr(docs_messages, "MESSAGES", changed)
    with pytest.raises(ContractError, match="'safe' is sent but not described"):
        docs_messages.reference()
    extra = {**ack.fields, "later": reference.FieldInfo("int", "", "nothing")}
    monkeypatch.setattr(docs_messages, "MESSAGES", {**changed, "Ack": replace(ack, fields=extra)})
    with pytest.raises(ContractError, match="'later' is described but not sent"):
        docs_messages.reference()


def test_an_event_or_state_without_words_stops_the_generator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    andon = {"andon": docs_examples.EVENT_VALUES["andon"]}
    monkeypatch.setattr(docs_examples, "EVENT_VALUES", andon)
    with pytest.raises(ContractError, match="'piece' has no example"):
        docs_messages.reference()
    monkeypatch.setattr(docs_messages, "STATES", {"received": reference.STATES["received"]})
    with pytest.raises(ContractError, match="differ"):
        docs_messages.reference()


@pytest.mark.parametrize(("question", "sql"), docs_messages.QUESTIONS)
def test_questions_run_on_the_tables(question: str, sql: str) -> None:
    with duckdb.connect(":memory:") as connection:
        for spec in load().values():
            for statement in spec.statements():
                connection.execute(statement)
        assert connection.execute(sql).fetchall() == [], question


def test_long_json_is_broken_and_short_json_is_not() -> None:
    value = {"a": list(range(40)), "b": {"c": 1}}
    text = pretty(value, width=60)
    assert json.loads(text) == value
    assert '"b": {"c": 1}' in text
    assert max(len(line) for line in text.splitlines()) <= 60
    assert table(("x",), [("a|b",)]).splitlines()[-1] == r"| a\|b |"


class Recorder:
    """Stands in for an MQTT client and remembers what a gateway does with it."""

    def __init__(self, *_: object, will: tuple[str, bytes, int, bool], **__: object) -> None:
        self.connected = True
        self.sent = [will]
        self.filters: list[str] = []

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> bool:
        self.sent.append((topic, payload, qos, retain))
        return True

    def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        self.filters.append(topic_filter)


def test_a_gateway_publishes_as_the_page_says(tmp_path: Path) -> None:
    made: list[Recorder] = []

    def connect(*args: object, **more: object) -> Recorder:
        made.append(Recorder(*args, **more))  # type: ignore[arg-type]
        return made[-1]

    login = NodeLogin("hangzhou/line-1", None, None)
    config = GatewayConfig("hangzhou", "127.0.0.1", 1, tmp_path / "o.sqlite", (login,))
    link = NodeLink(config, "", login, WallClock(), lambda **_: None, connect)  # type: ignore[arg-type]
    link.bear("9f")
    link.send(b"batch")
    link.report(b"result")
    link.publish(CLOCK, b"clock", 1, True)
    told = {t.pattern: (t.qos, t.retained) for t in reference.TOPICS}
    places = {"{site}": "hangzhou", "{node}": "line-1"}
    for topic, _payload, qos, retain in made[0].sent:
        pattern = topic
        for place, value in places.items():
            pattern = pattern.replace(value, place)
        assert told[pattern] == (str(qos), retain), topic
    assert {topic.split("/")[2] for topic, *_ in made[0].sent} == {"node", "data", "result", "run"}
    assert [f.split("/")[2] for f in made[0].filters] == ["ack", "cmd"]
