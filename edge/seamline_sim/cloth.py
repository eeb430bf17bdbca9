"""Cloth: rolls, greige, suppliers, dyeing, cloth on the road between warehouses.

Nothing here is chosen by a policy but what is ordered: cloth in its colour from the mill (`roll`:
yarn to roll, long), undyed cloth from the mill (`greige`), greige that the supplier keeps, dyed and
brought (`quick`: days, but only as much as there is), greige of one's own that is dyed (days), or
ready cloth of another warehouse (the road). Lateness is drawn per region, cloth and order number.
"""

from seamline_sim import rng
from seamline_sim.core import DAY_US, MINUTE_US, Core
from seamline_sim.scenario import Scenario
from seamline_sim.state import Cloth, Warehouse

GREIGE = "greige"
"""Colour code of undyed cloth: one per fabric, can become any colour."""
FORMS = ("roll", "greige", "quick")
"""What a supplier can be asked for."""


def check_terms(scenario: Scenario) -> None:
    """Check the figures of rolls and suppliers.

    Raises:
        ConfigError: naming the figure and what is allowed.
    """
    scenario.need("supply.roll_cm.0", 1)
    scenario.need("supply.supplier_refill_days", 1)
    scenario.need("supply.dye_loss_permille", 0, 1000)
    for name in ("roll_cm", "roll_lead_days", "greige_lead_days", "quick_lead_days",
                 "dye_lead_days"):  # fmt: skip
        scenario.need(f"supply.{name}.1", scenario.figure(f"supply.{name}.0"))


def tell_cloth(w: Core, house: Warehouse, cloth: Cloth, reason: str) -> None:
    """Emit the state of one cloth."""
    w.emit(house.node, "cloth", cloth.fabric, cloth.colour, cloth.on_hand, cloth.reserved, reason)


def new_cloth(
    w: Core, region: str, fabric: str, colour: str, on_hand: int, use_per_day: int
) -> Cloth:
    """Return the cloth of a fabric and colour at the start; `on_hand` counts as received."""
    cloth = Cloth(fabric, colour, on_hand, use_per_day)
    cloth.open_cm = min(_roll_cm(w, region, cloth), on_hand)
    if colour == GREIGE:
        cloth.mill_cm = _mill_cap(w, cloth)
    return cloth


def _roll_cm(w: Core, region: str, cloth: Cloth) -> int:
    """Return the length of the roll that is opened now: the same under every policy."""
    least, most = w.scenario.figure_list("supply.roll_cm")
    name = f"{region}|{cloth.fabric}/{cloth.colour}"
    return rng.between(rng.u32(w.seed, "roll", name, cloth.rolls), least, most)


def free_cm(cloth: Cloth) -> int:
    """Return the cloth that no order has reserved."""
    return max(cloth.on_hand - cloth.reserved, 0)


def cut_off(w: Core, region: str, cloth: Cloth, need_cm: int, limit_cm: int) -> tuple[int, int]:
    """Take `need_cm` from the rolls, splices apart; return the waste at (splices, remnants) in cm.

    Where a roll ends within the lay, the next one is spliced to it with an overlap. What is left
    of the last roll is waste if it is too short to spread. Takes nothing and returns (-1, 0) if
    more than `limit_cm` would have to be taken.
    """
    splice = w.cutting.splice_cm
    want, rest, closed, rolls = need_cm, cloth.open_cm, cloth.on_hand - cloth.open_cm, cloth.rolls
    splices = 0
    while rest < want:
        if not closed:
            cloth.rolls = rolls
            return -1, 0
        want -= rest
        if rest:
            want += splice
            splices += splice
        cloth.rolls += 1
        rest = min(_roll_cm(w, region, cloth), closed)
        closed -= rest
    if need_cm + splices > limit_cm:
        cloth.rolls = rolls
        return -1, 0
    rest -= want
    remnant = rest if rest < w.cutting.remnant_cm else 0
    cloth.open_cm = rest - remnant
    cloth.on_hand = cloth.open_cm + closed
    return splices, remnant


def take_whole(cloth: Cloth, length: int) -> None:
    """Take cloth away that is not cut: closed rolls first."""
    cloth.on_hand -= length
    cloth.open_cm = min(cloth.open_cm, cloth.on_hand)


def order_cloth(w: Core, house: Warehouse, cloth: Cloth, form: str, length: int) -> int:
    """Order from a supplier; return the minutes until it comes."""
    cloth.on_order += length
    cloth.orders += 1
    house.ordered_cm[form] = house.ordered_cm.get(form, 0) + length
    if form == "quick":
        greige = house.cloth[f"{cloth.fabric}/{GREIGE}"]
        greige.mill_cm = mill_free_cm(w, greige) - length
        greige.mill_us = w.now_us
    name = f"{house.region}|{cloth.fabric}/{cloth.colour}"
    minutes = _lead_min(w, f"supply.{form}_lead_days", f"supplier-{form}", name, cloth.orders)
    w.at(w.now_us + minutes * MINUTE_US, "received", house.region, _key(cloth), length, form)
    return minutes


def _key(cloth: Cloth) -> str:
    return f"{cloth.fabric}/{cloth.colour}"


