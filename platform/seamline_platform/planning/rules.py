"""Dispatch rules: which of the waiting orders comes next."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, runtime_checkable

from seamline_broker.errors import PluginError
from seamline_platform.planning.evaluate import Job
from seamline_platform.plugins import load_plugin, plugin_names

GROUP: Final = "seamline.dispatch_rules"
SETUP_WORTH: Final = 1.0
"""Worth of set-up time against tardiness of weight 1, where a rule has to weigh them."""


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What a rule may ask besides the waiting jobs. All times are working ms of the line."""

    now_ms: int
    setup_ms: Callable[[Job | None, Job], int]
    """Set-up time before a job, given the job before it (None: what the line sews now)."""
    machines: int = 1
    """Lines that share these jobs."""


@runtime_checkable
class DispatchRule(Protocol):
    """Puts waiting orders into a sequence.

    Example:
        >>> class Longest:
        ...     def order(self, waiting, context):
        ...         return sorted(waiting, key=lambda job: (-job.work_ms, job.order))
    """

    def order(self, waiting: Sequence[Job], context: RuleContext) -> Sequence[Job]:
        """Return all waiting jobs, the first to be sewn first."""


class FirstInFirstOut:
    """FIFO: who could be sewn first comes first."""

    def order(self, waiting: Sequence[Job], context: RuleContext) -> Sequence[Job]:
        """Return the jobs by the time from which their kits are there."""
        return sorted(waiting, key=lambda job: (job.release_ms, job.due_ms, job.order))


class EarliestDueDate:
    """EDD: the earliest due date first (Jackson's rule: least maximal lateness on one machine)."""

    def order(self, waiting: Sequence[Job], context: RuleContext) -> Sequence[Job]:
        """Return the jobs by due date."""
        return sorted(waiting, key=lambda job: (job.due_ms, -job.weight, job.order))


class ShortestProcessingTime:
    """SPT: the shortest job first (least mean flow time on one machine)."""

    def order(self, waiting: Sequence[Job], context: RuleContext) -> Sequence[Job]:
        """Return the jobs by sewing time."""
        return sorted(waiting, key=lambda job: (job.work_ms, job.due_ms, job.order))


class WeightedShortestProcessingTime:
    """WSPT: most weight per sewing time first (Smith 1956: least weighted flow on one machine)."""

    def order(self, waiting: Sequence[Job], context: RuleContext) -> Sequence[Job]:
        """Return the jobs by falling weight per sewing time."""
        return sorted(waiting, key=lambda job: (-job.weight / _work(job), job.due_ms, job.order))


class MostWorkRemaining:
    """MWKR: the job with most sewing left first; what is long does not come in last."""

    def order(self, waiting: Sequence[Job], context: RuleContext) -> Sequence[Job]:
        """Return the jobs by falling sewing time."""
        return sorted(waiting, key=lambda job: (-job.work_ms, job.due_ms, job.order))


class Atc:
    """ATC, apparent tardiness cost: urgent and short first.

    The index of job j at time t is `w/p * exp(-max(d - p - t, 0) / (k * p_mean))`. Vepsalainen and
    Morton, "Priority rules for job shops with weighted tardiness costs", Management Science 33
    (1987) 1035-1047. They look ahead by k of 1.5 to 4.5; without a given k the best of four values
    is taken, by weighted tardiness and set-ups of the sequence.
    """

    def __init__(self, k: float | None = None) -> None:
        if k is not None and k <= 0:
            raise ValueError(f"ATC needs k above 0, not {k}.")
        self._looks = (k,) if k is not None else (0.5, 1.5, 3.0, 4.5)

    def order(self, waiting: Sequence[Job], context: RuleContext) -> Sequence[Job]:
        """Return the jobs by falling index, evaluated anew after each choice."""
        if len(waiting) < 2:
            return list(waiting)
        jobs = sorted(waiting, key=lambda job: job.order)
        p_mean = sum(_work(job) for job in jobs) / len(jobs)
        tried = [_by_index(jobs, context, k * p_mean, math.inf) for k in self._looks]
        return min(tried, key=lambda result: result[0])[1]


