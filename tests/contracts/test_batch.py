"""A batch's header is readable without its body, and what is written is what is read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamline_broker.contracts.batch import (
    Ack,
    BatchBody,
    BatchHeader,
    Readings,
    encode_body,
    encode_message,
    split_message,
)
from seamline_broker.errors import ContractError

names = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=8)


@given(
    st.integers(1, 10**9),
    st.lists(
        st.tuples(
            st.integers(0, 2**52), st.none() | st.floats(allow_nan=False, allow_infinity=False)
        )
    ),
    names,
)
def test_header_and_body_come_back(
    n: int, samples: list[tuple[int, float | None]], name: str
) -> None:
    readings = Readings(
        [name],
        ["m"],
        [t for t, _ in samples],
        [0] * len(samples),
        [0] * len(samples),
        [v for _, v in samples],
        [0] * len(samples),
    )
    body = BatchBody(readings, {})
    header = BatchHeader("a1", n, 1, body.rows)
    read_header, read_body = split_message(encode_message(header, encode_body(body)))
    assert read_header == header
    document = json.loads(read_body)
    assert document["readings"]["value"] == readings.value
    assert document["readings"]["ts_ms"] == readings.ts_ms


def test_the_header_is_read_although_the_body_is_garbage() -> None:
    header, body = split_message(b'{"v":1,"epoch":"ff","n":3,"floor":2,"rows":9}\n\x00\xff')
    assert (header.n, header.floor, body) == (3, 2, b"\x00\xff")


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "newline"),
        (b"{}\n", "not readable"),
        (b"[]\n", "not readable"),
        (b'{"v":2,"epoch":"ff","n":1,"floor":1,"rows":1}\n', "version 2"),
        (b'{"v":1,"epoch":"zz","n":1,"floor":1,"rows":1}\n', "hexadecimal"),
        (b'{"v":1,"epoch":"ff","n":0,"floor":0,"rows":1}\n', "1 <= floor <= n"),
        (b'{"v":1,"epoch":"ff","n":1,"floor":2,"rows":1}\n', "1 <= floor <= n"),
        (b'{"v":1,"epoch":"ff","n":1,"floor":1,"rows":-1}\n', "negative"),
        (b'{"v":1,"epoch":"ff","n":true,"floor":1,"rows":1}\n', "whole"),
        (b'{"v":1,"epoch":7,"n":1,"floor":1,"rows":1}\n', "text"),
    ],
)
def test_a_bad_header_is_refused_with_a_reason(payload: bytes, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        split_message(payload)


def test_a_reading_that_is_not_finite_cannot_be_encoded() -> None:
    body = BatchBody(Readings(["d"], ["m"], [1], [0], [0], [float("nan")], [0]), {})
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_body(body)


def test_an_acknowledgement_comes_back() -> None:
    ack = Ack("ff", "store-1", 12, 7, True)
    assert Ack.decode(ack.encode()) == ack
    with pytest.raises(ContractError, match="not readable"):
        Ack.decode(b'{"epoch":"ff"}')
