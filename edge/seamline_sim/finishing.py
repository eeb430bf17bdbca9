"""The finishing team of a plant: irons and folds what the lines have sewn, a few garments at once.

Garments of an order come while it is still being sewn; the team takes them first come, first served
in batches, rush orders first, and only during the shift. The last garment of an order sends it to
the cartons (`packed` follows).
"""

from seamline_broker.contracts.view import RUSH_WEIGHT
from seamline_sim import crew, rng
from seamline_sim.core import DAY_US, MINUTE_US, Core
from seamline_sim.state import Order, PlantState

BATCH = 20


def receive(w: Core, plant: PlantState, order: Order) -> None:
    """Garments of an order have come from a line (or its last one was written off)."""
    waiting = order.gathered - order.finished
    if waiting < BATCH and order.state != "sewn":
        return
    if waiting and order.id not in plant.finishing:
        at = len(plant.finishing)
        if order.weight >= RUSH_WEIGHT:
            at = sum(w.orders[name].weight >= RUSH_WEIGHT for name in plant.finishing)
        plant.finishing.insert(at, order.id)
    if not waiting:
        _complete(w, order)
    work(w, plant)


def work(w: Core, plant: PlantState) -> None:
    """Take the next batch if the team is free: a full one, or the rest of an order."""
    if plant.batch or not plant.open or not plant.finishing:
        return
    order = w.orders[plant.finishing[0]]
    plant.batch = min(order.gathered - order.finished, BATCH)
    iron_ms, fold_ms = standard_ms(w, order.style)
    ms = plant.batch * (iron_ms + fold_ms) * 1000 // w.fig("finishing.pace_permille")
    plant.finishing_ms += ms
    plant.pressed_ms += plant.batch * iron_ms * 1000 // w.fig("finishing.pace_permille")
    w.at(w.now_us + ms * 1000 // plant.finishing_now, "finished", plant.id, order.id)


def finished(w: Core, plant_id: str, order_id: str) -> None:
    """A batch is ironed and folded."""
    plant = next(p for p in w.plants if p.id == plant_id)
    order = w.orders[order_id]
    order.finished += plant.batch
    plant.finished += plant.batch
    plant.batch = 0
    waiting = order.gathered - order.finished
    if not waiting or (waiting < BATCH and order.state != "sewn"):
        plant.finishing.remove(order_id)
    if not waiting:
        _complete(w, order)
    work(w, plant)


def _complete(w: Core, order: Order) -> None:
    if order.state == "sewn":
        w.at(w.now_us + w.fig("warehouse.pack_min") * MINUTE_US, "packed", order.id)


def standard_ms(w: Core, style: str) -> tuple[int, int]:
    """Return the standard times of ironing and of folding one garment, milliseconds."""
    sewing_ms = w.catalogue.smv_ms(style)
    iron = w.fig("finishing.iron_ms") + sewing_ms * w.fig("finishing.iron_permille") // 1000
    return iron, w.fig("finishing.fold_ms")


def shift(w: Core, plant: PlantState, phase: str) -> None:
    """A shift or a break began or ended."""
    if plant.open:
        plant.finishing_paid_ms += (w.now_us - plant.open_us) // 1000 * plant.finishing_now
    plant.open, plant.open_us = phase in ("start", "break_end"), w.now_us
    if phase == "start":
        day = w.now_us // DAY_US
        limit = crew.absence_ppm(w, plant.id, day)
        draws = rng.words(w.seed, "finisher", f"{plant.id}|{day}", plant.finishers)
        present = sum(rng.below(draw, 1_000_000) >= limit for draw in draws)
        plant.finishing_now = max(present, 1)
    work(w, plant)
