"""What to do about disturbances: repair first, send orders round a broken line, change a queue."""

from collections.abc import Sequence, Set

from seamline_broker.contracts.commands import Command
from seamline_broker.contracts.view import OrderView, View
from seamline_platform.planning import explain
from seamline_platform.planning.calendar import MINUTE_MS
from seamline_platform.planning.evaluate import Job, Slot, cost_of
from seamline_platform.planning.floor import Floor, LineState, relation
from seamline_platform.planning.params import DispatchParams
from seamline_platform.planning.rules import DispatchRule, RuleContext, sequence_by


def expedite(floor: Floor) -> list[tuple[LineState, Command]]:
    """Return one `expedite_repair` per plant: the broken station that holds up most.

    Mechanics are shared by the lines of a plant, so the line with the most weighted work waiting
    for it is helped first; while one station is being helped the others wait for their turn.
    """
    worst: dict[str, tuple[float, LineState]] = {}
    for line in floor.lines.values():
        if not line.down:
            continue
        jobs = [*line.sewing, *line.waiting]
        urgency = sum(job.weight * job.work_ms for job in jobs) / 3_600_000
        best = worst.get(line.info.site)
        if best is None or urgency > best[0]:
            worst[line.info.site] = (urgency, line)
    result = []
    for site, (_, line) in sorted(worst.items()):
        jobs = [*line.sewing, *line.waiting]
        station = line.down[0]
        pieces = sum(job.pieces for job in jobs)
        reason, reason_zh = explain.expedite(line.key, station, pieces, len(jobs))
        command = Command(
            node=f"{site}/plant",
            name="expedite_repair",
            args={"station": f"{line.info.line}/{station}"},
            order=jobs[0].order if jobs else "",
            reason=reason,
            reason_zh=reason_zh,
        )
        result.append((line, command))
    return result


def redirects(floor: Floor, view: View, params: DispatchParams, blocked: Set[str]) -> list[Command]:
    """Move waiting orders off broken lines where another line delivers them clearly earlier.

    Changes `floor` accordingly. Orders in `blocked` have been moved before and stay.
    """
    result: list[Command] = []
    for line in floor.lines.values():
        if not line.down:
            continue
        moved = 0
        for job in line.bound():
            if moved >= params.redirects_per_line:
                break
            if job.order in blocked:
                continue
            command = _redirect(floor, view, line, job, params)
            if command is not None:
                result.append(command)
                moved += 1
    return result


def _redirect(
    floor: Floor, view: View, line: LineState, job: Job, params: DispatchParams
) -> Command | None:
    order = view.orders[job.order]
    here = _slot_of(line.slots(), job.order)
    stays_ms = line.delivery_ms(here, order.region)
    best: tuple[int, str, Job] | None = None
    for key, other in floor.lines.items():
        if other is line or other.down or not other.joined:
            continue
        moved = other.job(order, line.now_ms + _way_ms(line, other, order, params))
        before, free = other.tail()
        at = other.delivery_ms(other.model.place(before, free, moved), order.region)
        if best is None or (at, key) < best[:2]:
            best = (at, key, moved)
    if best is None or stays_ms - best[0] < params.redirect_gain_min * MINUTE_MS:
        return None
    arrives_ms, key, moved = best
    line.waiting.remove(job)
    floor.lines[key].waiting.append(moved)
    gain = stays_ms - arrives_ms
    reason, reason_zh = explain.redirect(order.order, line.key, key, line.down[0], gain)
    site, _, name = key.partition("/")
    return Command(
        node=f"{line.info.region}/warehouse",
        name="redirect",
        args={"order": order.order, "site": site, "line": name},
        order=order.order,
        reason=reason,
        reason_zh=reason_zh,
    )


def _way_ms(line: LineState, other: LineState, order: OrderView, params: DispatchParams) -> int:
    """Return plant time until the kit of an order could be at another line: it travels anew."""
    way = line.catalogue.transport_min.get(relation(line.info.region, other.info.region), 0)
    cut = params.cut_min if order.state == "cutting" else 0
    return (cut + way) * MINUTE_MS


def _slot_of(slots: Sequence[Slot], order: str) -> Slot:
    return next(slot for slot in slots if slot.job.order == order)


def resequence(
    line: LineState, rule: DispatchRule, rule_name: str, params: DispatchParams
) -> Command | None:
    """Return a `sequence` command if another sequence of the queue is clearly better.

    Candidates are the rule's sequence and the present one with rush orders in front. Changes
    `line.waiting` to the better sequence.
    """
    queue = line.queue()
    if len(queue) < 2:
        return None
    present = line.slots()
    done = present[len(line.sewing) - 1] if line.sewing else None
    context = RuleContext(
        now_ms=done.end_ms if done else line.model.free_ms,
        setup_ms=lambda a, b: line.model.setup_ms(a or (done.job if done else None), b),
    )
    ruled = sequence_by(rule, queue, context)
    rushed = sorted(queue, key=lambda job: not line.is_rush(job))
    options = [
        (cost_of(line.model.decode([*line.sewing, *_merged(line, q)]), params.setup_weight), i, q)
        for i, q in enumerate((ruled, rushed))
    ]
    cost, which, best = min(options, key=lambda option: option[:2])
    now = cost_of(present, params.setup_weight)
    gain = now - cost
    if gain < params.resequence_gain_h or gain < params.resequence_gain_share * now:
        return None
    line.waiting = _merged(line, best)
    name = rule_name if which == 0 else "rush"
    reason, reason_zh = explain.resequence(line.key, name, best[0].order, gain)
    return Command(
        node=line.key,
        name="sequence",
        args={"orders": [job.order for job in best]},
        order=best[0].order,
        reason=reason,
        reason_zh=reason_zh,
    )


def _merged(line: LineState, queue: Sequence[Job]) -> list[Job]:
    """Return what waits with the queue's places filled by `queue` in its sequence."""
    new = iter(queue)
    return [next(new) if job.state == "queued" else job for job in line.waiting]
