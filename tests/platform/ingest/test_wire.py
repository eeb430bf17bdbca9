"""A body is opened as the contract says: the same verdict, the same values."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamline_broker.contracts.batch import BatchBody, BatchHeader, Readings, encode_body
from seamline_broker.contracts.events import EVENT_KINDS, check_columns
from seamline_broker.errors import ContractError
from seamline_platform.ingest.wire import MAX_TS_MS, MIN_TS_MS, decode_body
from seamline_platform.store.events import EVENT_TABLES

T0 = 1_757_376_000_000
_GOOD = {"str": "缝", "int": T0, "float": 0.5, "bool": True}
_BAD = {"str": 1, "int": 1.5, "float": "1", "bool": 1}
_TIMES = st.integers(MIN_TS_MS, MAX_TS_MS)
_NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)


def columns(kind: str, rows: int = 2) -> dict[str, list[object]]:
    names = [("seq", "int"), ("ts_ms", "int")]
    names += [(c.name, c.type) for c in EVENT_KINDS[kind].columns]
    return {name: [_GOOD[type_name]] * rows for name, type_name in names}


def decode(events: object, rows: int) -> tuple[dict[str, object], list[str]]:
    body = json.dumps({"events": events}).encode()
    decoded = decode_body(BatchHeader("ab", 1, 1, rows), body)
    return dict(decoded.events), decoded.faults


@pytest.mark.parametrize("kind", list(EVENT_TABLES))
def test_what_the_contract_allows_is_taken_value_for_value(kind: str) -> None:
    wanted = columns(kind)
    assert check_columns(kind, wanted) == 2
    assert decode({kind: wanted}, 2) == ({kind: wanted}, [])


@pytest.mark.parametrize("kind", list(EVENT_TABLES))
def test_what_the_contract_forbids_is_refused(kind: str) -> None:
    for column in EVENT_TABLES[kind].columns:
        name, good = column.wire_name, columns(kind)
        short: Sequence[object] = good[name][:1]
        for broken in (
            {**good, name: [_BAD[column.type]] * 2},
            {**good, name: [None, None]},
            {**good, name: short},
            {k: v for k, v in good.items() if k != name},
            {**good, "more": [1, 2]},
        ):
            with pytest.raises(ContractError):
                check_columns(kind, broken)
            taken, (fault,) = decode({kind: broken}, 2)
            assert taken == {}
            assert fault.startswith(f"'{kind}'")


def test_one_bad_kind_leaves_the_others() -> None:
    good = columns("andon")
    taken, (fault,) = decode({"andon": good, "qc": {"seq": [1]}}, 3)
    assert taken == {"andon": good}
    assert fault.startswith("'qc'")


@pytest.mark.parametrize("ts", [0, MIN_TS_MS - 1, MAX_TS_MS + 1, -(2**63), 2**63])
def test_an_event_at_an_impossible_time_is_refused(ts: int) -> None:
    taken, (fault,) = decode({"andon": {**columns("andon"), "ts_ms": [T0, ts]}}, 2)
    assert taken == {}
    assert "allowed: 1990 to 2100" in fault


def test_zero_stands_for_an_unknown_time_in_other_columns() -> None:
    order = {**columns("order"), "due_ms": [0, T0]}
    assert decode({"order": order}, 2) == ({"order": order}, [])


def test_a_number_beyond_64_bits_is_refused() -> None:
    _, (fault,) = decode({"stock": {**columns("stock"), "on_hand": [0, 2**63]}}, 2)
    assert "beyond 64 bits" in fault


@given(st.lists(st.tuples(_TIMES, st.integers(0, 1), _NUMBERS, st.integers(0, 2)), max_size=30))
def test_readings_come_back_as_the_edge_wrote_them(
    rows: list[tuple[int, int, float | None, int]],
) -> None:
    wanted = Readings(
        ["st-1", "缝-2"], ["rpm"], [r[0] for r in rows], [r[1] for r in rows], [0] * len(rows),
        [r[2] for r in rows], [r[3] for r in rows],
    )  # fmt: skip
    body = encode_body(BatchBody(wanted, {}))
    decoded = decode_body(BatchHeader("ab", 1, 1, len(rows)), body)
    assert decoded.faults == []
    assert decoded.readings == (wanted if rows else Readings.empty())


@given(st.binary(max_size=200))
def test_any_bytes_give_rows_or_a_fault(body: bytes) -> None:
    decoded = decode_body(BatchHeader("ab", 1, 1, 1), body)
    assert decoded.faults or decoded.rows == 1
