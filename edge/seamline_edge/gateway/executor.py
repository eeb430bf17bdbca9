"""Carries out commands at most once: stored before, answered after, asked again after a crash."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from seamline_broker.clock import Clock
from seamline_broker.contracts.commands import CommandMessage, CommandResult, check_args
from seamline_broker.errors import ContractError, DriverError
from seamline_edge.drivers.driver import Driver, NodeProfile
from seamline_edge.gateway.commands import judge
from seamline_edge.outbox.file import OutboxFile, StoredCommand

_log = logging.getLogger(__name__)

_REPEAT_RESULTS_MS: Final = 60_000
_RETRY_S: Final = 0.5

Report = Callable[[str, bytes], None]
"""Publishes an encoded result of a node."""


class Executor:
    """Takes commands from the wire to the driver and results back.

    A command is stored as begun, then written to the driver, then its result is stored and sent. If
    the gateway dies in between, the driver is asked again under the same id and says `seen`.

    Args:
        file: the outbox file, which also remembers commands.
        driver: carries them out.
        clock: judges expiry, in wall time.
        report: sends results.
    """

    def __init__(self, file: OutboxFile, driver: Driver, clock: Clock, report: Report) -> None:
        self._file = file
        self._driver = driver
        self._clock = clock
        self._report = report
        self._open = file.open_commands()
        self._retry_at_s = 0.0
        self.unreadable = 0

    def on_message(self, node: str, payload: bytes, profile: NodeProfile) -> None:
        """Take a command in.

        Raises:
            StoreError: if the outbox cannot be written.
        """
        try:
            message = CommandMessage.decode(payload)
        except ContractError as exc:
            self.unreadable += 1
            _log.warning("%s node=%s", exc, node)
            return
        wall_ms = self._clock.wall_ms()
        verdict = judge(
            message, profile, self._file.command(node, message.id),
            self._file.forgotten_upto(node), wall_ms,
        )  # fmt: skip
        encoded = verdict.result.encode() if verdict.result is not None else None
        if verdict.store or verdict.args is not None:
            stored = StoredCommand(node, message.id, message.counter, payload, encoded, wall_ms)
            self._file.begin_command(stored)
            if verdict.args is not None:
                self._execute(stored, message, verdict.args)
        if encoded is not None:
            self._report(node, encoded)

    def _execute(
        self, stored: StoredCommand, message: CommandMessage, args: Mapping[str, object]
    ) -> None:
        try:
            answer = self._driver.write(
                stored.node, message.name, args, message.id, message.expires_ms
            )
        except DriverError as exc:
            _log.warning("%s Asking again. command=%s node=%s", exc, message.id, stored.node)
            self._open.append(stored)
            self._retry_at_s = self._clock.steady_s() + _RETRY_S
            return
        result = CommandResult(
            message.id, answer.status, answer.reason, answer.plant_ms, self._clock.wall_ms()
        ).encode()
        self._file.end_command(stored.node, message.id, result)
        self._report(stored.node, result)

    def wait_s(self, now_s: float) -> float:
        """Return after how many seconds `retry` wants to be called."""
        return max(0.0, self._retry_at_s - now_s) if self._open else 60.0

    def retry(self) -> None:
        """Ask again for commands whose outcome is not known.

        Raises:
            StoreError: if the outbox cannot be written.
        """
        now_s = self._clock.steady_s()
        if not self._open or now_s < self._retry_at_s:
            return
        waiting, self._open = self._open, []
        self._retry_at_s = now_s + _RETRY_S
        for stored in waiting:
            if self._open:  # the driver is away: the rest keeps its order
                self._open.append(stored)
                continue
            message = CommandMessage.decode(stored.message)
            self._execute(stored, message, check_args(message.name, message.args))

    def repeat(self, node: str) -> None:
        """Send recent results of a node again, after a new connection: one may have been lost."""
        since_ms = self._clock.wall_ms() - _REPEAT_RESULTS_MS
        for stored in self._file.answered_since(since_ms):
            if stored.node == node and stored.result is not None:
                self._report(node, stored.result)
