"""Whatever comes in: counted, kept in `rejected` with a reason, and nothing stops."""

import json
import random
from typing import Any

import pytest

from seamline_broker.contracts.batch import BatchHeader
from seamline_broker.contracts.batch import encode_message as encode_batch

T0 = 1_757_376_000_000
ROOT = "seamline/v1"
RAW = f"{ROOT}/raw/home/desk/bench/pi-1/temperature"
DATA = f"{ROOT}/data/hangzhou/line-1"
ORDER = {
    "order": "o-1", "seller": "seller-1", "style": "PL01", "colour": "NVY", "sizes": {"M": 3},
    "region": "east", "placed_ms": T0, "due_ms": T0,
}  # fmt: skip
HEAD = '{"v":1,"epoch":"ab","n":1,"floor":1,"rows":1}\n'


def order(**changes: object) -> str:
    return json.dumps({**ORDER, **changes})


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("other/topic", "1", "Nothing is expected on topic 'other/topic'"),
        (f"{ROOT}/secret/a/b", "1", "Nothing is expected"),
        (f"{ROOT}/data", "1", "Nothing is expected"),
        (f"{ROOT}/run/other", "{}", "Nothing is expected"),
        (f"{ROOT}/data/a/b/c", HEAD, "does not name a node"),
        (f"{ROOT}/data/a b/c", HEAD, "cannot be part of a topic"),
        (DATA, "", "needs a header line"),
        (DATA, "no json\n{}", "not readable"),
        (DATA, '{"v":2,"epoch":"ab","n":1,"floor":1,"rows":1}\n{}', "version 2 is unknown"),
        (DATA, '{"v":1,"epoch":"ab","n":1.5,"floor":1,"rows":1}\n{}', "are whole"),
        (DATA, '{"v":1,"epoch":"ab","n":1,"floor":2,"rows":1}\n{}', "1 <= floor <= n"),
        (DATA, '{"v":1,"epoch":"AB/../","n":1,"floor":1,"rows":1}\n{}', "hexadecimal"),
        (DATA, "[" * 60_000, "needs a header line"),
        (DATA, "[" * 60_000 + "\n", "nested too deeply|not readable"),
        (f"{ROOT}/node/a/b", "{}", "not readable"),
        (f"{ROOT}/node/a/b", "[]", "not a JSON object"),
        (f"{ROOT}/result/a/b", '{"id":"C1","status":"maybe"}', "status 'maybe'"),
        (
            f"{ROOT}/result/a/b",
            '{"id":"C1","status":"done","reason":"","plant_ms":7,"wall_ms":0}',
            "plant_ms=7 is an impossible time",
        ),
        (f"{ROOT}/run/clock", '{"run":1}', "Clock is not readable"),
        (
            f"{ROOT}/run/clock",
            json.dumps(
                {"run": "r", "plant_ms": T0, "wall_ms": T0, "speed": -1, "state": "running"}
            ),
            "Speed -1.0",
        ),
        (f"{ROOT}/orders/seller-2/new", order(), "Order of seller 'seller-1' came on"),
        (f"{ROOT}/orders/seller-1/new", "7", "not a JSON object"),
        (f"{ROOT}/orders/seller-1/new", order(sizes={"M": 0}), "0 pieces"),
        (f"{ROOT}/orders/seller-1/new", order(sizes={"M": 1.5}), "must be whole"),
        (f"{ROOT}/orders/seller-1/new", order(sizes={"M": 20_001}), "1 to 20000"),
        (f"{ROOT}/orders/seller-1/new", order(order="a/b"), "cannot be part of a topic"),
        (f"{ROOT}/orders/seller-1/new", order(order="a+b"), "cannot be part of a topic"),
        (f"{ROOT}/orders/seller-1/new", order(order="#"), "cannot be part of a topic"),
        (f"{ROOT}/orders/seller-1/new", order(due_ms=12), "due_ms=12 is an impossible time"),
        (f"{ROOT}/orders/seller-1/new", order(placed_ms=10**15), "impossible time"),
        (f"{ROOT}/orders/seller-1/new", order(price_fen=10**30), "expected int64"),
        (f"{ROOT}/orders/seller-1/new", order(weight=11), "weight 11; 1 to 10"),
        (f"{ROOT}/raw/home/desk", "1", "is not 'seamline/v1/raw/<site>/<area>/<line>/<cell>"),
        (f"{ROOT}/raw/home/desk/bench/a b/t", "1", "cannot be part of a topic"),
        (f"{ROOT}/raw/home/desk/bench/{'x' * 65}", "1", "1 to 64 characters"),
        (RAW, "", "empty"),
        (RAW, "warm", "neither a number nor JSON"),
        (RAW, "NaN", "not a finite number"),
        (RAW, "-inf", "not a finite number"),
        (RAW, "1_000", "not a finite number"),
        (RAW, "1e999", "not a finite number"),
        (RAW, '{"value":NaN}', "neither a number nor JSON"),
        (RAW, '{"value":"NaN"}', "not a finite number"),
        (RAW, '{"value":1,"ts":1}', "impossible time"),
        (RAW, '{"value":1,"ts":"yesterday"}', "ts: 'yesterday' is not a finite number"),
        (RAW, '{"value":[1,2]}', "not a finite number"),
        (RAW, '{"a/b":1}', "cannot be part of a topic"),
        (RAW, '{"a+b":1}', "cannot be part of a topic"),
        (RAW, '{"#":1}', "cannot be part of a topic"),
        (RAW, "{}", "has no value"),
        (RAW, f'{{"ts":{T0}}}', "has no value"),
        (RAW, b"\xff\xfe\x00", "neither a number nor JSON"),
        (RAW, "1" * 70_000, "has 70000 bytes; the limit is 65536"),
        (RAW, json.dumps({f"m{i}": i for i in range(300)}), "300 fields; the limit is 256"),
        (RAW, "[" * 50_000, "neither a number nor JSON"),
    ],
)
def test_it_is_kept_with_its_reason_and_the_next_message_is_taken(
    rig: Any, topic: str, payload: str | bytes, reason: str
) -> None:
    bad = rig.message(topic, payload)
    rig.take(bad, rig.batch(1), rig.message(RAW, "21.5"))
    ((kept_topic, why),) = rig.rejected()
    assert kept_topic == topic
    assert any(words in why for words in reason.split("|")), why
    assert rig.pipeline.counters.rejected == 1
    assert rig.rows("SELECT size_bytes FROM rejected") == [(len(bad.payload),)]
    assert rig.rows("SELECT count(*) FROM readings") == [(11,)]
    assert bad.mid in rig.confirmed  # else the broker would send it for ever


