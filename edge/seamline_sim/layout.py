"""How a bulletin is spread over the stations of a line: machines, capable stations, the tree."""

import functools

from seamline_broker.contracts.catalogue import Operation
from seamline_sim.products import bulletins

_FLOW = ("MNL", "SNL", "IRON", "OL", "FL", "BT", "BH", "BS", "QC", "PACK")


class LinePlan:
    """A bulletin on a line of `stations` stations: fixed data, shared by all lines that sew it.

    Machines are given to machine classes so that the work per station is as even as possible; a
    garment may be taken by every station of the right class. `candidates` maps a set of ready
    operations (bits) to the (station, operation) pairs that could take the garment.
    """

    __slots__ = (
        "bulletin",
        "candidates",
        "fixed",
        "machines",
        "of_class",
        "op_bit",
        "ops",
        "pack",
        "preds",
        "qc",
        "qc_bit",
        "ready",
        "routes",
        "smv_ms",
        "stations_of",
        "succ",
        "total_ms",
        "work_of",
    )

    def __init__(
        self, bulletin: str, operations: tuple[Operation, ...], stations: int, fixed: bool = False
    ) -> None:
        self.bulletin = bulletin
        self.ops = operations
        index = {op.op: i for i, op in enumerate(operations)}
        self.op_bit = tuple(1 << i for i in range(len(operations)))
        self.preds = tuple(sum(1 << index[a] for a in op.after) for op in operations)
        followers = {a: i for i, op in enumerate(operations) for a in op.after}
        self.succ = tuple(followers.get(op.op, -1) for op in operations)
        self.ready = sum(1 << i for i, op in enumerate(operations) if not op.after)
        self.smv_ms = tuple(op.smv_ms for op in operations)
        self.total_ms = sum(self.smv_ms)
        self.qc, self.pack = index["qc"], index["pack"]
        self.qc_bit = 1 << self.qc
        self.machines = _balance(operations, stations)
        self.work_of = {
            machine: tuple(
                (i, op.smv_ms) for i, op in enumerate(operations) if op.machine == machine
            )
            for machine in self.machines
        }
        """Machine class -> (operation, its standard time)."""
        self.of_class = tuple(
            tuple(s for s, machine in enumerate(self.machines) if machine == op.machine)
            for op in operations
        )
        self.fixed = fixed
        self.stations_of = _assign(operations, self.of_class) if fixed else self.of_class
        self.routes: dict[int, tuple[tuple[int, int], ...]] = {}
        self.candidates: dict[int, tuple[tuple[int, int], ...]] = {}

    def route(self, done: int) -> tuple[tuple[int, int], ...]:
        """Return (and remember) the (station, operation) pairs after the operations `done`."""
        ready = sum(
            bit
            for bit, needed in zip(self.op_bit[: self.qc], self.preds, strict=False)
            if not done & bit and not needed & ~done
        )
        last = self.op_bit[self.pack] if done & self.qc_bit else self.qc_bit
        result = self.routes[done] = self.options(ready or last)
        return result

    def options(self, ready: int) -> tuple[tuple[int, int], ...]:
        """Return (and remember) the (station, operation) pairs for a set of ready operations."""
        seen: list[int] = []
        pairs: list[tuple[int, int]] = []
        for op, bit in enumerate(self.op_bit):
            if ready & bit:
                for station in self.stations_of[op]:
                    if station not in seen:
                        seen.append(station)
                        pairs.append((station, op))
        result = self.candidates[ready] = tuple(pairs)
        return result


def _assign(
    operations: tuple[Operation, ...], of_class: tuple[tuple[int, ...], ...]
) -> tuple[tuple[int, ...], ...]:
    """Return the one station, or the few, that each operation belongs to for good.

    Longest first to the station of the class with the least work. A station that is left without
    an operation helps at the one whose stations have most work each.
    """
    load = {station: 0 for stations in of_class for station in stations}
    chosen: list[list[int]] = [[] for _ in operations]
    for i in sorted(range(len(operations)), key=lambda i: (-operations[i].smv_ms, i)):
        station = min(of_class[i], key=lambda s: (load[s], s))
        chosen[i].append(station)
        load[station] += operations[i].smv_ms
    for station in [s for s, work in load.items() if not work]:
        able = [i for i, stations in enumerate(of_class) if station in stations]
        heaviest = max(able, key=lambda i: (load[chosen[i][0]] // len(chosen[i]), -i))
        chosen[heaviest].append(station)
    return tuple(tuple(stations) for stations in chosen)


def _balance(operations: tuple[Operation, ...], stations: int) -> tuple[str, ...]:
    """Return the machine class of each station, in the order of the flow."""
    work = {m: sum(op.smv_ms for op in operations if op.machine == m) for m in _FLOW}
    counts = {m: 1 for m in _FLOW if work[m]}
    for _ in range(stations - len(counts)):
        # ties go to the class that stands first in the flow
        heaviest = max(counts, key=lambda m: (work[m] * 1000 // counts[m], -_FLOW.index(m)))
        counts[heaviest] += 1
    return tuple(m for m in _FLOW if m in counts for _ in range(counts[m]))


@functools.cache
def plan_of(bulletin: str, stations: int, fixed: bool = False) -> LinePlan:
    """Return the plan of a bulletin on a line of so many stations.

    `fixed`: every operation belongs to its own stations, as where bundles are carried by hand.
    """
    return LinePlan(bulletin, bulletins()[bulletin], stations, fixed)