def _lead_min(w: Core, figure: str, stream: str, name: str, number: int) -> int:
    least, most = w.scenario.figure_list(figure)
    return rng.between(rng.u32(w.seed, stream, name, number), least * 1440, most * 1440)


def _mill_cap(w: Core, greige: Cloth) -> int:
    """Return how much greige the supplier keeps for a region when nothing is ordered."""
    days = w.fig("supply.supplier_greige_days")
    return max(greige.use_per_day * days, w.fig("supply.supplier_greige_min_cm"))


def mill_free_cm(w: Core, greige: Cloth) -> int:
    """Return the greige that the supplier has for quick orders: refilled steadily up to a cap."""
    cap = _mill_cap(w, greige)
    days = w.fig("supply.supplier_refill_days")
    refill = cap * (w.now_us - greige.mill_us) // (days * DAY_US)
    return min(greige.mill_cm + refill, cap)


def reorder(w: Core, house: Warehouse, cloth: Cloth) -> None:
    """Ask the supplier for cloth when what is there and on its way no longer covers enough days.

    Or when a job waits for the last of it and nothing is on its way. Only with
    `supply.auto_reorder`; else cloth comes by command alone.
    """
    if cloth.colour == GREIGE or not w.fig("supply.auto_reorder"):
        return
    position = cloth.on_hand + cloth.on_order - cloth.reserved
    enough = position >= cloth.use_per_day * w.fig("warehouse.reorder_days")
    if enough and (cloth.on_order or not cloth.waiting):
        return
    length = cloth.use_per_day * w.fig("warehouse.cover_days") - position
    length = max(length, w.fig("supply.quick_min_cm"))
    # so that the last garments of a lay do not wait for a few splices
    rolls = max(length, cloth.reserved) // w.fig("supply.roll_cm.0") + 1
    length += w.cutting.splice_cm * rolls
    free = mill_free_cm(w, house.cloth[f"{cloth.fabric}/{GREIGE}"])
    if free >= w.fig("supply.quick_min_cm"):
        order_cloth(w, house, cloth, "quick", min(length, free))


def receive(w: Core, house: Warehouse, cloth: Cloth, length: int, form: str) -> None:
    """Take cloth from the supplier into the store."""
    cloth.on_order -= length
    house.received_cm[form] = house.received_cm.get(form, 0) + length
    put_in(w, house, cloth, length, "received")


def put_in(w: Core, house: Warehouse, cloth: Cloth, length: int, reason: str) -> None:
    """Add cloth to the store; into an empty store comes a new roll."""
    cloth.on_hand += length
    if not cloth.open_cm:
        cloth.rolls += 1
        cloth.open_cm = min(_roll_cm(w, house.region, cloth), cloth.on_hand)
    tell_cloth(w, house, cloth, reason)


def dye(w: Core, house: Warehouse, cloth: Cloth, length: int) -> int:
    """Send greige of the warehouse to be dyed; return the minutes until it is back."""
    greige = house.cloth[f"{cloth.fabric}/{GREIGE}"]
    take_whole(greige, length)
    tell_cloth(w, house, greige, "dyeing")
    house.dyeing_cm += length
    house.dyed_cm += length
    cloth.on_order += length - dye_loss_cm(w, length)
    cloth.orders += 1
    name = f"{house.region}|{_key(cloth)}"
    minutes = _lead_min(w, "supply.dye_lead_days", "dyer", name, cloth.orders)
    w.at(w.now_us + minutes * MINUTE_US, "dyed", house.region, _key(cloth), length)
    return minutes


def dye_loss_cm(w: Core, length: int) -> int:
    """Return what dyeing takes: lot ends, samples, shrinkage along the length."""
    return length * w.fig("supply.dye_loss_permille") // 1000


def take_dyed(w: Core, house: Warehouse, cloth: Cloth, length: int) -> None:
    """Take a lot that was greige back into the store, in its colour."""
    loss = dye_loss_cm(w, length)
    house.dyeing_cm -= length
    house.waste_cm["dyeing"] = house.waste_cm.get("dyeing", 0) + loss
    cloth.on_order -= length - loss
    put_in(w, house, cloth, length - loss, "dyed")


def transfer(w: Core, house: Warehouse, other: Warehouse, cloth: Cloth, length: int) -> int:
    """Send cloth to another warehouse; return the minutes on the road."""
    take_whole(cloth, length)
    tell_cloth(w, house, cloth, "sent")
    house.moved_out_cm += length
    house.trips["cloth"] = house.trips.get("cloth", 0) + 1
    other.moved_in_cm += length
    other.on_road_cm += length
    other.cloth[_key(cloth)].on_order += length
    minutes = w.catalogue.transport_min["other_region"]
    w.at(w.now_us + minutes * MINUTE_US, "cloth_in", other.region, _key(cloth), length)
    return minutes


def take_transfer(w: Core, house: Warehouse, cloth: Cloth, length: int) -> None:
    """Take cloth of another warehouse into the store."""
    house.on_road_cm -= length
    cloth.on_order -= length
    put_in(w, house, cloth, length, "received")
