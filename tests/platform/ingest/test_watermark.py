"""The rules P1 to P7 by hand: which numbers are taken, and what is acknowledged."""

import pytest

from seamline_broker.contracts.batch import Ack, BatchHeader
from seamline_platform.ingest.watermark import RESUME_EVERY_S, Key, Verdict, Watermarks

KEY = Key("hangzhou", "line-1", "ab")


@pytest.fixture
def marks() -> Watermarks:
    return Watermarks("store-1", {})


def offer(marks: Watermarks, n: int, floor: int = 1, now_s: float = 0.0) -> tuple[str, object]:
    decision = marks.offer(KEY, BatchHeader("ab", n, floor, 10), now_s)
    return decision.verdict.value, decision.gap


def acks(marks: Watermarks) -> list[Ack]:
    return [to.ack for to in marks.take_acks()]


def test_p1_the_mark_is_the_highest_number_in_the_store() -> None:
    marks = Watermarks("store-1", {KEY: 7})
    assert marks.mark(KEY) == 7
    assert offer(marks, 7) == ("duplicate", None)
    assert offer(marks, 8) == ("take", None)


def test_p1_each_node_and_each_epoch_counts_for_itself(marks: Watermarks) -> None:
    for key in (KEY, Key("hangzhou", "line-2", "ab"), Key("hangzhou", "line-1", "cd")):
        decision = marks.offer(key, BatchHeader(key.epoch, 1, 1, 1), 0.0)
        assert decision.verdict is Verdict.TAKE


def test_p2_numbers_are_taken_once_and_in_order(marks: Watermarks) -> None:
    verdicts = [offer(marks, n)[0] for n in (1, 2, 2, 1, 3)]
    assert verdicts == ["take", "take", "duplicate", "duplicate", "take"]


def test_p3_what_the_sender_no_longer_holds_is_a_gap_and_the_rest_goes_on(
    marks: Watermarks,
) -> None:
    assert offer(marks, 1) == ("take", None)
    assert offer(marks, 5, floor=5) == ("take", (2, 4))
    assert offer(marks, 6, floor=5) == ("take", None)


def test_p3_a_gap_before_a_number_that_is_not_next(marks: Watermarks) -> None:
    assert offer(marks, 9, floor=5) == ("ahead", (1, 4))
    assert marks.mark(KEY) == 4
    assert offer(marks, 5, floor=5) == ("take", None)


def test_p3_a_floor_at_the_next_number_is_no_gap(marks: Watermarks) -> None:
    offer(marks, 1)
    assert offer(marks, 3, floor=2) == ("ahead", None)
    assert offer(marks, 2, floor=2) == ("take", None)


def test_p4_a_number_ahead_is_dropped_and_resume_is_asked_once_per_second(
    marks: Watermarks,
) -> None:
    offer(marks, 1)
    marks.committed(KEY, 1)
    marks.take_acks()
    assert offer(marks, 3, now_s=10.0) == ("ahead", None)
    assert acks(marks) == [Ack("ab", "store-1", 1, 0, True)]
    assert offer(marks, 4, now_s=10.0 + RESUME_EVERY_S * 0.99) == ("ahead", None)
    assert acks(marks) == []
    assert offer(marks, 3, now_s=10.0 + RESUME_EVERY_S) == ("ahead", None)
    assert acks(marks) == [Ack("ab", "store-1", 1, 0, True)]


def test_p6_nothing_is_acknowledged_before_its_commit(marks: Watermarks) -> None:
    offer(marks, 1)
    offer(marks, 2)
    assert acks(marks) == []
    marks.committed(KEY, 2)
    assert acks(marks) == [Ack("ab", "store-1", 2, 0, False)]
    assert acks(marks) == []


def test_p6_safe_follows_at_the_checkpoint(marks: Watermarks) -> None:
    offer(marks, 1)
    marks.committed(KEY, 1)
    marks.checkpointed()
    assert acks(marks) == [Ack("ab", "store-1", 1, 1, False)]
    offer(marks, 2)
    marks.checkpointed()  # 2 is taken, not committed
    assert acks(marks) == []
    marks.committed(KEY, 2)
    assert acks(marks) == [Ack("ab", "store-1", 2, 1, False)]


def test_p6_a_duplicate_is_acknowledged_again_because_its_ack_may_be_lost(
    marks: Watermarks,
) -> None:
    offer(marks, 1)
    marks.committed(KEY, 1)
    marks.take_acks()
    offer(marks, 1)
    assert acks(marks) == [Ack("ab", "store-1", 1, 0, False)]


def test_p7_a_birth_and_a_connect_are_answered_with_the_mark_and_resume() -> None:
    marks = Watermarks("store-1", {KEY: 7, Key("hangzhou", "line-1", "old"): 99})
    marks.take_acks()
    marks.born(KEY)
    assert acks(marks) == [Ack("ab", "store-1", 7, 7, True)]
    marks.connected()  # only the epoch in use is told
    assert acks(marks) == [Ack("ab", "store-1", 7, 7, True)]


def test_p7_a_node_never_heard_of_begins_at_one(marks: Watermarks) -> None:
    marks.born(KEY)
    assert acks(marks) == [Ack("ab", "store-1", 0, 0, True)]


def test_rolled_back_numbers_are_taken_again(marks: Watermarks) -> None:
    for n in (1, 2, 3):
        offer(marks, n)
    marks.committed(KEY, 1)
    marks.take_acks()
    marks.roll_back({KEY: 2})  # 2 still waits in the store, 3 never got there
    assert acks(marks) == [Ack("ab", "store-1", 1, 0, True)]
    assert offer(marks, 2) == ("duplicate", None)
    assert offer(marks, 3) == ("take", None)


def test_reloaded_marks_are_those_of_the_store(marks: Watermarks) -> None:
    other = Key("hangzhou", "line-2", "cd")
    for n in (1, 2, 3):
        offer(marks, n)
    marks.offer(other, BatchHeader("cd", 1, 1, 1), 0.0)
    marks.committed(KEY, 2)
    marks.checkpointed()
    marks.reload({KEY: 1})
    told = {to.node: to.ack for to in marks.take_acks()}
    assert told["line-1"] == Ack("ab", "store-1", 1, 1, True)
    assert told["line-2"] == Ack("cd", "store-1", 0, 0, True)
    assert offer(marks, 2) == ("take", None)


def test_a_store_that_lost_committed_numbers_is_noticed(marks: Watermarks) -> None:
    offer(marks, 1)
    marks.committed(KEY, 1)
    assert not marks.behind({KEY: 1})
    assert not marks.behind({KEY: 2})
    assert marks.behind({})
