"""The cutting room: jobs that wait, lays on the tables, kits held until their line needs them."""

from seamline_sim import cloth as cloths
from seamline_sim.cloth import cut_off, reorder, tell_cloth
from seamline_sim.core import MINUTE_US, Core
from seamline_sim.cutting import Lay, plan_lay
from seamline_sim.line import tell
from seamline_sim.state import Cloth, CutJob, Order, Warehouse
from seamline_sim.warehouse import is_rush, kit_way_us, send


def kit(w: Core, house: Warehouse, order: Order, needed_us: int = 0, merge: bool = False) -> None:
    """Accept an order: pieces that were cut ahead are set aside for it, the rest will be cut.

    With `needed_us` the kit is cut late and held, so that it is not at its line before.
    """
    order.warehouse = house.region
    style = w.catalogue.styles[order.style]
    tell(w, house.node, order, "cutting", order.pieces)
    job = CutJob(
        order.id, order.style, order.colour, style.fabric, dict(order.sizes), order.pieces,
        is_rush(order), merge,
    )  # fmt: skip
    if needed_us:
        job.send_us = max(needed_us - kit_way_us(w, house.region, order), 1)
    if house.cut:
        _take_cut_pieces(w, house, job)
    if job.sizes:
        add(w, house, job)
        order.cloth_cm = job.issue_cm
        return
    house.jobs[job.id] = job
    _release(w, house, job)
    ready_us = w.now_us + w.fig("cutting.pick_min") * MINUTE_US
    w.at(max(ready_us, job.send_us), "kit_due", house.region, job.id)


def _take_cut_pieces(w: Core, house: Warehouse, job: CutJob) -> None:
    """Set pieces aside that were cut ahead."""
    style = w.catalogue.styles[job.style]
    for size, wanted in list(job.sizes.items()):
        sku = f"{job.style}-{job.colour}-{size}"
        n = min(house.cut.get(sku, 0), wanted)
        if not n:
            continue
        house.cut[sku] -= n
        if not house.cut[sku]:
            del house.cut[sku]
        job.sizes[size] -= n
        job.pieces -= n
        if not job.sizes[size]:
            del job.sizes[size]
        job.taken_cm += n * w.cutting.net_cm(style, size)
    house.held_cm += job.taken_cm


def _release(w: Core, house: Warehouse, job: CutJob) -> None:
    """Give cloth free that was kept for an order whose pieces are all cut already."""
    cloth = house.cloth[f"{job.fabric}/{job.colour}"]
    kept = cloth.kept.pop(job.id, 0)
    if kept:
        cloth.reserved -= kept
        tell_cloth(w, house, cloth, "reserved")
        look_again(w, house, cloth)


def look_again(w: Core, house: Warehouse, cloth: Cloth) -> None:
    """More of a cloth is free: cut what waited for it."""
    _wake(house, cloth)
    start(w, house)


def cut_ahead(
    w: Core, house: Warehouse, style: str, colour: str, sizes: dict[str, int], merge: bool
) -> CutJob:
    """Cut pieces for orders that are still to come; return the job."""
    house.ahead += 1
    fabric = w.catalogue.styles[style].fabric
    pieces = sum(sizes.values())
    job = CutJob(f"#{house.ahead}", style, colour, fabric, sizes, pieces, False, merge)
    add(w, house, job)
    return job


def plan(w: Core, jobs: list[CutJob]) -> Lay:
    """Return the lay of what jobs of one cloth have to cut; equal styles and sizes lie together."""
    styles, rules = w.catalogue.styles, w.cutting
    if len(jobs) == 1:
        nets = rules.nets_cm(styles[jobs[0].style])
        alone = [(nets[size], n) for size, n in jobs[0].sizes.items()]
        return plan_lay(alone, jobs[0].fabric, rules)
    items: dict[tuple[str, str], int] = {}
    for job in jobs:
        for size, n in job.sizes.items():
            key = (job.style, size)
            items[key] = items.get(key, 0) + n
    together = [(rules.nets_cm(styles[style])[size], n) for (style, size), n in items.items()]
    return plan_lay(together, jobs[0].fabric, rules)


