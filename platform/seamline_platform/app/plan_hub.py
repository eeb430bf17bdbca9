"""The dispatch hub's plans in the running platform: a disturbance comes, a plan goes out at once.

The steps: the live floor as a problem -> provisional plan (published) -> the policy lets it be
followed -> the solver's process looks for better plans -> the twin chooses -> proposal -> policy or
person -> accepted plan (published), which the dispatch policy carries out.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from seamline_broker.clock import Clock
from seamline_broker.contracts.view import View
from seamline_platform.app.plan_memory import Circumstances, PlanMemory
from seamline_platform.app.plan_wires import PlanWires, Snapshot
from seamline_platform.app.solver import Heard, SolverState
from seamline_platform.app.triggers import Trigger
from seamline_platform.planning.explain import Text
from seamline_platform.planning.hub.allowance import Allowance
from seamline_platform.planning.hub.follow import FollowedPlan
from seamline_platform.planning.hub.live import LivePlan, live_plan, with_repairs
from seamline_platform.planning.hub.question import KEPT, NOISE, OUTLOOK, Question
from seamline_platform.planning.hub.reasons import better, kept, reason_of, sentence, until
from seamline_platform.planning.hub.watch import News, Seen, look
from seamline_platform.planning.replan.board import PlanBoard
from seamline_platform.planning.replan.edits import Edit
from seamline_platform.planning.replan.policy import AcceptPolicy
from seamline_platform.planning.shop.noise import Noise
from seamline_platform.planning.shop.predictions import Prediction

log = logging.getLogger(__name__)

RELIEFS = frozenset({"repair", "refused"})
SEARCH_EVERY_MS = 60 * 60_000
"""Plant time between searches that no disturbance asked for."""


class PlanHub:
    """Keeps the board; steps are serialised by a lock. A step that fails changes nothing."""

    def __init__(self, wires: PlanWires, clock: Clock, policy: AcceptPolicy) -> None:
        self._wires, self._clock, self._policy = wires, clock, policy
        self._lock = threading.RLock()
        self._board: PlanBoard | None = None
        self._live: LivePlan | None = None
        self._memory = PlanMemory()
        self._allowance = Allowance(at_s=clock.steady_s())
        self._seen: Seen | None = None
        self._repairs: dict[str, int] = {}
        self._cause: Trigger | None = None
        """What the question under way answers."""
        self._followed = False
        self._numbers = 0
        """Plans of the run before this start."""
        self._searched_ms = 0
        self._known: frozenset[str] = frozenset()
        self._texts: dict[tuple[str, str, str], Text] = {}
        """What was seen of disturbances that nobody reports: kind, line, order -> words."""
        self._noise = NOISE
        self.solver = SolverState()

    def chance(self, noise: Noise) -> None:
        """Count with this chance from the next question on."""
        with self._lock:
            self._noise = noise

    def may_spend(self, share: float) -> None:
        """Let the search take so many CPU seconds per wall second, on average."""
        self._allowance = replace(self._allowance, rate=share)

    def resume(self, numbers: int) -> None:
        """Go on counting plans after `numbers`, as after a restart."""
        self._numbers = numbers

    # ---- what happens ----------------------------------------------------------------------------

    def broke(self, line: str, until_ms: int) -> None:
        """Note until when a person on the spot expects a line's station to be repaired."""
        with self._lock:
            self._repairs[line] = until_ms

    def disturbed(self, trigger: Trigger) -> None:
        """Answer a disturbance: a provisional plan at once, then a search for a better one.

        What makes room (a repair, a refusal) leaves the plan possible: it is shifted, and a better
        one is looked for if the search has nothing else to do.
        """
        with self._lock:
            if trigger.kind in RELIEFS:
                self._guarded(lambda: self._relieved(trigger))
            else:
                self._guarded(lambda: self._replan(trigger, self._words(trigger)))

    def looked(self) -> list[News]:
        """Compare the plan with the plants; return disturbances that nobody reported.

        The accepted plan is shifted by what has come to pass; new orders stand where the policy has
        put them. Now and then a better plan is looked for.
        """
        with self._lock:
            found: list[News] = []
            self._guarded(lambda: found.extend(self._look()))
            return found

    def heard(self, heard: Heard) -> None:
        """Take what the solver's process says."""
        with self._lock:
            self._guarded(lambda: self._take(heard))

    def show(self, state: SolverState) -> None:
        """Take the state of the solver's process."""
        with self._lock:
            self.solver = state
            self._publish()

    # ---- what people do --------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot | None:
        """Where planning stands; None before the first plan."""
        with self._lock:
            board, live = self._board, self._live
            if board is None or live is None:
                return None
            return Snapshot(board, live, self._memory, self.solver, self._policy, self._followed)

    def accept(self, number: int) -> None:
        """Put a waiting plan in force.

        Raises:
            BoardError: if no plan of that number waits.
        """
        with self._lock:
            board, now_ms = self._present()
            self._change(board.accept(now_ms, "person", number))
            self._carry_out()

    def reject(self, number: int) -> None:
        """Drop a waiting plan.

        Raises:
            BoardError: if no plan of that number waits.
        """
        with self._lock:
            board, now_ms = self._present()
            self._change(board.reject(now_ms, "person", number))

    def undo(self) -> None:
        """Go back to the plan that was in force before, as far as the plants allow.

        Raises:
            BoardError: if there is none.
        """
        with self._lock:
            board, now_ms = self._present()
            self._note(board.numbers + 1, Trigger("person", self._clock.wall_ms()))
            self._change(board.undo(now_ms))
            self._carry_out()

    def edit(self, edit: Edit) -> tuple[int, int | None, int]:
        """Change the plan by hand; return cost before, cost after, and the proposal's number.

        Raises:
            EditError: saying why it cannot be.
        """
        with self._lock:
            board, now_ms = self._present()
            before = (board.candidate or board.accepted).schedule.value.cost
            self._note(board.numbers + 1, Trigger("person", self._clock.wall_ms()))
            board = board.edit(edit, now_ms)
            self._change(board)
            if board.proposal is None:
                return before, None, 0
            return before, board.proposal.schedule.value.cost, board.proposal.number

    def set_policy(self, policy: AcceptPolicy) -> None:
        """Accept by this policy from now on; a plan that waits is decided on at once."""
        with self._lock:
            self._policy = policy
            if self._board is not None:
                self._consider()

    # ---- steps -----------------------------------------------------------------------------------

    def _guarded(self, step: Callable[[], None]) -> None:
        """Run a step; if it fails the plans stay as they were, and a person is told.

        Whatever it is: the dispatch policy that waits behind this decides by the rules alone.
        """
        before = self._board, self._memory
        try:
            step()
        except Exception as exc:
            self._board, self._memory = before
            log.exception("plan_refused")
            self._wires.trouble(
                (f"A plan was refused, the old one stays: {exc}", f"计划被拒，沿用原计划：{exc}")
            )

    def _see(self) -> tuple[View, LivePlan]:
        """Return the plants as a problem, as they stand now."""
        view, floor = self._wires.preview()
        broken = {key for key, line in view.lines.items() if line.down}
        self._repairs = {k: t for k, t in self._repairs.items() if k in broken or t > view.now_ms}
        with_repairs(floor, self._repairs)
        board = self._board
        live = live_plan(view, floor, self._wires.params(), locked=board.locks if board else ())
        self._live = live
        return view, live

    def _replan(self, trigger: Trigger, reason: Text) -> None:
        view, live = self._see()
        self._seen, _ = look(self._seen, view, live)
        board = self._started(live) if self._board is None else self._board
        if board.proposal is not None and not board.proposal.by_hand:
            board = board.reject(view.now_ms, "hub", board.proposal.number)  # overtaken
        self._note(board.numbers + 1, trigger, board.accepted.schedule.value.cost)
        self._change(board.rebase(live.problem, view.now_ms, reason))
        self._consider()
        self._search(trigger, self._grown().urgent)

    def _relieved(self, trigger: Trigger) -> None:
        self._look()
        if self._cause is None and self._grown().full:
            self._search(trigger, self._allowance.most)

    def _words(self, trigger: Trigger) -> Text:
        seen = self._texts.pop((trigger.kind, trigger.station, trigger.order), None)
        if seen is not None:
            return sentence(seen)
        reason = reason_of(trigger.kind, trigger.station, trigger.order)
        until_ms = self._repairs.get("/".join(trigger.station.split("/")[:2]))
        if trigger.kind == "breakdown" and until_ms is not None:
            return until(reason, until_ms, self._live.now_ms if self._live else until_ms)
        return reason

    def _look(self) -> list[News]:
        view, live = self._see()
        self._seen, found = look(self._seen, view, live)
        self._texts = {(news.kind, news.line, news.order): news.text for news in found}
        if self._board is None:
            self._change(self._started(live))
            self._carry_out()
            self._search(Trigger("start", self._clock.wall_ms()), self._grown().urgent)
            return []
        self._change(_shifted(self._board, live))
        self._consider()
        self._carry_out(quietly=True)
        names = frozenset(live.states)
        due = view.now_ms - self._searched_ms >= SEARCH_EVERY_MS and names - self._known
        if due and not found and self._cause is None and self._grown().full:
            self._search(Trigger("orders", self._clock.wall_ms()), self._allowance.most)
        return found

    def _started(self, live: LivePlan) -> PlanBoard:
        number = self._numbers + 1
        self._note(number, Trigger("start", self._clock.wall_ms()))
        board = PlanBoard.start(live.problem, live.sequences, live.now_ms, reason_of("start"))
        return replace(board, numbers=number, accepted=replace(board.accepted, number=number))

    def _search(self, cause: Trigger, cpu_s: float) -> None:
        board, live = self._board, self._live
        if board is None or live is None or len(board.accepted.schedule.rows) < 2:
            return
        start = (board.candidate or board.accepted).sequences
        self._cause, self._searched_ms = cause, live.now_ms
        self._known = frozenset(live.states)
        line = "/".join(cause.station.split("/")[:2])
        struck = (line,) if line in board.problem.line_of else ()
        self._wires.ask(Question(board.to_solve, start, cpu_s, noise=self._noise, struck=struck))

    def _take(self, heard: Heard) -> None:
        cause = self._cause
        if heard.final:
            self._cause = None
        if heard.answer is None:
            if heard.reason:
                self._wires.trouble((heard.reason, self.solver.reason_zh or heard.reason))
            return
        if OUTLOOK in heard.answer.compared:
            self._look_ahead(Prediction.from_dict(heard.answer.compared[OUTLOOK]))
        if not heard.final or cause is None:
            return
        self._allowance = self._grown().spent(heard.answer.cpu_s)
        compared = heard.answer.compared
        if not compared:
            return
        chosen = str(compared["chosen"])
        mean, low, high = (float(x) for x in compared["gain"])
        prediction = Prediction.from_dict(compared["predictions"][chosen])
        if self._board is None:
            return
        if chosen == KEPT:
            number = (self._board.candidate or self._board.accepted).number
            self._memory = self._memory.foretold(number, cause.kind, compared, prediction)
            log.info("plan_kept %s", kept(mean)[0])
            self._publish()
            return
        self._propose(heard, cause, better, prediction, (low, high))

    def _look_ahead(self, prediction: Prediction) -> None:
        """Note how the plan that the search begins with does under chance."""
        if self._board is not None:
            number = (self._board.candidate or self._board.accepted).number
            self._memory = self._memory.looked_ahead(number, prediction)
            self._publish()

    def _propose(
        self, heard: Heard, cause: Trigger, words: Callable[..., Text], prediction: Prediction,
        gain: tuple[float, float],
    ) -> None:  # fmt: skip
        """Put the twin's choice on the board, as the plants stand now."""
        if heard.answer is None:
            return
        board, now_ms = self._present()
        compared = heard.answer.compared
        reason = words(
            board.accepted.schedule.value.cost, heard.answer.cost, compared["runs"], *gain
        )
        number = board.numbers + 1
        self._note(number, cause, board.accepted.schedule.value.cost)
        self._memory = self._memory.foretold(number, cause.kind, compared, prediction)
        p50, p90 = float(prediction.cost[1]), float(prediction.cost[2])
        self._change(board.propose(heard.answer.sequences, reason, now_ms, p50=p50, p90=p90))
        self._consider()

    def _present(self) -> tuple[PlanBoard, int]:
        """Return the board as the plants stand now."""
        view, live = self._see()
        board = self._board or self._started(live)
        return _shifted(board, live), view.now_ms

    def _consider(self) -> None:
        """Let the policy decide on what waits."""
        if self._board is None or self._live is None:
            return
        before = self._board.accepted.number
        board, decision = self._board.consider(self._policy, self._live.now_ms)
        if decision is not None:
            self._memory = self._memory.decided(decision.why)
        self._change(board)
        if board.accepted.number != before:
            self._carry_out()

    def _carry_out(self, quietly: bool = False) -> None:
        """Let the policy follow the plan in force; a new plan asks for a decision."""
        if self._board is None or self._live is None:
            return
        accepted, self._followed = self._board.accepted, True
        self._wires.follow(
            FollowedPlan(accepted.number, self._live.now_ms, accepted.sequences.lines)
        )
        if not quietly:
            self._wires.decide()

    def _note(self, number: int, trigger: Trigger, cost_before: int = 0) -> None:
        """Remember what the plan of that number answers."""
        now_ms = self._live.now_ms if self._live else 0
        circumstances = Circumstances(trigger, now_ms, self._clock.wall_ms(), cost_before)
        self._memory = self._memory.noted(number, circumstances)

    def _grown(self) -> Allowance:
        self._allowance = self._allowance.grown(self._clock.steady_s())
        return self._allowance

    def _change(self, board: PlanBoard) -> None:
        self._board = board
        self._publish()

    def _publish(self) -> None:
        snapshot = self.snapshot
        if snapshot is not None:
            self._wires.changed(snapshot)


def _shifted(board: PlanBoard, live: LivePlan) -> PlanBoard:
    """Return the board with the accepted plan as the plants have it by now.

    The policy follows that plan, so what it would do next is the plan shifted by what has come to
    pass, with new orders where the rules put them.
    """
    accepted = replace(board.accepted, sequences=live.sequences)
    return replace(board, accepted=accepted).rebase(live.problem, live.now_ms)
