"""The command desk numbers commands and finds them again by their results."""

import pytest

from seamline_broker.contracts.commands import Command, CommandResult
from seamline_broker.errors import ContractError
from seamline_platform.app.desk import LIFETIME_MS, CommandDesk

SEQUENCE = Command("hangzhou/line-1", "sequence", {"orders": ["A", "B"]})


def test_ids_are_unique_and_counters_grow() -> None:
    desk = CommandDesk("run", counter=41)
    first = desk.issue(SEQUENCE, "D-1", wall_ms=1_000, plant_ms=5)
    second = desk.issue(SEQUENCE, "D-2", wall_ms=1_000, plant_ms=5)
    assert first.message.counter == 42
    assert second.message.counter == 43
    assert first.message.id != second.message.id
    assert first.message.expires_ms == 1_000 + LIFETIME_MS


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
