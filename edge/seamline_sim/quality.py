"""Quality: defects that operations make, in-line and end-line inspection, rework and scrap."""

from seamline_sim import rng
from seamline_sim.core import Core
from seamline_sim.state import Garment, Line, Station

_CODES = ("skipped_stitch", "open_seam", "puckering", "uneven", "stain", "misaligned")


def key_of(garment: Garment) -> str:
    """Return the name under which a garment draws its chance, whatever order it belongs to."""
    return f"{garment.order.style}-{garment.size}|{garment.serial}"


def draw(w: Core, garment: Garment) -> int:
    """Return the draw of the operation in work: another one when it is done again."""
    op = garment.op
    if garment.redo_bits >> op & 1:
        entity = f"{key_of(garment)}|{garment.redo}"
        return rng.u32(w.seed, "redo", entity, op)
    return garment.draws[op]


def redo_ms(w: Core, station: Station, garment: Garment) -> int:
    """Return how long an operation takes on a garment that was sent back."""
    op = garment.op
    ms = station.base[op] * w.time_factor[draw(w, garment) & 1023] >> 10
    if garment.redo_bits >> op & 1:
        return ms * w.fig("quality.rework_permille") // 1000
    return ms


def defect(w: Core, line: Line, station: Station, garment: Garment) -> str:
    """An operation made a defect: found here (rework), or hidden until the end of the line (ok)."""
    line.defects += 1
    found = (draw(w, garment) >> 10 & 63) * 1000 < w.fig("quality.inline_permille") * 64
    if not found or garment.redo >= w.fig("quality.max_reworks"):
        garment.defects |= 1 << garment.op
        return "ok"
    report(w, line, station, garment, garment.op, "rework")
    garment.redo += 1
    garment.order.reworks += 1
    line.reworks += 1
    garment.redo_bits |= 1 << garment.op
    return "rework"


def inspect(w: Core, line: Line, station: Station, garment: Garment) -> str:
    """The end-line inspection looks at a garment with hidden defects: it finds most of them.

    A garment with defects that were found goes back, or is written off; what nobody finds goes on.
    """
    plan = line.plan
    name = f"{key_of(garment)}|{garment.redo}"
    scrap_draw, *looks = rng.words(w.seed, "endline", name, 1 + plan.qc)
    power = w.fig("quality.endline_permille")
    found = 0
    for op in range(plan.qc):
        if garment.defects >> op & 1 and rng.below(looks[op], 1000) < power:
            found |= 1 << op
    if not found:
        return "ok"
    scrap = rng.below(scrap_draw, 1000) < w.fig("quality.scrap_permille")
    scrap = scrap or garment.redo >= w.fig("quality.max_reworks")
    for op in range(plan.qc):
        if found >> op & 1:
            report(w, line, station, garment, op, "scrap" if scrap else "rework")
    garment.redo += 1
    garment.order.reworks += 1
    line.reworks += not scrap
    if scrap:
        return "scrap"
    garment.redo_bits |= found
    garment.done &= ~found
    garment.ready = found
    garment.defects &= ~found
    return "rework"


def report(w: Core, line: Line, station: Station, garment: Garment, op: int, action: str) -> None:
    """Count a defect that an inspection has found, and tell of it."""
    line.found += 1
    code = _CODES[rng.below(rng.u32(w.seed, "code", key_of(garment)), len(_CODES))]
    w.emit(
        line.node,
        "qc",
        station.id,
        garment.order.id,
        garment.piece,
        code,
        line.plan.ops[op].op,
        action,
    )
