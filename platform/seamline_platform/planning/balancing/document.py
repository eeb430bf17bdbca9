"""Lines, skill matrices and balances as JSON and CSV; what is wrong is named with its place."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.balancing.absence import Rebalance
from seamline_platform.planning.balancing.balance import Balance, Bottleneck
from seamline_platform.planning.balancing.line import HangerLine, Operation, Operator

FORMAT: Final = "seamline-line/1"
_PARTS: Final = ("format", "name", "operations", "operators", "most", "machines")
_OPERATION: Final = ("op", "smv", "name", "machine")
_OPERATOR: Final = ("operator", "efficiency")
_FIRST: Final = ("operator", "name", "操作工", "员工", "姓名")


def line_of(document: object) -> HangerLine:
    """Return the line that a JSON document holds.

    Raises:
        ConfigError: naming the place in the document, what came there and what is expected.
    """
    d = _mapping(document, "The line", _PARTS)
    if d.get("format", FORMAT) != FORMAT:
        raise ConfigError(f"format is {d['format']!r}; this version reads {FORMAT!r}.")
    return HangerLine(
        name=str(d.get("name", "line")),
        operations=tuple(
            _operation(o, f"operations[{i}]") for i, o in enumerate(_rows(d, "operations"))
        ),
        operators=tuple(
            _operator(w, f"operators[{i}]") for i, w in enumerate(_rows(d, "operators"))
        ),
        most=d.get("most", 3),
        machines=dict(_mapping(d.get("machines", {}), "machines")),
    )


def document_of(line: HangerLine) -> dict[str, Any]:
    """Return a line as plain data for JSON; `line_of` reads it back to an equal one."""
    return {
        "format": FORMAT,
        "name": line.name,
        "operations": [
            {"op": o.op, "name": o.name, "machine": o.machine, "smv": o.smv}
            for o in line.operations
        ],
        "operators": [
            {"operator": w.operator, "efficiency": dict(w.efficiency)} for w in line.operators
        ],
        "most": line.most,
        "machines": dict(line.machines),
    }


def skills_of(content: bytes, name: str = "skills") -> tuple[Operator, ...]:
    """Return the operators of a skill matrix as CSV, UTF-8 or GB18030.

    The first column holds names, each other column an operation or a machine class; a cell holds
    an efficiency such as `0.95` or `95%`, and nothing where the operator cannot do it.

    Raises:
        ConfigError: naming file, row and column, what came there and what is expected.
    """
    rows = [row for row in csv.reader(io.StringIO(_decoded(content, name))) if any(row)]
    if not rows or len(rows[0]) < 2 or rows[0][0].strip().casefold() not in _FIRST:
        came = ",".join(rows[0][:4]) if rows else "nothing"
        raise ConfigError(
            f"{name}: the header is {came!r}; expected 'operator' and then operations or machine "
            "classes."
        )
    columns = [cell.strip() for cell in rows[0][1:]]
    return tuple(
        Operator(row[0].strip(), _row(row, columns, f"{name}, row {number}"))
        for number, row in enumerate(rows[1:], start=2)
    )


def skills_csv(line: HangerLine) -> str:
    """Return the skill matrix of a line as CSV: operators by operations."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["operator", *(o.op for o in line.operations)])
    for w in line.operators:
        paces = [w.pace(o) for o in line.operations]
        writer.writerow([w.operator, *(f"{pace:g}" if pace else "" for pace in paces)])
    return out.getvalue()


def balance_document(balance: Balance) -> dict[str, Any]:
    """Return a balance as plain data for JSON: rate, loads, who does what, bottlenecks."""
    return {
        "line": balance.line.name,
        "rate_pieces_per_h": round(balance.rate, 4),
        "bound_pieces_per_h": round(balance.bound, 4),
        "gap": round(balance.gap, 5),
        "ideal_pieces_per_h": round(balance.line.ideal_rate, 4),
        "line_efficiency": round(balance.efficiency, 4),
        "balance_loss": round(balance.loss, 4),
        "load_min_per_h": {w: round(m, 3) for w, m in balance.load.items()},
        "assignments": [
            {
                "operator": who,
                "op": op,
                "min_per_h": round(minutes, 4),
                "pieces_per_h": round(balance.pieces(who, op), 3),
            }
            for (who, op), minutes in sorted(balance.minutes.items())
        ],
        "bottleneck_operations": [_bottleneck(b) for b in balance.operations],
        "bottleneck_operators": [_bottleneck(b) for b in balance.operators],
        "words": list(balance.words()),
        "nodes": balance.nodes,
        "cpu_s": round(balance.cpu_s, 3),
    }


def rebalance_document(found: Rebalance) -> dict[str, Any]:
    """Return what an absence changes as plain data for JSON."""
    return {
        "absent": list(found.absent),
        "rate_before": round(found.before.rate, 4),
        "bound_at_once": round(found.bound, 4),
        "rate_without_new_operations": round(found.kept.rate, 4),
        "rate_after": round(found.after.rate, 4),
        "moves": [
            {"operator": m.operator, "takes": list(m.takes), "gives_up": list(m.gives_up)}
            for m in found.moves
        ],
        "balance": balance_document(found.after),
    }


def balance_csv(balance: Balance) -> str:
    """Return who does what as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["operator", "op", "name", "min_per_h", "pieces_per_h"])
    for (who, op), minutes in sorted(balance.minutes.items()):
        name = balance.line.operation_of[op].name
        writer.writerow([who, op, name, f"{minutes:.3f}", f"{balance.pieces(who, op):.3f}"])
    return out.getvalue()


def _bottleneck(b: Bottleneck) -> dict[str, Any]:
    return {"name": b.name, "share": round(b.share, 4), "gain_pieces_per_h": round(b.gain, 4)}


def _row(row: Sequence[str], columns: Sequence[str], where: str) -> dict[str, float]:
    skills = {}
    for column, cell in zip(columns, row[1:], strict=False):
        text = cell.strip()
        if not text:
            continue
        try:
            value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError as exc:
            raise ConfigError(
                f"{where}, column {column}: {cell!r} is not an efficiency; expected 0.95 or 95%."
            ) from exc
        skills[column] = value
    return skills


def _operation(came: object, where: str) -> Operation:
    d = _mapping(came, where, _OPERATION)
    return Operation(
        str(d.get("op", "")), _number(d.get("smv"), f"{where}.smv"), str(d.get("name", "")),
        str(d.get("machine", "")),
    )  # fmt: skip


def _operator(came: object, where: str) -> Operator:
    d = _mapping(came, where, _OPERATOR)
    skills = _mapping(d.get("efficiency", {}), f"{where}.efficiency")
    return Operator(
        str(d.get("operator", "")),
        {str(k): _number(v, f"{where}.efficiency.{k}") for k, v in skills.items()},
    )


def _number(came: object, where: str) -> float:
    if isinstance(came, bool) or not isinstance(came, int | float):
        raise ConfigError(f"{where} is {came!r}; expected a number.")
    return float(came)


def _rows(d: Mapping[str, Any], part: str) -> Sequence[object]:
    came = d.get(part)
    if not isinstance(came, list):
        raise ConfigError(f"{part} is {came!r}; expected a list.")
    return came


def _mapping(came: object, where: str, known: Sequence[str] = ()) -> Mapping[str, Any]:
    if not isinstance(came, dict):
        raise ConfigError(f"{where} is {came!r}; expected an object.")
    for name in came:
        if known and name not in known:
            raise ConfigError(f"{where} has a part {name!r}; there are: {', '.join(known)}.")
    return came


def _decoded(content: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError(f"{name} is neither UTF-8 nor GB18030 text.")
