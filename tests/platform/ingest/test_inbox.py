"""The queue between network and ingest is bounded, and says no instead of dropping."""

import threading
import time

from seamline_platform.ingest.inbox import Inbox, Message


def message(mid: int, size: int = 1) -> Message:
    return Message("t", b"x" * size, mid, 1, False, 0)


def test_messages_come_out_in_order_and_all_at_once() -> None:
    inbox = Inbox()
    for mid in range(5):
        assert inbox.put(message(mid))
    assert (inbox.messages, inbox.bytes) == (5, 5 * 201)
    assert [m.mid for m in inbox.take(0)] == [0, 1, 2, 3, 4]
    assert (inbox.messages, inbox.bytes, inbox.max_seen) == (0, 0, 5)


def test_above_its_limits_it_refuses() -> None:
    few, small = Inbox(max_messages=2), Inbox(max_bytes=1_000)
    assert [few.put(message(i)) for i in range(3)] == [True, True, False]
    assert [small.put(message(i, 400)) for i in range(3)] == [True, False, False]
    assert [m.mid for m in few.take(0)] == [0, 1]
    assert few.put(message(3))


def test_who_waits_for_room_gets_it_when_messages_are_taken() -> None:
    inbox = Inbox(max_messages=1)
    inbox.put(message(1))
    taken: list[bool] = []
    waiting = threading.Thread(target=lambda: taken.append(inbox.put(message(2), wait_s=10)))
    waiting.start()
    # A full queue is taken at once, however long messages may be gathered.
    first: list[Message] = inbox.take(0, gather_s=10)
    waiting.join(10)
    assert [m.mid for m in first] == [1]
    assert taken == [True]
    assert [m.mid for m in inbox.take(1)] == [2]


def test_who_waits_in_vain_is_refused() -> None:
    inbox = Inbox(max_messages=1)
    inbox.put(message(1))
    assert not inbox.put(message(2), wait_s=0.02)


def test_messages_are_gathered_for_a_while() -> None:
    inbox = Inbox()
    inbox.put(message(1))
    later = threading.Timer(0.02, inbox.put, [message(2)])
    later.start()
    assert [m.mid for m in inbox.take(1, gather_s=0.3)] == [1, 2]
    later.join()


def test_nothing_comes_within_the_time() -> None:
    started = time.monotonic()
    assert Inbox().take(0.02) == []
    assert time.monotonic() - started < 5


def test_a_closed_queue_takes_no_more_and_wakes_everybody() -> None:
    inbox = Inbox(max_messages=1)
    inbox.put(message(1))
    said: list[object] = []
    waiting = threading.Thread(target=lambda: said.append(inbox.put(message(2), wait_s=60)))
    waiting.start()
    inbox.close()
    waiting.join(10)
    assert said == [False]
    assert [m.mid for m in inbox.take(60, gather_s=60)] == [1]
    assert inbox.take(60) == []
    assert not inbox.put(message(3))
