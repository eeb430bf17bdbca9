"""What happens when a station finishes an operation: count, inspect, tell, hand the hanger on."""

from seamline_sim import quality
from seamline_sim.core import Core
from seamline_sim.line import leave
from seamline_sim.station import begin, route


def finish(w: Core, line_index: int, station_index: int, token: int) -> None:
    """A station finished one operation on one garment."""
    line = w.lines[line_index]
    station = line.stations[station_index]
    garment = station.job
    if token != station.token or garment is None:
        return
    plan = line.plan
    op = garment.op
    ms = station.seg_ms
    station.run_ms += ms
    station.seg_ms = 0
    station.job = None
    station.load -= 1
    station.pieces += 1
    outcome, last = "ok", False
    if op >= plan.qc:
        if op == plan.pack:
            last = True
        elif garment.defects:
            outcome = quality.inspect(w, line, station, garment)
    elif (
        quality.draw(w, garment) if garment.redo_bits else garment.draws[op]
    ) >> 16 < station.defect_limit:
        outcome = quality.defect(w, line, station, garment)
    if outcome == "ok":
        garment.redo_bits &= ~plan.op_bit[op]
        done = garment.done = garment.done | plan.op_bit[op]
        ready = garment.ready & ~plan.op_bit[op]
        follower = plan.succ[op]
        if follower >= 0 and not (done >> follower & 1 or plan.preds[follower] & ~done):
            ready |= plan.op_bit[follower]
        garment.ready = ready or plan.qc_bit
    if not garment.seen:
        garment.seen = True
        line.seen += 1
    w.seq += 1
    start_ms = w.start_ms
    w.outbox.append(
        (
            w.seq,
            start_ms + w.now_us // 1000,
            line.node,
            "piece",
            (
                station.id,
                garment.order.id,
                garment.piece,
                plan.ops[op].op,
                station.sewn_ms + ms,
                plan.smv_ms[op],
                outcome,
                last,
                garment.size,
                garment.redo == 0,
                garment.in_ms,
            ),
        )
    )
    if last or outcome == "scrap":
        leave(w, line, garment, last)
    else:
        route(w, line, garment)
    if station.queue and station.job is None and line.open and not station.down and station.manned:
        begin(w, line, station, station.queue.pop(0))
