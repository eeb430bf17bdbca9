"""What the hub's plans are connected to, and what is told of them."""

from collections.abc import Callable
from dataclasses import dataclass

from seamline_broker.contracts.view import View
from seamline_platform.app.plan_memory import PlanMemory
from seamline_platform.app.solver import SolverState
from seamline_platform.planning.explain import Text
from seamline_platform.planning.floor import Floor
from seamline_platform.planning.hub.follow import FollowedPlan
from seamline_platform.planning.hub.live import LivePlan
from seamline_platform.planning.hub.question import Question
from seamline_platform.planning.params import DispatchParams
from seamline_platform.planning.replan.board import PlanBoard
from seamline_platform.planning.replan.policy import AcceptPolicy


@dataclass(frozen=True, slots=True)
class PlanWires:
    """What the hub is connected to; every callable may be called from any thread."""

    preview: Callable[[], tuple[View, Floor]]
    """The view, and the floor with every free order where the policy would have it sewn."""
    params: Callable[[], DispatchParams]
    follow: Callable[[FollowedPlan], None]
    """Let the dispatch policy carry out a plan from its next decision on."""
    decide: Callable[[], None]
    """Ask for a decision soon."""
    ask: Callable[[Question], None]
    """Ask the solver's process; what it was asked before is cancelled."""
    changed: Callable[["Snapshot"], None]
    """Tell page, broker and store that something about the plans has changed."""
    trouble: Callable[[Text], None]
    """Tell a person what went wrong."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where planning stands: what is published, shown and stored."""

    board: PlanBoard
    live: LivePlan
    memory: PlanMemory
    solver: SolverState
    policy: AcceptPolicy
    followed: bool
