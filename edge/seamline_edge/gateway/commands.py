"""Whether a command may be carried out: known, within limits, in time, not done before; pure."""

from dataclasses import dataclass

from seamline_broker.contracts.commands import (
    COMMANDS,
    CommandMessage,
    CommandResult,
    ResultStatus,
    check_args,
)
from seamline_broker.errors import ContractError
from seamline_edge.drivers.driver import NodeProfile
from seamline_edge.outbox.file import StoredCommand


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a command: run it with `args`, send `result`, or (neither) wait."""

    args: dict[str, object] | None = None
    result: CommandResult | None = None
    store: bool = False
    """True if the result is new and has to be stored."""


def judge(
    message: CommandMessage,
    profile: NodeProfile,
    stored: StoredCommand | None,
    forgotten_upto: int,
    wall_ms: int,
) -> Verdict:
    """Decide about a command that has arrived.

    Args:
        message: the command.
        profile: what the node is and understands.
        stored: what the outbox knows under this id.
        forgotten_upto: commands up to this counter may have been forgotten.
        wall_ms: now.
    """

    def answer(status: ResultStatus, reason: str) -> Verdict:
        return Verdict(result=CommandResult(message.id, status, reason, 0, wall_ms), store=True)

    if stored is not None:
        if stored.result is None:
            return Verdict()
        return Verdict(result=CommandResult.decode(stored.result))
    if message.counter <= forgotten_upto:
        return answer(
            "refused", f"counter {message.counter} is old: this node remembers commands from "
            f"{forgotten_upto + 1} on and cannot know whether this one was carried out",
        )  # fmt: skip
    if wall_ms > message.expires_ms:
        return answer("expired", f"{wall_ms - message.expires_ms} ms after its expiry")
    try:
        args = check_args(message.name, message.args)
    except ContractError as exc:
        return answer("refused", str(exc))
    kind = COMMANDS[message.name].node_kind
    if kind != profile.kind or message.name not in profile.commands:
        known = ", ".join(profile.commands) or "none"
        return answer(
            "refused", f"{message.name!r} is not a command of this node; commands: {known}"
        )
    return Verdict(args=args)
