"""The driver interface: what a gateway asks of anything that measures or can be commanded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from seamline_broker.contracts.events import Event
from seamline_broker.contracts.messages import Device
from seamline_edge.outbox import Block


@dataclass(frozen=True, slots=True)
class NodeProfile:
    """What a driver knows of one node: its kind, devices and commands, for the birth certificate.

    `kind` is line | plant | warehouse | field | sensor.
    """

    kind: str
    devices: tuple[Device, ...] = ()
    commands: tuple[str, ...] = ()
    catalogue: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class PlantClock:
    """The clock of a simulated plant, from a driver that has one."""

    run: str
    plant_ms: int
    speed: float
    state: str


@dataclass(slots=True)
class Intake:
    """What one `poll` brought in.

    `cursor` (a source and a number) is stored together with the rows and handed back to `open`
    after a restart. `finished` says that nothing will ever follow.
    """

    blocks: list[Block] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    cursor: tuple[str, int] | None = None
    clock: PlantClock | None = None
    profile_changed: bool = False
    finished: bool = False


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """What became of a command: `seen` means that it was carried out before, under the same id."""

    status: Literal["done", "seen", "refused", "expired"]
    reason: str = ""
    plant_ms: int = 0


class Driver(Protocol):
    """Reads values and carries out commands; called by one thread, must not block for long.

    Example: a driver that reports a constant each second.

        class Constant:
            def __init__(self, options): self.due_s = 0.0
            def open(self, nodes, cursor_of): self.node = nodes[0]
            def profiles(self): return {self.node: NodeProfile("sensor")}
            def fileno(self): return -1
            def wait_s(self, now_s): return max(0.0, self.due_s - now_s)
            def poll(self, now_s, wall_ms):
                self.due_s = now_s + 1.0
                return Intake([Block(self.node, wall_ms, ["probe"], ["constant"], [[42.0]])])
            def write(self, node, name, args, command_id, expires_ms):
                return WriteAnswer("refused", "nothing to command here")
            def close(self): pass
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        """Take the options of the command line or configuration, and complain about bad ones.

        Raises:
            ConfigError: if an option is unknown, missing or not allowed.
        """

    def open(self, nodes: Sequence[str], cursor_of: "CursorOf") -> None:
        """Begin to work for these nodes (`site/node`).

        Raises:
            DriverError: if that will never be possible; what may come later is tried by `poll`.
        """

    def profiles(self) -> Mapping[str, NodeProfile]:
        """Return what is known of the nodes; empty until the driver has seen its machines."""

    def fileno(self) -> int:
        """Return a file descriptor that becomes readable when `poll` has news, or -1."""

    def wait_s(self, now_s: float) -> float:
        """Return after how many seconds `poll` wants to be called even if nothing is readable."""

    def poll(self, now_s: float, wall_ms: int) -> Intake:
        """Return what has come in since the last call; never waits."""

    def write(
        self, node: str, name: str, args: Mapping[str, object], command_id: str, expires_ms: int
    ) -> WriteAnswer:
        """Carry out a checked command at most once per `command_id`.

        Raises:
            DriverError: if it is not known what became of it; the gateway asks again later.
        """

    def close(self) -> None:
        """Let go of everything."""


class CursorOf(Protocol):
    """Tells a driver how far rows of a source are already accepted."""

    def __call__(self, source: str) -> int:
        """Return the cursor stored for `source`, 0 if there is none."""