class Atcs:
    """ATCS, apparent tardiness cost with set-ups: urgent, short and easy to set up first.

    The index of job j after job l at time t is
    `w/p * exp(-max(d - p - t, 0) / (k1 * p_mean)) * exp(-s_lj / (k2 * s_mean))`.
    Lee, Bhaskaran and Pinedo, "A heuristic to minimize the total weighted tardiness with
    sequence-dependent setups", IIE Transactions 29 (1997) 45-52; for parallel machines Lee and
    Pinedo, EJOR 100 (1997) 464-474. k1 and k2 are estimated from the problem as there; because the
    estimate is meant for tight due dates, the best of a few values around it is taken, by
    weighted tardiness and set-ups of the sequence. Given values are used as they are.
    """

    def __init__(self, k1: float | None = None, k2: float | None = None) -> None:
        if (k1 is not None and k1 <= 0) or (k2 is not None and k2 <= 0):
            raise ValueError(f"ATCS needs k1 and k2 above 0, not {k1} and {k2}.")
        self._k1, self._k2 = k1, k2

    def order(self, waiting: Sequence[Job], context: RuleContext) -> Sequence[Job]:
        """Return the jobs by falling index, evaluated anew after each choice."""
        if len(waiting) < 2:
            return list(waiting)
        jobs = sorted(waiting, key=lambda job: job.order)
        p_mean = sum(_work(job) for job in jobs) / len(jobs)
        s_mean = _mean_setup(jobs, context)
        k1, k2 = self.estimate(jobs, context, p_mean, s_mean)
        first = [self._k1] if self._k1 else [k1, 0.25 * k1]
        second = [self._k2] if self._k2 else [k2, 3.0 * k2, 12.0 * k2]
        best: tuple[float, list[Job]] | None = None
        for a in first:
            for b in second:
                cost, sequence = _by_index(jobs, context, a * p_mean, b * s_mean)
                if best is None or cost < best[0]:
                    best = (cost, sequence)
        return best[1] if best else []

    def estimate(
        self, jobs: Sequence[Job], context: RuleContext, p_mean: float, s_mean: float
    ) -> tuple[float, float]:
        """Return k1 and k2 for these jobs.

        With due date tightness tau, range R and set-up severity eta = s_mean / p_mean:
        k1 = 4.5 + R (R <= 0.5) or 6 - 2R, k2 = tau / (2 sqrt eta).
        """
        makespan = len(jobs) * (p_mean + s_mean) / context.machines
        due = [job.due_ms - context.now_ms for job in jobs]
        spread = min((max(due) - min(due)) / makespan, 2.0)
        tightness = min(max(1 - sum(due) / len(due) / makespan, 0.1), 1.5)
        k1 = 4.5 + spread if spread <= 0.5 else 6 - 2 * spread
        k2 = tightness / (2 * math.sqrt(max(s_mean / p_mean, 1e-6)))
        return max(k1, 0.5), max(k2, 0.05)


def _by_index(
    jobs: Sequence[Job], context: RuleContext, due_scale: float, setup_scale: float
) -> tuple[float, list[Job]]:
    """Return the cost of the sequence by the ATCS index, and the sequence.

    The logarithm of the index is compared: it rises with the index and cannot underflow.
    """
    scale = max(setup_scale, 1e-9)
    rest = [(math.log(job.weight / _work(job)), job.due_ms - _work(job), job) for job in jobs]
    t, before, cost = float(context.now_ms), None, 0.0
    result: list[Job] = []
    while rest:
        best, best_index, best_setup = rest[0], -math.inf, 0
        setups: dict[tuple[str, str], int] = {}
        for entry in rest:
            log_ratio, latest, job = entry
            kind = (job.style, job.colour)
            setup = setups.get(kind)
            if setup is None:
                setup = setups[kind] = context.setup_ms(before, job)
            index = log_ratio - setup / scale
            if latest > t:
                index -= (latest - t) / due_scale
            if index > best_index:
                best, best_index, best_setup = entry, index, setup
        rest.remove(best)
        before = best[2]
        result.append(before)
        t += (_work(before) + best_setup) / context.machines
        cost += before.weight * max(t - before.due_ms, 0.0) + SETUP_WORTH * best_setup
    return cost, result


def _work(job: Job) -> int:
    return max(job.work_ms, 1)


def _mean_setup(jobs: Sequence[Job], context: RuleContext) -> float:
    """Return the mean set-up between different kinds of jobs (style and colour)."""
    kinds: dict[tuple[str, str], Job] = {}
    for job in jobs:
        kinds.setdefault((job.style, job.colour), job)
    sample = list(kinds.values())[:20]
    pairs = [context.setup_ms(a, b) for a in sample for b in sample if a is not b]
    return sum(pairs) / len(pairs) if pairs else 0.0


def rule_names() -> list[str]:
    """Return the names of the rules that are installed."""
    return plugin_names(GROUP)


def load_rule(spec: str) -> DispatchRule:
    """Return a new rule by registered name or loose file `mine.py:Mine`.

    Raises:
        PluginError: if it cannot be found, loaded or made, or has no `order` method.
    """
    kind = load_plugin(GROUP, spec)
    try:
        made = kind()
    except Exception as exc:  # a plug-in may raise anything
        raise PluginError(f"Rule {spec!r} cannot be made without arguments: {exc!r}.") from exc
    if not isinstance(made, DispatchRule):
        raise PluginError(f"Rule {spec!r} has no method 'order'.")
    return made


def sequence_by(rule: DispatchRule, waiting: Sequence[Job], context: RuleContext) -> list[Job]:
    """Return what the rule says, after checking that it kept every job exactly once.

    Raises:
        PluginError: if the rule lost, doubled or invented a job, or failed.
    """
    name = type(rule).__name__
    try:
        result = list(rule.order([replace(job) for job in waiting], context))
        got = sorted(job.order for job in result)
    except Exception as exc:  # a plug-in may raise anything
        raise PluginError(f"Rule {name} failed: {exc!r}.") from exc
    if got != sorted(job.order for job in waiting):
        raise PluginError(f"Rule {name} was given {len(waiting)} jobs and returned {len(result)}.")
    return result
