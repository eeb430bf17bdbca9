"""Balances, cut plans and markers as tables for people."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seamline_platform.cli.words import note, print_table

if TYPE_CHECKING:
    from seamline_platform.planning.balancing.absence import Rebalance
    from seamline_platform.planning.balancing.balance import Balance
    from seamline_platform.planning.balancing.bundle import BundleBalance
    from seamline_platform.planning.cutting.kits import CutSchedule
    from seamline_platform.planning.cutting.marker import Marker
    from seamline_platform.planning.cutting.planner import ClothPlan


def print_balance(found: "Balance") -> None:
    """Print who does what, then the figures and what holds the line."""
    work: dict[str, list[str]] = {w.operator: [] for w in found.line.operators}
    for (who, op), minutes in found.minutes.items():
        work[who].append(f"{op} {minutes:.0f} min ({found.pieces(who, op):.1f}/h)")
    print_table(
        ("operator", "min/h", "operations"),
        [(who, f"{found.load[who]:.1f}", ", ".join(ops)) for who, ops in work.items()],
        f"{found.line.name}: {found.rate:.2f} pieces per hour",
    )
    for sentence in found.words():
        note(sentence)
    note(
        f"{found.rate:.2f} pieces/h, at most {found.bound:.2f} are possible (gap {found.gap:.2%}); "
        f"line efficiency {found.efficiency:.1%}, balance loss {found.loss:.1%}; "
        f"{found.cpu_s:.1f} CPU-s"
    )


def print_rebalance(found: "Rebalance") -> None:
    """Print the line after an absence, and who takes what."""
    print_balance(found.after)
    for move in found.moves:
        gives = f", gives up {', '.join(move.gives_up)}" if move.gives_up else ""
        note(f"{move.operator} takes {', '.join(move.takes)}{gives}.")
    note(
        f"Without {', '.join(found.absent)}: {found.before.rate:.2f} -> {found.after.rate:.2f} "
        f"pieces/h; {found.kept.rate:.2f} if nobody took a new operation; at most "
        f"{found.bound:.2f}; {len(found.moves)} people move."
    )


def print_bundle(found: "BundleBalance") -> None:
    """Print the stations of a bundle line."""
    print_table(
        ("station", "worker", "tasks"),
        [
            (s + 1, worker + 1, " ".join(str(t + 1) for t in tasks))
            for s, (tasks, worker) in enumerate(zip(found.stations, found.worker, strict=True))
        ],
        f"{found.line.name}: cycle time {found.cycle}",
    )
    proof = "proved" if found.optimal else f"bound {found.bound}, gap {found.gap:.1%}"
    note(
        f"{len(found.stations)} stations, cycle time {found.cycle} ({proof}); "
        f"{found.ticks:.1f} ticks, {found.cpu_s:.1f} CPU-s"
    )


def print_cut(
    plans: "Sequence[ClothPlan]", kits: "CutSchedule | None", words: Mapping[str, Any] | None
) -> None:
    """Print lays, cloth and what was saved, and when lays are cut."""
    rows = []
    for p in plans:
        for number, lay in enumerate(p.plan.lays, start=1):
            ratio = " ".join(
                f"{size}x{a}" for size, a in zip(p.plan.demand.sizes, lay.ratio, strict=True) if a
            )
            orders = dict.fromkeys(s.order for s in p.shares if s.lay == number - 1)
            rows.append((p.style, p.colour, number, lay.plies, ratio,
                         f"{p.plan.marker_cm(lay):.0f} cm", ", ".join(orders)))  # fmt: skip
    print_table(("style", "colour", "lay", "plies", "sizes", "marker", "orders"), rows, "Lays")
    for p in plans:
        note(
            f"{p.style} {p.colour}: {p.plan.fabric_cm / 100:.2f} m of cloth "
            f"({p.plan.over_net:+.2%} of the garments' own), {p.plan.overcut} pieces overcut, "
            f"{len(p.plan.lays)} lays; cost within {p.plan.gap:.1%} of the bound. One order, one "
            f"lay: {p.one_lay_cm / 100:.2f} m, {p.one_lay_lays} lays; each order planned alone: "
            f"{p.apart_cm / 100:.2f} m, {p.apart_lays} lays."
        )
    if kits is None or words is None:
        return
    print_table(
        ("lay", "table", "start", "end", "late"),
        [(c.lay, c.table + 1, c.start, c.end, c.late or "") for c in kits.cuts],
        "Cutting in time for the lines (ticks)",
    )
    note(
        f"Cut pieces wait {words['waiting_piece_ticks']} piece-ticks for their lines; cut at once "
        f"they would wait {words['waiting_piece_ticks_at_once']}. {kits.late} lays come late."
    )


def print_marker(name: str, marker: "Marker") -> None:
    """Print what a marker takes."""
    note(
        f"{name}: {len(marker.placed)} pieces, length {marker.length:.2f}, width "
        f"{marker.pattern.width:g}, efficiency {marker.density:.1%}; {marker.cpu_s:.1f} CPU-s"
    )
