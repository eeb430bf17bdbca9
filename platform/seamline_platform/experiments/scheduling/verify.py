"""`seamline bench verify` for cards of schedules: every stored solution is checked again.

The instance's hash has to be the card's, the checker has to pass the solution, and the objective
that it computes has to be the card's, exactly. Rows whose budget was a number of moves are run
again as well and have to come out equal. Rows with a budget of CPU seconds are not: how far a
search comes in a second is the machine's affair.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from seamline_broker.errors import SeamlineError
from seamline_platform.experiments.forecasting.card import file_sha256_of
from seamline_platform.experiments.forecasting.verify import Difference, Note, Verdict
from seamline_platform.experiments.scheduling.cards import Card, read_card
from seamline_platform.experiments.scheduling.catalogue import chosen_families
from seamline_platform.experiments.scheduling.contract import Case
from seamline_platform.experiments.scheduling.outcome import (
    RULES,
    Outcome,
    problem_sha256,
    solution_of,
)
from seamline_platform.experiments.scheduling.store import solver_sha256
from seamline_platform.experiments.scheduling.worker import Desk, SolveOrder
from seamline_platform.planning.scheduler import Solution
from seamline_platform.planning.shop.annealing import Budget


@dataclass(slots=True)
class _Findings:
    """What is found on the way."""

    compared: int = 0
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def equal(self, what: str, card: object, came: object) -> bool:
        self.compared += 1
        if card != came:
            self.differences.append(Difference(what, str(card), str(came)))
        return card == came


def verify_schedule_card(
    path: Path,
    instances: Path | None = None,
    *,
    solver: str | None = None,
    note: Note = lambda text: None,
) -> Verdict:
    """Check a card's solutions again, and run again what comes out equal on every machine.

    Args:
        path: the card.
        instances: folder of the published instances, where the card has some.
        solver: where the solver's loose file is now, if not where the card says.
        note: told what is done.
    """
    found = _Findings()
    try:
        card = read_card(path)
        cases = dict(_cases(card, instances))
    except SeamlineError as exc:
        return Verdict(path, impossible=str(exc))
    spec = solver or card.solver
    _before(card, spec, found)
    desk, missing, by_clock = Desk(), 0, 0
    for row in card.outcomes:
        case = cases.get((row.family, row.instance))
        if case is None:
            missing += 1
            continue
        note(f"{row.family} {row.instance} ...")
        if not found.equal(_name(row, "instance (sha-256)"), row.instance_sha256,
                           problem_sha256(case.problem)):  # fmt: skip
            continue
        _check(row, case, found)
        if row.ok and (row.budget_moves or row.solver == RULES):
            _again(card, row, case, spec, desk, found)
        by_clock += row.ok and not row.budget_moves and row.solver != RULES
    if by_clock:
        found.notes.append(
            f"{by_clock} rows had a budget of CPU seconds: their solutions were checked, not "
            "searched for again (--moves makes rows that are)."
        )
    impossible = f"{missing} rows need instances that are not here: --instances." if missing else ""
    return Verdict(
        path, found.compared, 0.0, tuple(found.differences), tuple(found.notes), impossible
    )


def _name(row: Outcome, what: str) -> str:
    return f"{row.family} {row.instance}: {what}"


def _cases(card: Card, instances: Path | None) -> Iterator[tuple[tuple[str, str], Case]]:
    names = tuple(dict.fromkeys(row.family for row in card.outcomes))
    for family in chosen_families(names):
        if instances is not None or not family.needs_instances:
            for case in family.load(instances):
                yield (family.name, case.name), case


def _before(card: Card, spec: str, found: _Findings) -> None:
    """Look at what can be seen without any instance."""
    if not card.seal_holds:
        found.differences.append(
            Difference("seal", "it is as it was written", "changed after it was written")
        )
    if card.file_sha256:
        found.equal("solver's file (sha-256)", card.file_sha256, file_sha256_of(spec))
    elif card.sha256 != solver_sha256(spec):
        found.notes.append("code or libraries are others than those that made the card.")


def _check(row: Outcome, case: Case, found: _Findings) -> None:
    """Let the checker judge the stored solution."""
    if row.solution is None:
        return
    try:
        seen = case.check(solution_of(row.solution))
    except SeamlineError as exc:
        found.equal(_name(row, "solution"), "one that can be read", str(exc))
        return
    found.equal(_name(row, "faults"), (), seen.faults)
    found.equal(_name(row, "objective"), row.objective, seen.objective)


def _again(card: Card, row: Outcome, case: Case, spec: str, desk: Desk, found: _Findings) -> None:
    """Run a row again whose result does not depend on the machine."""
    start: Solution | None = None
    try:
        if card.started and row.start is not None:
            rules = desk.answer(SolveOrder(case, RULES, Budget(1.0), 0), lambda share, text: None)
            if isinstance(rules, Outcome) and rules.solution is not None:
                start = solution_of(rules.solution)
        budget = Budget(moves=row.budget_moves) if row.budget_moves else Budget(1.0)
        name = RULES if row.solver == RULES else spec
        came = desk.answer(SolveOrder(case, name, budget, row.seed, start), lambda s, text: None)
    except Exception as exc:  # a solver may raise anything
        found.equal(_name(row, "run again"), "a solution", repr(exc))
        return
    if isinstance(came, Outcome):
        found.equal(_name(row, "objective, run again"), row.objective, came.objective)
        found.equal(_name(row, "moves, run again"), row.moves, came.moves)
