"""The search spends what it may, on average."""

from seamline_platform.planning.hub.allowance import Allowance


def test_it_grows_with_time_up_to_one_question() -> None:
    empty = Allowance(rate=0.1, most=3.0, saved=0.0)
    assert empty.grown(10.0).saved == 1.0
    assert not empty.grown(10.0).full
    assert empty.grown(1_000.0).saved == 3.0
    assert empty.grown(1_000.0).full


def test_what_cannot_wait_gets_a_little_even_if_nothing_is_left() -> None:
    owing = Allowance(rate=0.1, least=0.5, saved=1.0).spent(4.0)
    assert owing.saved == -3.0
    assert owing.urgent == 0.5
    assert owing.grown(40.0).urgent == 1.0


def test_a_question_costs_on_average_no_more_than_the_rate() -> None:
    now, spent, left = 0.0, 0.0, Allowance(rate=0.05, most=3.0, least=0.5, saved=3.0)
    for _ in range(400):  # a disturbance every fifteen seconds
        now += 15.0
        left = left.grown(now)
        budget = left.urgent
        left, spent = left.spent(budget), spent + budget
    assert spent <= 0.06 * now


def test_time_does_not_go_back() -> None:
    later = Allowance(saved=0.0).grown(100.0)
    assert later.grown(50.0) == later
