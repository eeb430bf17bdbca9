"""What has to be reached, and what was: one line each, also where it was not measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from seamline_platform.experiments.scheduling.rows import APART, interval, ratio_to_atcs

Row = Mapping[str, Any]
OPTIMAL: Final = {"jobshop": ("ft06", "ft20"), "fjsp": ("mk01", "mk03", "mk04", "mk08")}


@dataclass(frozen=True, slots=True)
class Target:
    """One line: `ok` is None where it was not measured (or not at its budget)."""

    what: str
    target: str
    reached: float | str | None
    ok: bool | None

    def document(self) -> dict[str, Any]:
        """Return the line as JSON values."""
        return asdict(self)


def targets_of(
    rows: Sequence[Row], parts: Mapping[str, Mapping[str, Any]], quick: bool = False
) -> list[Target]:
    """Return all lines for the rows of instances (without means) and the parts' figures.

    A quick run's parts are smaller than those that the targets are about: they decide nothing.
    """
    part_targets = [line for part, figures in parts.items() for line in part_lines(part, figures)]
    if quick:
        part_targets = [replace(line, ok=None) for line in part_targets]
    return [
        _improvement(rows, "garment_40x8", 0.35),
        _improvement(rows, "garment_60x12", 0.40),
        _never_worse(rows),
        _setups(rows),
        *_optimal(rows),
        _gap(rows, "jobshop", "la", (), 0.005),
        _gap(rows, "fjsp", "mk", APART, 0.015),
        *part_targets,
    ]


def _of(rows: Sequence[Row], family: str, budget_cpu_s: float) -> list[Row]:
    """Return the rows of a family, if they were made with the budget that the target names."""
    mine = [row for row in rows if row["family"] == family]
    right = all(row.get("budget_cpu_s") == budget_cpu_s for row in mine)
    return mine if right else []


def _improvement(rows: Sequence[Row], family: str, least: float) -> Target:
    values = [row["improvement_over_best_rule"] for row in _of(rows, family, 5.0)]
    whole = len(values) == 10 and None not in values
    mean = sum(values) / len(values) if whole else None
    spread = interval(values) if whole else None
    told = f" (95 % interval {spread[0]:.1%} to {spread[1]:.1%})" if spread else ""
    return Target(
        f"{family}: mean improvement over the best rule at 5 CPU-s, 10 plants{told}",
        f">= {least:.0%}", mean, mean >= least if mean is not None else None,
    )  # fmt: skip


def _never_worse(rows: Sequence[Row]) -> Target:
    worse = [f"{row['family']} {row['instance']}" for row in rows if not row["never_worse"]]
    shown = ", ".join(worse[:5])
    return Target(
        "never worse than the best rule, every row feasible", "no row",
        f"{len(worse)} of {len(rows)} rows{': ' if worse else ''}{shown}",
        not worse and all(row["feasible"] for row in rows) if rows else None,
    )  # fmt: skip


def _setups(rows: Sequence[Row]) -> Target:
    mean, total = ratio_to_atcs(_of(rows, "wt_sds", 5.0))
    told = f" (ratio of sums {total:.3f})" if total is not None else ""
    return Target(
        f"wt_sds: mean of objective / ATCS at 5 CPU-s{told}", "<= 0.70", mean,
        mean <= 0.70 if mean is not None else None,
    )  # fmt: skip


def _optimal(rows: Sequence[Row]) -> Iterator[Target]:
    for family, names in OPTIMAL.items():
        for name in names:
            row = next((r for r in rows if (r["family"], r["instance"]) == (family, name)), None)
            reached = row["objective"] if row is not None else None
            known = row["best_known"] if row is not None else None
            yield Target(
                f"{name} optimal", "best known" if known is None else str(known), reached,
                None if row is None else reached == known,
            )  # fmt: skip


def _gap(
    rows: Sequence[Row], family: str, prefix: str, apart: Sequence[str], most: float
) -> Target:
    mine = [
        row["gap"]
        for row in _of(rows, family, 20.0)
        if row["instance"].startswith(prefix) and row["instance"] not in apart
    ]
    mean = sum(mine) / len(mine) if mine and None not in mine else None
    but = f" without {', '.join(apart)}" if apart else ""
    return Target(
        f"{prefix}{but}: mean gap at 20 CPU-s, {len(mine)} instances", f"<= {most:.1%}", mean,
        mean <= most if mean is not None else None,
    )  # fmt: skip


def part_lines(part: str, figures: Mapping[str, Any], path: str = "") -> Iterator[Target]:
    """Yield a line for everything in a part's figures that has a target.

    That is a mapping with `target` and `ok` beside what was reached, or a figure `x` with
    `x_target` beside it, which it may not exceed, or `x_per_s`, which has to be as much at least.
    Where figures say whether results are `equal`, they have to be.
    """
    name = f"{part}{path}"
    if "not_measured" in figures:
        yield Target(name, "", f"not measured: {figures['not_measured']}", None)
    elif "target" in figures and "ok" in figures:
        yield Target(
            name, _shown(figures["target"]), _reached(figures),
            None if figures["ok"] is None else bool(figures["ok"]),
        )  # fmt: skip
    else:
        for key, value in figures.items():
            yield from _figure_lines(part, figures, f"{path} {key}".replace("_", " "), key, value)


def _figure_lines(
    part: str, figures: Mapping[str, Any], path: str, key: str, value: Any
) -> Iterator[Target]:
    most = figures.get(f"{key}_target")
    least = figures.get(f"{key.removesuffix('_per_s')}_target") if key.endswith("_per_s") else None
    if key == "equal" and isinstance(value, bool):
        yield Target(f"{part}{path} results", "yes", "yes" if value else "no", value)
    elif isinstance(value, bool):
        return
    elif isinstance(least, float | int) and isinstance(value, float | int):
        yield Target(f"{part}{path}", f">= {least:,g}", value, value >= least)
    elif isinstance(most, float | int) and isinstance(value, float | int):
        yield Target(f"{part}{path}", f"<= {most:g}", value, value <= most)
    elif isinstance(value, Mapping):
        yield from part_lines(part, value, path)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, row in enumerate(value):
            if isinstance(row, Mapping):
                named = row.get("size", row.get("name", row.get("instance", number + 1)))
                yield from part_lines(part, row, f"{path} {named}")


def _reached(figures: Mapping[str, Any]) -> float | str | None:
    if "reached" in figures:
        value = figures["reached"]
        return value if isinstance(value, float | int) else _shown(value)
    first = next((v for k, v in figures.items() if k not in ("target", "ok")), None)
    return first if isinstance(first, float | int) and not isinstance(first, bool) else (
        _shown(first) if first is not None else None
    )  # fmt: skip


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(part)}" for key, part in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
