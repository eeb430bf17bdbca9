"""Rules E1 to E6 one by one, with numbers by hand."""

from seamline_broker.contracts.batch import WINDOW, Ack
from seamline_edge.outbox import Sender, SendState


def ack(
    upto: int, safe: int = 0, *, resume: bool = False, epoch: str = "a", store: str = "s"
) -> Ack:
    return Ack(epoch, store, upto, safe, resume)


def sent_all(sender: Sender, now_s: float = 0.0) -> list[int]:
    numbers = []
    while (n := sender.next()) is not None:
        numbers.append(n)
        sender.sent(n, now_s)
    return numbers


def test_a_window_of_64_is_sent_and_moves_with_the_ack() -> None:
    sender = Sender(SendState("a", last=200, store="s"))
    assert sent_all(sender) == list(range(1, WINDOW + 1))
    sender.on_ack(ack(10), 1.0)
    assert sent_all(sender) == list(range(65, 75))
    assert sender.unacked == 190


def test_the_floor_is_the_oldest_number_that_is_still_held() -> None:
    sender = Sender(SendState("a", last=9, upto=6, safe=4, store="s"))
    assert sender.floor(7) == 5
    assert Sender(SendState("a", last=1)).floor(1) == 1


def test_an_ack_of_another_epoch_changes_nothing() -> None:
    sender = Sender(SendState("a", last=5, store="s"))
    outcome = sender.on_ack(ack(3, 3, epoch="b"), 0.0)
    assert (sender.upto, sender.safe, outcome.warning) == (0, 0, "")


def test_an_ack_of_another_store_is_refused_with_a_sentence() -> None:
    sender = Sender(SendState("a", last=5, store="s"))
    outcome = sender.on_ack(ack(3, 3, store="other"), 0.0)
    assert (sender.upto, sender.safe) == (0, 0)
    assert "'other'" in outcome.warning
    assert "'s'" in outcome.warning


def test_the_first_ack_binds_the_outbox_to_its_store() -> None:
    sender = Sender(SendState("a", last=5))
    assert sender.on_ack(ack(1), 0.0).settle
    assert sender.store == "s"


def test_above_the_fence_nothing_is_sent_before_the_first_ack() -> None:
    sender = Sender(SendState("a", last=3, store="s", fence=3))
    sender.added()
    assert sent_all(sender) == [1, 2, 3]
    assert sender.on_ack(ack(2), 0.0).settle
    assert sent_all(sender) == [4]


def test_an_ack_above_the_fence_tells_of_another_copy() -> None:
    sender = Sender(SendState("a", last=3, store="s", fence=3))
    sender.added()
    outcome = sender.on_ack(ack(8), 0.0)
    assert outcome.restart_above == 3
    sender.restarted("b", 1)
    assert (sender.epoch, sender.upto, sent_all(sender)) == ("b", 0, [1])


def test_safe_never_exceeds_what_is_committed() -> None:
    sender = Sender(SendState("a", last=9, store="s"))
    sender.on_ack(ack(4, 7), 0.0)
    assert sender.safe == 4


def test_a_wish_to_resume_is_granted_after_one_second_and_then_seldom() -> None:
    sender = Sender(SendState("a", last=10, store="s"))
    sent_all(sender, 0.0)
    sender.on_ack(ack(4, resume=True), 0.1)
    assert sender.next() is None  # 4 are progress: not yet
    sender.tick(1.2)
    assert sent_all(sender, 1.2) == [5, 6, 7, 8, 9, 10]
    sender.on_ack(ack(4, resume=True), 2.5)
    assert sender.next() is None  # patience has doubled to 2 s
    sender.tick(3.3)
    assert sent_all(sender, 3.3) == [5, 6, 7, 8, 9, 10]


def test_a_database_that_fell_back_gets_everything_that_is_not_safe_again() -> None:
    sender = Sender(SendState("a", last=10, upto=10, safe=6, store="s"))
    sender.on_ack(ack(3, 3, resume=True), 5.0)
    assert sent_all(sender, 5.0) == [7, 8, 9, 10]
    assert sender.floor(7) == 7  # 4 to 6 are gone: the platform will note the gap


def test_a_silent_platform_is_probed_with_one_number() -> None:
    sender = Sender(SendState("a", last=3, store="s"))
    sent_all(sender, 0.0)
    sender.tick(14.9)
    assert sender.next() is None
    sender.tick(15.0)
    assert sent_all(sender, 15.0) == [1]
    sender.tick(44.9)
    assert sender.next() is None
    sender.tick(45.0)  # 30 s later
    assert sent_all(sender, 45.0) == [1]


def test_a_tail_that_was_lost_follows_the_probe_that_got_through() -> None:
    sender = Sender(SendState("a", last=5, store="s"))
    sent_all(sender, 0.0)
    sender.tick(15.0)
    assert sent_all(sender, 15.0) == [1]
    sender.on_ack(ack(1), 15.1)
    assert sent_all(sender, 15.1) == [2, 3, 4, 5]
    sender.on_ack(ack(3), 15.2)
    assert sent_all(sender, 15.2) == []


def test_a_fenced_sender_that_hears_nothing_asks_for_an_ack() -> None:
    sender = Sender(SendState("a", last=3, upto=3, safe=3, store="s", fence=3))
    sender.tick(100.0)
    assert not sender.take_question()  # nothing waits
    sender.added()
    sender.tick(100.0)
    sender.tick(114.9)
    assert not sender.take_question()
    sender.tick(115.0)
    assert sender.take_question()
    assert not sender.take_question()
    sender.on_ack(ack(3, 3), 116.0)
    sender.tick(500.0)
    assert not sender.take_question()
    assert sent_all(sender) == [4]


def test_a_late_wish_to_resume_does_not_reach_below_what_is_safe() -> None:
    sender = Sender(SendState("a", last=5, store="s"))
    sent_all(sender, 0.0)
    sender.on_ack(ack(3, 0), 0.1)
    sender.on_ack(ack(0, 0, resume=True), 0.2)  # older, overtaken on its way
    sender.on_ack(ack(3, 3), 0.3)
    sender.tick(5.0)
    assert sent_all(sender, 5.0) == [4, 5]


def test_a_store_that_alone_answers_takes_over() -> None:
    """A new run on the host: it has taken 4 and 5 under the numbers that they have."""
    sender = Sender(SendState("a", last=5, upto=3, safe=3, store="old"))
    sent_all(sender, 0.0)
    for now_s in (1.0, 16.0, 40.9):
        assert "ignored" in sender.on_ack(ack(5, 5, store="new"), now_s).warning
        assert sender.upto == 3
    outcome = sender.on_ack(ack(5, 5, store="new"), 46.0)
    assert outcome.settle
    assert "belongs to 'new' from now on" in outcome.warning
    assert (sender.epoch, sender.store, sender.upto, sender.safe) == ("a", "new", 5, 5)


def test_two_stores_that_both_answer_do_not_pull_an_outbox_to_and_fro() -> None:
    sender = Sender(SendState("a", last=5, store="old"))
    sent_all(sender, 0.0)
    for now_s in range(0, 600, 10):
        sender.on_ack(ack(2, store="new"), float(now_s))
        sender.on_ack(ack(1, store="old"), float(now_s) + 1)
    assert (sender.store, sender.upto) == ("old", 1)
