"""State to bytes and back, in milliseconds, and its digest. Only plain values; no pickle.

The format is `marshal` version 2 (equal values give equal bytes) of tuples. A snapshot is this
machine's own file: it is checked for its mark, not meant to be taken from strangers.
"""

import dataclasses
import hashlib
import marshal
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from seamline_broker.errors import ConfigError
from seamline_sim import crew, tokens
from seamline_sim import line as lines
from seamline_sim.core import NEUTRAL_KINDS, Core
from seamline_sim.layout import plan_of
from seamline_sim.state import Cloth, CutJob, Garment, Line, Order, PlantState, Station, Warehouse

MARK = "seamline-world-4"
_Row = tuple[Any, ...]


def _fields(kind: type, *without: str) -> tuple[list[str], Callable[[Any], _Row]]:
    names = [f.name for f in dataclasses.fields(kind) if f.name not in without]
    return names, attrgetter(*names)


_ORDER, _order_row = _fields(Order)
_GARMENT, _garment_row = _fields(Garment, "order", "draws")
_STATION, _station_row = _fields(Station, "queue", "job", "base")
_LINE, _line_row = _fields(Line, "stations", "plan", "heap", "parked", "tail")
_PLANT, _plant_row = _fields(PlantState)
_CLOTH, _cloth_row = _fields(Cloth)
_JOB, _job_row = _fields(CutJob)
_HOUSE, _house_row = _fields(Warehouse, "cloth", "jobs")
_SCALARS = ("now_us", "count", "seq", "rushes", "bursts", "events_done")


def _pack_garment(garment: Garment) -> _Row:
    return (garment.order.id, *_garment_row(garment))


def _pack_station(st: Station) -> _Row:
    job = _pack_garment(st.job) if st.job is not None else None
    return (_station_row(st), job, [_pack_garment(g) for g in st.queue])


def _pack_line(line: Line) -> _Row:
    return (
        _line_row(line),
        line.plan.bulletin,
        [_pack_station(st) for st in line.stations],
        [(due, _pack_garment(token)) for due, _, token in sorted(line.heap)],
        [_pack_garment(token) for token in line.parked],
        [token.number for token in line.tail],
    )


def _pack_house(house: Warehouse) -> _Row:
    cloth_rows = [_cloth_row(c) for c in house.cloth.values()]
    return (_house_row(house), cloth_rows, [_job_row(j) for j in house.jobs.values()])


def pack(w: Core) -> _Row:
    """Return the state as plain tuples, lists and dicts (the outbox is not part of it)."""
    return (
        tuple(getattr(w, name) for name in _SCALARS),
        sorted(w.heap),
        [_order_row(o) for o in w.orders.values()],
        [_pack_line(line) for line in w.lines],
        [_plant_row(p) for p in w.plants],
        [_pack_house(h) for h in w.warehouses.values()],
        w.ids,
        w.serials,
    )


def digest(w: Core) -> str:
    """Return the sha-256 of the whole state."""
    return hashlib.sha256(marshal.dumps(pack(w), 2)).hexdigest()


def dumps(w: Core, extra: _Row) -> bytes:
    """Return state, pending events and `extra` (what the world was made of) as bytes."""
    return marshal.dumps((MARK, extra, pack(w), w.outbox), 2)


def loads(data: bytes) -> tuple[_Row, _Row, list[Any]]:
    """Return (extra, state, outbox) of a snapshot.

    Raises:
        ConfigError: if the bytes are not a snapshot of this version.
    """
    try:
        mark, extra, state, outbox = marshal.loads(data)
    except (ValueError, TypeError, EOFError) as exc:
        raise ConfigError(f"The world's snapshot is not readable: {exc!r}.") from exc
    if mark != MARK:
        raise ConfigError(f"The snapshot is {mark!r}; this version reads {MARK!r}.")
    return extra, state, outbox


def unpack(w: Core, state: _Row) -> None:
    """Fill a bare core with a packed state."""
    scalars, heap, orders, line_rows, plants, houses, ids, serials = state
    for name, value in zip(_SCALARS, scalars, strict=True):
        setattr(w, name, value)
    w.heap = [tuple(event) for event in heap]
    w.gates = sorted(event[0] for event in w.heap if w.bundles and event[3] not in NEUTRAL_KINDS)
    w.orders = {row[0]: Order(*row) for row in orders}
    w.ids = ids
    w.serials = serials
    w.plants = [PlantState(*row) for row in plants]
    for plant in w.plants:
        plant.waiting = [(line, st) for line, st in plant.waiting]
        plant.planned = [(line, st) for line, st in plant.planned]
    w.warehouses = {}
    for row, cloth_rows, job_rows in houses:
        house = Warehouse(**dict(zip(_HOUSE, row, strict=True)), cloth={})
        house.cloth = {f"{c[0]}/{c[1]}": Cloth(*c) for c in cloth_rows}
        house.jobs = {row[0]: CutJob(*row) for row in job_rows}
        w.warehouses[house.region] = house
    w.lines = [_unpack_line(w, row) for row in line_rows]
    w.line_of = {line.node: line for line in w.lines}


def _unpack_line(w: Core, row: _Row) -> Line:
    values, bulletin, stations, heap, parked, tail = row
    fields = dict(zip(_LINE, values, strict=True))
    plan = plan_of(bulletin, len(stations), fields["by_hand"])
    line = Line(**fields, stations=[], plan=plan)
    for station_values, job, queue in stations:
        st = Station(**dict(zip(_STATION, station_values, strict=True)))
        st.job = _unpack_garment(w, line, job) if job is not None else None
        st.queue = [_unpack_garment(w, line, g) for g in queue]
        line.stations.append(st)
    for due, token_row in heap:
        token = _unpack_garment(w, line, token_row)
        line.heap.append((due, token.number, token))
    line.parked = [_unpack_garment(w, line, token_row) for token_row in parked]
    line.tail = [token for token in tokens.on_line(line) if token.number in tail]
    for st in line.stations:
        crew.set_base(w, line, st)
    return line


def _unpack_garment(w: Core, line: Line, row: _Row) -> Garment:
    order = w.orders[row[0]]
    values = dict(zip(_GARMENT, row[1:], strict=True))
    draws = lines.sewing_draws(w, order, values["size"], values["serial"], len(line.plan.ops))
    return Garment(order=order, draws=draws, **values)
