"""Drivers around the world: headless (as fast as possible) and replay (the same inputs again)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from seamline_broker.contracts.commands import check_args
from seamline_broker.contracts.events import Event
from seamline_broker.contracts.view import Policy
from seamline_sim.commands import CommandOutcome
from seamline_sim.core import HOUR_US, MINUTE_US
from seamline_sim.world import World

DECIDE_US = 15 * MINUTE_US
SHOW_US = MINUTE_US
"""Events are handed out at least so often: a long outbox costs memory, and thereby speed."""
SEASON_SHOW_US = 6 * HOUR_US
"""The same for resolution `bundle`, which tells little."""


@dataclass(frozen=True, slots=True)
class Input:
    """One line of an input log: a command at an instant, or (name "") time that was shown."""

    t_us: int
    node: str = ""
    name: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""


class InputLog:
    """Applies inputs to a world and remembers them: `Replay` can do it all again."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.inputs: list[Input] = []

    def advance(self, t_us: int) -> None:
        """Run up to `t_us`; logged before anything up to it is shown."""
        self.inputs.append(Input(t_us))
        self._world.step_until(t_us)

    def command(self, node: str, name: str, args: Mapping[str, Any], id: str) -> CommandOutcome:  # noqa: A002
        """Carry out a command now; logged first."""
        self.inputs.append(Input(self._world.now_us, node, name, dict(args), id))
        return self._world.command(node, name, args, id)


class Replay:
    """Applies a log of inputs to a fresh (or restored) world; later inputs than its time only."""

    def __init__(self, inputs: Iterable[Input]) -> None:
        self._inputs = list(inputs)

    def run(self, world: World, until_us: int | None = None) -> None:
        """Apply all inputs, then run to `until_us` if it is later."""
        for entry in self._inputs:
            world.step_until(entry.t_us)
            if entry.name:
                world.command(entry.node, entry.name, entry.args, entry.id)
        if until_us is not None:
            world.step_until(until_us)


def run_headless(
    world: World,
    until_us: int,
    policy: Policy | None,
    on_events: Callable[[list[Event]], None] | None = None,
    every_us: int = DECIDE_US,
    inputs: list[Input] | None = None,
) -> None:
    """Run as fast as possible; the policy decides every `every_us` of plant time.

    Its commands are appended to `inputs`, if there is such a list.

    Decisions fall on whole multiples of `every_us`, so that a run in pieces equals one in one.
    """
    show_us = SEASON_SHOW_US if world.bundles else SHOW_US
    while world.now_us < until_us:
        target = world.now_us - world.now_us % every_us + every_us
        end = min(target, until_us)
        while world.now_us < end:
            world.step_until(min(world.now_us + show_us, end))
            _hand_out(world, on_events)
        if target <= until_us and policy is not None:
            give(world, policy, inputs)
            _hand_out(world, on_events)


def give(world: World, policy: Policy, inputs: list[Input] | None = None) -> list[CommandOutcome]:
    """Let the policy decide on the present view, and carry out what it decides."""
    outcomes = []
    for i, command in enumerate(policy.decide(world.view(), world.now_ms)):
        args = check_args(command.name, command.args)
        name = f"h{world.now_us}-{i}"
        if inputs is not None:
            inputs.append(Input(world.now_us, command.node, command.name, args, name))
        outcomes.append(world.command(command.node, command.name, args, name))
    return outcomes


def _hand_out(world: World, on_events: Callable[[list[Event]], None] | None) -> None:
    if on_events is None:
        world.outbox.clear()
    elif world.outbox:
        on_events(world.take_outbox())