def body(**changes: object) -> str:
    readings = {
        "device": ["st-1"], "metric": ["rpm"], "ts_ms": [T0], "d": [0], "m": [0], "value": [1.0],
        "quality": [0],
    }  # fmt: skip
    return json.dumps({"readings": {**readings, **changes}, "events": {}})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (body(ts_ms=[5]), "impossible time, e.g. 5 ms"),
        (body(ts_ms=[10**15]), "impossible time"),
        (body(ts_ms=[2**70]), "impossible time, e.g. 1180591620717411303424 ms"),
        (body(device=["a/b"]), "one device: id 'a/b' cannot be part of a topic"),
        (body(device=["a+b"]), "cannot be part of a topic"),
        (body(device=["#"]), "cannot be part of a topic"),
        (body(device=[""]), "cannot be part of a topic"),
        (body(metric=["a b"]), "metric: id 'a b'"),
        (body(d=[1]), "column 'd' holds 1; allowed: 0 to 0"),
        (body(m=[-1]), "column 'm' holds -1; allowed: 0 to 0"),
        (body(quality=[3]), "column 'quality' holds 3; allowed: 0 to 2"),
        (body(value=[1.0, 2.0]), "column 'value' has 2 of 1 rows"),
        (body(value=["fast"]), "Expected `float | null`"),
        (body(value=[True]), "Expected `float | null`"),
        (body(value=[float("nan")]), "not readable|malformed"),
        (body().replace("1.0", "1e999"), "'readings': "),
        ('{"events":{"teleport":{"seq":[1],"ts_ms":[1]}}}', "the kind is unknown; kinds: piece"),
        ('{"events":{"andon":{"seq":[1],"ts_ms":[1]}}}', "missing required field"),
        ('{"events":{"seller_order":{}}}', "the kind is unknown"),
        ("{}", "Header says 1 rows, body has 0"),
        ('{"readings":null}', "'readings'"),
    ],
)
def test_what_is_wrong_in_a_batch_is_named_and_its_number_counts(
    rig: Any, content: str, reason: str
) -> None:
    rig.take(rig.message(DATA, HEAD + content, session=0), rig.batch(2))
    ((_, why),) = rig.rejected()
    assert any(words in why for words in reason.split("|")), why
    assert rig.rows("SELECT n, rows FROM batches ORDER BY n") == [(1, 0), (2, 10)]
    assert rig.rows("SELECT count(*) FROM readings") == [(10,)]
    assert rig.upto() == 2


