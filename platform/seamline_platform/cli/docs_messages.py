"""The reference of topics, messages, events, commands and tables, generated from the contracts.

Nothing here knows what a field means: that stands in `contracts/reference.py`, `events.py`,
`commands.py` and the SQL files. What nobody has described is an error.
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from seamline_broker.contracts.batch import MAX_BODY_BYTES, MAX_MESSAGE_BYTES, WINDOW
from seamline_broker.contracts.commands import COMMANDS, Arg, CommandKind, check_args
from seamline_broker.contracts.events import EVENT_KINDS, Event, EventKind, columns_of
from seamline_broker.contracts.reference import MESSAGES, STATES, TOPICS, MessageKind
from seamline_broker.contracts.topics import MAX_LEVEL_CHARS, RawTopic
from seamline_broker.contracts.view import MOVABLE_STATES, ORDER_STATES
from seamline_broker.errors import ContractError
from seamline_platform.cli import docs_examples
from seamline_platform.cli.docs_markdown import code, name, pretty, table
from seamline_platform.ingest.raw import DEFAULT_METRIC, read
from seamline_platform.store.events import EVENT_TABLES
from seamline_platform.store.schema import TableSpec, load

_HEAD = """\
# Messages, events, commands, tables

Everything that crosses a process border in Seamline, and everything that is stored. **This page is
generated** from the code by `make docs`, and a test compares the two: edit
`broker/seamline_broker/contracts` or `platform/seamline_platform/store/schema`, not this file.

