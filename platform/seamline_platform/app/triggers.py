"""What makes the dispatch hub decide, and how reasons that come together are answered together."""

from collections.abc import Iterable
from dataclasses import dataclass

from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.domain.causes import MINOR_CAUSES

TIMER = "timer"
DISTURBANCES = frozenset(
    {"breakdown", "repair", "rush_order", "refused", "absence", "late_cloth", "quality"}
)
"""Triggers that change a plan that stood: their answers count as re-plans."""

_PRIORITY = (
    "breakdown", "rush_order", "refused", "absence", "quality", "late_cloth", "repair", "plan",
    "forecast", "order", "kit", TIMER,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trigger:
    """One reason to decide: what, when it became known (wall), and what it is about."""

    kind: str
    wall_ms: int
    order: str = ""
    station: str = ""

    @property
    def is_disturbance(self) -> bool:
        """True if the plan that stood may be wrong now."""
        return self.kind in DISTURBANCES


def most_urgent(triggers: Iterable[Trigger]) -> Trigger | None:
    """Return the trigger that names the decision: the most urgent, then the oldest."""
    known = {kind: rank for rank, kind in enumerate(_PRIORITY)}
    return min(triggers, key=lambda t: (known.get(t.kind, len(known)), t.wall_ms), default=None)


def triggers_of(batch: DecodedBatch) -> list[Trigger]:
    """Return what in a batch should make the hub decide."""
    found: list[Trigger] = []
    node = f"{batch.site}/{batch.node}"
    stations = batch.events.get("station")
    if stations:
        for name, state, cause in zip(
            stations["station"], stations["state"], stations["cause"], strict=True
        ):
            kind = {"down": "breakdown", "up": "repair"}.get(str(state))
            if kind and cause not in MINOR_CAUSES:
                found.append(Trigger(kind, batch.wall_ms, station=f"{node}/{name}"))
    orders = batch.events.get("order")
    if orders:
        for order, state in zip(orders["order"], orders["state"], strict=True):
            if state == "refused":
                found.append(Trigger("refused", batch.wall_ms, order=str(order)))
            elif state in ("queued", "sewn"):
                found.append(Trigger("kit", batch.wall_ms, order=str(order)))
    return found
