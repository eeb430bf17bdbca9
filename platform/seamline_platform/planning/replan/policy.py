"""Who accepts a proposed plan: people, or a rule that says why.

A new plan costs more than its figures say: material is carried, people change their places. So a
change has to gain more than it costs (non-disruptive re-planning: a tax on every change), and not
every few minutes (nervousness, Vieira, Herrmann and Lin, Journal of Scheduling 6, 2003).
"""

from dataclasses import dataclass
from typing import Literal

from seamline_broker.errors import ConfigError
from seamline_platform.planning.explain import Text, span
from seamline_platform.planning.replan.difference import Difference


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a plan is accepted, and why, in English and Chinese."""

    accept: bool
    why: Text


@dataclass(frozen=True, slots=True)
class AcceptPolicy:
    """Limits within which a plan is accepted without asking.

    Costs are those of the problem's objective. The gain counts net of `change_cost` for every order
    that goes to another line.
    """

    mode: Literal["automatic", "ask"] = "automatic"
    min_gain_share: float = 0.02
    """Least net gain as a share of the cost of the plan in force."""
    min_gain: int = 0
    """Least net gain as a cost."""
    change_cost: int = 20
    max_moved_share: float = 0.2
    """Most orders that may go to another line, as a share of those that are free."""
    quiet_ms: int = 600_000
    """No change sooner after the last one, unless the plan in force is only provisional."""
    provisional_at_once: bool = True
    """A provisional plan is put in force at once: the old one cannot be carried out any more."""

    def __post_init__(self) -> None:
        if self.mode not in ("automatic", "ask"):
            raise ConfigError(f"AcceptPolicy.mode is {self.mode!r}; allowed: automatic, ask.")
        for name in ("min_gain_share", "max_moved_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ConfigError(f"AcceptPolicy.{name} is {value}; allowed: 0 to 1.")
        for name in ("min_gain", "change_cost", "quiet_ms"):
            value = getattr(self, name)
            if value < 0:
                raise ConfigError(f"AcceptPolicy.{name} is {value}; allowed: 0 or more.")

    def decide(
        self,
        change: Difference,
        free_orders: int,
        since_change_ms: int | None = None,
        urgent: bool = False,
    ) -> Decision:
        """Return whether a change is accepted without asking.

        `since_change_ms` is the time since the plan in force was accepted (None: never changed);
        `urgent` says that the plan in force is a provisional one, for which the quiet time does
        not count.
        """
        if self.mode == "ask":
            return Decision(False, ("A person decides on every plan.", "所有方案由人工确认。"))
        for refusal in (
            self._too_small(change),
            self._too_many(change, free_orders),
            None if urgent else self._too_soon(since_change_ms),
        ):
            if refusal is not None:
                return Decision(False, refusal)
        net = self._net(change)
        return Decision(
            True,
            (
                f"Accepted: it saves {net:,} net of the change ({net / change.before.cost:.0%}) "
                f"and moves {len(change.moved)} of {free_orders} orders.",
                f"自动采纳：扣除变更成本后节省 {net:,}（{net / change.before.cost:.0%}），"
                f"{free_orders} 单中换线 {len(change.moved)} 单。",
            ),
        )

    def decide_provisional(self) -> Decision:
        """Return whether a provisional plan is put in force at once."""
        if self.provisional_at_once:
            return Decision(
                True,
                (
                    "The old plan cannot be carried out as it is: the provisional one is in force.",
                    "原计划已无法执行：临时方案立即生效。",
                ),
            )
        return Decision(
            False, ("A person decides on the provisional plan.", "临时方案由人工确认。")
        )

    def _net(self, change: Difference) -> int:
        return change.gain - self.change_cost * len(change.moved)

    def _too_small(self, change: Difference) -> Text | None:
        net, cost = self._net(change), change.before.cost
        least = max(self.min_gain, self.min_gain_share * cost)
        if net > 0 and net >= least:
            return None
        return (
            f"Not accepted: it saves {change.gain:,}, the change costs "
            f"{change.gain - net:,}; at least {least:,.0f} net is asked for.",
            f"未采纳：节省 {change.gain:,}，变更成本 {change.gain - net:,}；"
            f"净收益至少 {least:,.0f}。",
        )

    def _too_many(self, change: Difference, free_orders: int) -> Text | None:
        most = self.max_moved_share * free_orders
        if len(change.moved) <= most:
            return None
        return (
            f"Not accepted: {len(change.moved)} of {free_orders} orders would change line; at most "
            f"{self.max_moved_share:.0%} may.",
            f"未采纳：{free_orders} 单中有 {len(change.moved)} 单换线，上限 "
            f"{self.max_moved_share:.0%}。",
        )

    def _too_soon(self, since_change_ms: int | None) -> Text | None:
        if since_change_ms is None or since_change_ms >= self.quiet_ms:
            return None
        en, zh = span(self.quiet_ms - since_change_ms)
        return (
            f"Not accepted yet: the plan changed a short while ago; not before another {en}.",
            f"暂不采纳：计划刚变更过，{zh}后再考虑。",
        )