- [Topics](#topics) · [Rules for all messages](#rules-for-all-messages) · [Messages](#messages)
- [The states of an order](#the-states-of-an-order) · [Events](#events) · [Commands](#commands)
- [Tables](#tables) · [Questions to the tables](#questions-to-the-tables)"""

QUESTIONS = (
    (
        "How many readings came from each node?",
        "SELECT site, node, count(*) AS number\nFROM readings\nGROUP BY ALL\nORDER BY number DESC",
    ),
    (
        "Which line sewed how many good garments, hour by hour?",
        "SELECT site, node AS line, time_bucket(INTERVAL 1 hour, ts) AS hour, count(*) AS pieces\n"
        "FROM pieces\nWHERE last\nGROUP BY ALL\nORDER BY hour, site, line",
    ),
    (
        "How efficient was each line today: standard minutes earned per minute sewn?",
        "SELECT site, node AS line, round(sum(smv_ms) / sum(sewing_ms), 3) AS efficiency_at_work\n"
        "FROM pieces\nWHERE outcome <> 'scrap' AND op NOT IN ('qc', 'pack')\nGROUP BY ALL\n"
        "ORDER BY ALL",
    ),
    (
        "What was a seller promised, and why by that line?",
        "SELECT o.order_id, o.pieces, o.due_ts, d.site, d.line, d.promise_ts, d.reason\n"
        "FROM orders o JOIN decisions d USING (order_id)\nWHERE d.action = 'promise'\n"
        "ORDER BY d.wall_ts DESC",
    ),
    (
        "How long did a command take from sending to execution?",
        "SELECT c.name, c.node, r.status, r.wall_ts - c.issued_wall_ts AS took\n"
        "FROM commands c JOIN command_results r USING (command_id)\nORDER BY took DESC",
    ),
    (
        "Did the forecast of the median match the sales of the day?",
        "SELECT f.unique_id, f.ds, f.value AS foretold, s.qty AS sold\n"
        "FROM forecasts f JOIN sales_daily s\n"
        "  ON f.unique_id = s.sku || '@' || s.site AND f.ds = s.day_ts\n"
        "WHERE f.quantile = 0.5\nORDER BY f.ds, f.unique_id",
    ),
)
"""Questions with their SQL; a test runs each on the real tables."""


def reference() -> str:
    """Return the whole page.

    Raises:
        ContractError: if a topic, field, state, event or command is not described, or an example
            breaks its contract.
    """
    parts = [_HEAD, *_topics(), *_messages(), *_states(), *_events(), *_commands(), *_tables()]
    return "\n\n".join(parts) + "\n"


def _topics() -> Iterator[str]:
    yield "## Topics"
    yield table(
        ("topic", "from", "to", "QoS", "retained", "message"),
        (
            (
                name(t.pattern), t.sender, t.receiver, t.qos, "yes" if t.retained else "",
                _link(t.message),
            )
            for t in TOPICS
        ),
    )  # fmt: skip
    yield "\n".join(f"- `{t.pattern.removeprefix('seamline/v1/')}`: {t.meaning}" for t in TOPICS)
    yield "## Rules for all messages"
    yield (
        "- MQTT 3.1.1. Payloads are JSON in UTF-8; `v` is the version of the message, 1.\n"
        f"- A level of a topic is 1 to {MAX_LEVEL_CHARS} characters, none of them a blank, `+`, "
        "`#` or `/`.\n"
        f"- A message has at most {MAX_MESSAGE_BYTES // 1024} KiB, the body of a batch at most "
        f"{MAX_BODY_BYTES // 1024} KiB; at most {WINDOW} batches of a node are under way.\n"
        "- Times are milliseconds since 1970, UTC, between 1990 and 2100. *Source time* is the "
        "time of the device's own clock, *plant time* that of the simulated plants, *wall time* "
        "that of the computer.\n"
        "- Numbers are finite; where there is no value, it is `null`. Money is in fen "
        "(0.01 yuan), cloth in centimetres, lengths of time end in `_ms` or `_min`.\n"
        "- What breaks a rule stops nothing: it is counted and kept in the table `rejected`, "
        "with the reason."
    )


def _link(message: str) -> str:
    return f"[{message}](#{message.lower()})"


def _messages() -> Iterator[str]:
    yield "## Messages"
    examples = docs_examples.payloads()
    for kind in MESSAGES.values():
        yield from _message(kind, examples[kind.name])
    yield from _raw()
    yield "### UnsCell"
    yield "The newest values of a raw device by metric, and `ts`, its own time of them."
    yield code(pretty(json.loads(examples["UnsCell"])), "json")


def _message(kind: MessageKind, payload: bytes) -> Iterator[str]:
    head, newline, body = payload.partition(b"\n")
    documents = [json.loads(part) for part in ((head, body) if newline else (head,))]
    _check_described(kind, documents)
    yield f"### {kind.name}"
    yield kind.meaning
    yield table(
        ("field", "type", "unit or values", "meaning"),
        ((name(key), f.type, f.unit, f.meaning) for key, f in kind.fields.items()),
    )
    if newline:
        yield "Example (the body is broken into lines here; on the wire it is one):"
    yield code("\n".join(pretty(document) for document in documents), "json")


def _check_described(kind: MessageKind, documents: Iterable[Mapping[str, object]]) -> None:
    found = [key for document in documents for key in _keys(document, kind, "")]
    missing = [key for key in kind.fields if not any(k.startswith(key) for k in found)]
    unknown = [key for key in found if key not in kind.fields]
    # The Unified Namespace adds key figures whose names are those of the KPIs.
    if missing or (unknown and kind.name != "UnsLine"):
        raise ContractError(
            f"Message {kind.name}: field {(missing or unknown)[0]!r} is "
            f"{'described but not sent' if missing else 'sent but not described'}."
        )


def _keys(document: Mapping[str, object], kind: MessageKind, above: str) -> Iterator[str]:
    for key, value in document.items():
        path = f"{above}{key}"
        inner = value[0] if isinstance(value, list) and value else value
        deeper = any(known.startswith(f"{path}.") for known in kind.fields)
        if path in kind.fields or not deeper:
            yield path
        if deeper and isinstance(inner, Mapping):
            yield from _keys(inner, kind, f"{path}.")


def _raw() -> Iterator[str]:
    yield "### Raw"
    yield (
        "A number, an object with `value` and, if the device has a clock, `ts` (milliseconds or "
        "seconds since 1970), or a flat object of several values. Without `ts` the time of "
        f"arrival counts; without a metric, the metric is `{DEFAULT_METRIC}`. Each of these "
        "becomes a row of `readings`:"
    )
    rows = []
    for topic, payload in docs_examples.RAW_PAYLOADS:
        samples, faults = read(RawTopic.parse(topic).metric, payload)
        if faults:
            raise ContractError(f"Example {payload!r} is refused: {faults[0]}")
        stored = "; ".join(
            f"{s.metric} = {'NULL' if s.value is None else s.value}"
            + (f" at {s.ts_ms}" if s.ts_ms is not None else "")
            for s in samples
        )
        rows.append((name(topic.removeprefix("seamline/v1/")), name(payload.decode()), stored))
    yield table(("topic, after `seamline/v1/`", "payload", "stored"), rows)


def _states() -> Iterator[str]:
    if set(STATES) != set(ORDER_STATES):
        raise ContractError(
            f"Order states {ORDER_STATES} and their meanings {list(STATES)} differ."
        )
    yield "## The states of an order"
    chain = [state for state in ORDER_STATES if state != "refused"]
    yield code(" → ".join(chain) + "\n   └→ refused")
    yield table(
        ("state", "meaning", "told by", "can be moved to another line"),
        (
            (name(s), STATES[s].meaning, STATES[s].told_by, "yes" if s in MOVABLE_STATES else "")
            for s in ORDER_STATES
        ),
    )
    yield (
        "A state only advances. News of one order come over several connections in any order; one "
        "that is older than what is known changes nothing. A kit that is sent to another line is "
        "on the road again, but its state does not go back."
    )


def _events() -> Iterator[str]:
    yield "## Events"
    yield (
        "What happened, in batches, as columns per kind. Every kind begins with `seq` (int, the "
        "field's running number) and `ts_ms` (int, plant time). Events are never thinned out, at "
        "whatever speed."
    )
    for kind in EVENT_KINDS.values():
        yield from _event(kind)


def _event(kind: EventKind) -> Iterator[str]:
    event_table = EVENT_TABLES.get(kind.name)
    where = (
        f"table `{event_table.table}`"
        if event_table
        else "no table: it is sent as `SellerOrder` and lands in `orders`"
    )
    yield f"### Event `{kind.name}`"
    yield f"{kind.meaning} Sent by: {kind.sender}; {where}."
    yield table(
        ("column", "type", "meaning"), ((name(c.name), c.type, c.meaning) for c in kind.columns)
    )
    values = docs_examples.EVENT_VALUES.get(kind.name)
    if values is None:
        raise ContractError(f"Event {kind.name!r} has no example.")
    columns = columns_of([Event(88_213, docs_examples.PLANT_MS, "", kind.name, values)])
    yield code(pretty(columns), "json")


def _commands() -> Iterator[str]:
    yield "## Commands"
    yield (
        "A command goes to one node ([CommandMessage](#commandmessage)); node, name, arguments and "
        "limits are checked by the gateway before anything moves. An argument without a default "
        "must be given."
    )
    for node_kind in dict.fromkeys(kind.node_kind for kind in COMMANDS.values()):
        yield f"### Commands to a {node_kind}"
        if node_kind == "seller":
            yield "This one is given to the planner alone; on the wire it is a [Promise](#promise)."
        for kind in COMMANDS.values():
            if kind.node_kind == node_kind:
                yield from _command(kind)


def _command(kind: CommandKind) -> Iterator[str]:
    example = docs_examples.COMMAND_ARGS.get(kind.name)
    if example is None:
        raise ContractError(f"Command {kind.name!r} has no example.")
    yield f"**`{kind.name}`**: {kind.meaning}"
    if kind.args:
        yield table(
            ("argument", "type", "limits", "default", "meaning"),
            (
                (name(a.name), a.type, _limits(a), "" if a.required else _default(a), a.meaning)
                for a in kind.args
            ),
        )
    yield code(pretty({"name": kind.name, "args": check_args(kind.name, example)}), "json")


def _limits(arg: Arg) -> str:
    low = "" if arg.low is None else f"{arg.low:,.10g}"
    high = "" if arg.high is None else f"{arg.high:,.10g}"
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"up to {high}" if high else ""


def _default(arg: Arg) -> str:
    return "(empty)" if arg.default == "" else str(arg.default)


def _tables() -> Iterator[str]:
    yield "## Tables"
    yield (
        "One run is one DuckDB file, `store/seamline.duckdb` in the run directory. While the "
        'platform runs, ask through it (`seamline query "SELECT ..."`); after its end the file '
        "opens in any DuckDB 1.5 or newer. The same meanings stand in the database itself: "
        "`SELECT table_name, column_name, comment FROM duckdb_columns()`. Times are UTC."
    )
    tables = load()
    yield table(
        ("table", "a row is"),
        ((f"[`{t.name}`](#table-{t.name})", t.meaning) for t in tables.values()),
    )
    for spec in tables.values():
        yield from _table(spec)
    yield "## Questions to the tables"
    for question, sql in QUESTIONS:
        yield question
        yield code(sql, "sql")


def _table(spec: TableSpec) -> Iterator[str]:
    yield f"### Table {spec.name}"
    yield spec.meaning
    yield table(
        ("column", "type", "meaning"), ((name(c.name), c.sql_type, c.meaning) for c in spec.columns)
    )