def add(w: Core, house: Warehouse, job: CutJob) -> None:
    """Plan a job and reserve its cloth: it waits for its time, then for cloth and a table."""
    lay = plan(w, [job])
    job.lay, job.net_cm, job.issue_cm = tuple(lay), lay.net_cm, lay.issue_cm
    cloth = house.cloth[f"{job.fabric}/{job.colour}"]
    kept = cloth.kept.pop(job.id, 0)
    cloth.reserved += job.issue_cm - kept
    tell_cloth(w, house, cloth, "reserved")
    house.jobs[job.id] = job
    if job.send_us:
        margin_us = w.fig("cutting.sync_margin_min") * MINUTE_US
        job.start_us = job.send_us - lay.ms * 1000 - margin_us
    if job.start_us > w.now_us:
        house.later.append(job.id)
        w.at(job.start_us, "cut_due", house.region, job.id)
    else:
        _queue(house, job)
    if kept:
        _wake(house, cloth)
    reorder(w, house, cloth)
    start(w, house)


def _queue(house: Warehouse, job: CutJob) -> None:
    """Let a job wait for a table: rush orders before the others."""
    house.queued += 1
    job.number = house.queued
    at = len(house.cutting)
    if job.rush:
        at = sum(house.jobs[name].rush for name in house.cutting)
    house.cutting.insert(at, job.id)


def _wake(house: Warehouse, cloth: Cloth) -> None:
    """There may be cloth now: jobs that wait for it take their old places before the tables."""
    if not cloth.waiting:
        return
    jobs = house.jobs
    house.cutting = sorted(
        house.cutting + cloth.waiting, key=lambda name: (not jobs[name].rush, jobs[name].number)
    )
    cloth.waiting = []


def cut_due(w: Core, region: str, job_id: str) -> None:
    """It is time to cut a job, unless it was cut with another one before."""
    house = w.warehouses[region]
    if job_id in house.later:
        house.later.remove(job_id)
        _queue(house, house.jobs[job_id])
        start(w, house)


def start(w: Core, house: Warehouse) -> None:
    """Give free tables to the first jobs whose cloth is there; the others wait for their cloth."""
    while house.free and house.cutting:
        job = house.jobs[house.cutting[0]]
        cloth = house.cloth[f"{job.fabric}/{job.colour}"]
        if (job.rush or not cloth.waiting) and _cut(w, house, job):
            continue
        house.cutting.remove(job.id)
        cloth.waiting.append(job.id)
        reorder(w, house, cloth)


def _cut(w: Core, house: Warehouse, job: CutJob) -> bool:
    """Cut a job, with others if it may be and that saves cloth; return whether there is cloth."""
    others = _companions(w, house, job) if job.merge else []
    if others:
        together = plan(w, [job, *others])
        alone = job.issue_cm + sum(other.issue_cm for other in others)
        if together.issue_cm < alone and _spread(w, house, [job, *others], together):
            return True
    return _spread(w, house, [job], Lay(*job.lay))


def _companions(w: Core, house: Warehouse, job: CutJob) -> list[CutJob]:
    """Return waiting jobs of the same cloth that may share the lay, up to its most garments."""
    found, pieces = [], job.pieces
    for name in house.cutting + house.later:
        other = house.jobs[name]
        if (
            other.merge
            and other is not job
            and (other.fabric, other.colour) == (job.fabric, job.colour)
            and pieces + other.pieces <= w.fig("cutting.merge_pieces")
        ):
            found.append(other)
            pieces += other.pieces
    return found