def test_good_rows_of_a_batch_with_bad_ones_are_stored(rig: Any) -> None:
    content = body(
        device=["st-1", "a/b"], ts_ms=[T0, T0, 7, T0], d=[0, 1, 0, 0], m=[0] * 4,
        value=[1.0, 2.0, 3.0, None], quality=[0, 0, 0, 2],
    )  # fmt: skip
    head = BatchHeader("ab", 1, 1, 4)
    rig.take(rig.message(DATA, encode_batch(head, content.encode()), session=0))
    sql = "SELECT device, value, quality FROM readings ORDER BY quality"
    assert rig.rows(sql) == [("st-1", 1.0, 0), ("st-1", None, 2)]
    assert [why for _, why in rig.rejected()] == [
        "Readings: 1 rows with an impossible time, e.g. 7 ms; allowed: 1990 to 2100.",
        "Readings of one device: id 'a/b' cannot be part of a topic: 1 to 64 characters without "
        "blanks, '+', '#' or '/'.",
    ]
    assert rig.rows("SELECT rows FROM batches") == [(2,)]


def test_good_fields_of_an_object_with_bad_ones_are_stored(rig: Any) -> None:
    rig.send(RAW.removesuffix("/temperature"), '{"temperature":21.5,"a/b":1,"state":"on","h":60}')
    assert rig.rows("SELECT metric, value FROM readings ORDER BY metric") == [
        ("h", 60.0),
        ("temperature", 21.5),
    ]
    assert len(rig.rejected()) == 2


def test_the_first_bytes_are_kept_readable(rig: Any) -> None:
    rig.send(RAW, b"\x00\x1b[31m\xff" + "缝".encode() + b"x" * 500)
    ((text,),) = rig.rows("SELECT first_bytes FROM rejected")
    assert text.startswith("\\x00\\x1b[31m\\xff缝xxx")
    assert text.isprintable()


def test_of_a_flood_all_is_counted_and_little_is_kept(rig: Any) -> None:
    rig.take(*(rig.message(RAW, "warm") for _ in range(500)), rig.message(RAW, "21.5"))
    counters = rig.pipeline.counters
    assert (counters.rejected, counters.rejected_not_kept) == (500, 300)
    assert len(rig.rejected()) == 200
    rig.clock.advance(1_000)
    rig.send(RAW, "warm")
    assert len(rig.rejected()) == 201


@pytest.mark.parametrize("seed", range(8))
def test_damaged_messages_of_every_kind_stop_nothing(rig: Any, seed: int) -> None:
    rng = random.Random(seed)
    good = [
        (DATA, HEAD + body()),
        (f"{ROOT}/orders/seller-1/new", order()),
        (RAW, f'{{"value":21.5,"ts":{T0}}}'),
        (RAW, '{"\\ud800":1,"缝":2}'),
        (f"{ROOT}/run/clock", '{"run":"r","plant_ms":1,"wall_ms":1,"speed":1,"state":"paused"}'),
        (
            f"{ROOT}/result/a/b",
            '{"id":"C\\ud800","status":"done","reason":"","plant_ms":0,"wall_ms":0}',
        ),
        (f"{ROOT}/node/a/b", '{"site":"a","node":"b","kind":"\\ud800","online":true,"wall_ms":1}'),
    ]  # fmt: skip
    messages = []
    for _ in range(150):
        topic, payload = rng.choice(good)
        text = bytearray(payload.encode())
        for _ in range(rng.randint(0, 3)):
            at = rng.randrange(len(text))
            text[at : at + rng.randint(0, 3)] = rng.choice(
                (
                    b"",
                    b"\xff",
                    b'"',
                    b"1e999",
                    b"-9" * 20,
                    b"null",
                    b"[",
                    b"\\ud800",
                    rng.randbytes(2),
                )
            )
        messages.append(rig.message(topic, bytes(text)))
    rig.take(*messages)
    rig.take(rig.batch(10**6, floor=10**6))
    assert rig.upto() == 10**6
    assert set(rig.confirmed) == {m.mid for m in messages}
