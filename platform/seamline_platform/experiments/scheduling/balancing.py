"""Figures of line balancing: drawn hanger lines, absences, and published bundle lines."""

import csv
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from seamline_platform.experiments.scheduling.contract import PartSettings, Progress
from seamline_platform.planning.balancing.absence import rebalance
from seamline_platform.planning.balancing.bundle import check_bundle, read_alwabp
from seamline_platform.planning.balancing.check import check_balance
from seamline_platform.planning.balancing.generate import draw_line
from seamline_platform.planning.balancing.hanger import balance
from seamline_platform.planning.balancing.stations import shortest_cycle

GAP: Final = 0.01
CPU_S: Final = 3.0
LINES: Final = 5
_EXACT: Final = ("heskia", "roszieg")
_HARD: Final = ("tonge/1", "wee-mag/1")
_HARD_TICKS: Final = 6.0


def measure(settings: PartSettings, progress: Progress) -> Mapping[str, object]:
    """Return gaps of 40 x 20 hanger lines, rates after absences, and gaps of bundle lines."""
    lines = _lines(settings, progress)
    worst = max(row["gap"] for row in lines)
    slowest = max(row["cpu_s"] for row in lines)
    right = all(row["feasible"] for row in lines)
    return {
        "hanger_40x20": {
            "worst_gap": worst, "target": f"<= {GAP:.0%} in {CPU_S:g} CPU-s",
            "slowest_cpu_s": slowest, "lines": len(lines),
            "ok": right and worst <= GAP and slowest <= CPU_S,
        },
        "hanger_lines": lines,
        "alwabp": _published(settings, progress),
    }  # fmt: skip


def _lines(settings: PartSettings, progress: Progress) -> list[dict[str, Any]]:
    rows = []
    count = 1 if settings.quick else LINES
    for k in range(count):
        progress(0.4 * k / count, f"hanger line {k + 1} of {count}")
        line = draw_line(40, 20, settings.seed + k)
        found = balance(line, settings.cpu)
        absent = [w.operator for w in line.operators[:2]]
        begun = settings.cpu()
        after = rebalance(found, absent, settings.cpu)
        rows.append(
            {
                "name": line.name,
                "rate": round(found.rate, 4),
                "bound": round(found.bound, 4),
                "gap": round(found.gap, 5),
                "nodes": found.nodes,
                "cpu_s": round(found.cpu_s, 3),
                "line_efficiency": round(found.efficiency, 4),
                "balance_loss": round(found.loss, 4),
                "feasible": not check_balance(found) and not check_balance(after.after),
                "two_absent": {
                    "rate": round(after.after.rate, 4),
                    "without_new_operations": round(after.kept.rate, 4),
                    "bound_at_once": round(after.bound, 4),
                    "share_of_bound": round(after.after.rate / after.bound, 4),
                    "people_who_move": len(after.moves),
                    "new_operations": sum(len(m.takes) for m in after.moves),
                    "cpu_s": round(settings.cpu() - begun, 3),
                },
            }
        )
    return rows


def _published(settings: PartSettings, progress: Progress) -> Mapping[str, object]:
    folder = settings.instances / "alwabp" if settings.instances is not None else None
    if folder is None or not folder.is_dir():
        return {"not_measured": "the folder of published instances has no alwabp"}
    if find_spec("ortools") is None:
        return {"not_measured": "ortools is not installed (pip install 'seamline[solve]')"}
    with (folder / "bks.csv").open(encoding="utf-8") as file:
        best = {row["instance"]: int(row["ub"]) for row in csv.DictReader(file)}
    names = list(_names(folder, best, settings.quick))
    exact: dict[str, list[bool]] = {family: [] for family in _EXACT}
    cpu_s = 0.0
    for k, name in enumerate(names):
        progress(0.4 + 0.4 * k / len(names), f"bundle line {name}")
        row = _solve(folder, name, best[name], 20.0, settings)
        exact[name.partition("/")[0]].append(row["optimal"] and row["objective"] == best[name])
        cpu_s += row["cpu_s"]
    hard = []
    for name in () if settings.quick else _HARD:
        progress(0.9, f"bundle line {name}")
        if name in best:
            hard.append(_solve(folder, name, best[name], _HARD_TICKS, settings))
    return {
        **{
            family: {
                "proved_optimal": sum(found), "target": f"all of {len(found)}",
                "ok": bool(found) and all(found),
            }
            for family, found in exact.items()
        },
        "cpu_s": round(cpu_s, 2),
        "larger": hard,
    }  # fmt: skip


def _names(folder: Path, best: Mapping[str, int], quick: bool) -> Iterator[str]:
    """Yield the instances that are to be proved: all that are there, or two of each family."""
    for family in _EXACT:
        there = [
            name for name in best if name.startswith(f"{family}/") and (folder / name).is_file()
        ]
        yield from there[:2] if quick else there


def _solve(
    folder: Path, name: str, best: int, ticks: float, settings: PartSettings
) -> dict[str, Any]:
    line = read_alwabp((folder / name).read_text(encoding="utf-8"), name)
    found = shortest_cycle(line, settings.cpu, ticks=ticks, seed=settings.seed)
    wrong = check_bundle(found, alike=False)
    return {
        "instance": name,
        "objective": found.objective,
        "best_known": best,
        "over_best_known": round(found.objective / best - 1, 4),
        "bound": found.bound,
        "gap": round(found.gap, 4),
        "optimal": found.optimal and not wrong,
        "feasible": not wrong,
        "ticks": round(found.ticks, 3),
        "cpu_s": round(found.cpu_s, 3),
    }
