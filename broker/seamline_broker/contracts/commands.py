"""Commands that the platform sends to nodes: their messages, and their limits checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from seamline_broker.contracts.command_kinds import COMMANDS, Arg, ArgType, CommandKind
from seamline_broker.errors import UNREADABLE, ContractError

__all__ = [
    "COMMANDS",
    "Arg",
    "ArgType",
    "Command",
    "CommandKind",
    "CommandMessage",
    "CommandResult",
    "ResultStatus",
    "check_args",
]

ResultStatus = Literal["done", "seen", "refused", "expired", "failed"]


def _check_type(arg: Arg, value: object) -> bool:
    if arg.type == "int":
        return type(value) is int
    if arg.type == "float":
        return type(value) in (int, float)
    if arg.type == "list[str]":
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    if arg.type == "dict[str,int]":
        return isinstance(value, dict) and all(
            isinstance(k, str) and type(v) is int for k, v in value.items()
        )
    return type(value) is {"str": str, "bool": bool}[arg.type]


def _check_limits(name: str, arg: Arg, value: object) -> None:
    numbers: list[float] = []
    if arg.type in ("int", "float"):
        numbers = [value]  # type: ignore[list-item]  # checked by _check_type
    elif arg.type == "dict[str,int]":
        numbers = list(value.values())  # type: ignore[attr-defined]  # checked by _check_type
    for number in numbers:
        low_ok = arg.low is None or number >= arg.low
        high_ok = arg.high is None or number <= arg.high
        if not (low_ok and high_ok):
            raise ContractError(
                f"Command {name!r}: {arg.name}={number!r} is outside {arg.low} to {arg.high}."
            )


def check_args(name: str, args: Mapping[str, object]) -> dict[str, object]:
    """Return the arguments of command `name` with defaults filled in.

    Raises:
        ContractError: if the command or an argument is unknown, missing, of the wrong type or
            outside its limits.
    """
    kind = COMMANDS.get(name)
    if kind is None:
        raise ContractError(f"Command {name!r} is unknown; commands: {', '.join(COMMANDS)}.")
    known = {arg.name for arg in kind.args}
    unknown = sorted(set(args) - known)
    if unknown:
        raise ContractError(
            f"Command {name!r} has no argument {unknown[0]!r}; arguments: {sorted(known)}."
        )
    result: dict[str, object] = {}
    for arg in kind.args:
        if arg.name not in args:
            if arg.required:
                raise ContractError(f"Command {name!r} needs {arg.name!r} ({arg.meaning}).")
            result[arg.name] = arg.default
            continue
        value = args[arg.name]
        if not _check_type(arg, value):
            raise ContractError(f"Command {name!r}: {arg.name}={value!r} is not {arg.type}.")
        _check_limits(name, arg, value)
        result[arg.name] = value
    return result


@dataclass(frozen=True, slots=True)
class Command:
    """What a policy decides: a command for a node, and why, in words for a person.

    `node` is `site/node`; a promise goes to `sellers/<seller>`. `reason` is English,
    `reason_zh` Chinese; `order` names the order that the decision is about, if there is one.
    """

    node: str
    name: str
    args: Mapping[str, object]
    order: str = ""
    reason: str = ""
    reason_zh: str = ""


@dataclass(frozen=True, slots=True)
class CommandMessage:
    """A command on the wire: who, what, until when (wall time), and a number that only grows."""

    id: str
    name: str
    args: Mapping[str, object]
    expires_ms: int
    counter: int
    issued_ms: int

    def encode(self) -> bytes:
        """Return the command as JSON bytes."""
        document = {
            "v": 1,
            "id": self.id,
            "name": self.name,
            "args": dict(self.args),
            "expires_ms": self.expires_ms,
            "counter": self.counter,
            "issued_ms": self.issued_ms,
        }
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def decode(cls, payload: bytes) -> "CommandMessage":
        """Read a command; its arguments are checked by `check_args`.

        Raises:
            ContractError: if it is not readable.
        """
        try:
            d = json.loads(payload)
            if not isinstance(d["args"], dict):
                raise TypeError("args is not an object")
            return cls(
                str(d["id"]),
                str(d["name"]),
                d["args"],
                int(d["expires_ms"]),
                int(d["counter"]),
                int(d["issued_ms"]),
            )
        except UNREADABLE as exc:
            raise ContractError(f"Command {payload[:80]!r} is not readable: {exc}.") from exc


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What became of a command, with plant time and wall time of its execution."""

    id: str
    status: ResultStatus
    reason: str
    plant_ms: int
    wall_ms: int

    def encode(self) -> bytes:
        """Return the result as JSON bytes."""
        document = {
            "v": 1,
            "id": self.id,
            "status": self.status,
            "reason": self.reason,
            "plant_ms": self.plant_ms,
            "wall_ms": self.wall_ms,
        }
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def decode(cls, payload: bytes) -> "CommandResult":
        """Read a result.

        Raises:
            ContractError: if it is not readable or its status is unknown.
        """
        try:
            d = json.loads(payload)
            if d["status"] not in ("done", "seen", "refused", "expired", "failed"):
                raise ValueError(f"status {d['status']!r}")
            return cls(
                str(d["id"]), d["status"], str(d["reason"]), int(d["plant_ms"]), int(d["wall_ms"])
            )
        except UNREADABLE as exc:
            raise ContractError(f"Result {payload[:80]!r} is not readable: {exc}.") from exc
