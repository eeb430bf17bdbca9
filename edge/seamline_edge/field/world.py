"""What the field needs of a world; `seamline_sim.World` has it, tests bring a small one."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.events import Event


class Outcome(Protocol):
    """What became of a command: `status` is done | seen | refused."""

    @property
    def status(self) -> str:
        """Done, seen or refused."""

    @property
    def reason(self) -> str:
        """Why it was refused."""


class StationState(Protocol):
    """Observable state of one station, with counters that only grow."""

    @property
    def id(self) -> str:
        """Station id within the line."""

    @property
    def state(self) -> str:
        """One of run, idle, starved, blocked, setup, down, off."""

    @property
    def stitches(self) -> int:
        """Stitches ever made."""

    @property
    def running_ms(self) -> int:
        """Time the machine ever ran."""

    @property
    def wear(self) -> float:
        """Wear of the machine: hidden truth, for sensor models alone."""


class LineState(Protocol):
    """Observable state of one line."""

    @property
    def wip(self) -> int:
        """Garments on the line."""

    @property
    def power_w(self) -> int:
        """Power now."""

    @property
    def energy_wh(self) -> int:
        """Energy ever used."""


class PlantWorld(Protocol):
    """The pure world: one door in, one door out, integer microseconds."""

    @property
    def now_us(self) -> int:
        """Microseconds since the start of the scenario."""

    @property
    def start_ms(self) -> int:
        """Start of the scenario, epoch ms."""

    @property
    def catalogue(self) -> Catalogue:
        """Product master data and lines."""

    def step_until(self, t_us: int) -> None:
        """Run all events up to `t_us`."""

    def command(self, node: str, name: str, args: Mapping[str, object], key: str) -> Outcome:
        """Carry out a command, at most once per key."""

    def take_outbox(self) -> list[Event]:
        """Return events since the last call."""

    def snapshot(self) -> bytes:
        """Return the whole state."""

    def digest(self) -> str:
        """Return a hash of the whole state."""

    def observe(self, line_node: str) -> Sequence[StationState]:
        """Return the stations of a line."""

    def observe_line(self, line_node: str) -> LineState:
        """Return a line."""

    def any_shift_open(self) -> bool:
        """Tell whether any line works now."""

    def next_shift_start_us(self) -> int:
        """Return the next start of a shift."""
