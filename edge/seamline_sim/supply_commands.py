"""Commands to warehouses about cloth and cut pieces: what is ordered, dyed, moved, cut ahead."""

from seamline_sim import cloth as cloths
from seamline_sim import cuttingroom
from seamline_sim.cloth import GREIGE, free_cm
from seamline_sim.core import Core
from seamline_sim.refusal import Arguments, Refusal, check_product, house_at
from seamline_sim.state import Cloth, Warehouse

_HOUR_MIN = 60


def cloth_at(house: Warehouse, fabric: str, colour: str) -> Cloth:
    """Return the cloth of a warehouse.

    Raises:
        Refusal: if it keeps none such; it tells what there is.
    """
    cloth = house.cloth.get(f"{fabric}/{colour}")
    if cloth is None:
        fabrics = sorted({c.fabric for c in house.cloth.values()})
        colours = sorted(c.colour for c in house.cloth.values() if c.fabric == fabric)
        there = f"colours {', '.join(colours)}" if colours else f"fabrics {', '.join(fabrics)}"
        raise Refusal(f"{house.node} keeps no {fabric} in {colour}; there are {there}")
    return cloth


def order_cloth(w: Core, node: str, args: Arguments) -> str:
    """Order from a supplier; the time follows from the form."""
    house, form, length = house_at(w, node), args["form"], args["length_cm"]
    if form not in cloths.FORMS:
        raise Refusal(f"form {form!r} is unknown; forms: {', '.join(cloths.FORMS)}")
    cloth = cloth_at(house, args["fabric"], args["colour"])
    if (form == "greige") != (cloth.colour == GREIGE):
        raise Refusal(
            f"form {form} of colour {cloth.colour}: undyed cloth is ordered as form greige in "
            f"colour {GREIGE}, a colour as roll or quick"
        )
    least = w.fig(f"supply.{form}_min_cm")
    if length < least:
        raise Refusal(f"{length} cm is too little; the supplier takes {form} from {least} cm")
    if form == "quick":
        free = cloths.mill_free_cm(w, house.cloth[f"{cloth.fabric}/{GREIGE}"])
        if length > free:
            raise Refusal(
                f"the supplier has {free} cm of greige {cloth.fabric} for {house.region} now; "
                "form roll has no such limit"
            )
    return _comes_in(cloths.order_cloth(w, house, cloth, form, length))


def _comes_in(minutes: int) -> str:
    return f"comes in {minutes // _HOUR_MIN} h"


def dye_cloth(w: Core, node: str, args: Arguments) -> str:
    """Have greige of the warehouse dyed."""
    house, length = house_at(w, node), args["length_cm"]
    cloth = cloth_at(house, args["fabric"], args["colour"])
    if cloth.colour == GREIGE:
        colours = sorted(c.colour for c in house.cloth.values() if c.fabric == cloth.fabric)
        colours.remove(GREIGE)
        raise Refusal(f"{GREIGE} is no colour to dye; there are {', '.join(colours)}")
    least = w.fig("supply.dye_min_cm")
    if length < least:
        raise Refusal(f"{length} cm is too little; the dyer takes lots from {least} cm")
    _check_free(cloth_at(house, cloth.fabric, GREIGE), length)
    return _comes_in(cloths.dye(w, house, cloth, length))


def _check_free(cloth: Cloth, length: int) -> None:
    if length > free_cm(cloth):
        raise Refusal(f"only {free_cm(cloth)} cm of {cloth.fabric} {cloth.colour} are free")


def transfer_cloth(w: Core, node: str, args: Arguments) -> str:
    """Send cloth that no order has reserved to another warehouse."""
    house, target, length = house_at(w, node), args["to"], args["length_cm"]
    if target not in w.warehouses:
        raise Refusal(f"region {target!r} is unknown; {', '.join(w.warehouses)}")
    if target == house.region:
        raise Refusal(f"the cloth is in {target} already")
    other = w.warehouses[target]
    cloth = cloth_at(house, args["fabric"], args["colour"])
    _check_free(cloth, length)
    return _comes_in(cloths.transfer(w, house, other, cloth, length))


def cut_ahead(w: Core, node: str, args: Arguments) -> str:
    """Cut pieces for orders that are still to come."""
    house = house_at(w, node)
    check_product(w, args)
    sizes = {str(size): int(n) for size, n in args["sizes"].items()}
    job = cuttingroom.cut_ahead(w, house, args["style"], args["colour"], sizes, args["merge"])
    return f"{job.id} takes {job.issue_cm} cm"
