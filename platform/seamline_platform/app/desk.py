"""The command desk: gives commands their ids, keeps track of those under way, matches results."""

from dataclasses import dataclass

from seamline_broker.contracts.commands import (
    Command,
    CommandMessage,
    CommandResult,
    check_args,
)

LIFETIME_MS = 30_000
"""Wall milliseconds after which a command may no longer be executed."""


@dataclass(slots=True)
class Sent:
    """A command that was sent, and what became of it."""

    command: Command
    message: CommandMessage
    decision_id: str
    plant_ms: int
    result: CommandResult | None = None


class CommandDesk:
    """Keeps the commands of a run. Pure: ids come from a handed-in source, times are arguments."""

    def __init__(self, prefix: str, counter: int = 0) -> None:
        """Start with the highest `counter` ever used; `prefix` makes ids unique to this start."""
        self._prefix = prefix
        self._counter = counter
        self._sent: dict[str, Sent] = {}

    def issue(self, command: Command, decision_id: str, wall_ms: int, plant_ms: int) -> Sent:
        """Give a command its id, counter and expiry.

        Raises:
            ContractError: if the command or its arguments break the contract.
        """
        args = check_args(command.name, command.args)
        self._counter += 1
        message = CommandMessage(
            id=f"{self._prefix}-{self._counter}",
            name=command.name,
            args=args,
            expires_ms=wall_ms + LIFETIME_MS,
            counter=self._counter,
            issued_ms=wall_ms,
        )
        sent = Sent(command, message, decision_id, plant_ms)
        self._sent[message.id] = sent
        self._forget(wall_ms)
        return sent

    def settle(self, result: CommandResult) -> Sent | None:
        """Note a result; return the command it answers, or None if it is not of this start."""
        sent = self._sent.get(result.id)
        if sent is not None and sent.result is None:
            sent.result = result
        return sent

    def find(self, command_id: str) -> Sent | None:
        """Return a command of the last ten minutes by its id."""
        return self._sent.get(command_id)

    def _forget(self, wall_ms: int) -> None:
        if len(self._sent) < 2_000:
            return
        old = [k for k, s in self._sent.items() if s.message.issued_ms < wall_ms - 600_000]
        for command_id in old:
            del self._sent[command_id]
