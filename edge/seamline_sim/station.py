"""One station at work: take a hanger, sew, hand the hanger on. The hottest code of the world."""

import heapq

from seamline_sim import quality, tokens
from seamline_sim.core import Core
from seamline_sim.state import Garment, Line, Station

AWAY = 1000
"""Added to the load of a station that is down or without operator, so that hangers avoid it."""


def route(w: Core, line: Line, garment: Garment) -> None:
    """Send a hanger to the station with the shortest queue among those that can go on with it."""
    plan = line.plan
    stations = line.stations
    ready = garment.ready
    pairs = plan.candidates.get(ready) or plan.options(ready)
    best, operation = pairs[0]
    station = stations[best]
    low = station.load
    if low:
        for index, op in pairs:
            other = stations[index]
            if other.load < low:
                station, operation, low = other, op, other.load
                if not low:
                    break
    garment.op = operation
    station.load += 1
    if low or not line.open:
        if station.job is None and can_work(line, station):
            begin(w, line, station, garment)
        else:
            station.queue.append(garment)
    else:
        begin(w, line, station, garment)


def can_work(line: Line, station: Station) -> bool:
    """Return whether somebody can sew at the station now."""
    return line.open and station.manned and not station.down


def begin(w: Core, line: Line, station: Station, garment: Garment) -> None:
    """Start the next operation of a hanger."""
    op = garment.op
    if garment.redo_bits:
        ms = quality.redo_ms(w, station, garment)
    else:
        ms = station.base[op] * w.time_factor[garment.draws[op] & 1023] >> 10
    station.job = garment
    station.sewn_ms = 0
    run(w, line, station, ms)


def run(w: Core, line: Line, station: Station, ms: int) -> None:
    """Sew for `ms`, or until the machine stops before that."""
    now = w.now_us
    to_stop = station.stop_ms - station.run_ms
    station.seg_start_us = now
    w.count += 1
    if ms <= to_stop:
        station.seg_ms = ms
        heapq.heappush(
            w.heap,
            (now + ms * 1000, 5, w.count, "finish", (line.index, station.index, station.token)),
        )
    else:
        station.seg_ms = to_stop
        station.left_ms = ms - to_stop
        heapq.heappush(
            w.heap,
            (now + to_stop * 1000, 5, w.count, "stop", (line.index, station.index, station.token)),
        )


def resume(w: Core, line: Line, station: Station) -> None:
    """Go on after a break or a repair: first the interrupted job, then the queue."""
    if line.token_pieces:
        tokens.resume(w, line, station)
        return
    if not can_work(line, station) or station.seg_ms:
        return
    if station.job is not None:
        left, station.left_ms = station.left_ms, 0
        run(w, line, station, left)
    elif station.queue:
        begin(w, line, station, station.queue.pop(0))


def interrupt(w: Core, station: Station) -> None:
    """Stop sewing in the middle of a job: what is left of it is kept."""
    if station.seg_ms:
        gone = (w.now_us - station.seg_start_us) // 1000
        station.run_ms += gone
        station.sewn_ms += gone
        station.left_ms += station.seg_ms - gone
        station.seg_ms = 0
        station.token += 1


def send_on(w: Core, line: Line, station: Station, with_job: bool) -> None:
    """Send waiting hangers elsewhere if another station can take them; with the job if told so."""
    if line.token_pieces:
        tokens.vacate(w, line, station, with_job)
        return
    hangers, station.queue = station.queue, []
    if with_job and station.job is not None and not station.seg_ms:
        hangers.insert(0, station.job)
        station.job, station.left_ms = None, 0
    station.load -= len(hangers)
    for garment in hangers:
        route(w, line, garment)
