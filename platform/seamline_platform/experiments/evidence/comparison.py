"""From outcomes to evidence: means and intervals by policy, differences by step, one digest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seamline_platform.experiments.evidence.designs import Design, Step, coalition_policy
from seamline_platform.experiments.evidence.intervals import (
    Difference,
    Interval,
    Method,
    compare,
    mean_interval,
)
from seamline_platform.experiments.evidence.jobs import Job, digest, outcome_document
from seamline_platform.experiments.evidence.kpis import METRICS, PRIMARY, TFP
from seamline_platform.experiments.evidence.productivity import total_factor_productivity
from seamline_platform.experiments.evidence.shapley import coalitions, shapley
from seamline_platform.experiments.season import Knobs, Outcome, Setting

Values = Mapping[str, Mapping[str, Sequence[float]]]
"""By policy and metric: one value per seed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: a design in a setting, each policy with its knobs, on these seeds."""

    design: Design
    setting: Setting
    knobs: Mapping[str, Knobs]
    seeds: tuple[int, ...]

    def jobs(self) -> list[Job]:
        """Return all runs, seed by seed, so that a market serves all policies of its seed."""
        return [self.job(name, seed) for seed in self.seeds for name in self.design.policies]

    def job(self, name: str, seed: int) -> Job:
        """Return the run of one policy on one seed."""
        policy = self.design.policies[name]
        return Job(name, self.setting, policy, self.knobs[name], seed)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an experiment shows."""

    plan: Plan
    policies: Mapping[str, Mapping[str, Interval]]
    """By policy and metric."""
    steps: tuple[tuple[Step, Mapping[str, Difference]], ...]
    shapley: Mapping[str, Interval]
    """Profit by switch, k yuan; empty unless all coalitions were run."""
    digest: str
    cpu_s: float
    """Processor time that the runs took when they were made; no part of the digest."""

    def difference(self, kind: str, switch: str, metric: str = PRIMARY) -> Difference | None:
        """Return what a step of this kind changes in a metric; None if there is no such step."""
        for step, differences in self.steps:
            if (step.kind, step.switch) == (kind, switch):
                return differences[metric]
        return None


def compare_all(plan: Plan, outcomes: Mapping[tuple[str, int], Outcome],
                method: Method = "t") -> Comparison:  # fmt: skip
    """Return the evidence of outcomes by policy and seed.

    Raises:
        ExperimentError: if a metric is not finite, or an index is undefined.
    """
    values = metric_values(plan, outcomes)
    policies = {
        name: {metric: mean_interval(values[name][metric], method) for metric in METRICS}
        for name in plan.design.policies
    }
    steps = tuple(
        (step, compare(values[step.start], values[step.end], PRIMARY, method))
        for step in plan.design.steps
    )
    return Comparison(
        plan,
        policies,
        steps,
        _shapley(plan, values, method),
        _digest(plan, outcomes),
        sum(outcome.cpu_s for outcome in outcomes.values()),
    )


def metric_values(plan: Plan, outcomes: Mapping[tuple[str, int], Outcome]) -> Values:
    """Return every metric by policy, one value per seed; TFP against the seed's baseline."""
    base = plan.design.baseline
    return {
        name: {
            metric: [
                _tfp(outcomes[base, seed], outcomes[name, seed])
                if metric == TFP
                else outcomes[name, seed].kpis[metric]
                for seed in plan.seeds
            ]
            for metric in METRICS
        }
        for name in plan.design.policies
    }


def _tfp(base: Outcome, other: Outcome) -> float:
    a, b = base.accounts, other.accounts
    return total_factor_productivity(a.outputs, a.inputs, b.outputs, b.inputs)


def _shapley(plan: Plan, values: Values, method: Method) -> dict[str, Interval]:
    """Return Shapley values with intervals over seeds: each seed is a game of its own."""
    players = [switch.id for switch in plan.design.switches]
    names = {chosen: coalition_policy(plan.design, chosen) for chosen in coalitions(players)}
    if not all(name in values for name in names.values()):
        return {}
    games = [
        shapley(players, {chosen: values[name][PRIMARY][n] for chosen, name in names.items()})
        for n in range(len(plan.seeds))
    ]
    return {player: mean_interval([game[player] for game in games], method) for player in players}


def _digest(plan: Plan, outcomes: Mapping[tuple[str, int], Outcome]) -> str:
    """Return a hash of all inputs and results but processor time; floats to nine digits."""
    rows = []
    for (name, seed), outcome in sorted(outcomes.items()):
        document = outcome_document(outcome)
        del document["cpu_s"]
        rows.append([name, plan.job(name, seed).document(), _nine_digits(document)])
    return digest(rows)


def _nine_digits(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, dict):
        return {key: _nine_digits(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_nine_digits(item) for item in value]
    return value
