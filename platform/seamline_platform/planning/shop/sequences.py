"""A plan by names: what people, files, workers and plug-ins hand around instead of indices."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import Plan


@dataclass(frozen=True, slots=True)
class Sequences:
    """Orders by line in sequence, and the ranks at the cutting tables (the first is cut first).

    Orders missing from `cut_order` that are still to be cut come after those that are named, by
    due date.
    """

    lines: Mapping[str, tuple[str, ...]]
    cut_order: tuple[str, ...] = field(default=())


def sequences_of(c: Compiled, plan: Plan) -> Sequences:
    """Return a plan of indices by names."""
    names = [o.order for o in c.problem.orders]
    return Sequences(
        {
            line.line: tuple(names[i] for i in sequence)
            for line, sequence in zip(c.problem.lines, plan.sequences, strict=True)
        },
        tuple(names[i] for i in plan.cut_order),
    )


def plan_of(c: Compiled, sequences: Sequences) -> Plan:
    """Return a plan of names as indices.

    Raises:
        ConfigError: if a line or an order is unknown, or an order is named twice.
    """
    index = {o.order: i for i, o in enumerate(c.problem.orders)}
    unknown = [name for name in sequences.lines if name not in c.problem.line_of]
    if unknown:
        raise ConfigError(f"A plan names the line {unknown[0]!r}, which the problem does not have.")
    rows = [sequences.lines.get(line.line, ()) for line in c.problem.lines]
    seen: set[str] = set()
    for name in (name for row in rows for name in row):
        if name not in index:
            raise ConfigError(f"A plan names the order {name!r}, which the problem does not have.")
        if name in seen:
            raise ConfigError(f"A plan names the order {name!r} twice.")
        if c.sewn[index[name]] != CANNOT:
            raise ConfigError(f"A plan names the order {name!r}, which is sewn already.")
        seen.add(name)
    cuts = set(c.cuts)
    first = [index[n] for n in dict.fromkeys(sequences.cut_order) if index.get(n) in cuts]
    rest = sorted(cuts - set(first), key=lambda i: (c.due[i], i))
    return Plan(tuple(tuple(index[name] for name in row) for row in rows), (*first, *rest))
