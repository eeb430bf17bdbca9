"""What a maker is able to do: what links and practices mean in information, latency and actions."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from seamline_platform.experiments.season.contract import Links, Practices, Scope

ClothForm = Literal["roll", "quick", "greige"]
DAY_H: Final = 24


@dataclass(frozen=True, slots=True)
class Abilities:
    """Information, latency and allowed actions of a maker; nothing here changes the world."""

    market_daily: bool = False
    """Daily sales by SKU with stock-out minutes and pre-launch signals; else monthly shipments."""
    floor_events: bool = False
    """Events and samples of lines and machines; else reports of each shift, weekly progress."""
    shared: bool = False
    """Departments see each other's data at once; else in weekly batches."""
    scope: Scope = "line"
    closed_loop: bool = False
    """Decides every day, re-sequences, redirects, balances, maintains; else plans by the week."""
    review_days: int = 7
    """Days between two plans of what to make, when the loop is not closed."""
    join_h: int = 28 * DAY_H
    """Hours from the decision to add a line until it may open: contract, systems, training."""
    moq_pieces: int = 300
    """Least pieces of a style and colour in one lot."""
    sample_days: int = 7
    """Days from the decision on a new style to its first order: sample, size set, approval."""
    cloth_forms: tuple[ClothForm, ...] = ("roll", "quick")
    late_split: bool = False
    """Sizes and regions of a lot are settled when it is cut, not when its cloth is ordered."""
    move_stock: bool = False
    """Finished goods and cloth may go from one region's warehouse to another's."""
    hangers: bool = True
    """Lines have hanger conveyors; else progressive bundles."""
    platform: bool = False
    """Pays the fee of a shared platform."""
    sensors: bool = False
    """Pays for sensors on every station."""

    @property
    def pace_days(self) -> int:
        """Days between two plans."""
        return 1 if self.closed_loop else self.review_days


def of_links(links: Links, elastic_h: int, contract_h: int) -> Abilities:
    """Return what a digital maker with these links is able to do.

    The baseline is competent and siloed: data, models and service, visible and transparent, each
    plant and line made best by itself. `elastic_h` and `contract_h` are the hours until a reserve
    line is connected, with and without the link.
    """
    return Abilities(
        market_daily=links.sense_market,
        floor_events=links.sense_floor,
        shared=links.integrate,
        scope=links.scope,
        closed_loop=links.close_loop,
        join_h=elastic_h if links.elastic else contract_h,
        move_stock=links.scope == "platform",
        platform=links.integrate or links.elastic or links.close_loop or links.scope != "line",
        sensors=links.sense_floor,
    )


MANUAL: Final = Abilities(
    review_days=14, moq_pieces=800, sample_days=14, cloth_forms=("roll",), hangers=False
)
"""The mostly manual start of the five practices."""


def of_practices(practices: Practices, elastic_h: int, contract_h: int) -> Abilities:
    """Return what a maker with these practices is able to do, from a mostly manual start."""
    able = replace(MANUAL, join_h=contract_h)
    if practices.brain:
        able = replace(able, market_daily=True, review_days=7, platform=True)
    if practices.process_map:
        able = replace(able, moq_pieces=100, sample_days=2, platform=True)
    if practices.dispatch:
        able = replace(
            able, scope="platform", floor_events=True, join_h=elastic_h, platform=True, sensors=True
        )
    if practices.warehouse:
        able = replace(
            able, shared=True, move_stock=True, late_split=True, platform=True,
            cloth_forms=("roll", "quick", "greige"),
        )  # fmt: skip
    if practices.plant:
        able = replace(
            able, hangers=True, closed_loop=True, floor_events=True, platform=True, sensors=True
        )
    return able


def of_policy(policy: Links | Practices, elastic_h: int, contract_h: int) -> Abilities:
    """Return what a policy is able to do."""
    if isinstance(policy, Links):
        return of_links(policy, elastic_h, contract_h)
    return of_practices(policy, elastic_h, contract_h)
