"""Disturbances that nobody reports as such: seen by comparing the plants with how they were."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from seamline_broker.contracts.view import OPEN_STATES, View
from seamline_platform.planning.explain import Text
from seamline_platform.planning.hub.live import LivePlan

LEAST_LOST: Final = 3
LEAST_LOST_SHARE: Final = 0.03
"""Pieces of an order that are written off between two looks and make a loss of quality."""


@dataclass(frozen=True, slots=True)
class News:
    """One disturbance: `kind` is absence | late_cloth | quality; which line or order, in words."""

    kind: str
    line: str
    order: str
    text: Text


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at the plants remembers for the next."""

    operators: Mapping[str, int] = field(default_factory=dict)
    """By line, when it was last open."""
    scrapped: Mapping[str, int] = field(default_factory=dict)
    short: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    """Orders that were there: a new one without cloth is no disturbance, it is planned so."""


def look(before: Seen | None, view: View, live: LivePlan) -> tuple[Seen, list[News]]:
    """Return what is to be remembered, and what has happened since `before` (None: the start)."""
    operators = dict(before.operators) if before else {}
    operators |= {k: x.operators for k, x in view.lines.items() if x.open and x.operators > 0}
    scrapped = {o.order: o.scrapped for o in view.orders.values() if o.state in OPEN_STATES}
    now = Seen(operators, scrapped, live.short, frozenset(live.states))
    if before is None:
        return now, []
    return now, [
        *_absent(before, now),
        *_lost(before, now, view),
        *(_late_cloth(order) for order in sorted(now.short & before.known - before.short)),
    ]


def _absent(before: Seen, now: Seen) -> Iterator[News]:
    for line, there in now.operators.items():
        were = before.operators.get(line, there)
        if there < were:
            en = f"{line} has {there} operators instead of {were}"
            yield News("absence", line, "", (en, f"{line} 在岗 {there} 人（原 {were} 人）"))


def _lost(before: Seen, now: Seen, view: View) -> Iterator[News]:
    for order, scrapped in now.scrapped.items():
        lost = scrapped - before.scrapped.get(order, 0)
        if lost >= max(LEAST_LOST, LEAST_LOST_SHARE * view.orders[order].pieces):
            en, zh = f"{order} lost {lost} pieces", f"{order} 报废 {lost} 件"
            line = f"{view.orders[order].site}/{view.orders[order].line}"
            yield News("quality", line, order, (en, zh))


def _late_cloth(order: str) -> News:
    en, zh = f"the cloth of {order} is not there yet", f"{order} 的面料尚未到库"
    return News("late_cloth", "", order, (en, zh))
