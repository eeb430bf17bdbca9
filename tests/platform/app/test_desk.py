"""The command desk gives each decision once, and again only when there is a reason to."""

import pytest

from seamline_broker.contracts.commands import Command, CommandResult
from seamline_broker.errors import ContractError
from seamline_platform.app.desk import LIFETIME_MS, PATIENCE_MS, CommandDesk

SEQUENCE = Command("hangzhou/line-1", "sequence", {"orders": ["A", "B"]})


def test_ids_are_unique_and_counters_grow() -> None:
    desk = CommandDesk("run", counter=41)
    first = desk.issue(SEQUENCE, "D-1", wall_ms=1_000, plant_ms=5)
    second = desk.issue(SEQUENCE, "D-2", wall_ms=1_000, plant_ms=5)
    assert first.message.counter == 42
    assert second.message.counter == 43
    assert first.message.id != second.message.id
    assert first.message.expires_ms == 1_000 + LIFETIME_MS


def test_a_command_under_way_is_not_given_again() -> None:
    desk = CommandDesk("run")
    sent = desk.issue(SEQUENCE, "D-1", wall_ms=0, plant_ms=0)
    assert desk.fresh([SEQUENCE], wall_ms=LIFETIME_MS - 1) == []
    desk.settle(CommandResult(sent.message.id, "done", "", 0, 0))
    assert desk.fresh([SEQUENCE], wall_ms=PATIENCE_MS - 1) == []
    assert desk.fresh([SEQUENCE], wall_ms=PATIENCE_MS) == [SEQUENCE]


def test_a_changed_decision_goes_out_at_once() -> None:
    desk = CommandDesk("run")
    desk.issue(SEQUENCE, "D-1", wall_ms=0, plant_ms=0)
    changed = Command("hangzhou/line-1", "sequence", {"orders": ["B", "A"]})
    assert desk.fresh([changed], wall_ms=1) == [changed]


def test_a_command_without_an_answer_is_given_again_after_its_expiry() -> None:
    desk = CommandDesk("run")
    desk.issue(SEQUENCE, "D-1", wall_ms=0, plant_ms=0)
    assert desk.fresh([SEQUENCE], wall_ms=LIFETIME_MS) == [SEQUENCE]


def test_results_find_their_command_once() -> None:
    desk = CommandDesk("run")
    sent = desk.issue(SEQUENCE, "D-1", wall_ms=0, plant_ms=0)
    done = CommandResult(sent.message.id, "done", "", 7, 9)
    assert desk.settle(done) is sent
    assert desk.settle(CommandResult(sent.message.id, "seen", "", 8, 10)) is sent
    assert sent.result == done
    assert desk.settle(CommandResult("another-1", "done", "", 0, 0)) is None


def test_a_command_outside_the_contract_never_leaves() -> None:
    with pytest.raises(ContractError, match="unknown"):
        CommandDesk("run").issue(Command("a/b", "fly", {}), "D-1", 0, 0)
