"""Cutting: lays of an order's sizes on a table; their plies, metres, waste and time.

A *lay* is cloth spread once on a table. It has *sections*, one behind the other: in each, a
*marker* (the pieces of a few garments, packed on the width of the cloth) lies on a stack of
*plies*. More garments in a marker waste less cloth between the pieces; every ply loses a little at
its two ends. No piece too many is cut: sizes that do not fit the plies of one section go into the
next.

Words and losses: Jacobs-Blecha, Ammons, Schutte and Smith, "Cut order planning for apparel
manufacturing", IIE Transactions 30 (1997). Use of cloth = pattern area / area issued
= marker efficiency x (1 - end loss) x (1 - splice loss) x (1 - remnants).
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seamline_broker.contracts.catalogue import Style
from seamline_sim.scenario import Scenario


@dataclass(frozen=True, slots=True)
class CuttingRules:
    """What tables, cutters and markers of a scenario can do. Lengths in cm, parts in permille."""

    net_permille: int
    """Pattern length of a garment of the middle size, as a part of its planned use of cloth."""
    grade_permille: int
    """How much more cloth each next size takes."""
    marker_permille: tuple[int, ...]
    """Marker efficiency with 1, 2, .. garments in the marker; so many may lie in it."""
    table_cm: int
    stack_g_per_m2: int
    plies: tuple[int, int]
    """Plies of the heaviest and of the lightest cloth."""
    end_loss_cm: int
    splice_cm: int
    remnant_cm: int
    setup_ms: int
    section_ms: int
    ply_ms: int
    spread_us_per_cm: int
    garment_ms: int
    """Cutting round the pieces of one garment of the marker, all plies at once."""
    piece_ms: int
    """Numbering and kitting per garment."""

    def __post_init__(self) -> None:
        if not self.marker_permille or not all(0 < e <= 1000 for e in self.marker_permille):
            raise ValueError(
                f"marker_permille is {self.marker_permille}; expected parts from 1 to 1000."
            )
        if not 1 <= self.plies[0] <= self.plies[1]:
            raise ValueError(f"plies are {self.plies}; expected least and most, from 1 upwards.")

    @classmethod
    def of(cls, scenario: Scenario) -> "CuttingRules":
        """Return the rules of a scenario's calibration.

        Raises:
            ConfigError: if a figure cannot be: it names the figure and what is allowed.
        """
        fig, figures = scenario.figure, scenario.figure_list
        _check(scenario)
        least, most = figures("cutting.plies")
        return cls(
            net_permille=fig("cutting.net_permille"),
            grade_permille=fig("cutting.grade_permille"),
            marker_permille=tuple(figures("cutting.marker_permille")),
            table_cm=fig("cutting.table_cm"),
            stack_g_per_m2=fig("cutting.stack_g_per_m2"),
            plies=(least, most),
            end_loss_cm=fig("cutting.end_loss_cm"),
            splice_cm=fig("cutting.splice_cm"),
            remnant_cm=fig("cutting.remnant_cm"),
            setup_ms=fig("cutting.setup_min") * 60_000,
            section_ms=fig("cutting.section_s") * 1000,
            ply_ms=fig("cutting.ply_ms"),
            spread_us_per_cm=60_000_000 // (fig("cutting.spread_m_per_min") * 100),
            garment_ms=fig("cutting.garment_s") * 1000,
            piece_ms=fig("cutting.piece_ms"),
        )

    def ply_limit(self, fabric: str) -> int:
        """Return how many plies of a fabric the cutter takes: its id ends in grams per m2."""
        return _ply_limit(fabric, self.stack_g_per_m2, self.plies)

    def net_cm(self, style: Style, size: str) -> int:
        """Return the length of cloth that is in one garment: its pattern area over the width.

        `style.fabric_cm` is what the technical sheet plans to use for the middle size, ordinary
        waste included; sizes are graded evenly around it.
        """
        return self.nets_cm(style)[size]

    def nets_cm(self, style: Style) -> dict[str, int]:
        """Return `net_cm` of every size of a style."""
        return _nets_cm(style.fabric_cm, style.sizes, self.net_permille, self.grade_permille)


def _check(scenario: Scenario) -> None:
    for name in ("net_permille", "table_cm", "stack_g_per_m2", "spread_m_per_min"):
        scenario.need(f"cutting.{name}", 1)
    for name in ("marker_permille.0", "plies.0"):
        scenario.need(f"cutting.{name}", 1)
    efficiency, plies = scenario.figure_list("cutting.marker_permille"), "cutting.plies"
    for i in range(1, len(efficiency)):
        scenario.need(f"cutting.marker_permille.{i}", efficiency[i - 1])
    scenario.need(f"cutting.marker_permille.{len(efficiency) - 1}", 1, 1000)
    scenario.need(f"{plies}.1", scenario.figure(f"{plies}.0"))


@functools.lru_cache(maxsize=1024)
def _nets_cm(
    fabric_cm: int, sizes: tuple[str, ...], net_permille: int, grade_permille: int
) -> dict[str, int]:
    middle = len(sizes) - 1  # in half steps
    return {
        size: max(fabric_cm * net_permille * (2000 + grade_permille * (2 * i - middle)), 2_000_000)
        // 2_000_000
        for i, size in enumerate(sizes)
    }


@functools.cache
def _ply_limit(fabric: str, stack_g_per_m2: int, plies: tuple[int, int]) -> int:
    digits = fabric[len(fabric.rstrip("0123456789")) :]
    weight = int(digits) if digits else 0
    return min(max(stack_g_per_m2 // weight, plies[0]), plies[1]) if weight else plies[0]


class Section(NamedTuple):
    """Plies of one marker: its garments, their net length, its length, garments of each item."""

    plies: int
    garments: int
    net_cm: int
    marker_cm: int
    ratio: tuple[int, ...]


class Lay(NamedTuple):
    """What a lay takes from the rolls, what of it is in garments, how long it takes."""

    sections: int
    plies: int
    net_cm: int
    """In the pieces cut."""
    marker_cm: int
    """Marker length times plies: `marker_cm - net_cm` falls between the pieces."""
    end_cm: int
    ms: int

    @property
    def issue_cm(self) -> int:
        """Cloth that is taken from the rolls, splices and remnants apart."""
        return self.marker_cm + self.end_cm


def plan_sections(
    items: Sequence[tuple[int, int]], fabric: str, rules: CuttingRules
) -> list[Section]:
    """Divide (net cm per garment, garments) items into sections that cut exactly these garments.

    If what is left just fills one marker with so many plies, that is the last section. Else it gets
    three quarters of them (at most the limit of the fabric), so that markers are full although each
    item's garments are rounded down to whole plies: over orders of 100 to 600 garments that comes
    within 1 % of the cloth of full markers. O(items x sections).

    Raises:
        ValueError: if there is nothing to cut.
    """
    nets = [net for net, _ in items]
    left = [n for _, n in items]
    total = sum(left)
    if total < 1:
        raise ValueError(f"A lay needs at least one garment, items are {list(items)}.")
    limit, marker_permille = rules.ply_limit(fabric), rules.marker_permille
    room_cm = rules.table_cm * marker_permille[-1] // 1000
    most = min(len(marker_permille), max(room_cm // max(nets), 1))
    sections = []
    while total:
        plies = -(-total // most)
        if plies > limit or any(n % plies for n in left):
            plies = min(plies * 3 // 4 or 1, limit, max(left))
        room, net_cm, ratio = most, 0, []
        for i, n in enumerate(left):
            if n < plies or not room:
                ratio.append(0)
                continue
            n = min(n // plies, room)
            left[i] -= n * plies
            room -= n
            net_cm += n * nets[i]
            ratio.append(n)
        garments = most - room
        total -= plies * garments
        marker_cm = -(-net_cm * 1000 // marker_permille[garments - 1])
        sections.append(Section(plies, garments, net_cm, marker_cm, tuple(ratio)))
    return sections


def plan_lay(items: Sequence[tuple[int, int]], fabric: str, rules: CuttingRules) -> Lay:
    """Return what the lay of (net cm per garment, garments) items takes, see `plan_sections`."""
    sections = plan_sections(items, fabric, rules)
    all_plies = net_cm = all_cm = garments = pieces = 0
    for plies, n, net, marker_cm, _ in sections:
        all_plies += plies
        net_cm += plies * net
        all_cm += plies * marker_cm
        garments += n
        pieces += plies * n
    ms = rules.setup_ms + rules.section_ms * len(sections) + rules.garment_ms * garments
    ms += rules.ply_ms * all_plies + all_cm * rules.spread_us_per_cm // 1000
    ms += rules.piece_ms * pieces
    return Lay(len(sections), all_plies, net_cm, all_cm, all_plies * rules.end_loss_cm, ms)