def _spread(w: Core, house: Warehouse, jobs: list[CutJob], lay: Lay) -> bool:
    """Spread a lay on a free table, if its cloth is there; its waste is booked now."""
    cloth = house.cloth[f"{jobs[0].fabric}/{jobs[0].colour}"]
    limit_cm = cloth.on_hand - sum(cloth.kept.values())
    if limit_cm < lay.issue_cm:
        return False
    splice_cm, remnant_cm = cut_off(w, house.region, cloth, lay.issue_cm, limit_cm)
    if splice_cm < 0:
        return False
    house.free -= 1
    house.lay += 1
    for job in jobs:
        (house.cutting if job.id in house.cutting else house.later).remove(job.id)
        job.on_table = True
        cloth.reserved -= job.issue_cm
    tell_cloth(w, house, cloth, "cut")
    _book(w, house, jobs, lay, (splice_cm, remnant_cm))
    house.lays[house.lay] = [job.id for job in jobs]
    w.at(w.now_us + lay.ms * 1000, "cut_done", house.region, house.lay)
    return True


def _book(
    w: Core, house: Warehouse, jobs: list[CutJob], lay: Lay, rolls_cm: tuple[int, int]
) -> None:
    """Book what a lay takes, and tell it."""
    splice_cm, remnant_cm = rolls_cm
    between_cm = lay.marker_cm - lay.net_cm
    waste = house.waste_cm
    for kind, length in (
        ("marker", between_cm), ("end", lay.end_cm), ("splice", splice_cm), ("remnant", remnant_cm),
    ):  # fmt: skip
        waste[kind] = waste.get(kind, 0) + length
    pieces = sum(job.pieces for job in jobs)
    house.cutting_cm += lay.net_cm
    house.cutting_ms += lay.ms
    house.cut_pieces += pieces
    names = ",".join(f'"{job.id}"' for job in jobs if job.id[0] != "#")
    w.emit(
        house.node, "lay", house.lay, f"[{names}]", jobs[0].fabric, jobs[0].colour, pieces,
        lay.sections, lay.plies, lay.net_cm, between_cm, lay.end_cm, splice_cm, remnant_cm,
        lay.ms,
    )  # fmt: skip


def cut_done(w: Core, region: str, number: int) -> None:
    """A lay is cut: kits leave or are held, pieces cut ahead go to the store."""
    house = w.warehouses[region]
    house.free += 1
    for job_id in house.lays.pop(number):
        job = house.jobs[job_id]
        house.cutting_cm -= job.net_cm
        if job_id[0] == "#":
            for size, n in job.sizes.items():
                sku = f"{job.style}-{job.colour}-{size}"
                house.cut[sku] = house.cut.get(sku, 0) + n
            del house.jobs[job_id]
            continue
        house.held_cm += job.net_cm
        finish(w, house, job)
    start(w, house)


def finish(w: Core, house: Warehouse, job: CutJob) -> None:
    """All pieces of an order are there: off to the line, or held until it is time."""
    if job.send_us > w.now_us:
        w.at(job.send_us, "kit_due", house.region, job.id)
    else:
        kit_due(w, house.region, job.id)


def kit_due(w: Core, region: str, job_id: str) -> None:
    """A kit leaves for its line."""
    house = w.warehouses[region]
    job = house.jobs.pop(job_id)
    length = job.taken_cm + job.net_cm
    house.held_cm -= length
    house.garments_cm += length
    send(w, region, w.orders[job_id])


def received(w: Core, region: str, key: str, length: int, form: str) -> None:
    """Cloth came from the supplier."""
    house = w.warehouses[region]
    cloths.receive(w, house, house.cloth[key], length, form)
    look_again(w, house, house.cloth[key])


def dyed(w: Core, region: str, key: str, length: int) -> None:
    """Greige of the warehouse came back in its colour."""
    house = w.warehouses[region]
    cloths.take_dyed(w, house, house.cloth[key], length)
    look_again(w, house, house.cloth[key])


def cloth_in(w: Core, region: str, key: str, length: int) -> None:
    """Cloth came from another warehouse."""
    house = w.warehouses[region]
    cloths.take_transfer(w, house, house.cloth[key], length)
    look_again(w, house, house.cloth[key])


def close_day(w: Core, house: Warehouse) -> None:
    """Midnight: ask for cloth that has become short."""
    if w.fig("supply.auto_reorder"):
        for cloth in house.cloth.values():
            reorder(w, house, cloth)
