"""Which policies an experiment compares, and between which of them a step is measured.

A switch is judged three ways, because its effect depends on what else is on: alone (from the
baseline), left out (of the whole), and in the published order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.evidence.shapley import coalitions
from seamline_platform.experiments.season import Links, Practices

Policy = Links | Practices
Kind = Literal["total", "alone", "left_out", "in_order"]
FULL: Final = "full"


@dataclass(frozen=True, slots=True)
class Switch:
    """One thing that can be switched on, with its name in two languages."""

    id: str
    en: str
    zh: str
    sets: Mapping[str, Any]
    """Fields of the policy and what they become."""


@dataclass(frozen=True, slots=True)
class Step:
    """Two policies whose difference is measured: `end` minus `start`."""

    kind: Kind
    switch: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Design:
    """An experiment: its switches in order, its policies by id, its steps."""

    name: str
    switches: tuple[Switch, ...]
    policies: Mapping[str, Policy]
    steps: tuple[Step, ...]
    ladder: tuple[str, ...]
    """Policies in the published order, from nothing to all."""
    extra: tuple[str, ...] = ()
    """Coalitions that only Shapley values need."""

    @property
    def baseline(self) -> str:
        """Return the policy with nothing switched on."""
        return self.ladder[0]

    def only(self, names: Sequence[str]) -> "Design":
        """Return the design with these policies (and the baseline) alone.

        Raises:
            ConfigError: if a policy is unknown.
        """
        for name in names:
            if name not in self.policies:
                raise ConfigError(
                    f"Policy {name!r} is unknown to {self.name}; there are: "
                    f"{', '.join(self.policies)}."
                )
        kept = {n: p for n, p in self.policies.items() if n in names or n == self.baseline}
        return Design(
            self.name,
            self.switches,
            kept,
            tuple(step for step in self.steps if step.start in kept and step.end in kept),
            tuple(name for name in self.ladder if name in kept),
        )


SENSE: Final = Switch(
    "sense", "Market, shop floor and devices are sensed", "感知消费市场、车间与设备",
    {"sense_market": True, "sense_floor": True},
)  # fmt: skip
_MARKET: Final = Switch("sense_market", "Market is sensed", "感知消费市场", {"sense_market": True})
_FLOOR: Final = Switch(
    "sense_floor", "Shop floor and devices are sensed", "感知车间与设备", {"sense_floor": True}
)
LINKS: Final = (
    SENSE,
    Switch("integrate", "Data are gathered and shared at once", "数据汇聚、互联互通",
           {"integrate": True}),
    Switch("elastic", "Lines join in hours, used on demand", "随时接入、按需使用",
           {"elastic": True}),
    Switch("close_loop", "Diagnose, predict, decide, execute", "诊断、预测、决策、执行",
           {"close_loop": True}),
    Switch("scope", "From one line to all plants", "从单条产线到全部工厂", {"scope": "platform"}),
)  # fmt: skip
PRACTICES: Final = (
    Switch("brain", "Demand brain", "需求大脑", {"brain": True}),
    Switch("process_map", "Digital process map", "数字工艺地图", {"process_map": True}),
    Switch("dispatch", "Multi-level dispatch", "全链路统筹计划", {"dispatch": True}),
    Switch("warehouse", "Central warehouse", "智能中央仓", {"warehouse": True}),
    Switch("plant", "Flexible closed-loop plant", "柔性智能工厂", {"plant": True}),
)


def table2(all_coalitions: bool = False) -> Design:
    """Return the comparison of two digital solutions, switch by switch (the case's Table 2).

    Sensing is one row of the table; in order it is split into market and shop floor.
    """
    ladder = (_MARKET, _FLOOR, *LINKS[1:])
    return _design("table2", Links, LINKS, ladder, (_MARKET,), all_coalitions)


def practices(all_coalitions: bool = False) -> Design:
    """Return the five practices of the case, added one at a time to a mostly manual start."""
    return _design("practices", Practices, PRACTICES, PRACTICES, (), all_coalitions)


DESIGNS: Final = {"table2": table2, "practices": practices}


def switch_names() -> dict[str, Switch]:
    """Return every switch by id."""
    return {s.id: s for s in (*LINKS, _MARKET, _FLOOR, *PRACTICES)}


def coalition_policy(design: Design, chosen: Iterable[str]) -> str:
    """Return the id of the policy with these switches on."""
    kind = type(next(iter(design.policies.values())))
    return _id(_with(kind, [s for s in design.switches if s.id in set(chosen)]))


def fields_of(policy: Policy) -> dict[str, Any]:
    """Return a policy as plain values by name."""
    return {field.name: getattr(policy, field.name) for field in fields(policy)}


def _design(
    name: str,
    kind: type[Policy],
    switches: tuple[Switch, ...],
    ladder: tuple[Switch, ...],
    parts: tuple[Switch, ...],
    all_coalitions: bool,
) -> Design:
    rungs = [_with(kind, ladder[:n]) for n in range(len(ladder) + 1)]
    none, full = rungs[0], rungs[-1]
    alone = {s.id: _with(kind, [s]) for s in (*switches, *parts)}
    without = {s.id: _with(kind, [o for o in switches if o is not s]) for s in switches}
    steps = [Step("total", "all", _id(none), _id(full))]
    steps += [Step("alone", switch, _id(none), _id(p)) for switch, p in alone.items()]
    steps += [Step("left_out", switch, _id(p), _id(full)) for switch, p in without.items()]
    rungs_by_switch = [_with(kind, switches[:n]) for n in range(len(switches) + 1)]
    steps += _in_order(switches, rungs_by_switch)
    steps += [step for step in _in_order(ladder, rungs) if step not in steps]
    shown = {_id(p): p for p in (*rungs, *alone.values(), *without.values())}
    chosen = coalitions([s.id for s in switches]) if all_coalitions else []
    every = {_id(p): p for c in chosen for p in [_with(kind, [s for s in switches if s.id in c])]}
    return Design(
        name,
        switches,
        {**shown, **every},
        tuple(steps),
        tuple(_id(p) for p in rungs),
        tuple(policy for policy in every if policy not in shown),
    )


def _in_order(switches: Sequence[Switch], rungs: Sequence[Policy]) -> list[Step]:
    return [
        Step("in_order", switch.id, _id(rungs[n]), _id(rungs[n + 1]))
        for n, switch in enumerate(switches)
    ]


def _with(kind: type[Policy], switches: Iterable[Switch]) -> Policy:
    values: dict[str, Any] = {}
    for switch in switches:
        values |= switch.sets
    return kind(**values)


def _id(policy: Policy) -> str:
    everything = Links(True, True, True, True, True, "platform")
    if policy in (everything, Practices(True, True, True, True, True)):
        return FULL
    return policy.name
