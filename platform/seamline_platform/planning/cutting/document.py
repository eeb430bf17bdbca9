"""Orders to cut and cut plans as CSV and JSON; what is wrong is named with its place."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.cutting.demand import CutOrder, Rules
from seamline_platform.planning.cutting.kits import CutSchedule
from seamline_platform.planning.cutting.planner import ClothPlan

FORMAT: Final = "seamline-cut/1"
_WORDS: Final = {
    "order": ("order", "order_id", "订单", "订单号"),
    "style": ("style", "款式", "款号"),
    "colour": ("colour", "color", "颜色"),
}
_PARTS: Final = ("format", "orders", "lengths", "rules")


@dataclass(frozen=True)
class CutRequest:
    """What a document asks to be cut; without `lengths`, who plans has to know them."""

    orders: tuple[CutOrder, ...]
    lengths_cm: Mapping[str, Mapping[str, float]]
    """By style, or under an empty name for all; then by size."""
    rules: Rules

    @property
    def sizes(self) -> tuple[str, ...]:
        """Return all sizes, in the sequence in which they come."""
        return tuple(dict.fromkeys(size for o in self.orders for size in o.sizes))


def read_csv(content: bytes, name: str = "orders") -> tuple[CutOrder, ...]:
    """Return orders from CSV: columns order, style and colour; every other column is a size.

    UTF-8 or GB18030, parted by comma, semicolon or tab.

    Raises:
        ConfigError: naming file, row and column, what came and what is expected.
    """
    text = _decoded(content, name)
    first = text.splitlines()[0] if text.strip() else ""
    rows = list(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count)))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    header = [cell.strip() for cell in rows[0]] if rows else []
    place = {
        column: i for i, cell in enumerate(header)
        for column, words in _WORDS.items() if cell.casefold() in words
    }  # fmt: skip
    sizes = {i: cell for i, cell in enumerate(header) if i not in place.values() and cell}
    if "order" not in place or not sizes:
        raise ConfigError(
            f"{name}: the header is {','.join(header) or 'nothing'!r}; expected order, style, "
            "colour and a column for each size, such as order,style,colour,S,M,L."
        )
    return tuple(
        _order(row, place, sizes, f"{name}, row {number}")
        for number, row in enumerate(rows[1:], start=2)
    )


def request_of(document: object) -> CutRequest:
    """Return what a JSON document asks to be cut.

    Raises:
        ConfigError: naming the place in the document, what came and what is expected.
    """
    d = _mapping(document, "The document")
    _only(d, _PARTS, "The document")
    if d.get("format", FORMAT) != FORMAT:
        raise ConfigError(f"format is {d['format']!r}; this version reads {FORMAT!r}.")
    rows = d.get("orders")
    if not isinstance(rows, list) or not rows:
        raise ConfigError(f"orders is {rows!r}; expected a list of at least one.")
    return CutRequest(
        tuple(_json_order(row, f"orders[{k}]") for k, row in enumerate(rows)),
        _lengths(d.get("lengths", {})),
        rules_of(d.get("rules", {})),
    )


def rules_of(document: object) -> Rules:
    """Return cutting rules from plain data.

    Raises:
        ConfigError: for a rule that does not exist or has a wrong value.
    """
    d = _mapping(document, "rules")
    _only(d, [f.name for f in fields(Rules)], "rules")
    try:
        return Rules(**d)
    except TypeError as exc:
        raise ConfigError(f"rules are {dict(d)!r}: {exc}.") from exc


def plan_document(plans: Sequence[ClothPlan]) -> dict[str, Any]:
    """Return cut plans as plain data for JSON, each cloth and the sum."""
    fabric = sum(p.plan.fabric_cm for p in plans)
    net = sum(p.plan.demand.net_cm for p in plans)
    one = sum(p.one_lay_cm for p in plans)
    return {
        "cloths": [_cloth(p) for p in plans],
        "fabric_m": round(fabric / 100, 3),
        "net_m": round(net / 100, 3),
        "over_net": round(fabric / net - 1, 5),
        "lays": sum(len(p.plan.lays) for p in plans),
        "one_order_one_lay_m": round(one / 100, 3),
        "saved_m": round((one - fabric) / 100, 3),
        "saved": round(1 - fabric / one, 5),
        "planned_apart_m": round(sum(p.apart_cm for p in plans) / 100, 3),
        "planned_apart_lays": sum(p.apart_lays for p in plans),
        "cpu_s": round(sum(p.plan.cpu_s for p in plans), 3),
    }


def kits_document(in_time: CutSchedule, at_once: CutSchedule) -> dict[str, Any]:
    """Return when lays are cut, and cut pieces that wait, with and without synchronisation."""
    return {
        "cuts": [
            {"lay": c.lay, "table": c.table + 1, "start": c.start, "end": c.end, "late": c.late}
            for c in in_time.cuts
        ],
        "late_lays": in_time.late,
        "waiting_piece_ticks": in_time.wip_piece_ticks,
        "waiting_piece_ticks_at_once": at_once.wip_piece_ticks,
        "late_lays_at_once": at_once.late,
    }


def plan_csv(plans: Sequence[ClothPlan]) -> str:
    """Return the lays as CSV, one row per lay."""
    sizes = tuple(dict.fromkeys(s for p in plans for s in p.plan.demand.sizes))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["style", "colour", "lay", "plies", *sizes, "marker_cm", "orders"])
    for p in plans:
        for number, lay in enumerate(p.plan.lays):
            ratio = dict(zip(p.plan.demand.sizes, lay.ratio, strict=True))
            orders = dict.fromkeys(s.order for s in p.shares if s.lay == number)
            writer.writerow(
                [p.style, p.colour, number + 1, lay.plies, *(ratio.get(s, "") for s in sizes),
                 f"{p.plan.marker_cm(lay):.1f}", ";".join(orders)]
            )  # fmt: skip
    return out.getvalue()


def _cloth(p: ClothPlan) -> dict[str, Any]:
    plan = p.plan
    return {
        "style": p.style,
        "colour": p.colour,
        "orders": [o.order for o in p.orders],
        "pieces": dict(zip(plan.demand.sizes, plan.demand.pieces, strict=True)),
        "lays": [
            {
                "lay": number + 1,
                "ratio": dict(zip(plan.demand.sizes, lay.ratio, strict=True)),
                "plies": lay.plies,
                "marker_cm": round(plan.marker_cm(lay), 2),
                "orders": [
                    {"order": s.order, "size": s.size, "pieces": s.pieces}
                    for s in p.shares
                    if s.lay == number
                ],
            }
            for number, lay in enumerate(plan.lays)
        ],
        "overcut": plan.overcut,
        "fabric_m": round(plan.fabric_cm / 100, 3),
        "over_net": round(plan.over_net, 5),
        "cost_m": round(plan.cost_cm / 100, 3),
        "bound_m": round(plan.bound_cm / 100, 3),
        "gap": round(plan.gap, 5),
        "method": plan.method,
    }


def _order(
    row: Sequence[str], place: Mapping[str, int], sizes: Mapping[int, str], where: str
) -> CutOrder:
    def text(column: str) -> str:
        at = place.get(column, len(row))
        return row[at].strip() if at < len(row) else ""

    pieces: dict[str, int] = {}
    for at, size in sizes.items():
        cell = row[at].strip() if at < len(row) else ""
        if not cell:
            continue
        try:
            pieces[size] = int(cell)
        except ValueError as exc:
            raise ConfigError(
                f"{where}, column {size}: {cell!r} is not a number of pieces; expected a whole "
                "number (columns other than order, style and colour are sizes)."
            ) from exc
    try:
        return CutOrder(text("order"), text("style"), text("colour"), pieces)
    except ConfigError as exc:
        raise ConfigError(f"{where}: {exc}") from exc


def _json_order(came: object, where: str) -> CutOrder:
    d = _mapping(came, where)
    _only(d, ("order", "style", "colour", "sizes"), where)
    sizes = _mapping(d.get("sizes", {}), f"{where}.sizes")
    return CutOrder(
        str(d.get("order", "")), str(d.get("style", "")), str(d.get("colour", "")), dict(sizes)
    )


def _lengths(came: object) -> Mapping[str, Mapping[str, float]]:
    d = _mapping(came, "lengths")
    if d and not any(isinstance(value, dict) for value in d.values()):
        d = {"": d}
    found = {}
    for style, lengths in d.items():
        rows = _mapping(lengths, f"lengths.{style}")
        for size, value in rows.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ConfigError(
                    f"lengths.{style}.{size} is {value!r}; expected centimetres of cloth."
                )
        found[str(style)] = {str(size): float(value) for size, value in rows.items()}
    return found


def _mapping(came: object, where: str) -> Mapping[str, Any]:
    if not isinstance(came, dict):
        raise ConfigError(f"{where} is {came!r}; expected an object.")
    return came


def _only(d: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for name in d:
        if name not in known:
            raise ConfigError(f"{where} has a part {name!r}; there are: {', '.join(known)}.")


def _decoded(content: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError(f"{name} is neither UTF-8 nor GB18030 text.")
