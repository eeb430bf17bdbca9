"""The board of plans: what is in force, what is proposed, who decided what; a pure state machine.

Every step returns a new board. The plan in force is `accepted`; a disturbance puts a `provisional`
plan beside it, a solver or a person a `proposal`. Reality moves on while they wait: `rebase` hands
in the problem as it stands now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from seamline_platform.planning.explain import Text
from seamline_platform.planning.replan.difference import Difference, difference
from seamline_platform.planning.replan.edits import (
    Edit,
    EditError,
    Lock,
    Unlock,
    edited,
    live_locks,
    locked,
    unlocked,
    with_locks,
)
from seamline_platform.planning.replan.evaluated import evaluated, survivors
from seamline_platform.planning.replan.policy import AcceptPolicy, Decision
from seamline_platform.planning.replan.provisional import provisional
from seamline_platform.planning.replan.state import line_of_order
from seamline_platform.planning.replan.tax import taxed, untaxed
from seamline_platform.planning.replan.versions import (
    Author,
    BoardError,
    Status,
    Version,
    came,
    missed,
    told,
)
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import Sequences

HISTORY: Final = 100
"""Versions kept; the page shows the newest."""


@dataclass(frozen=True, slots=True)
class PlanBoard:
    """Plans of one plant. `problem` is what is left of it now; its ticks are those of all plans."""

    problem: Problem
    accepted: Version
    provisional: Version | None = None
    proposal: Version | None = None
    locks: Mapping[str, str] = field(default_factory=dict)
    """Orders that a person has locked, and their lines."""
    before: tuple[Version, ...] = ()
    """Versions that were in force before, the last one last: what `undo` goes back to."""
    history: tuple[Version, ...] = ()
    """Versions that are decided on, newest first."""
    numbers: int = 1
    """Number of the newest version."""
    repaired: bool = False
    """The plan in force is a provisional one that nobody has improved yet."""

    @classmethod
    def start(
        cls, problem: Problem, sequences: Sequences, at_ms: int, reason: Text | None = None
    ) -> "PlanBoard":
        """Return a board whose first plan is in force; orders without a place are put in."""
        plain = untaxed(problem)
        plan = provisional(plain, sequences)
        why = reason or ("The first plan.", "首个计划。")
        first = Version(1, "accepted", why, "hub", at_ms, plan, evaluated(plain, plan))
        return cls(problem=plain, accepted=first)

    @property
    def to_solve(self) -> Problem:
        """The problem for a solver: with locks, and the lines of the plan in force as planned."""
        return taxed(with_locks(self.problem, self.locks), self.accepted.sequences)

    @property
    def candidate(self) -> Version | None:
        """What waits for a decision: the proposal, or else the provisional plan."""
        return self.proposal or self.provisional

    @property
    def change(self) -> Difference | None:
        """What the candidate changes in the plan in force; None if there is no candidate."""
        if self.candidate is None:
            return None
        return difference(self.accepted.schedule, self.candidate.schedule, self.problem.tick_ms)

    @property
    def can_undo(self) -> bool:
        """True if a plan was in force before."""
        return bool(self.before)

    @property
    def free_orders(self) -> int:
        """Orders that a plan may still move."""
        fixed = {name for row in self.problem.fixed.values() for name in row}
        return sum(o.sewn is None and o.order not in fixed for o in self.problem.orders)

    def propose(
        self,
        sequences: Sequences,
        reason: Text,
        at_ms: int,
        *,
        by_hand: bool = False,
        p50: float | None = None,
        p90: float | None = None,
    ) -> "PlanBoard":
        """Return the board with a proposal; one made by hand only gives way to another by hand.

        Orders that began, or came, since the solver was started are put right: see `rebase`.
        """
        if self.proposal is not None and self.proposal.by_hand and not by_hand:
            return self
        plan = provisional(with_locks(self.problem, self.locks), sequences)
        new = Version(
            number=self.numbers + 1,
            status="proposal",
            reason=reason,
            author="person" if by_hand else "hub",
            at_ms=at_ms,
            sequences=plan,
            schedule=evaluated(self.problem, plan),
            by_hand=by_hand,
            stale=missed(self.problem, sequences),
            p50=p50,
            p90=p90,
        )
        board = _decided(self, self.proposal, "superseded", new.author, at_ms)
        return replace(board, proposal=new, numbers=new.number)

    def accept(
        self, at_ms: int, author: Author = "person", number: int | None = None,
        reason: Text | None = None,
    ) -> "PlanBoard":  # fmt: skip
        """Return the board with the candidate (or the version of that number) in force.

        Raises:
            BoardError: if there is none of that number.
        """
        chosen = self._waiting(number)
        board = _decided(self, self.accepted, "superseded", author, at_ms)
        now = replace(
            chosen, status="accepted", author=author, at_ms=at_ms,
            reason=reason or chosen.reason, stale=None,
        )  # fmt: skip
        if chosen is self.proposal:
            board = _decided(board, self.provisional, "superseded", author, at_ms)
        kept = self.proposal if chosen is self.provisional else None
        return replace(
            board,
            accepted=now,
            provisional=None,
            proposal=kept,
            before=(*self.before, self.accepted)[-HISTORY:],
            repaired=chosen is self.provisional,
        )

    def reject(
        self, at_ms: int, author: Author = "person", number: int | None = None,
        reason: Text | None = None,
    ) -> "PlanBoard":  # fmt: skip
        """Return the board without the candidate (or the version of that number).

        Raises:
            BoardError: if there is none of that number.
        """
        chosen = self._waiting(number)
        if reason is not None:
            chosen = replace(chosen, reason=reason)
        board = _decided(self, chosen, "rejected", author, at_ms)
        if self.proposal is not None and chosen.number == self.proposal.number:
            return replace(board, proposal=None)
        return replace(board, provisional=None)

    def edit(self, edit: Edit, at_ms: int) -> "PlanBoard":
        """Return the board after a change by hand, evaluated at once.

        `Move` and `Swap` change the candidate (the plan in force if there is none) and lead to a
        proposal by hand. `Lock` and `Unlock` hold for all plans to come; a lock on another line
        leads to a proposal that goes there.

        Raises:
            EditError: saying why it cannot be.
        """
        base = (self.candidate or self.accepted).sequences
        if isinstance(edit, Unlock):
            return replace(self, locks=unlocked(edit, self.locks))
        if isinstance(edit, Lock):
            board = replace(self, locks=locked(self.problem, base, edit, self.locks))
            plan = provisional(with_locks(self.problem, board.locks), base)
            if dict(plan.lines) == dict(base.lines):
                return board
            return board.propose(plan, told(edit), at_ms, by_hand=True)
        plan = edited(self.problem, base, edit, self.locks)
        return self.propose(plan, told(edit), at_ms, by_hand=True)

    def undo(self, at_ms: int) -> "PlanBoard":
        """Return the board with the plan in force that was so before, as far as reality allows.

        Orders that began since then stay where they are; the reason names those that the old plan
        had elsewhere.

        Raises:
            BoardError: if no plan was in force before.
        """
        if not self.before:
            raise BoardError(("There is no plan to go back to.", "没有可恢复的计划。"))
        old = self.before[-1]
        plan = provisional(with_locks(self.problem, self.locks), old.sequences)
        en, zh = f"Back to plan {old.number}.", f"恢复到计划 {old.number}。"
        overtaken = missed(self.problem, old.sequences)
        if overtaken is not None:
            en, zh = f"{en} {overtaken[0]}", f"{zh}{overtaken[1]}"
        number = self.numbers + 1
        back = Version(
            number, "accepted", (en, zh), "person", at_ms, plan, evaluated(self.problem, plan)
        )
        board = _decided(self, self.accepted, "undone", "person", at_ms)
        return replace(
            board, accepted=back, before=self.before[:-1], numbers=number, repaired=False
        )

    def rebase(self, problem: Problem, at_ms: int, reason: Text | None = None) -> "PlanBoard":
        """Return the board on the problem as it stands now.

        Orders that began or are gone leave all plans, which are evaluated anew. If `reason` is
        given (a disturbance), or an order has no place in the plan in force any more, there is a
        provisional plan. A proposal that reality has overtaken says how.
        """
        plain = untaxed(problem)
        locks = live_locks(plain, self.locks)
        tied = with_locks(plain, locks)
        kept = survivors(plain, self.accepted.sequences)
        accepted = replace(self.accepted, sequences=kept, schedule=evaluated(plain, kept))
        board = replace(self, problem=plain, accepted=accepted, locks=locks)
        plan = provisional(tied, kept)
        homeless = set(line_of_order(plan)) - set(line_of_order(kept))
        if reason is not None or homeless or dict(plan.lines) != dict(kept.lines):
            why = reason or came(sorted(homeless))
            board = _put_provisional(board, plan, why, at_ms)
        elif self.provisional is not None:
            board = replace(board, provisional=_moved_on(plain, tied, self.provisional))
        if self.proposal is not None:
            board = replace(board, proposal=_moved_on(plain, tied, self.proposal))
        return board

    def consider(self, policy: AcceptPolicy, at_ms: int) -> tuple["PlanBoard", Decision | None]:
        """Return the board after a policy has decided on the candidate, and the decision.

        A person's own proposal is left to people; a policy that does not accept leaves the
        candidate to people as well.
        """
        board, decision = self, None
        if board.provisional is not None:
            decision = policy.decide_provisional()
            if decision.accept:
                board = board.accept(at_ms, "policy", board.provisional.number)
        if board.proposal is not None and not board.proposal.by_hand:
            change = difference(
                board.accepted.schedule, board.proposal.schedule, board.problem.tick_ms
            )
            since = at_ms - board.accepted.at_ms if board.before else None
            decision = policy.decide(change, board.free_orders, since, board.repaired)
            if decision.accept:
                board = board.accept(at_ms, "policy", board.proposal.number, decision.why)
        return board, decision

    def _waiting(self, number: int | None) -> Version:
        waiting = [v for v in (self.proposal, self.provisional) if v is not None]
        for version in waiting:
            if number is None or version.number == number:
                return version
        shown = ", ".join(str(v.number) for v in waiting)
        asked = "" if number is None else f" {number}"
        raise BoardError(
            (
                f"No plan{asked} waits for a decision; waiting: {shown or 'none'}.",
                f"没有待决定的计划{asked}；待决定：{shown or '无'}。",
            )
        )


def _decided(
    board: PlanBoard, version: Version | None, status: Status, author: Author, at_ms: int
) -> PlanBoard:
    """Return the board with that version in its history."""
    if version is None:
        return board
    done = replace(version, status=status, author=author, at_ms=at_ms)
    return replace(board, history=(done, *board.history)[:HISTORY])


def _put_provisional(board: PlanBoard, plan: Sequences, reason: Text, at_ms: int) -> PlanBoard:
    number = board.numbers + 1
    schedule = evaluated(board.problem, plan)
    new = Version(number, "provisional", reason, "hub", at_ms, plan, schedule)
    board = _decided(board, board.provisional, "superseded", "hub", at_ms)
    return replace(board, provisional=new, numbers=number)


def _moved_on(problem: Problem, tied: Problem, version: Version) -> Version:
    """Return a waiting plan on the problem as it stands now, and what it did not foresee."""
    plan = provisional(tied, version.sequences)
    stale = missed(problem, version.sequences) or version.stale
    return replace(version, sequences=plan, schedule=evaluated(problem, plan), stale=stale)


__all__ = ["BoardError", "EditError", "PlanBoard", "Version"]
